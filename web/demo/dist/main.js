// demo/src/main.ts
import { join } from "/sdk/beckon.js";

// demo/src/dom.ts
var SVG = "http://www.w3.org/2000/svg";
function el(tag, attributes2 = {}, ...children) {
  return fill(document.createElement(tag), attributes2, children);
}
function svg(tag, attributes2 = {}, ...children) {
  return fill(document.createElementNS(SVG, tag), attributes2, children);
}
function fill(element, attributes2, children) {
  for (const [name2, value] of Object.entries(attributes2)) {
    if (value === void 0 || value === false) continue;
    element.setAttribute(name2, value === true ? "" : String(value));
  }
  element.append(...children);
  return element;
}
function find(selector) {
  const found = document.querySelector(selector);
  if (!found) throw new Error(`demo: no ${selector} in the page`);
  return found;
}
function setText(node, text) {
  if (node.textContent !== text) node.textContent = text;
}
function setAttribute(element, name2, value) {
  if (value === void 0) element.removeAttribute(name2);
  else if (element.getAttribute(name2) !== value) element.setAttribute(name2, value);
}

// demo/src/names.ts
var MAX_NAME = 32;
var QUALITIES = [
  "amber",
  "bold",
  "brisk",
  "calm",
  "clear",
  "copper",
  "coral",
  "distant",
  "early",
  "easy",
  "even",
  "fair",
  "gentle",
  "golden",
  "green",
  "grey",
  "high",
  "keen",
  "late",
  "light",
  "lunar",
  "mild",
  "misty",
  "neat",
  "north",
  "open",
  "pale",
  "plain",
  "quick",
  "quiet",
  "rapid",
  "red",
  "silver",
  "slow",
  "small",
  "south",
  "still",
  "sunny",
  "tidal",
  "warm",
  "west",
  "white",
  "wide",
  "wild"
];
var PLACES = [
  "anchor",
  "bay",
  "beacon",
  "bell",
  "boat",
  "bridge",
  "buoy",
  "canal",
  "cape",
  "cove",
  "current",
  "deck",
  "delta",
  "dock",
  "drift",
  "dune",
  "ferry",
  "fjord",
  "gull",
  "harbor",
  "haven",
  "heron",
  "inlet",
  "island",
  "jetty",
  "keel",
  "lagoon",
  "lamp",
  "lantern",
  "mast",
  "mole",
  "oar",
  "pier",
  "quay",
  "reef",
  "ridge",
  "river",
  "sail",
  "shoal",
  "shore",
  "sound",
  "strait",
  "surf",
  "tern",
  "tide",
  "wharf"
];
function hash(text) {
  let h = 2166136261;
  for (let i = 0; i < text.length; i++) h = Math.imul(h ^ text.charCodeAt(i), 16777619);
  return h >>> 0;
}
function nickname(id) {
  const h = hash(id);
  const quality = QUALITIES[h % QUALITIES.length];
  const place = PLACES[Math.floor(h / QUALITIES.length) % PLACES.length];
  return `${quality[0].toUpperCase()}${quality.slice(1)} ${place[0].toUpperCase()}${place.slice(1)}`;
}
function cleanName(text) {
  if (typeof text !== "string") return "";
  const line = text.slice(0, 4 * MAX_NAME).replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, " ").replace(/\s+/g, " ").trim();
  return Array.from(line).slice(0, MAX_NAME).join("").trim();
}
function displayName(id, attributes2) {
  const said = attributes2 && typeof attributes2 === "object" ? attributes2.name : void 0;
  return cleanName(said) || nickname(id);
}

// demo/src/flag.ts
var PAIRS = [
  ["yellow", "blue"],
  ["blue", "yellow"],
  ["red", "white"],
  ["white", "red"],
  ["blue", "white"],
  ["white", "blue"],
  ["yellow", "black"],
  ["red", "yellow"],
  ["yellow", "red"],
  ["black", "white"],
  ["blue", "red"],
  ["white", "black"]
];
var FIGURES = [
  "M6 0h6v9H6z",
  // halves, side by side
  "M0 4.5h12v4.5H0z",
  // halves, one above the other
  "M4 0h4v9H4z",
  // a pale
  "M0 3h12v3H0z",
  // a fess
  "M0 0h6v4.5H0zM6 4.5h6V9H6z",
  // quarters
  "M0 0h2.2L6 2.9 9.8 0H12v1.6L8.2 4.5 12 7.4V9H9.8L6 6.1 2.2 9H0V7.4l3.8-2.9L0 1.6z",
  // a saltire
  "M4.6 0h2.8v3.1H12v2.8H7.4V9H4.6V5.9H0V3.1h4.6z",
  // a cross
  "M6 .8 11 4.5 6 8.2 1 4.5z",
  // a lozenge
  "M3.5 2.6h5v3.8h-5z",
  // a square
  "M6 1.7a2.8 2.8 0 1 1 0 5.6 2.8 2.8 0 0 1 0-5.6z",
  // a disc
  "M0 0h12L0 9z",
  // cut across
  "M0 0v9l7-4.5z",
  // a triangle at the hoist
  "M0 0h12v9H0zM2 2v5h8V2z"
  // a border
];
function flag(id) {
  const h = hash(id);
  const [ground, figure] = PAIRS[h % PAIRS.length];
  const shape = FIGURES[Math.floor(h / PAIRS.length) % FIGURES.length];
  return svg(
    "svg",
    { class: "flag", viewBox: "0 0 12 9", "aria-hidden": "true", focusable: "false" },
    svg("rect", { class: `flag-${ground}`, width: 12, height: 9 }),
    svg("path", { class: `flag-${figure}`, d: shape, "fill-rule": "evenodd" }),
    svg("rect", { class: "flag-edge", width: 12, height: 9 })
  );
}
function hoist(room2) {
  return [0, 1, 2].map((i) => flag(`${i}${room2}${i}`));
}

