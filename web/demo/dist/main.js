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

// demo/src/files/handle.ts
var CHUNK = 1024 * 1024;

// demo/src/files/sha256.ts
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
function hex(bytes2) {
  return Array.from(bytes2, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

// demo/src/files/depot.ts
var MEMORY = 512 * 1024 * 1024;

// demo/src/files/desk.ts
var DeskError = class extends Error {
  constructor(name2, message) {
    super(message);
    this.name = name2;
  }
  name;
};
function start() {
  const address = new URL("files-worker.js", import.meta.url).href;
  const { trustedTypes } = globalThis;
  const policy = trustedTypes?.createPolicy("beckon-worker", { createScriptURL: () => address });
  return new Worker(policy ? policy.createScriptURL("") : address, { type: "module" });
}
function openDesk() {
  const worker = start();
  const waiting = /* @__PURE__ */ new Map();
  let count = 0;
  worker.onmessage = ({ data: { id, value, error } }) => {
    const one = waiting.get(id);
    waiting.delete(id);
    if (error) one?.reject(new DeskError(error.name, error.message));
    else one?.resolve(value);
  };
  worker.onerror = (event) => {
    for (const one of waiting.values()) one.reject(new DeskError("WorkerError", event.message || "The worker could not be started."));
    waiting.clear();
  };
  const call = (name2, args) => new Promise((resolve, reject) => {
    const id = ++count;
    waiting.set(id, { resolve, reject });
    const moved = name2 === "write" ? [args[2].buffer] : [];
    worker.postMessage({ id, name: name2, args }, moved);
  });
  return new Proxy({}, {
    get: (_, name2) => (...args) => call(name2, args)
  });
}

// demo/src/files/herald.ts
var PAUSE = 4e3;
var Herald = class {
  constructor(announce2) {
    this.announce = announce2;
  }
  announce;
  #waiting = [];
  #last = -PAUSE;
  #timer;
  /** Says it now or, together with what else there is to say by then, a little later. */
  say(text) {
    this.#waiting.push(text.replace(/\.$/, ""));
    if (this.#timer !== void 0) return;
    const rest = this.#last + PAUSE - performance.now();
    this.#timer = setTimeout(() => {
      this.#timer = void 0;
      this.#last = performance.now();
      const said = this.#waiting;
      this.#waiting = [];
      this.announce(said.length > 3 ? `${said.slice(0, 2).join(". ")}. And ${said.length - 2} more about files` : said.join(". "));
    }, Math.max(0, rest));
  }
};

// demo/src/files/meter.ts
var PAINT = 200;
var Meter = class {
  constructor(label, size, now) {
    this.size = size;
    this.now = now;
    this.bar = el("progress", { max: 100, value: 0, "aria-label": label });
  }
  size;
  now;
  bar;
  line = el("p", { class: "transfer-line", "data-testid": "transfer-line" });
  #speed = new Speed();
  #timer;
  #painted = 0;
  /** Something may have changed. Also paints a moment after the last change, so that it ends with what is true. */
  touch() {
    if (this.#timer !== void 0) return;
    const rest = PAINT - (performance.now() - this.#painted);
    if (rest <= 0) return this.#paint();
    this.#timer = setTimeout(() => {
      this.#timer = void 0;
      this.#paint();
    }, rest);
  }
  /** Says how it ended, or that it waits; the bar is not shown then. */
  say(text, bar = false) {
    clearTimeout(this.#timer);
    this.#timer = void 0;
    this.bar.hidden = !bar;
    setText(this.line, text);
  }
  #paint() {
    const now = this.#painted = performance.now();
    const { there, prefix } = this.now();
    const rate = this.#speed.note(now, there);
    const share = percent(there, this.size);
    this.bar.hidden = false;
    this.bar.value = share;
    const parts = [`${prefix}${share} % of ${bytes(this.size)}`];
    if (rate > 1) parts.push(`${bytes(rate)}/s`, wait((this.size - there) / rate));
    setText(this.line, parts.join(", "));
  }
};

// demo/src/files/zip.ts
var TABLE = Uint32Array.from({ length: 256 }, (_, n) => {
  for (let bit = 0; bit < 8; bit++) n = n & 1 ? 3988292384 ^ n >>> 1 : n >>> 1;
  return n;
});
var MAX = 4294967294;
var STEP = 1024 * 1024;
async function zip(entries) {
  const size = entries.reduce((sum, { path, file }) => sum + (file?.size ?? 0) + 2 * 3 * path.length + 76, 22);
  if (size > MAX || entries.length > 65534) return void 0;
  const pieces = [];
  const directory = [];
  let at = 0;
  let listed2 = 0;
  for (const { path, file, modified } of entries) {
    const name2 = new TextEncoder().encode(file ? path : `${path}/`);
    const about = header(file?.size ?? 0, file ? await crc(file) : 0, name2.length, modified);
    const local = fields([4, 67324752], ...about);
    pieces.push(local, name2, ...file ? [file] : []);
    const attributes2 = file ? 33188 * 65536 : 16877 * 65536 + 16;
    const central = fields([4, 33639248], [2, 788], ...about, [2, 0], [2, 0], [2, 0], [4, attributes2], [4, at]);
    directory.push(central, name2);
    at += local.length + name2.length + (file?.size ?? 0);
    listed2 += central.length + name2.length;
  }
  const count = entries.length;
  const end = fields([4, 101010256], [2, 0], [2, 0], [2, count], [2, count], [4, listed2], [4, at], [2, 0]);
  return new Blob([...pieces, ...directory, end], { type: "application/zip" });
}
function header(size, sum, name2, modified = 0) {
  const date = new Date(Math.max(modified, Date.UTC(1980, 0, 2)));
  const day = date.getFullYear() - 1980 << 9 | date.getMonth() + 1 << 5 | date.getDate();
  const time = date.getHours() << 11 | date.getMinutes() << 5 | date.getSeconds() >> 1;
  return [[2, 20], [2, 2048], [2, 0], [2, time], [2, day], [4, sum], [4, size], [4, size], [2, name2], [2, 0]];
}
function fields(...list) {
  const view = new DataView(new ArrayBuffer(list.reduce((sum, [bytes2]) => sum + bytes2, 0)));
  let at = 0;
  for (const [bytes2, value] of list) {
    if (bytes2 === 2) view.setUint16(at, value, true);
    else view.setUint32(at, value, true);
    at += bytes2;
  }
  return new Uint8Array(view.buffer);
}
async function crc(file) {
  let sum = 4294967295;
  for (let at = 0; at < file.size; at += STEP) {
    for (const byte of new Uint8Array(await file.slice(at, at + STEP).arrayBuffer())) sum = TABLE[(sum ^ byte) & 255] ^ sum >>> 8;
  }
  return (sum ^ 4294967295) >>> 0;
}

// demo/src/files/save.ts
var SaveError = class extends Error {
};
async function saveFile(name2, blob) {
  const { showSaveFilePicker } = globalThis;
  const target = await picked(showSaveFilePicker && (() => showSaveFilePicker.call(globalThis, { suggestedName: name2 })));
  if (target === "not") return "not";
  const file = await blob();
  if (!target) return download(name2, file);
  await file.stream().pipeTo(await target.createWritable());
  return "saved";
}
async function saveAll(name2, all) {
  const { showDirectoryPicker } = globalThis;
  const target = await picked(showDirectoryPicker && (() => showDirectoryPicker.call(globalThis, { mode: "readwrite", id: "beckon" })));
  if (target === "not") return "not";
  if (!target) return archive(name2, all);
  for (const { path, blob } of all) {
    if (blob && await exists(target, path)) throw new SaveError(`“${path}” is in that folder already, and nothing is overwritten. Choose another one.`);
  }
  for (const { path, blob } of all) {
    const folders = path.split("/");
    const last = folders.pop();
    let folder = target;
    for (const one of folders) folder = await folder.getDirectoryHandle(one, { create: true });
    if (!blob) await folder.getDirectoryHandle(last, { create: true });
    else await (await blob()).stream().pipeTo(await (await folder.getFileHandle(last, { create: true })).createWritable());
  }
  return "saved";
}
function savesFolders() {
  return globalThis.showDirectoryPicker !== void 0;
}
async function picked(pick) {
  try {
    return await pick?.();
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") return "not";
    return void 0;
  }
}
async function exists(root, path) {
  const folders = path.split("/");
  const last = folders.pop();
  let folder = root;
  try {
    for (const one of folders) folder = await folder.getDirectoryHandle(one);
    await folder.getFileHandle(last);
    return true;
  } catch (error) {
    return error instanceof DOMException && error.name === "TypeMismatchError";
  }
}
async function archive(name2, all) {
  const entries = [];
  for (const { path, modified, blob } of all) {
    entries.push({ path, ...modified !== void 0 && { modified }, ...blob && { file: await blob() } });
  }
  const made = await zip(entries);
  if (!made) throw new SaveError("Together they are too large for an archive: save each by itself.");
  return download(`${name2}.zip`, made);
}
function download(name2, file) {
  const address = URL.createObjectURL(new Blob([file], { type: "application/octet-stream" }));
  const link = el("a", { href: address, download: name2, hidden: true, "data-testid": "transfer-link" });
  document.body.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(address), 6e4);
  return "started";
}

// demo/src/files/why.ts
function clean(text, length2 = 200) {
  const line = text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, "_");
  return line.length > length2 ? `${line.slice(0, length2 - 1)}…` : line;
}
function whyNotSent(error, who, offer) {
  const said = clean(error.message, 300);
  switch (error.code) {
    case "declined":
      return `${who} declined it.`;
    case "cancelled":
      return error.remote ? `${who} cancelled it.` : "You took it back.";
    case "no-room":
      return `${who} has no room for ${bytes(offer.size)}.`;
    case "changed":
      return `A file has changed since it was chosen. Choose it again. (${said})`;
    case "unreadable":
      return `A file cannot be read any more. (${said})`;
    case "wrong-digest":
      return `What arrived was not what was sent: its SHA-256 differs. Offer it again; only what differs is sent. (${said})`;
    case "write-failed":
      return `${who} could not write it. (${said})`;
    case "exists":
      return `${who} has something else of that name already. (${said})`;
    case "bad-offer":
      return `${who} does not take such an offer: ${said}`;
    default:
      return `It failed at ${who}’s side: ${clean(error.code, 64)} (${said})`;
  }
}
function whyNotReceived(error, who, offer) {
  const said = clean(error.message, 300);
  switch (error.code) {
    case "declined":
      return "You declined it.";
    case "cancelled":
      return error.remote ? `${who} took it back.` : "You cancelled it. What has come is kept for another offer, until you delete it.";
    case "no-room":
      return `There is no room for ${bytes(offer.size)} in this browser. Delete something, or receive it with \`beckon receive\`. (${said})`;
    case "changed":
      return `${who}’s file has changed since it was offered. (${said})`;
    case "unreadable":
      return `${who}’s page cannot read the file any more. (${said})`;
    case "no-such-offer":
    case "no-such-file":
      return `${who} does not offer it any more.`;
    case "wrong-digest":
      return `The file is not what ${who} has: its SHA-256 differs. Offered again, only what differs is sent. (${said})`;
    case "write-failed":
      return `This browser could not keep it: ${said}`;
    default:
      return `It failed: ${clean(error.code, 64)} (${said})`;
  }
}

// demo/src/files/inrow.ts
var LISTED = 100;
var SAVED = { saved: "Saved.", started: "Your browser saves it with its downloads.", not: "Not saved yet." };
var InRow = class {
  constructor(reception, options) {
    this.reception = reception;
    this.options = options;
    const { offer, incoming, peer } = reception;
    const name2 = clean(offer.name);
    this.#meter = new Meter(`Receiving ${name2}`, offer.size, () => {
      const kept2 = incoming.here - incoming.received;
      return { there: incoming.here, prefix: kept2 > 0 ? `${bytes(kept2)} were here already. ` : "" };
    });
    this.item = el(
      "li",
      { class: "transfer", "data-testid": "transfer", "data-direction": "in", "data-peer": peer.id },
      el("p", { class: "transfer-name" }, name2),
      this.#actions,
      this.#meter.bar,
      this.#meter.line,
      this.#below
    );
    Object.assign(this.item.dataset, { id: offer.id, name: offer.name, size: String(offer.size) });
    this.#meter.say("");
    this.paint();
  }
  reception;
  options;
  item;
  #meter;
  #actions = el("div", { class: "transfer-actions" });
  #below = el("div", { class: "transfer-below" });
  #shown = "";
  ask(have) {
    const { offer } = this.reception;
    const { parts } = this.reception.incoming;
    const count = parts.length === 1 ? "" : `${parts.length} files, `;
    const already = have > 0 ? ` ${have >= offer.size ? "All" : bytes(have)} of it ${have >= offer.size || have === 1 ? "is" : "are"} here already.` : "";
    const who = this.options.who();
    this.#meter.say(`${who} offers ${count}${bytes(offer.size)}.${already}`);
    this.#below.replaceChildren(...this.#contents());
    this.options.announce(`${who} offers ${clean(offer.name)}, ${bytes(offer.size)}. Accept or decline it in the list of files`);
    return new Promise((resolve) => {
      const always = el("input", { type: "checkbox", "data-testid": "offer-always" });
      const choice = (yes) => () => {
        if (yes && always.checked) this.options.always();
        resolve(yes);
      };
      this.#buttons(
        button("Accept", `Accept ${clean(offer.name)}`, "offer-accept", choice(true), "primary"),
        button("Decline", `Decline ${clean(offer.name)}`, "offer-decline", choice(false))
      );
      this.#below.append(el("label", { class: "always" }, always, el("span", {}, `Always accept from ${who}`)));
    });
  }
  paint() {
    const { reception, item } = this;
    const { incoming, offer, state } = reception;
    item.dataset.received = String(incoming.received);
    item.dataset.here = String(incoming.here);
    if (state === "moving") this.#meter.touch();
    if (state === this.#shown) return;
    this.#shown = item.dataset.state = state;
    if (reception.error) item.dataset.reason = reception.error.code;
    const who = this.options.who();
    const name2 = clean(offer.name);
    switch (state) {
      case "asked":
        return;
      case "waiting":
      case "moving":
        this.#below.replaceChildren();
        this.#buttons(button("Cancel", `Cancel ${name2}`, "transfer-cancel", () => reception.cancel()));
        if (state === "waiting") this.#meter.say("Waiting…");
        return;
      case "lost": {
        const after = this.options.lasting ? "It goes on when they are back, also after this page was closed." : "It goes on when they are back, as long as this page stays open.";
        this.#meter.say(`The connection to ${who} was lost at ${bytes(incoming.here)} of ${bytes(offer.size)}. ${after}`, true);
        this.#buttons(button("Cancel", `Cancel ${name2}`, "transfer-cancel", () => reception.cancel()));
        return;
      }
      case "done":
        return this.#done(name2, who);
      default: {
        const text = reception.error ? whyNotReceived(reception.error, who, offer) : "";
        this.#meter.say(text);
        this.#below.replaceChildren();
        this.#buttons(this.#remove(name2));
        if (reception.error?.code !== "declined") this.options.announce(`${name2}: ${text}`);
      }
    }
  }
  #done(name2, who) {
    const { incoming, offer } = this.reception;
    const files = incoming.parts.length;
    const kept2 = offer.size - incoming.received;
    const already = kept2 > 0 && offer.size > 0 ? ` ${kept2 === offer.size ? "All" : bytes(kept2)} of it ${kept2 === offer.size ? "was" : "were"} here already.` : "";
    this.#meter.say(`Received ${files === 1 ? "" : `${files} files, `}${bytes(offer.size)} from ${who}, whole and right.${already}`);
    const all = this.#savable();
    const [only] = all;
    const save = async () => {
      if (all.length === 1 && only?.blob) return saveFile(only.path.split("/").at(-1), only.blob);
      return saveAll(clean(offer.name, 100).replaceAll("/", "_"), all);
    };
    const what = all.length === 1 ? "Save" : savesFolders() ? "Save in a folder" : "Save as ZIP";
    this.#buttons(
      button(what, `${what}: ${name2}`, "transfer-save", () => void this.#save(save), "primary"),
      this.#remove(name2)
    );
    const [part] = incoming.parts;
    const below = files === 1 && part?.digest ? [el("p", { class: "digest" }, "SHA-256 ", el("code", { "data-testid": "transfer-sha256" }, part.digest))] : this.#contents(true);
    this.#below.replaceChildren(...below);
    this.options.announce(`Received ${name2} from ${who}`);
  }
  async #save(save) {
    try {
      const saved = await save();
      this.item.dataset.saved = saved;
      this.#meter.say(SAVED[saved]);
    } catch (error) {
      this.#meter.say(`It could not be saved: ${error instanceof Error ? error.message : String(error)}`);
    }
    this.options.announce(this.#meter.line.textContent ?? "");
  }
  #savable() {
    const { offer, incoming } = this.reception;
    const keys = new Map(incoming.parts.map(({ index, key }) => [index, key]));
    return offer.entries.map(({ path, modified, folder }, index) => ({
      path,
      ...modified !== void 0 && { modified },
      ...!folder && { blob: () => this.options.keeper.blob(keys.get(index)) }
    }));
  }
  /** The names of what is offered, if there are several; when they have come, each can be saved by itself. */
  #contents(saving = false) {
    const { offer } = this.reception;
    if (offer.entries.length === 1 && offer.entries[0].path === offer.name) return [];
    const savable = saving ? this.#savable() : [];
    const lines = offer.entries.slice(0, LISTED).map(({ path, size, folder }, i) => {
      const blob = savable[i]?.blob;
      const name2 = clean(path);
      const save = blob && button("Save", `Save ${name2}`, "file-save", () => void this.#save(() => saveFile(path.split("/").at(-1), blob)));
      return el("li", {}, el("span", {}, folder ? `${name2}/` : name2), el("span", {}, folder ? "" : bytes(size)), ...save ? [save] : []);
    });
    if (offer.entries.length > LISTED) lines.push(el("li", {}, `and ${offer.entries.length - LISTED} more`));
    return [el("details", { class: "contents", open: !saving && lines.length <= 8 }, el("summary", {}, `What is in it`), el("ul", { role: "list" }, ...lines))];
  }
  #remove(name2) {
    return button("Remove", `Remove ${name2} from the list`, "transfer-remove", () => {
      this.item.remove();
      this.options.removed();
    });
  }
  #buttons(...buttons) {
    const focused = this.#actions.contains(document.activeElement);
    this.#actions.replaceChildren(...buttons);
    if (focused) (buttons[0] ?? this.#meter.line).focus();
  }
};
function button(text, label, testid, click, kind = "") {
  const made = el("button", { type: "button", class: `small ${kind}`.trim(), "aria-label": label, "data-testid": testid }, text);
  made.onclick = click;
  return made;
}