// demo/src/follow.ts
var NEAR = 80;
var Follow = class {
  constructor(list) {
    this.list = list;
  }
  list;
  #following = true;
  #top = 0;
  /** To be called when the list was scrolled, by whom ever, and before anything is added. */
  scrolled() {
    const { scrollTop, scrollHeight, clientHeight } = this.list;
    if (scrollHeight - scrollTop - clientHeight < NEAR) this.#following = true;
    else if (scrollTop < this.#top) this.#following = false;
    this.#top = scrollTop;
  }
  /** To be called when something was added or the size has changed: stays at the end if it was there. */
  keep() {
    if (this.#following) this.toEnd();
  }
  toEnd() {
    this.#following = true;
    this.list.scrollTop = this.list.scrollHeight;
    this.#top = this.list.scrollTop;
  }
};

// demo/src/chat.ts
var CHAT = "chat";
var MAX_TEXT = 4e3;
var MAX_MESSAGES = 500;
var Chat = class {
  constructor(self2) {
    this.self = self2;
    const form = find("#composer");
    form.onsubmit = (event) => {
      event.preventDefault();
      void this.#say();
    };
    this.#input.onkeydown = (event) => {
      if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
      event.preventDefault();
      form.requestSubmit();
    };
    this.#list.onscroll = () => this.#follow.scrolled();
    new ResizeObserver(() => this.#follow.keep()).observe(this.#list);
    document.addEventListener("visibilitychange", () => this.#count(0));
  }
  self;
  #list = find("#messages");
  #follow = new Follow(this.#list);
  #input = find("#say");
  #channels = /* @__PURE__ */ new Map();
  #last = "";
  // who spoke last, so that a run of messages has one head
  #unread = 0;
  #title = document.title;
  /** The page's title without the number of unread messages. */
  set title(title) {
    this.#title = title;
    this.#count(0);
  }
  /** Opens the channel to a connected peer; also listens on it, for a bot answers where it was spoken to. */
  async attach(peer) {
    const channel = await peer.open(CHAT);
    this.#channels.set(peer, channel);
    try {
      await this.listen(peer, channel);
    } finally {
      if (this.#channels.get(peer) === channel) this.#channels.delete(peer);
    }
  }
  /** Shows what comes on a channel until it closes. */
  async listen(peer, channel) {
    for await (const message of channel) {
      const text = typeof message === "string" ? message : `(${message.length} bytes that are no text)`;
      this.#add(peer.id, displayName(peer.id, peer.attributes), text, "");
    }
  }
  /** Writes a line that nobody said: who came, who went. */
  note(text) {
    this.#append(el("li", { class: "aside", "data-testid": "chat-note" }, text));
    this.#last = "";
  }
  async #say() {
    const text = this.#input.value.trim();
    if (!text) return;
    this.#input.value = "";
    const { id, name: name2 } = this.self();
    const fate = this.#add(id, name2, text, "own");
    const results = await Promise.allSettled(Array.from(this.#channels.values(), (channel) => channel.send(text)));
    const reached = results.filter((result) => result.status === "fulfilled").length;
    fate.parentElement?.setAttribute("data-reached", String(reached));
    if (results.length === 0) setText(fate, "Nobody was connected to hear this.");
    else if (reached < results.length) setText(fate, `Reached ${reached} of ${results.length}.`);
    this.#follow.keep();
  }
  /** Adds a message; returns the place where its fate can be told. */
  #add(from, name2, said, own) {
    const text = said.length > MAX_TEXT ? `${said.slice(0, MAX_TEXT)}…` : said;
    const fate = el("p", { class: "fate" });
    const now = /* @__PURE__ */ new Date();
    const head = el(
      "p",
      { class: "message-head" },
      el("span", { class: "picture" }, flag(from)),
      el("span", { class: "message-name", "data-testid": "message-name" }, own ? "You" : name2),
      el("time", { datetime: now.toISOString() }, now.toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" }))
    );
    if (this.#last === from) head.classList.add("hidden");
    this.#last = from;
    const body = el("p", { class: "message-text", "data-testid": "message-text" }, text);
    this.#append(
      el("li", { class: `message ${own}`, "data-testid": "message", "data-from": from, "data-own": own === "own" }, head, body, fate)
    );
    if (own) this.#follow.toEnd();
    if (document.hidden) this.#count(this.#unread + 1);
    return fate;
  }
  #append(item) {
    const list = this.#list;
    this.#follow.scrolled();
    list.append(item);
    while (list.childElementCount > MAX_MESSAGES) list.firstElementChild?.remove();
    find("#quiet").hidden = true;
    this.#follow.keep();
  }
  #count(unread) {
    this.#unread = unread;
    document.title = unread > 0 ? `(${unread}) ${this.#title}` : this.#title;
  }
};

// demo/src/format.ts
var UNITS = ["B", "KiB", "MiB", "GiB"];
function bytes(n) {
  let unit = 0;
  while (n >= 999.5 && unit < UNITS.length - 1) {
    n /= 1024;
    unit++;
  }
  return `${unit === 0 || n >= 99.5 ? Math.round(n) : n.toFixed(1)} ${UNITS[unit]}`;
}
function wait(seconds) {
  if (!Number.isFinite(seconds)) return "";
  if (seconds < 60) return `${Math.ceil(seconds)} s left`;
  return `${Math.ceil(seconds / 60)} min left`;
}
function percent(part, whole) {
  return whole === 0 ? 100 : Math.floor(part / whole * 100);
}
function milliseconds(ms) {
  return ms < 1 ? "under 1 ms" : `${Math.round(ms)} ms`;
}
var Speed = class {
  #marks = [];
  /** Takes note of how many bytes there are at a time in milliseconds; returns bytes a second. */
  note(at, bytes2) {
    const marks = this.#marks;
    const last = marks[marks.length - 1];
    if (!last || at - last.at >= 100) marks.push({ at, bytes: bytes2 });
    while (marks.length > 2 && at - marks[0].at > 1500) marks.shift();
    const first = marks[0];
    return at > first.at ? (bytes2 - first.bytes) / (at - first.at) * 1e3 : 0;
  }
};

// demo/src/sha256.ts
var BLOCK = 64;
var K = new Int32Array(64);
var START = new Int32Array(8);
for (let n = 2, found = 0; found < 64; n++) {
  let prime = true;
  for (let d = 2; d * d <= n; d++) if (n % d === 0) prime = false;
  if (!prime) continue;
  const bits = (root) => (root - Math.floor(root)) * 2 ** 32;
  if (found < 8) START[found] = bits(Math.sqrt(n));
  K[found++] = bits(Math.cbrt(n));
}
var SHA256 = class {
  #h = START.slice();
  #w = new Int32Array(64);
  // signed, like everything here: what engines keep in registers
  #block = new Uint8Array(BLOCK);
  #held = 0;
  // bytes in #block
  #length = 0;
  // bytes in all
  update(data) {
    this.#length += data.length;
    let at = 0;
    if (this.#held > 0) {
      at = Math.min(BLOCK - this.#held, data.length);
      this.#block.set(data.subarray(0, at), this.#held);
      this.#held += at;
      if (this.#held < BLOCK) return this;
      this.#compress(this.#block, 0);
      this.#held = 0;
    }
    for (; at + BLOCK <= data.length; at += BLOCK) this.#compress(data, at);
    this.#block.set(data.subarray(at), 0);
    this.#held = data.length - at;
    return this;
  }
  /** The digest as 64 hex digits. The object is used up. */
  digest() {
    const length = this.#length;
    const zeros = (BLOCK + 55 - length % BLOCK) % BLOCK;
    const end = new Uint8Array(1 + zeros + 8);
    end[0] = 128;
    const view = new DataView(end.buffer);
    view.setUint32(1 + zeros, Math.floor(length / 2 ** 29));
    view.setUint32(5 + zeros, length * 8 % 2 ** 32);
    this.update(end);
    return Array.from(this.#h, (word) => (word >>> 0).toString(16).padStart(8, "0")).join("");
  }
  /** Section 6.2.2. Additions are cut to 32 bits by `| 0` as they go, which keeps the engine in integers. */
  #compress(data, at) {
    const w = this.#w;
    for (let t = 0; t < 16; t++, at += 4) {
      w[t] = data[at] << 24 | data[at + 1] << 16 | data[at + 2] << 8 | data[at + 3];
    }
    for (let t = 16; t < 64; t++) {
      const x = w[t - 15];
      const y = w[t - 2];
      const s0 = (x >>> 7 | x << 25) ^ (x >>> 18 | x << 14) ^ x >>> 3;
      const s1 = (y >>> 17 | y << 15) ^ (y >>> 19 | y << 13) ^ y >>> 10;
      w[t] = w[t - 16] + s0 + w[t - 7] + s1 | 0;
    }
    const h = this.#h;
    let a = h[0], b = h[1], c = h[2], d = h[3], e = h[4], f = h[5], g = h[6], i = h[7];
    for (let t = 0; t < 64; t++) {
      const s1 = (e >>> 6 | e << 26) ^ (e >>> 11 | e << 21) ^ (e >>> 25 | e << 7);
      const t1 = i + s1 + (e & f ^ ~e & g) + K[t] + w[t] | 0;
      const s0 = (a >>> 2 | a << 30) ^ (a >>> 13 | a << 19) ^ (a >>> 22 | a << 10);
      const t2 = s0 + (a & b ^ a & c ^ b & c) | 0;
      i = g;
      g = f;
      f = e;
      e = d + t1 | 0;
      d = c;
      c = b;
      b = a;
      a = t1 + t2 | 0;
    }
    h[0] += a;
    h[1] += b;
    h[2] += c;
    h[3] += d;
    h[4] += e;
    h[5] += f;
    h[6] += g;
    h[7] += i;
  }
};

// demo/src/transfer.ts
var CHUNK = 64 * 1024;
var MAX_FILE = 512 * 1024 * 1024;
var SLICE = 1024 * 1024;
var MAX_PARTS = 1024;
var MAX_HEADER = 4096;
var TransferError = class extends Error {
  constructor(reason2, remote, cause) {
    super(`transfer: ${reason2}`, { cause });
    this.reason = reason2;
    this.remote = remote;
    this.name = "TransferError";
  }
  reason;
  remote;
};
async function sendFile(ch, file, id, moved, signal) {
  const stop = new AbortController();
  try {
    const verdict = answer(ch);
    const pushed = push(ch, file, id, moved, stop.signal);
    pushed.catch(() => {
    });
    const sha256 = await orAborted(Promise.race([pushed, verdict.then(() => pushed)]), signal);
    const counted = await orAborted(verdict, signal);
    if (counted !== sha256) throw new TransferError("wrong-digest", false);
    moved(file.size);
    return counted;
  } catch (cause) {
    stop.abort();
    throw await failed(ch, signal, cause);
  } finally {
    ch.close();
  }
}
async function push(ch, file, id, moved, stop) {
  const header = { name: file.name, size: file.size, type: file.type, id };
  await ch.send(JSON.stringify(header));
  const hash2 = new SHA256();
  for (let at = 0; at < file.size; at += SLICE) {
    const slice = new Uint8Array(await readable(file.slice(at, at + SLICE)));
    hash2.update(slice);
    for (let i = 0; i < slice.length; i += CHUNK) {
      if (stop.aborted) return void 0;
      await ch.send(slice.subarray(i, i + CHUNK));
      if (stop.aborted) return void 0;
      moved(Math.max(0, at + Math.min(i + CHUNK, slice.length) - ch.bufferedAmount));
    }
  }
  if (stop.aborted) return void 0;
  const sha256 = hash2.digest();
  await ch.send(JSON.stringify({ sha256 }));
  return sha256;
}
async function readable(slice) {
  try {
    return await slice.arrayBuffer();
  } catch (cause) {
    throw new TransferError("unreadable", false, cause);
  }
}
async function answer(ch) {
  for (; ; ) {
    const said = parse(await ch.recv());
    if (typeof said?.error === "string") throw new TransferError(reason(said.error), true);
    if (typeof said?.sha256 === "string") return said.sha256;
  }
}
async function receiveHeader(ch) {
  const said = parse(await ch.recv());
  const { name: name2, size, type, id } = said ?? {};
  if (typeof name2 !== "string" || !Number.isSafeInteger(size) || size < 0) {
    throw await failed(ch, void 0, new TransferError("bad-file", false));
  }
  return {
    // A name, not a path; and no character that turns the text around: "exe.pdf" must not be what "fdp.exe" looks like.
    name: name2.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}/\\]/gu, "_").slice(0, 200) || "file",
    size,
    type: typeof type === "string" ? type.slice(0, 100) : "",
    id: typeof id === "string" ? id.slice(0, 64) : ""
  };
}
async function refuse(ch, why) {
  return failed(ch, void 0, new TransferError(why, false));
}
async function receiveFile(ch, header, moved, signal) {
  const hash2 = new SHA256();
  const blobs = [];
  let parts = [];
  let held = 0;
  let got = 0;
  try {
    for (; ; ) {
      const message = await orAborted(ch.recv(), signal);
      if (typeof message === "string") {
        const said = parse(message);
        if (typeof said?.error === "string") throw new TransferError(reason(said.error), true);
        if (typeof said?.sha256 !== "string" || got !== header.size) throw new TransferError("bad-file", false);
        const sha256 = hash2.digest();
        if (said.sha256 !== sha256) throw new TransferError("wrong-digest", false);
        await ch.send(JSON.stringify({ sha256 }));
        return { blob: new Blob([...blobs, ...parts], { type: "application/octet-stream" }), sha256 };
      }
      got += message.length;
      if (message.length === 0 || got > header.size) throw new TransferError("bad-file", false);
      hash2.update(message);
      parts.push(message);
      held += message.length;
      if (held >= SLICE || parts.length >= MAX_PARTS) {
        blobs.push(new Blob(parts));
        parts = [];
        held = 0;
      }
      moved(got);
    }
  } catch (cause) {
    throw await failed(ch, signal, cause);
  } finally {
    ch.close();
  }
}
async function failed(ch, signal, cause) {
  let error = cause instanceof TransferError ? cause : new TransferError("closed", false, cause);
  if (signal?.aborted) error = new TransferError("cancelled", false, cause);
  if (!error.remote && error.reason !== "closed") {
    await Promise.race([ch.send(JSON.stringify({ error: error.reason })).catch(() => {
    }), pause(1e3)]);
  }
  ch.close();
  return error;
}
var REASONS = ["cancelled", "too-large", "no-room", "bad-file", "wrong-digest", "unreadable"];
function reason(said) {
  return REASONS.find((known) => known === said) ?? "cancelled";
}
function parse(message) {
  if (typeof message !== "string" || message.length > MAX_HEADER) return void 0;
  try {
    const value = JSON.parse(message);
    return value && typeof value === "object" ? value : void 0;
  } catch {
    return void 0;
  }
}
function pause(ms) {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
function orAborted(promise, signal) {
  return new Promise((resolve, reject) => {
    const stop = () => reject(new TransferError("cancelled", false));
    if (signal.aborted) stop();
    signal.addEventListener("abort", stop, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener("abort", stop));
  });
}

// demo/src/transferrow.ts
var TransferRow = class {
  constructor(direction, file, who, peer, removed) {
    this.direction = direction;
    this.file = file;
    this.who = who;
    this.removed = removed;
    this.#meter.setAttribute("aria-label", `${direction === "out" ? "Sending" : "Receiving"} ${file.name}`);
    this.#button.onclick = () => this.cancelled.abort();
    this.item = el(
      "li",
      { class: "transfer", "data-testid": "transfer", "data-direction": direction, "data-peer": peer },
      el("p", { class: "transfer-name" }, file.name),
      this.#actions,
      this.#meter,
      this.#line,
      this.#digest
    );
    Object.assign(this.item.dataset, { id: file.id, name: file.name, size: String(file.size) });
    this.#state("waiting");
    this.moved(0);
  }
  direction;
  file;
  who;
  removed;
  item;
  /** Aborted by the button. */
  cancelled = new AbortController();
  #meter = el("progress", { max: 100, value: 0 });
  #line = el("p", { class: "transfer-line" });
  #digest = el("p", { class: "digest" });
  #button = el("button", { type: "button", class: "small", "data-testid": "transfer-cancel" }, "Cancel");
  #actions = el("div", { class: "transfer-actions" }, this.#button);
  #speed = new Speed();
  #moved = 0;
  #painted = 0;
  #over = false;
  /**
   * Tells how many bytes have gone over. May be called for every chunk: it paints some ten times a second. What comes after
   * the end does not change the line any more.
   */
  moved(count) {
    if (this.#over) return;
    const now = performance.now();
    const rate = this.#speed.note(now, count);
    this.#moved = count;
    if (count > 0 && count < this.file.size && now - this.#painted < 90) return;
    this.#painted = now;
    const { size } = this.file;
    const share = percent(count, size);
    this.#meter.value = share;
    this.item.dataset.progress = String(share);
    if (count === 0) return setText(this.#line, `${this.#toFrom()}, ${bytes(size)}`);
    this.#state("moving");
    const left = rate > 0 ? wait((size - count) / rate) : "";
    setText(this.#line, [`${this.#toFrom()}, ${share} % of ${bytes(size)}`, `${bytes(rate)}/s`, left].filter(Boolean).join(", "));
  }
  /** The file is over, whole. `blob` is what was received. */
  done(sha256, blob) {
    this.moved(this.file.size);
    this.#state("done");
    this.item.dataset.sha256 = sha256;
    setText(this.#line, `${this.#toFrom()}, ${bytes(this.file.size)}, ${blob ? "whole" : "arrived whole"}`);
    const halves = [sha256.slice(0, 32), el("wbr"), sha256.slice(32)];
    this.#digest.replaceChildren("SHA-256 ", el("code", { "data-testid": "transfer-sha256" }, ...halves));
    this.#ended();
    if (!blob) return;
    const href = URL.createObjectURL(blob);
    const link = el("a", { class: "button", href, download: this.file.name, "data-testid": "transfer-download" }, "Save");
    link.setAttribute("aria-label", `Save ${this.file.name}`);
    this.#actions.prepend(link);
    this.#button.addEventListener("click", () => URL.revokeObjectURL(href), { once: true });
  }
  failed(cause) {
    const error = cause instanceof TransferError ? cause : new TransferError("closed", false, cause);
    this.#state(error.reason === "cancelled" ? "cancelled" : "failed");
    this.item.dataset.reason = error.reason;
    setText(this.#line, this.#why(error));
    this.#ended();
  }
  #ended() {
    this.#over = true;
    this.#meter.hidden = true;
    this.#button.textContent = "Remove";
    this.#button.setAttribute("aria-label", `Remove ${this.file.name} from the list`);
    this.#button.dataset.testid = "transfer-remove";
    this.#button.onclick = () => {
      this.item.remove();
      this.removed();
    };
  }
  #toFrom() {
    return `${this.direction === "out" ? "To" : "From"} ${this.who}`;
  }
  #state(state) {
    this.item.dataset.state = state;
  }
  #why(error) {
    const at = this.#moved > 0 ? ` after ${bytes(this.#moved)}` : "";
    const texts = {
      cancelled: error.remote ? `${this.who} cancelled this${at}.` : `You cancelled this${at}.`,
      "too-large": `Too large: ${bytes(this.file.size)}, and files may have ${bytes(MAX_FILE)}.`,
      "no-room": error.remote ? `${this.who} holds as many files as fit. Ask for some to be removed.` : `${this.who} wanted to send ${bytes(this.file.size)}. Remove files from this list to make room.`,
      "bad-file": "What came was not the file that was announced.",
      "wrong-digest": "The file was damaged on the way: its SHA-256 differs.",
      unreadable: error.remote ? `${this.who} could not read the file.` : "This cannot be read. A folder has to be packed first.",
      closed: `The connection to ${this.who} ended${at}.`
    };
    return texts[error.reason];
  }
};

// demo/src/files.ts
var FILE = "file";
var MAX_HELD = 2 * MAX_FILE;
var MAX_ROWS = 200;
var Files = class {
  constructor(announce2) {
    this.announce = announce2;
    find("#pick").onclick = () => this.#input.click();
    this.#input.onchange = () => {
      this.#send(Array.from(this.#input.files ?? []));
      this.#input.value = "";
    };
    this.#listenForDrops();
    this.#offer();
  }
  announce;
  #list = find("#transfers");
  #input = find("#file");
  #target = find("#target");
  #note = find("#file-note");
  #peers = /* @__PURE__ */ new Map();
  #held = 0;
  /** A peer that files can be sent to; or again, after it has changed its name. */
  add(peer) {
    this.#peers.set(peer.id, peer);
    this.#offer();
  }
  remove(id) {
    if (this.#peers.delete(id)) this.#offer();
  }
  /** Lets a file for this one peer be chosen. */
  pickFor(peer) {
    this.#target.value = peer.id;
    this.#input.click();
  }
  /** Takes what a peer sends on a channel. Ends with the transfer; what went wrong is in its line. */
  async receive(peer, channel) {
    const header = await receiveHeader(channel);
    if (this.#full()) return void await refuse(channel, "no-room");
    const row = this.#row("in", header, peer, () => {
      if (row.item.dataset.state === "done") this.#held -= header.size;
    });
    if (header.size > MAX_FILE) return row.failed(await refuse(channel, "too-large"));
    if (this.#held + header.size > MAX_HELD) return row.failed(await refuse(channel, "no-room"));
    this.#held += header.size;
    try {
      const { blob, sha256 } = await receiveFile(channel, header, (n) => row.moved(n), row.cancelled.signal);
      row.done(sha256, blob);
      this.announce(`Received ${header.name} from ${displayName(peer.id, peer.attributes)}`);
    } catch (error) {
      this.#held -= header.size;
      row.failed(error);
    }
  }
  #send(files) {
    if (files.length === 0) return;
    const one = this.#peers.get(this.#target.value);
    const peers = one ? [one] : Array.from(this.#peers.values());
    if (peers.length === 0) return setText(this.#note, "Nobody is connected to send this to.");
    const large = files.filter((file) => file.size > MAX_FILE).map((file) => file.name);
    setText(this.#note, large.length > 0 ? `Larger than ${bytes(MAX_FILE)}, not sent: ${large.join(", ")}` : "");
    for (const file of files) {
      if (file.size > MAX_FILE) continue;
      for (const peer of peers) {
        if (this.#full()) return setText(this.#note, "The list is full. Remove some lines to send more.");
        void this.#sendOne(file, peer);
      }
    }
  }
  async #sendOne(file, peer) {
    const id = Array.from(crypto.getRandomValues(new Uint8Array(8)), (b) => b.toString(16).padStart(2, "0")).join("");
    const row = this.#row("out", { id, name: file.name, size: file.size }, peer, () => {
    });
    try {
      const { signal } = row.cancelled;
      const channel = await peer.open(FILE, { signal });
      row.done(await sendFile(channel, file, id, (n) => row.moved(n), signal));
      this.announce(`${file.name} has reached ${displayName(peer.id, peer.attributes)}`);
    } catch (error) {
      row.failed(row.cancelled.signal.aborted ? new TransferError("cancelled", false, error) : error);
    }
  }
  #row(direction, file, peer, removed) {
    const row = new TransferRow(direction, file, displayName(peer.id, peer.attributes), peer.id, removed);
    this.#list.prepend(row.item);
    return row;
  }
  #full() {
    return this.#list.childElementCount >= MAX_ROWS;
  }
  /** Fills the list of whom files can go to, and keeps what was chosen. */
  #offer() {
    const chosen = this.#target.value;
    const options = [el("option", { value: "" }, "everybody")];
    for (const peer of this.#peers.values()) {
      options.push(el("option", { value: peer.id }, displayName(peer.id, peer.attributes)));
    }
    this.#target.replaceChildren(...options);
    this.#target.value = this.#peers.has(chosen) ? chosen : "";
  }
  #listenForDrops() {
    const carriesFiles = (event) => event.dataTransfer?.types.includes("Files") ?? false;
    const over = (event) => {
      if (!carriesFiles(event)) return;
      event.preventDefault();
      document.body.classList.add("dropping");
    };
    addEventListener("dragenter", over);
    addEventListener("dragover", over);
    addEventListener("dragleave", (event) => {
      if (!event.relatedTarget) document.body.classList.remove("dropping");
    });
    addEventListener("drop", (event) => {
      if (!carriesFiles(event)) return;
      event.preventDefault();
      document.body.classList.remove("dropping");
      this.#send(Array.from(event.dataTransfer?.files ?? []));
    });
  }
};