// demo/src/files/kept.ts
var Kept = class {
  constructor(root, keeper, announce2) {
    this.root = root;
    this.keeper = keeper;
    this.announce = announce2;
    root.append(this.#title, this.#list);
    root.hidden = true;
  }
  root;
  keeper;
  announce;
  #list = el("ul", { role: "list", class: "kept" });
  #title = el("h3", { class: "kept-title" }, "Kept in this browser");
  /** Looks for what there is, less what the lines of the page show. */
  async refresh(shown) {
    const items = (await this.keeper.list()).filter(({ key }) => !shown.has(key));
    const groups = /* @__PURE__ */ new Map();
    for (const item of items) {
      const name2 = `${item.digest ? "whole" : "part"} ${item.group}`;
      groups.set(name2, [...groups.get(name2) ?? [], item]);
    }
    this.#list.replaceChildren(...[...groups.values()].map((group) => this.#line(group)));
    this.root.hidden = groups.size === 0;
  }
  #line(group) {
    const [first] = group;
    const name2 = clean(first.group);
    const whole = first.digest !== void 0;
    const size = group.reduce((sum, item2) => sum + item2.size, 0);
    const have = group.reduce((sum, item2) => sum + item2.have, 0);
    const text = el("span", { class: "kept-text", "data-testid": "kept-text" });
    setText(text, whole ? `${name2}, ${bytes(size)}` : `Unfinished: ${name2}, ${percent(have, size)} % of ${bytes(size)}. It goes on when it is offered again.`);
    const item = el("li", { "data-testid": whole ? "finished" : "unfinished", "data-name": first.group, "data-have": have }, text);
    if (whole) item.append(button("Save", `Save ${name2}`, "finished-save", () => void this.#save(group, text)));
    const remove = button("Delete", `Delete ${name2}`, whole ? "finished-delete" : "unfinished-delete", () => void this.#remove(group, item, text));
    item.append(remove);
    return item;
  }
  async #save(group, text) {
    const [first] = group;
    try {
      if (group.length === 1) await saveFile(first.path.split("/").at(-1), () => this.keeper.blob(first.key));
      else await saveAll(first.group, group.map(({ path, key }) => ({ path, blob: () => this.keeper.blob(key) })));
    } catch (error) {
      setText(text, `It could not be saved: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  async #remove(group, item, text) {
    try {
      for (const { key } of group) await this.keeper.remove(key);
      item.remove();
      this.root.hidden = this.#list.childElementCount === 0;
      this.announce(`Deleted ${clean(group[0].group)}`);
    } catch {
      setText(text, `${clean(group[0].group)} is being received, here or in another tab.`);
    }
  }
};

// demo/src/files/outgoing.ts
import { BeckonError, RequestError } from "/sdk/beckon.js";

// demo/src/files/path.ts
var FAULTS = {
  absolute: "is absolute",
  "dot-dot": "leads out of its folder",
  dot: "has an element that is only a dot",
  "empty-element": "has an empty element",
  backslash: "has a backslash",
  drive: "begins with a drive letter",
  control: "has a control character",
  device: "is the name of a device on Windows",
  trailing: "has a name that ends with a dot or a space",
  "too-long": "is too long",
  duplicate: "is there twice",
  "file-is-folder": "is a file and a folder"
};
var MAX_ELEMENT = 255;
var MAX_PATH = 4096;
var DEVICE = /^(con|prn|aux|nul|conin\$|conout\$|(com|lpt)[0-9¹²³])$/i;
var utf8 = new TextEncoder();
function faultOf(path) {
  if (path === "") return "empty-element";
  if (path.startsWith("/")) return "absolute";
  if (/[\p{Cc}\p{Cs}]/u.test(path)) return "control";
  if (path.includes("\\")) return "backslash";
  if (/^[a-z]:/i.test(path)) return "drive";
  for (const element of path.split("/")) {
    if (element === "") return "empty-element";
    if (element === ".") return "dot";
    if (element === "..") return "dot-dot";
    if (/[. ]$/.test(element)) return "trailing";
    if (DEVICE.test(element.split(".", 1)[0].trimEnd())) return "device";
    if (utf8.encode(element).length > MAX_ELEMENT) return "too-long";
  }
  if (utf8.encode(path).length > MAX_PATH) return "too-long";
  return void 0;
}
function firstFault(entries) {
  const seen = /* @__PURE__ */ new Map();
  for (const { path, folder = false } of entries) {
    const fault = faultOf(path);
    if (fault) return { path, fault };
    const key = path.toLowerCase();
    if (seen.has(key)) return { path, fault: "duplicate" };
    seen.set(key, folder);
  }
  for (const { path } of entries) {
    const key = path.toLowerCase();
    for (let at = key.indexOf("/"); at >= 0; at = key.indexOf("/", at + 1)) {
      if (seen.get(key.slice(0, at)) === false) return { path: path.slice(0, at), fault: "file-is-folder" };
    }
  }
  return void 0;
}

// demo/src/files/wire.ts
var OFFER = "beckon.files.v1/offer";
var BLOCKS = "beckon.files.v1/blocks";
var HASHES = "beckon.files.v1/hashes";
var DIGEST = "beckon.files.v1/digest";
var MAX_OFFER = 4 * 1024 * 1024;
var MAX_ENTRIES = 1e4;
var MAX_QUESTION = 1024;
var DIGEST_SIZE = 32;
var FileError = class extends Error {
  constructor(code2, message, remote = false) {
    super(message);
    this.code = code2;
    this.remote = remote;
  }
  code;
  remote;
  name = "FileError";
};
function blockSize(size) {
  let block = 16 * 1024;
  while (block < size / 512 && block < 4 * 1024 * 1024) block *= 2;
  return block;
}
async function readOffer(request) {
  return checkOffer(await readJSON(request, MAX_OFFER));
}
function checkOffer(value) {
  const { id, name: name2, size, entries } = Object(value);
  if (typeof id !== "string" || !/^[0-9a-f]{16}$/.test(id)) throw bad("the id is 16 hexadecimal digits");
  if (typeof name2 !== "string" || name2.length === 0 || name2.length > 1024) throw bad("there is no name");
  if (!Array.isArray(entries) || entries.length === 0) throw bad("there are no entries");
  if (entries.length > MAX_ENTRIES) throw bad(`there are more than ${MAX_ENTRIES} entries`);
  const checked = entries.map(checkEntry);
  const fault = firstFault(checked);
  if (fault) throw bad(`bad-path: ${fault.fault}: ${JSON.stringify(fault.path.slice(0, 300))} ${FAULTS[fault.fault]}`);
  const sum = checked.reduce((all, entry) => all + entry.size, 0);
  if (sum !== size || !Number.isSafeInteger(sum)) throw bad("the size is not that of all entries");
  return { id, name: name2, size: sum, entries: checked };
}
function checkEntry(value) {
  const { path, size = 0, modified, folder } = Object(value);
  if (typeof path !== "string") throw bad("an entry has no path");
  if (!isCount(size)) throw bad("an entry's size is no number of bytes");
  if (folder !== void 0 && typeof folder !== "boolean") throw bad("`folder` is true or not there");
  if (folder && size !== 0) throw bad("a folder has no size");
  const entry = { path, size };
  if (Number.isSafeInteger(modified)) entry.modified = modified;
  if (folder) entry.folder = true;
  return entry;
}
function bad(why) {
  return new FileError("bad-offer", why);
}
function isCount(value) {
  return Number.isSafeInteger(value) && value >= 0;
}
function readQuestion(request) {
  return readJSON(request, MAX_QUESTION);
}
async function readJSON(request, limit) {
  const pieces = [];
  let size = 0;
  for await (const piece of request) {
    size += piece.length;
    if (size > limit) throw bad(`it has more than ${limit} bytes`);
    pieces.push(piece);
  }
  try {
    return JSON.parse(await new Blob(pieces).text());
  } catch {
    throw bad("it is no JSON");
  }
}

// demo/src/files/hashing.ts
var STEP2 = 1024 * 1024;
async function read(file, from, to) {
  const bytes2 = new Uint8Array(await file.slice(from, to).arrayBuffer());
  if (bytes2.length !== to - from) throw new RangeError(`read ${bytes2.length} bytes of ${to - from}`);
  return bytes2;
}

// demo/src/files/trust.ts
var ALWAYS = "beckon-files-always";
var ACCEPTED = "beckon-files-accepted";
var DONE = "beckon-files-done";
var MAX_KEPT = 200;
var Trust = class {
  #here = /* @__PURE__ */ new WeakSet();
  /** Whether the user wants to be asked about what this peer offers. */
  always(peer) {
    const key = provenKey(peer);
    return this.#here.has(peer) || key !== void 0 && kept(localStorageOrNone(), ALWAYS).includes(key);
  }
  /** Takes what this peer offers from now on. For good, if it can prove who it is; else for as long as its page is open. */
  setAlways(peer) {
    this.#here.add(peer);
    const key = provenKey(peer);
    if (key !== void 0) keep(localStorageOrNone(), ALWAYS, key);
  }
  /** Whether this offer was accepted before this page was reloaded. Its id is known to who made it alone. */
  accepted(offer) {
    return kept(sessionStorageOrNone(), ACCEPTED).includes(offer);
  }
  setAccepted(offer) {
    keep(sessionStorageOrNone(), ACCEPTED, offer);
  }
  /** Whether this offer came whole before this page was reloaded: who offers to everybody takes the page for somebody else. */
  done(offer) {
    return kept(sessionStorageOrNone(), DONE).includes(offer);
  }
  setDone(offer) {
    keep(sessionStorageOrNone(), DONE, offer);
  }
};
function provenKey(peer) {
  const { key, verified } = peer;
  return verified ? key : void 0;
}
function kept(storage, name2) {
  try {
    const list = JSON.parse(storage?.getItem(name2) ?? "[]");
    return Array.isArray(list) ? list.filter((one) => typeof one === "string") : [];
  } catch {
    return [];
  }
}
function keep(storage, name2, one) {
  const list = [...kept(storage, name2).filter((other) => other !== one), one].slice(-MAX_KEPT);
  try {
    storage?.setItem(name2, JSON.stringify(list));
  } catch {
  }
}
function localStorageOrNone() {
  try {
    return localStorage;
  } catch {
    return void 0;
  }
}
function sessionStorageOrNone() {
  try {
    return sessionStorage;
  } catch {
    return void 0;
  }
}

// demo/src/files/outgoing.ts
var STEP3 = 1024 * 1024;
var PIECE = 128 * 1024;
var MAX_READING = 16;
var PAUSE2 = 500;
var Delivery = class {
  constructor(peer, changed) {
    this.peer = peer;
    this.changed = changed;
  }
  peer;
  changed;
  state = "waiting";
  /** How many bytes the peer has, as far as can be told from what it asks for; and how many were sent to it. */
  there = 0;
  sent = 0;
  receipt;
  /** Why it is over, when it has failed or was cancelled. */
  error;
  cancelled = new AbortController();
  #reached = [];
  // by the file: how far it was asked for
  #reading = 0;
  #queue = [];
  get over() {
    return this.state === "done" || this.state === "cancelled" || this.state === "failed";
  }
  set(state) {
    this.state = state;
    this.changed();
  }
  /** Takes the offer back. */
  cancel() {
    if (this.over) return;
    this.end(new FileError("cancelled", "You took it back."));
    this.cancelled.abort();
  }
  end(error) {
    this.error = error;
    this.set(error.code === "cancelled" ? "cancelled" : "failed");
  }
  /** Waits until fewer than MAX_READING of the peer's questions are being answered; `through` must follow. */
  async turn() {
    while (this.#reading >= MAX_READING) await new Promise((resolve) => this.#queue.push(resolve));
    this.#reading++;
  }
  through() {
    this.#reading--;
    this.#queue.shift()?.();
  }
  /** The peer has this file up to here, or will in a moment. */
  reached(file, to) {
    const before = this.#reached[file] ?? 0;
    if (to > before) {
      this.#reached[file] = to;
      this.there += to - before;
    }
    if (this.state === "waiting" || this.state === "lost") this.state = "moving";
    this.changed();
  }
};
var Outgoing = class {
  constructor(chosen2, only, hasher, changed) {
    this.chosen = chosen2;
    this.only = only;
    this.hasher = hasher;
    this.changed = changed;
    const id = Array.from(crypto.getRandomValues(new Uint8Array(8)), (byte) => byte.toString(16).padStart(2, "0")).join("");
    const { name: name2, entries } = chosen2;
    this.offer = { id, name: name2, size: entries.reduce((sum, { size }) => sum + size, 0), entries };
  }
  chosen;
  only;
  hasher;
  changed;
  /** By the id of the peer. */
  deliveries = /* @__PURE__ */ new Map();
  offer;
  /** Offers it to a peer that is connected, if it is for that one and is not on offer to it already. */
  to(peer) {
    const old = this.deliveries.get(peer.id) ?? this.#before(peer);
    if (this.only !== "" && this.only !== peer.id && !old) return;
    if (old && (old.over || old.peer === peer)) return;
    const delivery = old ?? new Delivery(peer, () => this.changed(delivery));
    this.deliveries.delete(delivery.peer.id);
    delivery.peer = peer;
    this.deliveries.set(peer.id, delivery);
    delivery.set("waiting");
    void this.#offer(delivery, peer);
  }
  /** A delivery to somebody who had the same key and is gone: a page that was reloaded has another id, but can prove who it is. */
  #before(peer) {
    const key = provenKey(peer);
    if (key === void 0) return void 0;
    return [...this.deliveries.values()].find((one) => one.peer.state === "closed" && provenKey(one.peer) === key);
  }
  /** Takes the offer back, from everybody. */
  cancel() {
    for (const delivery of this.deliveries.values()) delivery.cancel();
  }
  /** Offers until there is an answer, or this is another Peer's matter. */
  async #offer(delivery, peer) {
    const { signal } = delivery.cancelled;
    const body = JSON.stringify(this.offer);
    for (; ; ) {
      try {
        const receipt = await (await peer.request(OFFER, body, { signal })).json();
        if (delivery.over) return;
        delivery.receipt = receipt;
        delivery.there = this.offer.size;
        return delivery.set("done");
      } catch (error) {
        if (delivery.over || delivery.peer !== peer) return;
        if (error instanceof RequestError) return delivery.end(new FileError(error.code, error.message, true));
        if (!(error instanceof BeckonError)) return delivery.end(new FileError("bad-offer", String(error)));
      }
      delivery.set("lost");
      if (peer.state === "closed") return;
      await new Promise((resolve) => setTimeout(resolve, PAUSE2));
      if (delivery.over || delivery.peer !== peer) return;
    }
  }
  /** Answers a question about the files, of a peer that they are on offer to. */
  async answer(request, question) {
    const delivery = this.deliveries.get(request.peer.id);
    if (!delivery || delivery.over || delivery.peer !== request.peer) throw new FileError("no-such-offer", "This is not on offer to you.");
    const { file: index } = question;
    const entry = isCount(index) ? this.offer.entries[index] : void 0;
    const file = isCount(index) ? this.chosen.files[index] : void 0;
    if (!entry || !file) throw new FileError("no-such-file", `There is no file ${String(index)} in this offer.`);
    await delivery.turn();
    try {
      if (request.name === BLOCKS) await this.#blocks(request, delivery, index, file, question);
      else if (request.name === HASHES) await request.respond(await this.#hashes(file, question));
      else if (request.name === DIGEST) {
        const digest = await this.hasher.digestOf(file);
        delivery.reached(index, file.size);
        await request.respond(digest);
      }
    } finally {
      delivery.through();
    }
  }
  async #blocks(request, delivery, index, file, { from, to }) {
    if (!isCount(from) || !isCount(to) || from >= to || to > file.size) throw new FileError("bad-range", `There are no bytes ${from} to ${to}.`);
    const first = await read(file, from, Math.min(from + STEP3, to));
    await request.respond(this.#stream(delivery, index, file, first, from, to));
  }
  async *#stream(delivery, index, file, first, from, to) {
    let next = Promise.resolve(first);
    for (let at = from; at < to; ) {
      const bytes2 = await next;
      const after = at + bytes2.length;
      next = after < to ? read(file, after, Math.min(after + STEP3, to)) : next;
      next.catch(() => {
      });
      for (let i = 0; i < bytes2.length; i += PIECE) {
        const piece = bytes2.subarray(i, i + PIECE);
        yield piece;
        delivery.sent += piece.length;
        delivery.reached(index, at + i + piece.length);
      }
      at = after;
    }
  }
  async #hashes(file, { block, count }) {
    const good = isCount(block) && isCount(count) && block >= 16 * 1024 && block <= 4 * 1024 * 1024 && Number.isInteger(Math.log2(block));
    if (!good || count === 0 || (count - 1) * block >= file.size) throw new FileError("bad-range", `There are no ${count} blocks of ${block} bytes.`);
    return this.hasher.digestsOf(file, block, count);
  }
};
async function answer(request, outgoing) {
  try {
    const question = Object(await readQuestion(request));
    const one = outgoing(String(question.id));
    if (!one) throw new FileError("no-such-offer", "This is not on offer.");
    await one.answer(request, question);
  } catch (error) {
    if (error instanceof BeckonError) return;
    const { code: code2, message } = error instanceof FileError ? error : readFailed(error);
    await request.fail(code2, message).catch(() => {
    });
  }
}
function readFailed(error) {
  const { name: name2 = "", message = String(error) } = Object(error);
  if (name2 === "NotFoundError") return new FileError("unreadable", "The file is not there any more.");
  if (name2 === "NotReadableError") return new FileError("changed", "The file has changed since it was chosen, or may not be read.");
  if (name2 === "RangeError") return new FileError("changed", "The file has become shorter since it was chosen.");
  return new FileError("unreadable", `The file cannot be read: ${message} (${name2})`);
}

// demo/src/files/outrow.ts
var OutRow = class {
  constructor(outgoing, options) {
    this.outgoing = outgoing;
    this.options = options;
    const { id, name: name2, size, entries } = outgoing.offer;
    const files = entries.filter(({ folder }) => !folder).length;
    this.#name = clean(name2);
    this.#note.textContent = `${files === 1 ? "" : `${files} files, `}${bytes(size)}. Nobody is here yet: it is offered to whoever comes.`;
    this.item = el(
      "li",
      { class: "transfer", "data-testid": "transfer", "data-direction": "out", "data-state": "waiting" },
      el("p", { class: "transfer-name" }, this.#name),
      el("div", { class: "transfer-actions" }, button("Remove", `Take back ${this.#name} and remove it from the list`, "transfer-remove", () => {
        this.item.remove();
        options.removed();
      })),
      this.#note,
      this.#list
    );
    Object.assign(this.item.dataset, { id, name: name2, size: String(size) });
  }
  outgoing;
  options;
  item;
  #lines = /* @__PURE__ */ new Map();
  #list = el("ul", { class: "deliveries", role: "list" });
  #note = el("p", { class: "transfer-line" });
  #name;
  /** Something about a delivery has changed. */
  paint(delivery) {
    const line = this.#lines.get(delivery) ?? this.#line(delivery);
    const { state } = delivery;
    line.item.dataset.sent = String(delivery.sent);
    if (delivery.receipt) line.item.dataset.received = String(delivery.receipt.received);
    if (state === "moving") line.meter.touch();
    if (state === line.shown) return;
    line.shown = line.item.dataset.state = state;
    if (delivery.error) line.item.dataset.reason = delivery.error.code;
    const states = [...this.outgoing.deliveries.values()].map((one) => one.state);
    this.item.dataset.state = ["moving", "waiting", "done", "lost", "failed"].find((one) => states.includes(one)) ?? "cancelled";
    this.#say(delivery, line);
  }
  #say(delivery, { meter, actions }) {
    const who = this.options.who(delivery);
    const { size } = this.outgoing.offer;
    switch (delivery.state) {
      case "waiting":
        return meter.say(`Waiting for ${who} to accept…`);
      case "moving":
        return;
      case "lost":
        return meter.say(`The connection to ${who} was lost. It goes on when they are back.`);
      case "done": {
        const kept2 = size - (delivery.receipt?.received ?? size);
        meter.say(`${who} has it, whole and right.${kept2 > 0 ? ` ${kept2 === size ? "All" : bytes(kept2)} of it did not have to be sent.` : ""}`);
        actions.replaceChildren();
        return this.options.announce(`${who} has received ${this.#name}`);
      }
      default: {
        const text = delivery.error ? whyNotSent(delivery.error, who, this.outgoing.offer) : "";
        meter.say(text);
        actions.replaceChildren();
        return this.options.announce(`${this.#name}: ${text}`);
      }
    }
  }
  #line(delivery) {
    const who = this.options.who(delivery);
    const { size, entries } = this.outgoing.offer;
    const meter = new Meter(`Sending ${this.#name} to ${who}`, size, () => ({ there: delivery.there, prefix: `To ${this.options.who(delivery)}: ` }));
    meter.say("");
    const cancel = button("Cancel", `Cancel ${this.#name} for ${who}`, "transfer-cancel", () => delivery.cancel());
    const actions = el("div", { class: "transfer-actions" }, cancel);
    const item = el("li", { class: "delivery", "data-testid": "delivery", "data-peer": delivery.peer.id }, meter.bar, meter.line, actions);
    const files = entries.filter(({ folder }) => !folder).length;
    this.#note.textContent = `${files === 1 ? "" : `${files} files, `}${bytes(size)}${this.outgoing.only === "" ? ", for everybody who is here or comes" : ""}`;
    this.#list.append(item);
    const line = { item, meter, actions, shown: "" };
    this.#lines.set(delivery, line);
    return line;
  }
};

// demo/src/files/receiver.ts
import { BeckonError as BeckonError3 } from "/sdk/beckon.js";

// demo/src/files/incoming.ts
import { BeckonError as BeckonError2, RequestError as RequestError2 } from "/sdk/beckon.js";
var LANES = 4;
var PIECE2 = 256 * 1024;
var BACKLOG = 2 * 1024 * 1024;
var Incoming = class {
  constructor(offer, keeper, moved = () => {
  }) {
    this.offer = offer;
    this.keeper = keeper;
    this.moved = moved;
    this.parts = offer.entries.map((entry, index) => ({ entry, index })).filter(({ entry }) => !entry.folder);
  }
  offer;
  keeper;
  moved;
  /** The files, without the folders. */
  parts;
  /** How many bytes are here, and how many of them came now. */
  here = 0;
  received = 0;
  /** What the browser has of whole files, from before. */
  #whole = [];
  /**
   * Fetches what is missing. Rejects with a FileError, which is the end of it, or with a BeckonError: then it can be called again when there
   * is a connection. Files are not changed any more when it has settled.
   */
  async fetch(ask, signal) {
    const stop = new AbortController();
    const follow2 = () => stop.abort(signal.reason);
    signal.addEventListener("abort", follow2, { once: true });
    if (signal.aborted) follow2();
    const rest = this.parts.filter(({ digest }) => digest === void 0);
    const lane = async () => {
      for (let part = rest.shift(); part; part = rest.shift()) {
        if (stop.signal.aborted) return;
        await this.#fetchOne(part, ask, stop.signal);
      }
    };
    this.#whole = (await this.keeper.list()).filter(({ digest }) => digest !== void 0);
    const lanes = Array.from({ length: LANES }, lane);
    try {
      await Promise.all(lanes);
      signal.throwIfAborted();
    } finally {
      stop.abort();
      await Promise.allSettled(lanes);
      signal.removeEventListener("abort", follow2);
    }
    return { files: this.parts.length, bytes: this.offer.size, received: this.received };
  }
  /** Lets go of what is open. What outlives the page is found again, by this offer or another one; anything else is only here. */
  async release() {
    if (!await this.keeper.lasting()) return;
    for (const part of this.parts) {
      if (part.key === void 0 || part.digest !== void 0) continue;
      await this.keeper.close(part.key);
      if (part.missing) part.counted = part.entry.size - length(part.missing);
      delete part.key;
      delete part.missing;
    }
  }
  /** Removes all of it. */
  async remove() {
    for (const { key } of this.parts) if (key !== void 0) await this.keeper.remove(key);
  }
  async #fetchOne(part, ask, signal) {
    const about = (name2, more) => asked(part, () => ask(name2, JSON.stringify({ id: this.offer.id, file: part.index, ...more }), signal));
    try {
      if (!part.missing) await this.#open(part, about);
      if (part.digest !== void 0) return;
      let broken = false;
      for (let range = part.missing[0]; range; range = part.missing[0]) {
        const { from } = range;
        try {
          await this.#fetchRange(part, range, await about(BLOCKS, range));
        } catch (error) {
          if (broken || signal.aborted || !(error instanceof BeckonError2) || error.code !== "aborted") throw error;
          broken = range.from === from;
          continue;
        }
        broken = false;
        part.missing.shift();
      }
      await this.#check(part, about);
    } catch (error) {
      throw error instanceof DeskError ? writeFailed(part, error) : error;
    }
  }
  /** Looks for what is here of a file already, and has the sender say what of that is right. */
  async #open(part, about) {
    const { path, size } = part.entry;
    const whole = this.#whole.filter((item) => item.path === path && item.size === size);
    if (whole.length > 0) {
      const digest = hex(await digestFrom(part, await about(DIGEST, {})));
      const same = whole.find((item) => item.digest === digest);
      if (same) {
        Object.assign(part, { key: same.key, digest, missing: [] });
        this.#more(size - (part.counted ?? 0));
        return;
      }
    }
    if (part.key !== void 0) await this.keeper.close(part.key);
    const { key, have } = await this.keeper.open(path, size, this.offer.name);
    part.key = key;
    const block = blockSize(size);
    const count = have === size ? Math.ceil(size / block) : Math.floor(have / block);
    const missing = [];
    if (count > 0) {
      const digests = await (await about(HASHES, { block, count })).bytes();
      if (digests.length !== count * DIGEST_SIZE) throw new FileError("unreadable", `${path}: ${digests.length} bytes of hashes`);
      for (const i of await this.keeper.verify(key, block, digests)) add(missing, i * block, Math.min((i + 1) * block, size));
    }
    add(missing, Math.min(count * block, size), size);
    part.missing = missing;
    this.#more(size - length(missing) - (part.counted ?? 0));
    delete part.counted;
  }
  /** Writes what comes, and moves the beginning of the range on by it. */
  async #fetchRange(part, range, answer2) {
    const { keeper } = this;
    const key = part.key;
    const writes = [];
    let failed;
    let buffer = new Uint8Array(0);
    let held = 0;
    const flush = async () => {
      if (held === 0) return;
      const bytes2 = buffer.subarray(0, held);
      const count = held;
      const at = range.from;
      range.from += count;
      buffer = new Uint8Array(0);
      held = 0;
      const written = () => {
        this.received += count;
        this.#more(count);
      };
      writes.push(keeper.write(key, at, bytes2).then(written, (error) => void (failed ??= error)));
      if (writes.length * PIECE2 > BACKLOG) await writes.shift();
      if (failed) throw failed;
    };
    try {
      for await (const piece of answer2) {
        if (piece.length > range.to - range.from - held) throw new FileError("bad-range", `${part.entry.path}: more came than was asked for`);
        for (let at = 0; at < piece.length; ) {
          if (held === 0) buffer = new Uint8Array(Math.min(PIECE2, range.to - range.from));
          const count = Math.min(buffer.length - held, piece.length - at);
          buffer.set(piece.subarray(at, at + count), held);
          held += count;
          at += count;
          if (held === buffer.length) await flush();
        }
      }
      if (range.from + held !== range.to) throw new FileError("changed", `${part.entry.path}: less came than was asked for`);
    } finally {
      await flush().catch(() => {
      });
      await Promise.all(writes);
    }
    if (failed) throw failed;
  }
  /** Compares the whole file with what the sender has. */
  async #check(part, about) {
    const key = part.key;
    if (part.entry.size === 0) {
      part.digest = hex(await this.keeper.digest(key));
      return this.keeper.finish(key, part.digest);
    }
    const theirs = hex(await digestFrom(part, await about(DIGEST, {})));
    const ours = hex(await this.keeper.digest(key));
    if (ours !== theirs) throw new FileError("wrong-digest", `${part.entry.path}: its SHA-256 is ${ours}, the sender's is ${theirs}`);
    await this.keeper.finish(key, ours);
    part.digest = ours;
  }
  #more(bytes2) {
    this.here += bytes2;
    this.moved();
  }
};
function length(ranges) {
  return ranges.reduce((sum, { from, to }) => sum + to - from, 0);
}
function add(ranges, from, to) {
  const last = ranges.at(-1);
  if (last?.to === from) last.to = to;
  else if (to > from) ranges.push({ from, to });
}
async function digestFrom(part, answer2) {
  const digest = await answer2.bytes();
  if (digest.length !== DIGEST_SIZE) throw new FileError("unreadable", `${part.entry.path}: ${digest.length} bytes of SHA-256`, true);
  return digest;
}
async function asked(part, ask) {
  try {
    return await ask();
  } catch (error) {
    if (error instanceof RequestError2) throw new FileError(error.code, `${part.entry.path}: ${error.message}`, true);
    throw error;
  }
}
function writeFailed(part, error) {
  const full = error.name === "QuotaExceededError";
  return new FileError(full ? "no-room" : "write-failed", `${part.entry.path}: ${error.message}`);
}