// demo/src/notice.ts
import { BeckonError } from "/sdk/beckon.js";
function showJoining() {
  show("joining", { title: "Joining…", body: "" });
}
function showJoined() {
  document.body.dataset.state = "joined";
  find("main").inert = false;
  find("#notice").hidden = true;
}
function showReconnecting() {
  show("reconnecting", { title: "Reconnecting…", body: "The server is out of reach. Who is connected to you still is: chats and files go on." });
}
function showRefused(error, again) {
  show("refused", refusal(error), again, code(error));
}
function showLost(error, again) {
  const notice = code(error) === "connection-lost" ? { title: "You are no longer in the room", body: "The server has ended this stay.", action: "Rejoin" } : { title: "You are no longer in the room", body: refusal(error).body, action: "Rejoin" };
  show("lost", notice, again, code(error));
}
function show(state, notice, again, why) {
  document.body.dataset.state = state;
  find("main").inert = state === "refused";
  const box = find("#notice");
  box.dataset.kind = state === "joining" || state === "reconnecting" ? "calm" : "bad";
  box.dataset.code = why ?? "";
  setText(find("#notice-title"), notice.title);
  setText(find("#notice-body"), notice.body);
  const button = find("#notice-action");
  button.hidden = !notice.action || !again;
  setText(button, notice.action ?? "");
  button.onclick = notice.instead ?? again ?? null;
  box.hidden = false;
}
function code(error) {
  return error instanceof BeckonError ? error.code : "";
}
function sentence(text) {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
function refusal(error) {
  const body = sentence(error instanceof Error ? error.message : String(error ?? ""));
  switch (code(error)) {
    case "unsupported":
      return { title: "This browser cannot take part", body: "It has no WebRTC, or it is switched off. Every current browser has it." };
    case "bad-room":
    case "bad-url":
      return { title: "No room can have this name", body };
    case "room-full":
      return { title: "The room is full", body: "It has as many members as it may have.", action: "Try again" };
    case "unauthorized":
      return {
        title: "This room needs a token",
        body: `${body}. A token comes from the app that uses this server, and this page has none to show. Who runs the server can open rooms to everybody with --allow-anonymous.`
      };
    case "forbidden":
      return {
        title: "This room is not open to everybody",
        body: "Who runs this server decides which rooms are.",
        action: "Go to an open room",
        instead: () => location.assign("/")
        // where the server knows one
      };
    case "rate-limited":
      return { title: "Too fast", body: "The server asks for a moment of patience.", action: "Try again" };
    case "connect-failed":
    case "connection-lost":
    case "aborted":
      return { title: "The server cannot be reached", body: "Is it running, and are you online?", action: "Try again" };
    default:
      return { title: "You could not join", body, action: "Try again" };
  }
}

// demo/src/people.ts
var REFRESH = 2e3;
var People = class {
  constructor(actions) {
    this.actions = actions;
    this.#list.replaceChildren();
    this.#timer = setInterval(() => void this.#measure(), REFRESH);
    this.#count();
  }
  actions;
  #list = find("#peers");
  #rows = /* @__PURE__ */ new Map();
  #timer;
  #stopped = false;
  /** Shows a peer, or shows it anew after something about it changed; `why` its connection ended. */
  show(peer, why) {
    let row = this.#rows.get(peer.id);
    if (!row) {
      row = this.#row(peer);
      this.#rows.set(peer.id, row);
      this.#list.append(row.item);
      this.#count();
    }
    if (row.peer !== peer) row.why = void 0;
    row.peer = peer;
    row.why = why ?? row.why;
    if (peer.state !== "connected") row.path = void 0;
    else if (!row.path) void this.#ask(row);
    this.#paint(row);
  }
  remove(id) {
    this.#rows.get(id)?.item.remove();
    this.#rows.delete(id);
    this.#count();
  }
  /** The ids of those who are shown. */
  get ids() {
    return Array.from(this.#rows.keys());
  }
  /** The room is closed. What is shown stays, as a memory of who was here, but nothing can be done with it. */
  stop() {
    clearInterval(this.#timer);
    this.#stopped = true;
    for (const row of this.#rows.values()) {
      row.path = void 0;
      this.#paint(row);
    }
  }
  #row(peer) {
    const name2 = el("span", { class: "peer-name", "data-testid": "peer-name" });
    const status = el("span", { class: "peer-status", "data-testid": "peer-status" });
    const send = el("button", { type: "button", class: "small", "data-testid": "peer-send" }, "Send file");
    const rejoin = el("button", { type: "button", class: "small", "data-testid": "peer-rejoin" }, "Rejoin");
    const item = el(
      "li",
      { class: "peer", "data-testid": "peer", "data-peer": peer.id },
      el("span", { class: "picture" }, flag(peer.id)),
      el("span", { class: "peer-text" }, name2, status),
      send,
      rejoin
    );
    const row = { peer, item, name: name2, status, send, rejoin, path: void 0, why: void 0 };
    send.onclick = () => this.actions.sendTo(row.peer);
    rejoin.onclick = () => this.actions.rejoin();
    return row;
  }
  #paint(row) {
    const { peer, path, item } = row;
    const name2 = displayName(peer.id, peer.attributes);
    setText(row.name, name2);
    setText(row.status, describe(row));
    setAttribute(item, "data-state", peer.state);
    setAttribute(item, "data-away", peer.away ? "true" : void 0);
    setAttribute(item, "data-path", path ? path.relayed ? "relayed" : "direct" : void 0);
    row.send.hidden = this.#stopped || peer.state !== "connected";
    row.send.setAttribute("aria-label", `Send a file to ${name2}`);
    row.rejoin.hidden = this.#stopped || peer.state !== "closed";
    row.rejoin.setAttribute("aria-label", `Rejoin the room to connect to ${name2} again`);
  }
  #count() {
    setText(find("#people-count"), String(this.#rows.size + 1));
    find("#alone").hidden = this.#rows.size > 0;
  }
  async #measure() {
    if (document.hidden) return;
    await Promise.all(Array.from(this.#rows.values(), (row) => this.#ask(row)));
  }
  /** Asks a connection for its path. */
  async #ask(row) {
    const { peer } = row;
    if (peer.state !== "connected") return this.#paint(row);
    const path = await peer.path().catch(() => void 0);
    if (row.peer !== peer || peer.state !== "connected") return;
    row.path = path;
    this.#paint(row);
  }
};
function describe({ peer, path, why }) {
  const away = peer.away ? "Lost the server, may come back. " : "";
  switch (peer.state) {
    case "waiting":
      return `${away}Not connected: the room has more people than connect to each other`;
    case "connecting":
      return `${away}Connecting…`;
    case "reconnecting":
      return `${away}Reconnecting…`;
    case "closed":
      return `${away}${why?.code === "connect-failed" ? "Could not connect" : "Connection lost"}`;
    case "connected": {
      if (!path) return `${away}Connected`;
      const way = `${path.relayed ? "Relayed" : "Direct"}, ${(path.relay ?? path.protocol).toUpperCase()}`;
      return `${away}${way}${path.rtt === void 0 ? "" : `, ${milliseconds(path.rtt)}`}`;
    }
  }
}

// demo/src/session.ts
import { BeckonError as BeckonError2 } from "/sdk/beckon.js";
var LIMITS = {
  "relay-allocations": "The server’s relay takes no further connection of yours for now. Who cannot be reached directly may stay unconnected.",
  "relay-bytes": "The server’s relay has carried as much as it will for now. Nothing more reaches those whose connection is relayed.",
  "relay-bandwidth": "The server’s relay is at the speed that it allows. Relayed files take longer."
};
var Session = class {
  // that were shown
  constructor(room2, people, chat2, files) {
    this.room = room2;
    this.people = people;
    this.chat = chat2;
    this.files = files;
  }
  room;
  people;
  chat;
  files;
  #watched = /* @__PURE__ */ new WeakSet();
  #met = /* @__PURE__ */ new WeakSet();
  #limits = /* @__PURE__ */ new Set();
  /** Begins; there is nothing to stop, for a room that is closed has no more events. */
  start() {
    const { room: room2 } = this;
    room2.addEventListener("peer", ({ peer }) => this.#appeared(peer));
    room2.addEventListener("connected", ({ peer }) => void this.#connected(peer));
    room2.addEventListener("updated", ({ peer }) => this.#changed(peer));
    room2.addEventListener("away", ({ peer }) => this.#changed(peer));
    room2.addEventListener("back", ({ peer }) => this.#watch(peer));
    room2.addEventListener("gap", () => this.#sync());
    room2.addEventListener("left", ({ peer }) => this.#left(peer));
    room2.addEventListener("limit", ({ error }) => this.#limited(error));
    this.#sync();
  }
  /** Shows the members as they are: at the start, and after events were missed. */
  #sync() {
    for (const id of this.people.ids) {
      if (this.room.peers.has(id)) continue;
      this.people.remove(id);
      this.files.remove(id);
    }
    for (const peer of this.room.peers.values()) {
      this.#watch(peer);
      if (peer.state === "connected") void this.#connected(peer);
    }
  }
  #appeared(peer) {
    this.#watch(peer);
    this.chat.note(`${displayName(peer.id, peer.attributes)} is here`);
  }
  /** Shows a peer and, when it is a new one (a reloaded page is, under its old id), waits for the end of its connection. */
  #watch(peer) {
    this.#changed(peer);
    if (this.#watched.has(peer)) return;
    this.#watched.add(peer);
    peer.addEventListener("state", () => this.room.peers.get(peer.id) === peer && this.#changed(peer));
    if (peer.state === "waiting") this.room.connect(peer.id).catch(() => {
    });
    void peer.closed.then((why) => {
      if (this.room.peers.get(peer.id) !== peer) return;
      this.#changed(peer, why);
    });
  }
  #changed(peer, why) {
    this.people.show(peer, why);
    if (peer.state === "connected") this.files.add(peer);
    else this.files.remove(peer.id);
  }
  #left(peer) {
    this.people.remove(peer.id);
    this.files.remove(peer.id);
    this.chat.note(`${displayName(peer.id, peer.attributes)} has left`);
  }
  /** Says which limit was met, once: while one lasts, it is told again and again. */
  #limited({ code: code2, message }) {
    if (this.#limits.has(code2)) return;
    this.#limits.add(code2);
    this.chat.note(LIMITS[code2] ?? message);
  }
  /** Starts what goes on with a connected peer, once. All of it ends with the peer. */
  async #connected(peer) {
    this.#watch(peer);
    if (this.#met.has(peer)) return;
    this.#met.add(peer);
    void this.#chat(peer);
    try {
      for await (const channel of peer.channels()) this.#take(peer, channel);
    } catch {
    }
  }
  /** Keeps a chat channel with a peer: when their connection was replaced by another one, so is the channel. */
  async #chat(peer) {
    for (; ; ) {
      try {
        return await this.chat.attach(peer);
      } catch (error) {
        const lost = error instanceof BeckonError2 && error.code === "connection-lost";
        if (!lost || peer.state === "closed") return;
      }
    }
  }
  #take(peer, channel) {
    if (channel.label === CHAT) this.chat.listen(peer, channel).catch(() => {
    });
    else if (channel.label === FILE) this.files.receive(peer, channel).catch(() => {
    });
    else void channel.close();
  }
};

// demo/src/share.ts
function roomLink(room2) {
  return `${location.origin}/r/${room2}`;
}
function onlyHere() {
  return /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/.test(location.hostname);
}
function showLink(room2) {
  const field2 = find("#link");
  const button = find("#copy");
  field2.value = roomLink(room2);
  field2.onfocus = () => field2.select();
  button.onclick = async () => {
    const copied = await copy(field2);
    if (copied) button.focus();
    button.textContent = copied ? "Copied" : "Press Ctrl+C";
    button.dataset.copied = String(copied);
    setTimeout(() => {
      button.textContent = "Copy link";
      delete button.dataset.copied;
    }, 2500);
  };
}
async function copy(field2) {
  try {
    await navigator.clipboard.writeText(field2.value);
    return true;
  } catch {
    field2.focus();
    field2.select();
    try {
      return document.execCommand("copy");
    } catch {
      return false;
    }
  }
}

// demo/src/main.ts
var NAME_KEY = "beckon-name";
var DISCREET = 1e3;
var field = find("#my-name");
var room;
function pageRoom() {
  const name2 = location.pathname.slice("/r/".length);
  try {
    return decodeURIComponent(name2);
  } catch {
    return name2;
  }
}
function announce(text) {
  setText(find("#announcer"), text);
}
function attributes() {
  const name2 = cleanName(field.value);
  return name2 ? { name: name2 } : {};
}
function self() {
  const id = room?.id ?? "";
  return { id, name: cleanName(field.value) || nickname(id) };
}
function nameYourself() {
  try {
    field.value = cleanName(localStorage.getItem(NAME_KEY) ?? "");
  } catch {
  }
  field.onchange = () => {
    field.value = cleanName(field.value);
    try {
      localStorage.setItem(NAME_KEY, field.value);
    } catch {
    }
    room?.update(attributes()).catch(() => {
    });
  };
  find("#me").onsubmit = (event) => {
    event.preventDefault();
    field.blur();
  };
}
function furnish(name2) {
  setText(find("#room"), name2);
  find("#hoist").replaceChildren(...hoist(name2));
  setText(find("#bot-command"), `beckon bot echo ${roomLink(name2)}`);
  find("#only-here").hidden = !onlyHere();
  showLink(name2);
  nameYourself();
}
var WAYS = { stream: "a stream over HTTP", poll: "polls over HTTP" };
function showSelf({ id, carrier }) {
  field.placeholder = nickname(id);
  find("#my-flag").replaceChildren(flag(id));
  const way = find("#way");
  way.hidden = !carrier || carrier === "websocket";
  way.dataset.carrier = carrier ?? "";
  if (carrier && carrier !== "websocket") setText(way, `No WebSocket gets through here: the server is reached by ${WAYS[carrier]}.`);
}
function follow(here) {
  if (here.state === "joined") {
    showSelf(here);
    showJoined();
    return;
  }
  setTimeout(() => {
    if (here.state === "reconnecting") showReconnecting();
  }, DISCREET);
}
async function enter(name2, chat2, files) {
  const again = () => void enter(name2, chat2, files);
  showJoining();
  try {
    room = await join(location.origin, name2, { attributes: attributes() });
  } catch (error) {
    showRefused(error, again);
    return;
  }
  const here = room;
  showSelf(here);
  here.addEventListener("state", () => follow(here));
  const people = new People({ sendTo: (peer) => files.pickFor(peer), rejoin: () => void here.close() });
  new Session(room, people, chat2, files).start();
  showJoined();
  const why = await room.closed;
  people.stop();
  if (why) showLost(why, again);
  else again();
}
var name = pageRoom();
furnish(name);
var chat = new Chat(self);
chat.title = `${name} · Beckon`;
void enter(name, chat, new Files(announce));
//# sourceMappingURL=main.js.map