// demo/src/files/receiver.ts
var MAX_ASKED = 8;
var STALLED = 2e3;
var SETTLING = 2e3;
var Reception = class {
  constructor(offer, peer, keeper) {
    this.offer = offer;
    this.peer = peer;
    this.incoming = new Incoming(offer, keeper, () => this.#row?.paint());
  }
  offer;
  peer;
  state = "asked";
  error;
  receipt;
  cancelled = new AbortController();
  incoming;
  #row;
  /** Settles when nothing of it runs any more. */
  #running = Promise.resolve();
  get over() {
    return this.state === "done" || this.state === "cancelled" || this.state === "failed";
  }
  show(row) {
    this.#row = row;
  }
  set(state) {
    this.state = state;
    this.#row?.paint();
  }
  end(error) {
    this.error = error;
    this.set(error.code === "cancelled" || error.code === "declined" ? "cancelled" : "failed");
  }
  /** The user wants it, or not. */
  decided(yes) {
    if (this.over) return;
    if (yes) this.set("waiting");
    else this.end(new FileError("declined", "You declined it."));
  }
  /** The user does not want it any more. */
  cancel() {
    if (this.over) return;
    this.cancelled.abort();
    if (this.state !== "moving") this.end(new FileError("cancelled", "You cancelled it."));
  }
  /** Fetches on behalf of this request, and answers it, after what ran before has come to its end. */
  run(request) {
    this.#running = this.#running.then(() => this.#run(request)).catch((error) => this.#failed(request, error));
    return this.#running;
  }
  async #run(request) {
    if (this.over) return this.#repeat(request);
    this.peer = request.peer;
    this.set("moving");
    const stop = new AbortController();
    const follow2 = () => stop.abort();
    for (const signal of [request.signal, this.cancelled.signal]) {
      signal.addEventListener("abort", follow2, { once: true });
      if (signal.aborted) follow2();
    }
    this.receipt = await this.incoming.fetch((name2, body, signal) => request.peer.request(name2, body, { signal }), stop.signal);
    this.set("done");
    await request.respond(JSON.stringify(this.receipt)).catch(() => {
    });
  }
  /** Says once more how it ended. */
  async #repeat(request) {
    const said = this.error ? request.fail(this.error.code, this.error.message) : request.respond(JSON.stringify({ ...this.receipt, received: 0 }));
    await said.catch(() => {
    });
  }
  async #failed(request, thrown) {
    const error = await this.#reason(request, thrown);
    await this.incoming.release().catch(() => {
    });
    if (!error) return this.set("lost");
    this.end(error);
    if (!error.remote || error.code !== "cancelled") await request.fail(error.code, error.message.slice(0, 300)).catch(() => {
    });
  }
  /** What an error means to the user; undefined if the connection was lost, after which it goes on. */
  async #reason(request, thrown) {
    if (this.cancelled.signal.aborted) return new FileError("cancelled", "You cancelled it.");
    if (thrown instanceof FileError) return thrown;
    if (!request.signal.aborted && thrown instanceof BeckonError3) {
      await Promise.race([new Promise((resolve) => request.signal.addEventListener("abort", resolve)), pause(SETTLING)]);
    }
    const why = request.signal.reason;
    if (!request.signal.aborted) return new FileError("unreadable", thrown instanceof Error ? thrown.message : String(thrown));
    return why instanceof BeckonError3 && why.code === "aborted" ? new FileError("cancelled", "The sender took it back.", true) : void 0;
  }
  /** Lets go of files that somebody else may go on with, if nothing comes here any more. */
  async yield() {
    if (this.state !== "moving") return;
    const { here } = this.incoming;
    await pause(STALLED);
    if (!this.over && this.incoming.here === here) await this.incoming.release();
  }
};
var Receiver = class {
  constructor(keeper, trust, show2) {
    this.keeper = keeper;
    this.trust = trust;
    this.show = show2;
  }
  keeper;
  trust;
  show;
  #all = /* @__PURE__ */ new Map();
  // by the id of the offer
  #rows = /* @__PURE__ */ new WeakMap();
  #asking = /* @__PURE__ */ new WeakMap();
  /** Takes an offer, and ends when it has been answered or its connection is lost. */
  async take(request) {
    try {
      const offer = await readOffer(request);
      const known = this.#all.get(offer.id);
      if (!known && this.trust.done(offer.id)) await this.#again(request, offer);
      else if (!known) await this.#new(request, offer);
      else if (JSON.stringify(known.offer) !== JSON.stringify(offer)) throw new FileError("bad-offer", "this id was another offer's");
      else if (known.state !== "asked") await known.run(request);
      else await this.#decide(known, request, 0);
    } catch (error) {
      if (error instanceof FileError) await request.fail(error.code, error.message.slice(0, 300)).catch(() => {
      });
    }
  }
  /** Says of an offer that has come before that it is here, or was: what became of it is the user's. */
  async #again(request, { entries, size }) {
    const receipt = { files: entries.filter(({ folder }) => !folder).length, bytes: size, received: 0 };
    await request.respond(JSON.stringify(receipt)).catch(() => {
    });
  }
  /** Forgets what is over: the row was removed. */
  forget(reception) {
    this.#all.delete(reception.offer.id);
  }
  async #new(request, offer) {
    const { peer } = request;
    const asked2 = [...this.#all.values()].filter((other) => other.peer.id === peer.id && other.state === "asked");
    if (asked2.length >= MAX_ASKED) throw new FileError("declined", "Too many offers wait for an answer.");
    const reception = new Reception(offer, peer, this.keeper);
    const row = this.show(reception);
    if (!row) throw new FileError("declined", "The list of files there is full.");
    reception.show(row);
    this.#all.set(offer.id, reception);
    this.#rows.set(reception, row);
    let have;
    try {
      have = await this.#roomFor(reception);
    } catch (error) {
      const failed = error instanceof FileError ? error : new FileError("write-failed", error instanceof Error ? error.message : String(error));
      reception.end(failed);
      throw failed;
    }
    await this.#decide(reception, request, have);
  }
  /** Asks the user, once, and fetches if it is wanted. */
  async #decide(reception, request, have) {
    const { offer, peer } = reception;
    let wanted = this.#asking.get(reception);
    if (!wanted) {
      const asked2 = this.trust.always(peer) || this.trust.accepted(offer.id) ? Promise.resolve(true) : this.#rows.get(reception).ask(have);
      wanted = asked2.then((yes) => {
        reception.decided(yes);
        if (yes) this.trust.setAccepted(offer.id);
        return yes;
      });
      this.#asking.set(reception, wanted);
    }
    const gone = new Promise((resolve) => {
      request.signal.addEventListener("abort", () => resolve("gone"), { once: true });
      if (request.signal.aborted) resolve("gone");
    });
    const answer2 = await Promise.race([wanted, gone]);
    if (answer2 === "gone") {
      const why = request.signal.reason;
      if (reception.state === "asked" && why instanceof BeckonError3 && why.code === "aborted") {
        reception.end(new FileError("cancelled", "The sender took it back.", true));
      }
      return;
    }
    if (!answer2) throw new FileError("declined", "The other side does not want it.");
    await this.#stalled(reception);
    await reception.run(request);
    if (reception.state === "done" && await this.keeper.lasting()) this.trust.setDone(offer.id);
  }
  /** Has others let go of the files of this offer: the sender may have been killed, and come back with another offer, before we noticed. */
  async #stalled(reception) {
    const mine = new Set(reception.offer.entries.map(({ path, size }) => `${size} ${path}`));
    const others = [...this.#all.values()].filter((other) => other !== reception && other.offer.entries.some(({ path, size }) => mine.has(`${size} ${path}`)));
    await Promise.all(others.map((other) => other.yield()));
  }
  /** Rejects with `no-room` if it does not fit beside what is being received. Returns how much of it is here. */
  async #roomFor(reception) {
    const items = /* @__PURE__ */ new Map();
    for (const item of await this.keeper.list()) items.set(`${item.size} ${item.path}`, item);
    const have = reception.offer.entries.reduce((sum, { path, size }) => sum + (items.get(`${size} ${path}`)?.have ?? 0), 0);
    let coming = 0;
    for (const other of this.#all.values()) {
      if (other !== reception && !other.over && other.state !== "asked") coming += other.offer.size - other.incoming.here;
    }
    const room2 = Math.max(0, await this.keeper.room() - coming);
    if (reception.offer.size - have > room2) throw new FileError("no-room", `There is room for ${room2} bytes.`);
    return have;
  }
};
function pause(ms) {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

// demo/src/files/tree.ts
var ChoiceError = class extends Error {
};
function fromInput(files) {
  return chosen(files.map((file) => ({ path: file.webkitRelativePath || file.name, file })));
}
function fromDrop(transfer) {
  const roots = [];
  const loose = [];
  for (const item of transfer.items) {
    if (item.kind !== "file") continue;
    const entry = item.webkitGetAsEntry();
    const file = entry ? null : item.getAsFile();
    if (entry) roots.push(entry);
    if (file) loose.push(file);
  }
  return walked(roots, loose);
}
async function walked(roots, loose) {
  const found = loose.map((file) => ({ path: file.name, file }));
  const walk = async (entry) => {
    if (found.length > MAX_ENTRIES) return;
    const path = entry.fullPath.replace(/^\//, "");
    if (!entry.isDirectory) {
      const file = await new Promise((resolve, reject) => entry.file(resolve, reject));
      found.push({ path, file });
      return;
    }
    const inside = await listed(entry);
    if (inside.length === 0) found.push({ path });
    for (const one of inside) await walk(one);
  };
  for (const root of roots) await walk(root);
  return chosen(found);
}
async function listed(folder) {
  const reader = folder.createReader();
  const all = [];
  for (; ; ) {
    const some = await new Promise((resolve, reject) => reader.readEntries(resolve, reject));
    if (some.length === 0) return all;
    all.push(...some);
  }
}
function chosen(found) {
  if (found.length > MAX_ENTRIES) {
    throw new ChoiceError(`More than ${MAX_ENTRIES.toLocaleString("en")} files and folders cannot be offered at once. Pack them first.`);
  }
  const entries = found.map(({ path, file }) => {
    return file ? { path, size: file.size, modified: file.lastModified } : { path, size: 0, folder: true };
  });
  const fault = firstFault(entries);
  if (fault) throw new ChoiceError(`“${fault.path}” ${FAULTS[fault.fault]}, which is not possible everywhere.`);
  return { name: nameOf(entries), entries, files: found.map(({ file }) => file) };
}
function nameOf(entries) {
  const [first] = entries;
  if (entries.length === 1 && first) return first.path;
  const tops = new Set(entries.map(({ path }) => path.split("/", 1)[0]));
  const [top] = tops;
  return tops.size === 1 && top ? top : `${entries.length} files`;
}

// demo/src/files/panel.ts
var MAX_ROWS = 200;
var FilePanel = class {
  #desk = openDesk();
  #trust = new Trust();
  #peers = /* @__PURE__ */ new Map();
  #outgoing = /* @__PURE__ */ new Map();
  // by the id of the offer
  #receptions = /* @__PURE__ */ new Set();
  // that have a line
  #lasting = true;
  // until the worker says otherwise
  #herald;
  #receiver = new Receiver(this.#desk, this.#trust, (reception) => this.#show(reception));
  #kept;
  #input = el("input", { id: "file", class: "hidden", type: "file", multiple: true, "data-testid": "file-input", "aria-label": "Files to send", tabindex: -1 });
  #folder = el("input", { class: "hidden", type: "file", webkitdirectory: true, "data-testid": "folder-input", "aria-label": "Folder to send", tabindex: -1 });
  #target = el("select", { id: "target", "data-testid": "file-target" });
  #note = el("p", { class: "note", role: "status", "data-testid": "file-note" });
  #list = el("ul", { class: "transfers", role: "list", "data-testid": "transfers" });
  constructor(root, announce2) {
    this.#herald = new Herald(announce2);
    const kept2 = el("div", { "data-testid": "kept" });
    root.append(el("h2", { id: "files-title" }, "Files"), this.#drop(), this.#note, this.#list, kept2);
    this.#kept = new Kept(kept2, this.#desk, (text) => this.#herald.say(text));
    this.#listenForDrops();
    this.#offerTargets();
    void this.#look();
  }
  /** A peer that files can be offered to; or again, after it has changed its name. */
  add(peer) {
    this.#peers.set(peer.id, peer);
    this.#offerTargets();
    for (const outgoing of this.#outgoing.values()) outgoing.to(peer);
  }
  remove(id) {
    if (this.#peers.delete(id)) this.#offerTargets();
  }
  /** Lets files for this one peer be chosen. */
  pickFor(peer) {
    this.#target.value = peer.id;
    this.#input.click();
  }
  /** Takes a request if it is about files; whether it is. */
  take(request) {
    if (request.name === OFFER) void this.#receiver.take(request);
    else if ([BLOCKS, HASHES, DIGEST].includes(request.name)) void answer(request, (id) => this.#outgoing.get(id));
    else return false;
    return true;
  }
  /** Looks for what is kept from before, and says how long it will be. */
  async #look() {
    try {
      this.#lasting = await this.#desk.lasting();
      if (!this.#lasting) {
        setText(this.#note, `This browser keeps no files for this page (a private window, or plain http from another machine). Up to ${bytes(MEMORY)} can be received, in memory, and nothing is resumed after the page is closed.`);
      }
      await this.#refresh();
    } catch (error) {
      setText(this.#note, `Files cannot be received here: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  async #refresh() {
    const keys = [...this.#receptions].flatMap(({ incoming, over, state }) => !over || state === "done" ? incoming.parts.map(({ key }) => key ?? "") : []);
    await this.#kept.refresh(new Set(keys));
  }
  #send(chosen2) {
    if (chosen2.entries.length === 0) return;
    if (this.#full()) return setText(this.#note, "The list is full. Remove some lines to send more.");
    const only = this.#peers.has(this.#target.value) ? this.#target.value : "";
    const outgoing = new Outgoing(chosen2, only, this.#desk, (delivery) => row.paint(delivery));
    const row = new OutRow(outgoing, {
      who: ({ peer }) => this.#name(peer),
      announce: (text) => this.#herald.say(text),
      removed: () => {
        this.#outgoing.delete(outgoing.offer.id);
        outgoing.cancel();
      }
    });
    this.#list.prepend(row.item);
    this.#outgoing.set(outgoing.offer.id, outgoing);
    for (const peer of this.#peers.values()) outgoing.to(peer);
  }
  #show(reception) {
    if (this.#full()) return void 0;
    const row = new InRow(reception, {
      keeper: this.#desk,
      lasting: this.#lasting,
      who: () => this.#name(reception.peer),
      announce: (text) => {
        this.#herald.say(text);
        if (reception.over) void this.#refresh();
      },
      always: () => this.#trust.setAlways(reception.peer),
      removed: () => void this.#forget(reception)
    });
    this.#receptions.add(reception);
    this.#list.prepend(row.item);
    return row;
  }
  /** A line is removed: with it what has come whole, or what only this page's memory has. */
  async #forget(reception) {
    this.#receptions.delete(reception);
    this.#receiver.forget(reception);
    if (reception.state === "done" || !this.#lasting) await reception.incoming.remove();
    await this.#refresh();
  }
  #name(peer) {
    const now = this.#peers.get(peer.id) ?? peer;
    return displayName(now.id, now.attributes);
  }
  #full() {
    return this.#list.childElementCount >= MAX_ROWS;
  }
  /** Fills the list of whom files can go to, and keeps what was chosen. */
  #offerTargets() {
    const chosen2 = this.#target.value;
    const options = [el("option", { value: "" }, "everybody")];
    for (const peer of this.#peers.values()) options.push(el("option", { value: peer.id }, this.#name(peer)));
    this.#target.replaceChildren(...options);
    this.#target.value = this.#peers.has(chosen2) ? chosen2 : "";
  }
  #drop() {
    for (const input of [this.#input, this.#folder]) {
      input.onchange = () => {
        this.#choose(() => fromInput(Array.from(input.files ?? [])));
        input.value = "";
      };
    }
    const pick = el("button", { id: "pick", type: "button", "data-testid": "file-pick" }, "Choose files");
    const pickFolder = el("button", { type: "button", "data-testid": "folder-pick" }, "Choose a folder");
    pick.onclick = () => this.#input.click();
    pickFolder.onclick = () => this.#folder.click();
    pickFolder.hidden = !("webkitdirectory" in this.#folder);
    return el(
      "div",
      { class: "drop", id: "drop" },
      svg("svg", { viewBox: "0 0 48 32", "aria-hidden": "true", focusable: "false" }, svg("path", { d: "M24 21V5m-6 6 6-6 6 6" }), svg("path", { d: "M6 20v7h36v-7" })),
      el("p", { class: "drop-text" }, "Drop files or folders anywhere on this page"),
      this.#input,
      this.#folder,
      el("div", { class: "drop-row" }, pick, pickFolder),
      el("div", { class: "drop-row" }, el("label", { class: "to", for: "target" }, "to"), this.#target)
    );
  }
  #choose(choice) {
    const chosen2 = async () => this.#send(await choice());
    setText(this.#note, "");
    chosen2().catch((error) => {
      setText(this.#note, error instanceof ChoiceError ? error.message : `This cannot be read: ${error instanceof Error ? error.message : String(error)}`);
    });
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
      const transfer = event.dataTransfer;
      const found = fromDrop(transfer);
      this.#choose(() => found);
    });
  }
};

// demo/src/notice.ts
import { BeckonError as BeckonError4 } from "/sdk/beckon.js";
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
  const button2 = find("#notice-action");
  button2.hidden = !notice.action || !again;
  setText(button2, notice.action ?? "");
  button2.onclick = notice.instead ?? again ?? null;
  box.hidden = false;
}
function code(error) {
  return error instanceof BeckonError4 ? error.code : "";
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
import { BeckonError as BeckonError5 } from "/sdk/beckon.js";
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
    void this.#answer();
    this.#sync();
  }
  /** Takes what the peers ask for, until the room is closed. */
  async #answer() {
    try {
      for await (const request of this.room.requests()) {
        if (!this.files.take(request)) request.fail("no-such-request").catch(() => {
        });
      }
    } catch {
    }
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
        const lost = error instanceof BeckonError5 && error.code === "connection-lost";
        if (!lost || peer.state === "closed") return;
      }
    }
  }
  #take(peer, channel) {
    if (channel.label === CHAT) this.chat.listen(peer, channel).catch(() => {
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
  const button2 = find("#copy");
  field2.value = roomLink(room2);
  field2.onfocus = () => field2.select();
  button2.onclick = async () => {
    const copied = await copy(field2);
    if (copied) button2.focus();
    button2.textContent = copied ? "Copied" : "Press Ctrl+C";
    button2.dataset.copied = String(copied);
    setTimeout(() => {
      button2.textContent = "Copy link";
      delete button2.dataset.copied;
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
void enter(name, chat, new FilePanel(find("#files"), announce));
//# sourceMappingURL=main.js.map
