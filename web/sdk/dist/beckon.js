// sdk/src/protocol_gen.ts
var VERSION = "beckon.v1";
var MAX_NUMBER = 9007199254740991;
var MAX_NAME = 64;
var CAPABILITY_ROLLBACK = "rollback";
var errorTexts = {
  "bad-frame": "The frame is not one JSON object of the documented shape.",
  "unknown-type": "The server does not know this type of frame.",
  "unexpected-hello": "A connection says hello once, as its first frame.",
  "bad-room": "A room's name is 1 to 64 letters, digits and . _ ~ -, and begins with a letter or digit.",
  "forbidden": "Your grants do not allow this.",
  "unauthorized": "The token was refused.",
  "not-in-room": "You are not a member of this room.",
  "unknown-peer": "No such peer is in this room.",
  "stale-instance": "The peer is now another instance than the one you named.",
  "busy": "The recipient's queue is full; the frame was dropped. Send it again later.",
  "rate-limited": "Too many frames; this one was dropped. Wait for retryAfter.",
  "room-full": "The room has as many members as it may have.",
  "too-many-rooms": "You are a member of as many rooms as you may be, or the server holds as many as it may.",
  "internal": "The server failed; its log says why.",
  "revoked": "Your token, or all tokens of your identity, have been revoked.",
  "relay-allocations": "The relay makes no further allocation for you: connections that need one will not open.",
  "relay-bytes": "The relay has carried as many bytes for you as it will for now: relayed connections stand still.",
  "relay-bandwidth": "The relay is carrying as much for you as it may: what is sent faster is dropped.",
  "bad-request": "The HTTP request is not one of those that are documented.",
  "unknown-carrier": "There is no such carrier, or no longer: connect again.",
  "stale-request": "The request is not the next one of its carrier, or a newer one has taken its place.",
  "body-too-large": "The request's body is larger than it may be, or holds too many frames.",
  "body-too-slow": "The request's body did not come in time.",
  "going-away": "This server is shutting down: connect again in a moment, perhaps elsewhere.",
  "aborted": "The caller gave up: its signal was aborted or its context ended.",
  "bad-url": "The server's URL or the room's name is not valid.",
  "closed": "The room, peer or channel is closed.",
  "connect-failed": "No connection could be made.",
  "connection-lost": "An open connection ended unexpectedly.",
  "kicked": "The server's operator has ended this session.",
  "mesh-full": "The room is a full mesh of as many members as it may connect; this peer is beyond them.",
  "message-too-large": "The message is larger than the other side accepts.",
  "overflow": "The reader was too slow: what waited to be read or accepted passed its bound.",
  "timeout": "What was asked for did not come in time.",
  "too-many-peers": "The identity has as many peers on this server as its token allows.",
  "unsupported": "This environment lacks something that is needed, such as RTCPeerConnection."
};
var closeCodes = {
  "normal": { code: 1e3, text: "The session ended because one side said so." },
  "going-away": { code: 4e3, text: "This server is shutting down; connect again, perhaps elsewhere." },
  "heartbeat-timeout": { code: 4001, text: "Nothing was heard from the client for the heartbeat timeout." },
  "hello-timeout": { code: 4002, text: "No hello came in time." },
  "try-later": { code: 4003, text: "The server has as many sessions as it may have." },
  "internal": { code: 4004, text: "The server failed; its log says why." },
  "hello-expected": { code: 4500, text: "The first frame was not a hello." },
  "frame-too-large": { code: 4501, text: "A frame was larger than the limit in the welcome." },
  "binary-frame": { code: 4502, text: "Frames are text; a binary one came." },
  "unsupported-version": { code: 4503, text: "The client speaks no version that this server speaks." },
  "unauthorized": { code: 4504, text: "The token was refused." },
  "replaced": { code: 4505, text: "A newer connection of the same instance took over." },
  "too-many-errors": { code: 4506, text: "The client kept sending frames that were refused." },
  "token-expired": { code: 4507, text: "The token has expired; come back with a fresh one." },
  "too-many-peers": { code: 4508, text: "The identity has as many peers as its token allows." },
  "kicked": { code: 4509, text: "The server's operator has ended the session." },
  "revoked": { code: 4510, text: "The server's operator has revoked the token, or all of its identity's." }
};

// sdk/src/decide.ts
function offers(a, b) {
  const canA = a.capabilities?.[CAPABILITY_ROLLBACK] === true;
  const canB = b.capabilities?.[CAPABILITY_ROLLBACK] === true;
  if (canA !== canB) return !canA;
  return a.instance < b.instance;
}
function meshed(topology, limit, members) {
  if (topology !== "mesh") return /* @__PURE__ */ new Set();
  const ranked = [...members].sort((a, b) => a.joined - b.joined);
  return new Set(ranked.slice(0, limit).map(({ peer }) => peer));
}
function validRoom(name2) {
  return name2.length <= MAX_NAME && /^[A-Za-z0-9][A-Za-z0-9._~-]*$/.test(name2);
}
function validInstance(text) {
  return /^[0-9a-f]{16}$/.test(text);
}
function newInstance() {
  const bytes = crypto.getRandomValues(new Uint8Array(8));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
function reconnect(code) {
  return code !== closeCodes.normal.code && (code < 4500 || code > 4999);
}

// sdk/src/error.ts
var BeckonError = class extends Error {
  name = "BeckonError";
  /** One of the codes of the protocol, the same in Go. */
  code;
  /** After how many milliseconds it makes sense to try again; undefined if that is not known. */
  retryAfter;
  constructor(code, message, options = {}) {
    super(message ?? errorTexts[code], "cause" in options ? { cause: options.cause } : {});
    this.code = code;
    this.retryAfter = options.retryAfter;
  }
};
function asBeckonError(thrown, code, what) {
  if (thrown instanceof BeckonError) return thrown;
  const why = thrown instanceof Error ? thrown.message : String(thrown);
  return new BeckonError(code, `${what}: ${why}`, { cause: thrown });
}

// sdk/src/happenings.ts
var PeerEvent = class extends Event {
  constructor(type, peer) {
    super(type);
    this.peer = peer;
  }
  peer;
};
var LeftEvent = class extends PeerEvent {
  constructor(peer, reason) {
    super("left", peer);
    this.reason = reason;
  }
  reason;
};
var SignalEvent = class extends PeerEvent {
  constructor(peer, data) {
    super("signal", peer);
    this.data = data;
  }
  data;
};
var RoomMessageEvent = class extends PeerEvent {
  constructor(peer, data) {
    super("message", peer);
    this.data = data;
  }
  data;
};
var EndEvent = class extends Event {
  constructor(error) {
    super("close");
    this.error = error;
  }
  error;
};
var LimitEvent = class extends Event {
  constructor(error) {
    super("limit");
    this.error = error;
  }
  error;
};

// sdk/src/abort.ts
function deferred() {
  let resolve;
  let reject;
  const promise = new Promise((yes, no) => {
    resolve = yes;
    reject = no;
  });
  return { promise, resolve, reject };
}
function abortError(signal, what) {
  const reason = signal.reason;
  if (reason instanceof BeckonError) return reason;
  return new BeckonError("aborted", `${what}: the caller gave up`, { cause: reason });
}
function checkAborted(signal, what) {
  if (signal?.aborted) throw abortError(signal, what);
}
function abortable(promise, signal, what, givenUp) {
  if (!signal) return promise;
  return new Promise((resolve, reject) => {
    const stop = () => {
      reject(abortError(signal, what));
      givenUp?.();
    };
    promise.then(resolve, reject).finally(() => signal.removeEventListener("abort", stop));
    if (signal.aborted) stop();
    else signal.addEventListener("abort", stop, { once: true });
  });
}
function deadline(outer, ms, late) {
  const controller = new AbortController();
  const follow = () => controller.abort(outer?.reason);
  const timer = setTimeout(() => controller.abort(late()), ms);
  if (outer?.aborted) follow();
  else outer?.addEventListener("abort", follow, { once: true });
  return {
    signal: controller.signal,
    clear() {
      clearTimeout(timer);
      outer?.removeEventListener("abort", follow);
    }
  };
}

// sdk/src/frames.ts
var object = (v) => typeof v === "object" && v !== null && !Array.isArray(v);
var string = (v) => typeof v === "string";
var name = (v) => typeof v === "string" && v !== "";
var boolean = (v) => typeof v === "boolean";
var whole = (v) => Number.isInteger(v) && v >= 0 && v <= MAX_NUMBER;
var counting = (v) => whole(v) && v !== 0;
var room = (v) => typeof v === "string" && validRoom(v);
var instance = (v) => typeof v === "string" && validInstance(v);
var present = (v) => v !== void 0;
var optional = (test) => (v) => v === void 0 || test(v);
var list = (test) => (v) => Array.isArray(v) && v.every(test);
var oneOf = (...values) => (v) => values.includes(v);
var shape = (fields) => (v) => object(v) && Object.entries(fields).every(([key2, test]) => test(v[key2]));
var iceServers = list(shape({ urls: list(string), username: optional(string), credential: optional(string) }));
var member = shape({
  peer: name,
  instance,
  identity: optional(string),
  capabilities: optional(object),
  away: optional(boolean),
  joined: counting,
  said: optional(whole)
});
var positions = (v) => object(v) && Object.values(v).every(whole);
var route = { room, from: name, fromInstance: instance, to: name, n: counting };
var shapes = {
  welcome: {
    version: name,
    peer: name,
    resumed: boolean,
    heartbeat: shape({ interval: counting, timeout: counting }),
    limits: shape({
      frame: counting,
      attributes: whole,
      rate: counting,
      burst: counting,
      window: counting,
      rooms: whole,
      mesh: whole,
      reports: optional(whole)
    }),
    iceServers,
    resume: optional(string),
    grace: optional(whole)
  },
  joined: {
    room,
    epoch: instance,
    position: whole,
    stable: whole,
    topology: oneOf("mesh", "none"),
    replay: optional(boolean),
    until: optional(whole),
    said: optional(whole),
    gap: optional(boolean),
    members: optional(list(member))
  },
  event: {
    room,
    kind: name,
    position: counting,
    stable: whole,
    peer: name,
    member: optional(member),
    instance: optional(instance),
    n: optional(counting)
  },
  signal: { ...route, after: optional(whole), data: present },
  receipt: route,
  ice: { iceServers },
  expiring: { within: whole },
  goaway: { within: whole },
  ping: { t: optional(whole) },
  pong: { t: optional(whole), stable: optional(positions) },
  error: {
    code: name,
    message: string,
    retryAfter: optional(whole),
    room: optional(string),
    to: optional(string),
    toInstance: optional(string),
    n: optional(whole)
  }
};
var clientTypes = [
  "hello",
  "join",
  "leave",
  "update",
  "token",
  "bye",
  "message",
  "ack",
  "report"
];
function encode(frame) {
  const { type, ...fields } = frame;
  return JSON.stringify({ type, ...fields });
}
function parse(frame) {
  let value;
  try {
    value = JSON.parse(frame);
  } catch (cause) {
    throw new BeckonError("bad-frame", "The frame is not JSON.", { cause });
  }
  if (!object(value) || !name(value["type"])) throw new BeckonError("bad-frame", "The frame is not an object with a type.");
  const type = value["type"];
  if (!Object.hasOwn(shapes, type) && !clientTypes.includes(type)) {
    throw new BeckonError("unknown-type", `There is no type ${JSON.stringify(type.slice(0, 64))}.`);
  }
  return value;
}
function decode(frame) {
  const parsed = parse(frame);
  if (clientTypes.includes(parsed.type)) {
    throw new BeckonError("bad-frame", `A server does not send ${parsed.type}.`);
  }
  const fields = parsed;
  for (const [key2, test] of Object.entries(shapes[parsed.type])) {
    if (!test(fields[key2])) throw new BeckonError("bad-frame", `${parsed.type}: ${key2} is missing or not as documented.`);
  }
  if (parsed.type === "event" && (parsed.kind === "joined" || parsed.kind === "back") && !parsed.member) {
    throw new BeckonError("bad-frame", `event: ${parsed.kind} needs the member.`);
  }
  return parsed;
}

// sdk/src/machinelink.ts
var addressOf = (peer, instance2) => `${peer}/${instance2}`;
var transient = (code) => code === "busy" || code === "rate-limited" || code === "not-in-room";
var Inbound = class {
  /** The number of the newest message that was accepted. */
  accepted = 0;
  /** How many messages have come since the last receipt. */
  owed = 0;
  /** The receipt is not to wait any longer. */
  due = false;
  /** Whether a message is to be delivered: the one that follows those that were. Doubles owe a receipt at once. */
  accept(n, after, window) {
    if (n <= this.accepted) {
      this.owed++;
      this.due = true;
      return false;
    }
    if (after > this.accepted) return false;
    this.accepted = n;
    this.owed++;
    if (2 * this.owed >= window) this.due = true;
    return true;
  }
  /** Returns the number for a receipt. */
  take() {
    this.owed = 0;
    this.due = false;
    return this.accepted;
  }
};
var Link = class {
  peer;
  instance;
  inbound = new Inbound();
  /** Frames can reach the other side now: this side is online, the other is a member and not away. */
  up = false;
  /** The number of the newest room message of that instance. */
  heard = 0;
  /** A gap was told: the next room message may have any higher number. */
  skip = false;
  #config;
  #out;
  /** The number of the newest message. */
  #last = 0;
  /** The highest number that was ever handed to a carrier. */
  #sent = 0;
  /** Without a receipt, in order. */
  #kept = [];
  /** Those below it are on their way: they are not sent again until something says that they are lost. */
  #next = 0;
  /** The first of kept alone may go: its receipt will tell which of the others must. */
  #probing = false;
  /** Nothing may go: the other side, or the server, had no room. */
  #paused = false;
  #backoff;
  constructor(config, out, peer, instance2) {
    this.#config = config;
    this.#out = out;
    this.peer = peer;
    this.instance = instance2;
    this.#backoff = config.resend;
  }
  get address() {
    return addressOf(this.peer, this.instance);
  }
  /** Runs while messages are on their way, and while the link is paused. */
  get #timer() {
    return `resend ${this.address}`;
  }
  /** Takes a message. */
  send(token, data) {
    if (this.#kept.length >= this.#config.window + this.#config.maxWaiting) {
      this.#out.emit({ effect: "failed", token, code: "overflow" });
      return;
    }
    this.#last++;
    this.#kept.push({ n: this.#last, token, data });
  }
  /** Makes the other side reachable. */
  rise() {
    if (this.up) return;
    this.up = true;
    this.#backoff = this.#config.resend;
    this.#again();
  }
  /** Begins anew with the first message, as a probe if it was sent before. */
  #again() {
    this.#next = 0;
    const first = this.#kept[0];
    this.#probing = first !== void 0 && first.n <= this.#sent;
  }
  /** Makes the other side unreachable. */
  fall() {
    this.up = false;
    this.#paused = false;
    this.#out.clear(this.#timer);
    this.inbound.owed = 0;
    this.inbound.due = false;
  }
  /** Returns the index in kept of what may be sent now, -1 if nothing may. */
  ready() {
    if (!this.up || this.#paused) return -1;
    const i = this.#kept.findIndex((parcel) => parcel.n >= this.#next);
    return i >= this.#config.window || i > 0 && this.#probing ? -1 : i;
  }
  /** Makes the frame of the message at index i of kept. */
  take(i) {
    const { n, data } = this.#kept[i];
    const before = this.#kept[i - 1];
    this.#next = n + 1;
    this.#sent = Math.max(this.#sent, n);
    if (!this.#out.armed(this.#timer)) this.#out.set(this.#timer, this.#backoff);
    return {
      type: "signal",
      room: this.#config.room,
      to: this.peer,
      toInstance: this.instance,
      n,
      ...before ? { after: before.n } : {},
      data
    };
  }
  /** Takes a receipt: all up to n have arrived. */
  receipted(n) {
    if (n > this.#sent || !this.#reached(n)) return;
    while (this.#reached(n)) {
      this.#out.emit({ effect: "resolved", token: this.#kept.shift().token });
    }
    this.#backoff = this.#config.resend;
    if (this.#probing) {
      this.#probing = false;
      this.#next = n + 1;
    }
    if (this.#paused || !this.up) return;
    const first = this.#kept[0];
    if (first && first.n < this.#next) this.#out.set(this.#timer, this.#backoff);
    else this.#out.clear(this.#timer);
  }
  #reached(n) {
    const first = this.#kept[0];
    return first !== void 0 && first.n <= n;
  }
  /** The resend timer has run out: there was no progress for that long, or the pause is over. */
  overdue() {
    this.#paused = false;
    this.#backoff = Math.min(2 * this.#backoff, this.#config.maxResend);
    this.#again();
  }
  /** Takes the server's refusal of a message. */
  refused(n, code, retryAfter) {
    const i = this.#kept.findIndex((parcel) => parcel.n === n);
    if (i < 0 || n > this.#sent) return;
    if (code === "unknown-peer" || code === "stale-instance") {
      this.fail(code);
    } else if (!transient(code)) {
      this.#out.emit({ effect: "failed", token: this.#kept[i].token, code });
      this.#kept.splice(i, 1);
      this.#out.clear(this.#timer);
      this.#paused = false;
      this.#again();
    } else if (!this.#paused) {
      this.#paused = true;
      this.#out.set(this.#timer, retryAfter || this.#backoff);
    }
  }
  /** Gives up everything. The numbers go on: the other side may have accepted some of these. */
  fail(code) {
    for (const { token } of this.#kept) this.#out.emit({ effect: "failed", token, code });
    this.#kept = [];
    this.#paused = false;
    this.#probing = false;
    this.#out.clear(this.#timer);
  }
};
var Links = class {
  /** The living and the departed. */
  byAddress = /* @__PURE__ */ new Map();
  /** In the order in which they were made. */
  living = [];
  /** The index in living of who is to be served first. */
  turn = 0;
  #config;
  #out;
  /** In the order in which they left. */
  #departed = [];
  constructor(config, out) {
    this.#config = config;
    this.#out = out;
  }
  /** Returns the living link to an instance. One that had departed goes on where it was. */
  open(peer, instance2) {
    const address = addressOf(peer, instance2);
    let link = this.byAddress.get(address);
    if (!link) {
      link = new Link(this.#config, this.#out, peer, instance2);
      this.byAddress.set(address, link);
      this.living.push(link);
      return link;
    }
    const i = this.#departed.indexOf(link);
    if (i >= 0) {
      this.#departed.splice(i, 1);
      this.living.push(link);
    }
    return link;
  }
  /** Keeps a link's numbers for the case that the instance returns; the oldest are forgotten. */
  depart(link) {
    const i = this.living.indexOf(link);
    if (i < 0) return;
    this.living.splice(i, 1);
    if (i < this.turn) this.turn--;
    this.#departed.push(link);
    if (this.#departed.length > this.#config.maxDeparted) {
      this.byAddress.delete(this.#departed.shift().address);
    }
  }
  /** Lets the numbers of all instances jump once, because a gap was told. */
  skip() {
    for (const link of [...this.living, ...this.#departed]) link.skip = true;
  }
};

// sdk/src/machineroster.ts
var addressOfKnown = ({ info }) => addressOf(info.peer, info.instance);
var graceTimer = (known) => `grace ${addressOfKnown(known)}`;
var MachineRoster = class {
  all = [];
  byPeer = /* @__PURE__ */ new Map();
  add(known) {
    this.all.push(known);
    this.byPeer.set(known.info.peer, known);
  }
  remove(known) {
    this.all = this.all.filter((other) => other !== known);
    this.byPeer.delete(known.info.peer);
  }
  /** Returns the member at an address. */
  find(peer, instance2) {
    const known = this.byPeer.get(peer);
    return known?.info.instance === instance2 ? known : void 0;
  }
  /** Whether somebody is missing, of whom it is not known whether it has what was said. */
  get missing() {
    return this.all.some((known) => known.missing);
  }
  /** The members by rank. */
  infos() {
    return this.all.map((known) => known.info).sort((a, b) => a.joined - b.joined);
  }
};

// sdk/src/machinespeech.ts
var SAY_TIMER = "say";
var STABLE_TIMER = "stable";
var Speech = class {
  /** Nothing may be said until the timer. */
  paused = false;
  #config;
  #out;
  /** The number of the newest message. */
  #last = 0;
  /** In order. */
  #kept = [];
  /** Without a number yet. */
  #waiting = [];
  /** The index in kept of what is to be said next on this carrier. */
  #next = 0;
  /** The number that was said last on this carrier, 0 if none was. */
  #before = 0;
  /** The carrier lives. */
  #up = false;
  constructor(config, out) {
    this.#config = config;
    this.#out = out;
  }
  /** Takes a message. */
  say(token, data) {
    const utterance = { n: 0, token, data, hold: 0, resolved: false };
    if (this.#kept.length < this.#config.maxUnstable) {
      this.#keep(utterance);
    } else if (this.#waiting.length < this.#config.maxUnsaid) {
      this.#waiting.push(utterance);
      this.ask();
    } else {
      this.#out.emit({ effect: "failed", token, code: "overflow" });
    }
  }
  #keep(utterance) {
    utterance.n = ++this.#last;
    this.#kept.push(utterance);
  }
  /** Starts the timer that asks for the stable position, if anything waits for that. */
  ask() {
    if (this.#up && this.#waiting.length > 0 && !this.#out.armed(STABLE_TIMER)) {
      this.#out.set(STABLE_TIMER, this.#config.askStable);
    }
  }
  get ready() {
    return !this.paused && this.#next < this.#kept.length;
  }
  /** Makes the next frame, which names the one before it on this carrier. */
  take() {
    const { n, data } = this.#kept[this.#next];
    const after = this.#before > 0 ? { after: this.#before } : {};
    this.#next++;
    this.#before = n;
    return { type: "message", room: this.#config.room, n, ...after, data };
  }
  /** Forgets what an older log held. */
  restart() {
    for (const utterance of this.#kept) utterance.hold = 0;
  }
  /** Goes on, on a new carrier, behind the newest message that the log has. */
  resume(said) {
    this.#up = true;
    this.#before = 0;
    this.#next = this.#kept.findIndex(({ n, hold }) => n > said && hold === 0);
    if (this.#next < 0) this.#next = this.#kept.length;
    this.ask();
  }
  /** Takes it that message n is in the log, at that position or before it. */
  logged(n, position) {
    const utterance = this.#kept.find((kept) => kept.n === n);
    if (!utterance) return;
    utterance.hold = Math.max(utterance.hold, position);
    if (!utterance.resolved) {
      utterance.resolved = true;
      this.#out.emit({ effect: "resolved", token: utterance.token });
    }
  }
  /** The same for all up to n: their echoes were missed. */
  loggedUpTo(n, position) {
    for (const utterance of this.#kept) if (utterance.n <= n) this.logged(utterance.n, position);
  }
  /** Keeps what was said until a member that has returned has it too. */
  extend(position) {
    for (const utterance of this.#kept) if (utterance.hold > 0) utterance.hold = Math.max(utterance.hold, position);
  }
  /** Forgets what everybody has, and lets those go on that waited for it. */
  release(stable) {
    for (let first = this.#kept[0]; first && first.hold > 0 && first.hold <= stable; first = this.#kept[0]) {
      this.#kept.shift();
      this.#next = Math.max(0, this.#next - 1);
    }
    while (this.#waiting.length > 0 && this.#kept.length < this.#config.maxUnstable) {
      this.#keep(this.#waiting.shift());
    }
    if (this.#waiting.length === 0) this.#out.clear(STABLE_TIMER);
  }
  /** Takes the server's refusal of a message. It logs none of those behind it. */
  refused(n, code, retryAfter) {
    const i = this.#kept.findIndex((kept) => kept.n === n);
    const utterance = this.#kept[i];
    if (!utterance || utterance.hold > 0) return;
    if (!transient(code)) {
      if (!utterance.resolved) this.#out.emit({ effect: "failed", token: utterance.token, code });
      this.#kept.splice(i, 1);
    } else if (!this.paused) {
      this.paused = true;
      this.#out.set(SAY_TIMER, retryAfter || this.#config.resend);
    }
    if (i < this.#next) {
      this.#next = i;
      const previous = this.#kept[i - 1];
      this.#before = previous?.hold === 0 ? previous.n : 0;
    }
  }
  /** Ends what belongs to the carrier. */
  lost() {
    this.#up = false;
    this.paused = false;
    this.#out.clear(SAY_TIMER);
    this.#out.clear(STABLE_TIMER);
  }
  /** Gives up everything. */
  fail(code) {
    for (const { resolved, token } of [...this.#kept, ...this.#waiting]) {
      if (!resolved) this.#out.emit({ effect: "failed", token, code });
    }
    this.#kept = [];
    this.#waiting = [];
    this.#next = 0;
  }
};

// sdk/src/machineevents.ts
function withDefaults(config) {
  return {
    window: 16,
    maxWaiting: 256,
    maxUnstable: 256,
    maxUnsaid: 256,
    maxDeparted: 1024,
    ackEvery: 16,
    resend: 2e3,
    maxResend: 16e3,
    receiptDelay: 20,
    grace: 15e3,
    askStable: 1e3,
    ...config
  };
}
var MachineOutput = class {
  #effects = [];
  #armed = /* @__PURE__ */ new Set();
  emit(effect) {
    this.#effects.push(effect);
  }
  /** Returns the effects of the step. */
  take() {
    const effects = this.#effects;
    this.#effects = [];
    return effects;
  }
  set(key2, after) {
    this.#armed.add(key2);
    this.emit({ effect: "setTimer", key: key2, after });
  }
  clear(key2) {
    if (this.fired(key2)) this.emit({ effect: "clearTimer", key: key2 });
  }
  /** Whether the timer was running, which it then is no more. */
  fired(key2) {
    return this.#armed.delete(key2);
  }
  armed(key2) {
    return this.#armed.has(key2);
  }
};

// sdk/src/machinestate.ts
var FLUSH_TIMER = "flush";
var MachineState = class {
  /** What a join must say to go on where the log was left; "" and 0 before the first. */
  epoch = "";
  position = 0;
  config;
  out = new MachineOutput();
  roster = new MachineRoster();
  links;
  speech;
  /** The carrier lives, and the room has answered the join. */
  online = false;
  closed = false;
  /** The owner has been told that there is something to write. */
  awake = false;
  /** Where the replay ends that is going on. */
  until = 0;
  /** The position that the server was told. */
  acked = 0;
  stable = 0;
  /** How many pings were made; each carries its number. */
  pings = 0;
  /** Makes a machine, which is offline. */
  constructor(config) {
    this.config = withDefaults(config);
    this.links = new Links(this.config, this.out);
    this.speech = new Speech(this.config, this.out);
  }
  /** The link to a member, which is reachable if the member is. */
  link(to) {
    const link = this.links.open(to.info.peer, to.info.instance);
    if (this.online && !to.missing && !to.info.away) link.rise();
    else link.fall();
    return link;
  }
  /** Asks for the stable position, and says how far this member is. The pong comes behind all events of before. */
  ping() {
    this.pings++;
    this.acked = this.position;
    const acks = { [this.config.room]: this.position };
    this.out.emit({ effect: "transmit", frame: { type: "ping", t: this.pings, acks } });
  }
  /** Takes the stable position. While somebody is missing nothing is safe: a restarted server does not wait for those. */
  settle(stable) {
    this.stable = Math.max(this.stable, stable);
    if (!this.roster.missing) this.speech.release(this.stable);
  }
};

// sdk/src/machinepresence.ts
var MachinePresence = class extends MachineState {
  /** Takes the answer to a join, or the snapshot that the server sends to a reader that has fallen behind. */
  joined(frame) {
    const restarted = frame.epoch !== this.epoch;
    const resumed = !this.online;
    const { said = 0 } = frame;
    if (restarted) this.restart();
    this.online = true;
    this.epoch = frame.epoch;
    this.position = frame.position;
    this.until = Math.max(frame.position, frame.until ?? 0);
    this.acked = frame.position;
    if (!frame.replay) {
      if (frame.gap) {
        this.out.emit({ effect: "gap" });
        this.links.skip();
      }
      this.snapshot(frame.members ?? [], restarted);
      this.speech.loggedUpTo(said, frame.position);
    }
    if (resumed) {
      for (const known of this.roster.all) this.reach(known);
      this.speech.resume(said);
    }
    this.settle(frame.stable);
    if (this.position === this.until) this.synced();
  }
  /** Begins a new log. Positions have no meaning any more, what was said is not in it, and who is here must show. */
  restart() {
    this.stable = 0;
    this.speech.restart();
    for (const known of this.roster.all) known.missing = true;
  }
  /** Takes the members as they are now. Within an epoch, who is not among them has left; in a new one it may come. */
  snapshot(infos, restarted) {
    const listed = new Set(infos.map(({ peer }) => peer));
    const gone = this.roster.all.filter(({ missing, info }) => !restarted && !missing && !listed.has(info.peer));
    for (const known of gone) this.leave(known, "timeout", "closed");
    for (const info of infos) this.enter(info);
  }
  /** Takes a member as it is now: one that joins, comes back, or is in a snapshot. */
  enter(info) {
    let known = this.roster.byPeer.get(info.peer);
    if (known && known.info.instance !== info.instance) {
      this.leave(known, "timeout", "stale-instance");
      known = void 0;
    }
    if (!known) {
      known = { info, missing: false, doubt: 0 };
      this.roster.add(known);
      if (info.peer !== this.config.peer) this.out.emit({ effect: "joined", member: info });
      this.begin(info);
      this.reach(known);
      return;
    }
    const before = known.info;
    known.info = info;
    if (known.missing) {
      known.missing = false;
      known.doubt = 0;
      this.out.clear(graceTimer(known));
      this.speech.extend(this.position);
    }
    if (JSON.stringify(before.attributes) !== JSON.stringify(info.attributes)) {
      this.out.emit({ effect: "updated", member: info });
    }
    if (info.peer !== this.config.peer && (before.away ?? false) !== (info.away ?? false)) {
      this.out.emit({ effect: info.away ? "away" : "back", member: info });
    }
    this.reach(known);
  }
  /** Notes where a member's messages stand that was not known before, so that it can be seen when one is missing. */
  begin({ peer, instance: instance2, said = 0 }) {
    if (said === 0) return;
    const link = this.links.open(peer, instance2);
    if (link.heard === 0) link.heard = said;
  }
  /** Takes a member's lost connection. The own one is in a replay, and over. */
  away(known) {
    if (known.info.peer === this.config.peer || known.info.away) return;
    known.info = { ...known.info, away: true };
    this.out.emit({ effect: "away", member: known.info });
    this.reach(known);
  }
  /** Takes a member out. What is outstanding to it fails; its numbers are remembered. */
  leave(known, reason, code) {
    this.roster.remove(known);
    this.out.clear(graceTimer(known));
    this.out.emit({ effect: "left", member: known.info, reason });
    const link = this.links.byAddress.get(addressOfKnown(known));
    if (!link) return;
    link.fall();
    link.fail(code);
    this.links.depart(link);
  }
  /** Lets the messages to a member go, or holds them. A link of the past lives again. */
  reach(known) {
    if (this.links.byAddress.has(addressOfKnown(known))) this.link(known);
  }
  /** Begins the grace of those who are missing: a restart must not look like an exodus. */
  synced() {
    for (const known of this.roster.all) {
      if (!known.missing || known.info.peer === this.config.peer) continue;
      this.away(known);
      if (!this.out.armed(graceTimer(known)) && known.doubt === 0) {
        known.info = { ...known.info, joined: MAX_NUMBER };
        this.out.set(graceTimer(known), this.config.grace);
      }
    }
    this.out.emit({ effect: "synced" });
  }
  /** A missing member's grace has passed. The event that it is back may be on its way, so the server is asked first. */
  doubt(address) {
    for (const known of this.roster.all) {
      if (known.missing && addressOfKnown(known) === address) {
        this.ping();
        known.doubt = this.pings;
      }
    }
  }
};

// sdk/src/machinereceive.ts
var MachineReceive = class extends MachinePresence {
  /** Takes a frame. Before the room has answered the join, only that answer counts: the rest is of an older membership. */
  received(frame) {
    if (this.closed) return;
    const here = "room" in frame && frame.room === this.config.room;
    if (frame.type === "joined" && here) this.joined(frame);
    if (!this.online) return;
    switch (frame.type) {
      case "event":
        if (here && frame.position > this.position) this.entry(frame);
        break;
      case "signal":
        if (here) this.signal(frame);
        break;
      case "receipt":
        if (here) this.links.byAddress.get(addressOf(frame.from ?? "", frame.fromInstance ?? ""))?.receipted(frame.n);
        break;
      case "error":
        if (here && frame.n) this.refused(frame, frame.n);
        break;
      case "pong":
        this.pong(frame);
        break;
    }
  }
  /** Takes a direct message. One of somebody whom the log does not show is dropped: there is no peer that it could be from. */
  signal({ from: peer = "", fromInstance: instance2 = "", n, after = 0, data }) {
    const from = this.roster.find(peer, instance2);
    if (!from) return;
    const { inbound } = this.link(from);
    if (inbound.accept(n, after, this.config.window)) this.out.emit({ effect: "direct", peer, instance: instance2, data });
    if (inbound.owed > 0 && !inbound.due && !this.out.armed(FLUSH_TIMER)) {
      this.out.set(FLUSH_TIMER, this.config.receiptDelay);
    }
  }
  refused({ to, toInstance = "", code, retryAfter = 0 }, n) {
    if (!to) this.speech.refused(n, code, retryAfter);
    else this.links.byAddress.get(addressOf(to, toInstance))?.refused(n, code, retryAfter);
  }
  /** Takes the stable position, and decides about the missing: whoever came back in time was in the log before the ping. */
  pong({ t = 0, stable = {} }) {
    this.settle(stable[this.config.room] ?? 0);
    const gone = this.roster.all.filter(({ missing, doubt }) => missing && doubt > 0 && doubt <= t);
    for (const known of gone) this.leave(known, "timeout", "closed");
  }
  /** Takes an entry of the room's log. */
  entry(event) {
    this.position = event.position;
    const known = this.roster.byPeer.get(event.peer);
    switch (event.kind) {
      case "joined":
      case "back":
        this.enter(event.member);
        break;
      case "message":
        this.hear(event);
        break;
      case "away":
        if (known) this.away(known);
        break;
      case "updated":
        if (known) {
          known.info = { ...known.info, attributes: event.attributes };
          this.out.emit({ effect: "updated", member: known.info });
        }
        break;
      case "left":
        if (known && (event.peer !== this.config.peer || this.position > this.until)) {
          this.leave(known, event.reason, "closed");
        }
        break;
    }
    this.settle(event.stable);
    if (this.position === this.until) this.synced();
  }
  /** Delivers a message of the room, unless it was said before, in this epoch or in another. */
  hear({ peer, instance: instance2 = "", n = 0, position, data }) {
    const own = peer === this.config.peer && instance2 === this.config.instance;
    if (own) this.speech.logged(n, position);
    const link = this.links.open(peer, instance2);
    if (!this.roster.find(peer, instance2)) this.links.depart(link);
    if (n <= link.heard) return;
    if (link.heard > 0 && n > link.heard + 1 && !link.skip && !own) this.out.emit({ effect: "gap" });
    link.heard = n;
    link.skip = false;
    this.out.emit({ effect: "message", peer, instance: instance2, data });
  }
};

// sdk/src/machinewrite.ts
var MachineWrite = class extends MachineReceive {
  writable() {
    const frame = this.nextFrame();
    if (frame) this.out.emit({ effect: "transmit", frame });
    else this.awake = false;
  }
  /** Whether there is anything to say. */
  busy() {
    if (this.ackDue || this.speech.ready) return true;
    return this.links.living.some((link) => link.up && link.inbound.due || link.ready() >= 0);
  }
  nextFrame() {
    if (!this.online) return void 0;
    if (this.ackDue) {
      this.acked = this.position;
      return { type: "ack", room: this.config.room, position: this.position };
    }
    const places = this.links.living.length + 1;
    for (let i = 0; i < places; i++) {
      const place = (this.links.turn + i) % places;
      const frame = this.frameOf(place);
      if (frame) {
        this.links.turn = (place + 1) % places;
        return frame;
      }
    }
    return void 0;
  }
  get ackDue() {
    return this.position >= this.acked + this.config.ackEvery;
  }
  frameOf(place) {
    const link = this.links.living[place];
    if (!link) return this.speech.ready ? this.speech.take() : void 0;
    if (link.up && link.inbound.due) {
      const { peer: to, instance: toInstance } = link;
      return { type: "receipt", room: this.config.room, to, toInstance, n: link.inbound.take() };
    }
    const i = link.ready();
    return i >= 0 ? link.take(i) : void 0;
  }
};

// sdk/src/machine.ts
var Machine = class extends MachineWrite {
  /** The members by rank, this one among them. Who is missing from a restarted server has the last ranks. */
  get members() {
    return this.roster.infos();
  }
  /** Takes an event and returns what is to be done because of it, in order. */
  step(event) {
    switch (event.event) {
      case "send":
        this.send(event);
        break;
      case "say":
        if (this.closed) this.out.emit({ effect: "failed", token: event.token, code: "closed" });
        else this.speech.say(event.token, event.data);
        break;
      case "received":
        this.received(event.frame);
        break;
      case "lost":
        this.lost();
        break;
      case "writable":
        this.writable();
        break;
      case "beat":
        if (this.online) this.ping();
        break;
      case "timerFired":
        this.fired(event.key);
        break;
      case "close":
        this.close(event.code);
        break;
    }
    if (this.online && !this.awake && this.busy()) {
      this.awake = true;
      this.out.emit({ effect: "wake" });
    }
    return this.out.take();
  }
  /** Takes a direct message. The instance is named because the caller means the object that it knows, not its successor. */
  send({ token, peer, instance: instance2, data }) {
    const known = this.roster.byPeer.get(peer);
    if (this.closed) this.out.emit({ effect: "failed", token, code: "closed" });
    else if (!known) this.out.emit({ effect: "failed", token, code: "unknown-peer" });
    else if (known.info.instance !== instance2) this.out.emit({ effect: "failed", token, code: "stale-instance" });
    else this.link(known).send(token, data);
  }
  /** Ends all that belongs to the carrier. What was in flight has arrived or not; the next one will tell. */
  lost() {
    this.online = false;
    this.awake = false;
    for (const link of this.links.living) link.fall();
    for (const known of this.roster.all) {
      known.doubt = 0;
      this.out.clear(graceTimer(known));
    }
    this.out.clear(FLUSH_TIMER);
    this.speech.lost();
  }
  fired(key2) {
    if (!this.out.fired(key2)) return;
    const space = key2.indexOf(" ");
    const kind = space < 0 ? key2 : key2.slice(0, space);
    const address = key2.slice(kind.length + 1);
    switch (kind) {
      case FLUSH_TIMER:
        for (const { inbound } of this.links.living) inbound.due ||= inbound.owed > 0;
        break;
      case SAY_TIMER:
        this.speech.paused = false;
        break;
      case STABLE_TIMER:
        this.ping();
        this.speech.ask();
        break;
      case "resend":
        this.links.byAddress.get(address)?.overdue();
        break;
      case "grace":
        this.doubt(address);
        break;
    }
  }
  /** Gives up everything. */
  close(code) {
    this.lost();
    for (const link of this.links.living) link.fail(code);
    this.speech.fail(code);
    this.closed = true;
  }
};

// sdk/src/text.ts
function byteLength(text, limit) {
  const atMost = text.length * 3;
  return atMost <= limit ? atMost : new TextEncoder().encode(text).length;
}

// sdk/src/delivery.ts
var Delivery = class {
  /** Whose it is. */
  peer;
  instance;
  #room;
  #limit;
  #owner;
  #machine;
  #timers = /* @__PURE__ */ new Map();
  #outstanding = /* @__PURE__ */ new Map();
  #token = 0;
  /** What all fails with that is outstanding at the end. */
  #end;
  constructor(room2, instance2, welcome, owner) {
    this.peer = welcome.peer;
    this.instance = instance2;
    this.#room = room2;
    this.#limit = welcome.limits.frame;
    this.#owner = owner;
    const grace = welcome.grace ? { grace: welcome.grace } : {};
    this.#machine = new Machine({ room: room2, peer: this.peer, instance: instance2, window: welcome.limits.window, ...grace });
  }
  /** The members by rank, this one among them. */
  get members() {
    return this.#machine.members;
  }
  /** What a join says so that the log goes on where this member left it. */
  get place() {
    const { epoch, position } = this.#machine;
    return epoch === "" ? {} : { epoch, position };
  }
  /**
   * Brings data to one instance, in the order of the calls; resolves when it has arrived. Rejects with `unknown-peer`,
   * `stale-instance`, `closed` (it left), `overflow`, `message-too-large`, or what ended the delivery.
   */
  async send(to, data) {
    const { peer, instance: instance2 } = to;
    const what = `signal to ${peer}`;
    const frame = { type: "signal", room: this.#room, to: peer, toInstance: instance2, n: MAX_NUMBER, after: MAX_NUMBER };
    const copy = this.#fitting({ ...frame, data }, what);
    return this.#accept(what, (token) => ({ event: "send", token, peer, instance: instance2, data: copy }));
  }
  /** Brings data to the room; resolves when the room's log has it. Rejects as `send` does. */
  async say(data) {
    const what = `send to ${this.#room}`;
    const copy = this.#fitting({ type: "message", room: this.#room, n: MAX_NUMBER, after: MAX_NUMBER, data }, what);
    return this.#accept(what, (token) => ({ event: "say", token, data: copy }));
  }
  /** Takes a frame of the server. */
  received(frame) {
    this.#step({ event: "received", frame });
  }
  /** The carrier is gone. */
  lost() {
    this.#step({ event: "lost" });
  }
  /** Sends a ping, if this has something to say in one. Returns whether it did. */
  beat() {
    return this.#step({ event: "beat" });
  }
  /** Gives the next frame that is to be sent. */
  next() {
    for (const effect of this.#did({ event: "writable" })) if (effect.effect === "transmit") return effect.frame;
    return void 0;
  }
  /** Ends it: what is outstanding is rejected. */
  close(error) {
    this.#end = error;
    this.#step({ event: "close", code: error.code });
    for (const timer of this.#timers.values()) clearTimeout(timer);
    this.#timers.clear();
  }
  /** The data as it is on the wire: it may have to be sent again, and its owner may change it meanwhile. */
  #fitting(frame, what) {
    const text = encode(frame);
    if (byteLength(text, this.#limit) > this.#limit) {
      throw new BeckonError("message-too-large", `${what}: the server takes frames of up to ${this.#limit} bytes.`);
    }
    return JSON.parse(text).data;
  }
  #accept(what, event) {
    const token = ++this.#token;
    const done = deferred();
    this.#outstanding.set(token, { done, what });
    this.#step(event(token));
    return done.promise;
  }
  /** Steps, and does all that is to be done. Returns whether a frame was sent. */
  #step(event) {
    const effects = this.#did(event);
    const frames = effects.flatMap((effect) => effect.effect === "transmit" ? [effect.frame] : []);
    for (const frame of frames) this.#owner.urgent(frame);
    if (effects.some(({ effect }) => effect === "wake")) this.#owner.wake();
    const happenings = effects.filter((effect) => happening(effect));
    if (happenings.length > 0) this.#owner.happened(happenings);
    return frames.length > 0;
  }
  /**
   * Steps, and does what concerns timers and promises. That comes before all else, because the rest may step the machine again:
   * a listener that is told of a message may answer it.
   */
  #did(event) {
    const effects = this.#machine.step(event);
    for (const effect of effects) {
      if (effect.effect === "setTimer") this.#start(effect.key, effect.after);
      else if (effect.effect === "clearTimer") this.#clear(effect.key);
      else if (effect.effect === "resolved") this.#settle(effect.token)?.done.resolve();
      else if (effect.effect === "failed") {
        const failed = this.#settle(effect.token);
        failed?.done.reject(this.#end ?? new BeckonError(effect.code, `${failed.what}: ${errorTexts[effect.code]}`));
      }
    }
    return effects;
  }
  #settle(token) {
    const outstanding = this.#outstanding.get(token);
    this.#outstanding.delete(token);
    return outstanding;
  }
  #start(key2, after) {
    this.#clear(key2);
    const fire = () => {
      this.#timers.delete(key2);
      this.#step({ event: "timerFired", key: key2 });
    };
    this.#timers.set(key2, setTimeout(fire, after));
  }
  #clear(key2) {
    clearTimeout(this.#timers.get(key2));
    this.#timers.delete(key2);
  }
};
var OWN = ["transmit", "wake", "setTimer", "clearTimer", "resolved", "failed"];
function happening(effect) {
  return !OWN.includes(effect.effect);
}

// sdk/src/events.ts
function typedEventTarget() {
  return EventTarget;
}

// sdk/src/control.ts
var TICK = 1250;
var MAX_UNANSWERED = 3;
var LATE = 1e3;
var LONGEST = 256;
var MAX_BACKLOG = 16384;
var LOOK_TIMEOUT = 500;
var USER_INITIATED_ABORT = 12;
var Control = class {
  #owner;
  #dc;
  #timer;
  #fault;
  /** When something was heard, and when the timer is due, as of performance.now. */
  #last = 0;
  #due = 0;
  #progress = 0;
  #pings = 0;
  #unanswered = 0;
  /** What had come at the last look since something was heard. */
  #bytes;
  #looking;
  #silent = false;
  #excused = false;
  /** The other side has asked or answered, so it knows how: one that does not is not dead for that. */
  #speaks = false;
  #over = false;
  constructor(connection, owner) {
    this.#owner = owner;
    const dc = this.#dc = connection.createDataChannel("beckon", { negotiated: true, id: 0, ordered: true });
    dc.onopen = () => this.#opened();
    dc.onmessage = (event) => this.#received(event.data);
    dc.onerror = (event) => this.#fault = event.error;
    dc.onclose = () => this.#closed();
  }
  /** Whether the association is there. */
  get open() {
    return this.#dc.readyState === "open";
  }
  /** Something came of the other side, on any channel. */
  heard() {
    this.#last = performance.now();
    this.#unanswered = 0;
    this.#bytes = void 0;
    this.#excused = false;
    if (!this.#silent) return;
    this.#silent = false;
    this.#owner.heard();
  }
  /** Says goodbye without waiting: all that a page that goes away can do. */
  bye() {
    this.#say({ bye: true });
  }
  /** Says goodbye, and resolves when the other side has heard it, or after `ms` milliseconds. */
  async farewell(ms) {
    if (!this.open || this.#over) return;
    this.stop();
    this.bye();
    await new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.#dc.onclose = () => {
        clearTimeout(timer);
        resolve();
      };
      this.#dc.bufferedAmountLowThreshold = 0;
      this.#dc.onbufferedamountlow = () => this.#dc.close();
      if (this.#dc.bufferedAmount === 0) this.#dc.close();
    });
  }
  /** Says and tells nothing any more. */
  stop() {
    this.#over = true;
    clearTimeout(this.#timer);
  }
  #opened() {
    if (this.#over) return;
    this.#last = performance.now();
    this.#owner.opened();
    this.#ping();
    this.#arm(TICK);
  }
  #received(data) {
    if (this.#over) return;
    this.heard();
    if (typeof data !== "string" || data.length > LONGEST) return;
    const { ping, pong, bye } = parse2(data);
    if (bye === true) return this.#ended(true);
    if (Number.isSafeInteger(ping) && this.#dc.bufferedAmount <= MAX_BACKLOG) this.#say({ pong: ping });
    if (ping !== void 0 || pong !== void 0) this.#speaks = true;
  }
  #arm(ms) {
    this.#due = performance.now() + ms;
    this.#timer = setTimeout(() => this.#tick(), ms);
  }
  #tick() {
    const late = performance.now() - this.#due > LATE;
    const progress = this.#owner.progress();
    if (progress !== this.#progress && this.#dc.bufferedAmount > 0) this.heard();
    this.#progress = progress;
    const quiet = performance.now() - this.#last;
    if (quiet < TICK) return this.#arm(TICK - quiet);
    const looked = this.#unanswered > 0 ? this.#look() : void 0;
    if (this.#unanswered >= MAX_UNANSWERED && !this.#silent) {
      if (!late || this.#excused) return this.#judge(looked);
      this.#excused = true;
    }
    this.#ping();
    this.#arm(TICK);
  }
  /** Gives the verdict after the look, or without it if that hangs. */
  #judge(looked) {
    let judged = false;
    const judge = () => {
      if (judged || this.#over) return;
      judged = true;
      clearTimeout(this.#timer);
      if (this.#unanswered >= MAX_UNANSWERED) {
        this.#silent = true;
        this.#owner.silent();
        if (this.#over) return;
        this.#ping();
      }
      this.#arm(TICK);
    };
    this.#timer = setTimeout(judge, LOOK_TIMEOUT);
    void looked?.then(judge);
  }
  /** Looks whether bytes have come since the last look; one that hangs is the last. */
  #look() {
    return this.#looking ??= this.#compare().finally(() => this.#looking = void 0);
  }
  async #compare() {
    const last = this.#last;
    const bytes = await this.#owner.received().catch(() => void 0);
    if (this.#over || this.#last !== last) return;
    const before = this.#bytes;
    this.#bytes = bytes;
    if (before === void 0 || bytes === void 0 || bytes <= before) return;
    this.heard();
    this.#bytes = bytes;
    this.#unanswered = 1;
  }
  #ping() {
    this.#say({ ping: ++this.#pings });
    if (this.#speaks) this.#unanswered++;
  }
  #say(message) {
    if (this.open) this.#dc.send(JSON.stringify(message));
  }
  #closed() {
    const { sctpCauseCode } = this.#fault ?? {};
    this.#ended(!this.#speaks && (!this.#fault || sctpCauseCode === USER_INITIATED_ABORT));
  }
  #ended(onPurpose) {
    if (this.#over) return;
    this.stop();
    this.#owner.ended(onPurpose, this.#fault);
  }
};
function parse2(text) {
  try {
    return Object(JSON.parse(text));
  } catch {
    return {};
  }
}

// sdk/src/path.ts
function pathOf(report) {
  const pair = selectedPair(report);
  const local = stats(report, pair?.localCandidateId);
  const remote = stats(report, pair?.remoteCandidateId);
  if (!pair || !local) return void 0;
  const relayed = local.candidateType === "relay" || remote?.candidateType === "relay";
  const relay = local.candidateType === "relay" ? local.relayProtocol : void 0;
  const spoken = relay ?? local.protocol;
  const rtt = pair.currentRoundTripTime;
  return {
    relayed,
    protocol: spoken?.toLowerCase() === "udp" ? "udp" : "tcp",
    // "tls" is tcp underneath
    relay,
    rtt: rtt === void 0 ? void 0 : rtt * 1e3
  };
}
function receivedOf(report) {
  for (const { type, bytesReceived } of report.values()) {
    if (type === "transport" && bytesReceived !== void 0) return bytesReceived;
  }
  return selectedPair(report)?.bytesReceived;
}
function selectedPair(report) {
  let guess;
  for (const entry of report.values()) {
    if (entry.type === "transport" && entry.selectedCandidatePairId) return stats(report, entry.selectedCandidatePairId);
    if (entry.type !== "candidate-pair") continue;
    if (entry.selected || !guess && entry.nominated && entry.state === "succeeded") guess = entry;
  }
  return guess;
}
function stats(report, id) {
  return id === void 0 ? void 0 : report.get(id);
}

// sdk/src/negotiation.ts
var DEFAULT_MESSAGE_SIZE = 65536;
var MAX_KEPT = 256;
function isNegotiation(data) {
  if (typeof data !== "object" || data === null) return false;
  return ["description", "candidate", "want"].some((key2) => Object.hasOwn(data, key2));
}
var Negotiation = class {
  connection;
  control;
  /** Names it to both sides; "" if the other side gives no names. */
  session;
  #peer;
  /** Candidates that there was no description for, perhaps of a generation that is yet to come. */
  #kept = [];
  #work = Promise.resolve();
  /** An offer is out, or is being made. */
  #unanswered;
  /** The first offer has its answer: the other side had this connection, whatever became of it since. */
  #answered = false;
  /** It is one for another path. */
  #restarting = false;
  /** Another path is wanted as soon as that offer has its answer. */
  #again = false;
  /** Why there is no path. */
  #missing = /* @__PURE__ */ new Set();
  #wasOpen = false;
  #over = false;
  constructor(session, peer) {
    this.session = session;
    this.#peer = peer;
    this.#unanswered = peer.offers;
    const pc = this.connection = new RTCPeerConnection(peer.configuration());
    this.control = new Control(pc, {
      opened: () => {
        this.#wasOpen = true;
        peer.connected();
      },
      silent: () => this.#miss("silence", true),
      heard: () => this.#found("silence"),
      progress: () => peer.progress(),
      received: async () => receivedOf(await pc.getStats()),
      ended: (onPurpose, fault) => this.#end(onPurpose ? void 0 : lost(fault?.message ?? "closed without a goodbye", fault))
    });
    pc.ondatachannel = (event) => {
      this.control.heard();
      peer.channel(event.channel);
    };
    pc.onicecandidate = ({ candidate }) => this.#gathered(candidate);
    pc.onnegotiationneeded = () => this.#needed();
    pc.onconnectionstatechange = () => this.#watch();
  }
  /** Whether it has been connected. */
  get wasOpen() {
    return this.#wasOpen;
  }
  /** Whether it is connected: there is a path, as far as is known. */
  get whole() {
    return this.#wasOpen && this.#missing.size === 0;
  }
  /** Whether an offer of this side's has no answer yet. */
  get unanswered() {
    return this.#unanswered;
  }
  /** Whether the first offer has an answer. */
  get answered() {
    return this.#answered;
  }
  /** The largest message in bytes that the other side takes. */
  get maxMessageSize() {
    return this.connection.sctp?.maxMessageSize ?? DEFAULT_MESSAGE_SIZE;
  }
  /** Takes a description; `iceRestart` says that it is one for another path. */
  describe(description, iceRestart = false) {
    this.#answered = true;
    this.#do(() => this.#describe(description, iceRestart));
  }
  /** Takes a candidate. */
  add(candidate) {
    this.#do(() => this.#add(candidate));
  }
  /**
   * Looks for another path (an ICE restart, RFC 8445, section 9): the channels live on meanwhile. An offer for another path that is
   * out will do, unless `moved` says that this side's network is another one than it was when that was made.
   */
  restart(moved = false) {
    if (this.#over) return;
    if (!this.#peer.offers) return this.#peer.want();
    if (this.#unanswered) {
      this.#again ||= moved || !this.#restarting;
      return;
    }
    this.#unanswered = this.#restarting = true;
    this.#configure();
    this.connection.restartIce();
  }
  /** Closes the connection now. */
  close() {
    this.#over = true;
    this.control.stop();
    this.connection.close();
  }
  /** Runs a step after those before it. A step that throws ends this connection, and no other. */
  #do(step) {
    this.#work = this.#work.then(async () => {
      if (this.#over) return;
      try {
        await step();
      } catch (error) {
        this.#end(asBeckonError(error, "connect-failed", "negotiation"));
      }
    });
  }
  /** Follows what becomes of the path. */
  #watch() {
    const { connectionState, iceConnectionState } = this.connection;
    if (connectionState === "connected") this.#found("ice");
    else if (connectionState === "disconnected") this.#miss("ice", false);
    else if (connectionState === "failed" && iceConnectionState !== "failed") this.#end(lost("DTLS failed"));
    else if (connectionState === "failed") this.#miss("ice", true);
  }
  #miss(what, forGood) {
    this.#missing.add(what);
    if (!this.#over) this.#peer.lost(forGood);
  }
  #found(what) {
    if (this.#missing.delete(what) && this.#missing.size === 0 && !this.#over) this.#peer.found();
  }
  async #offer() {
    if (this.connection.signalingState !== "stable") return;
    this.#unanswered = true;
    await this.connection.setLocalDescription();
    this.#describeSelf(this.#restarting ? { iceRestart: true } : {});
  }
  async #describe({ type, sdp }, iceRestart) {
    const expected = this.#peer.offers ? "answer" : "offer";
    if (type !== expected) throw new BeckonError("connect-failed", `An ${expected} was due, but the peer sent: ${type}.`);
    if (iceRestart) this.#configure();
    await this.connection.setRemoteDescription({ type: expected, sdp });
    for (const candidate of this.#kept.splice(0)) await this.#add(candidate, false);
    if (this.#peer.offers) return this.#settled();
    await this.connection.setLocalDescription();
    this.#describeSelf({});
  }
  #settled() {
    this.#unanswered = this.#restarting = false;
    if (!this.#again) return;
    this.#again = false;
    this.restart();
  }
  #describeSelf(more) {
    const description = this.connection.localDescription;
    if (description && !this.#over) this.#peer.say({ description: { type: description.type, sdp: description.sdp }, ...more });
  }
  async #add(candidate, keep = true) {
    try {
      if (this.connection.remoteDescription) return await this.connection.addIceCandidate(candidate);
    } catch {
    }
    if (keep && this.#kept.length < MAX_KEPT) this.#kept.push(candidate);
  }
  #gathered(candidate) {
    if (this.#over || candidate?.candidate === "") return;
    this.#peer.say({ candidate: candidate === null ? null : candidate.toJSON() });
  }
  #needed() {
    if (this.#peer.offers) this.#do(() => this.#offer());
    else if (this.connection.remoteDescription) this.#peer.want();
  }
  /** Takes the newest ICE servers: the credentials of those that it was made with may have expired. */
  #configure() {
    this.connection.setConfiguration?.(this.#peer.configuration());
  }
  #end(error) {
    if (this.#over) return;
    this.#over = true;
    this.#peer.over(error);
  }
};
function lost(why, cause) {
  return new BeckonError("connection-lost", `The connection failed: ${why}.`, cause ? { cause } : {});
}

// sdk/src/open.ts
var MAX_OPENING = 16;
var Opener = class {
  #opening = 0;
  #waiting = [];
  /**
   * Opens a channel and waits until it is open; rejects with `closed` or `aborted`. `made` is given it at once, and returns a
   * promise of its end.
   */
  async open(connection, label, options, signal, made) {
    const what = `open ${JSON.stringify(label)}`;
    await this.#turn(signal, what);
    let dc;
    try {
      checkAborted(signal, what);
      if (connection.connectionState === "closed") throw new BeckonError("closed", `${what}: the connection is closed`);
      dc = connection.createDataChannel(label, init(options));
      await abortable(opened(dc, made(dc), what), signal, what);
    } catch (error) {
      dc?.close();
      throw error;
    } finally {
      this.#opening--;
      this.#waiting.shift()?.resolve();
    }
  }
  async #turn(signal, what) {
    while (this.#opening >= MAX_OPENING) {
      const turn = deferred();
      this.#waiting.push(turn);
      await abortable(turn.promise, signal, what, () => {
        const index = this.#waiting.indexOf(turn);
        if (index < 0) this.#waiting.shift()?.resolve();
        else this.#waiting.splice(index, 1);
      });
    }
    this.#opening++;
  }
};
function opened(dc, ended, what) {
  if (dc.readyState === "open") return Promise.resolve();
  return new Promise((resolve, reject) => {
    dc.addEventListener("open", () => resolve(), { once: true });
    const closed = () => reject(new BeckonError("closed", `${what}: closed before it was open`));
    dc.addEventListener("close", closed, { once: true });
    void ended.then(closed);
  });
}
function nextTask() {
  return new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => {
      port1.close();
      resolve();
    };
    port2.postMessage(void 0);
  });
}
function checkOptions({ maxRetransmits, maxPacketLifeTime }) {
  if (maxRetransmits !== void 0 && maxPacketLifeTime !== void 0) {
    throw new TypeError("open: maxRetransmits and maxPacketLifeTime exclude each other; give one");
  }
  for (const [name2, value] of Object.entries({ maxRetransmits, maxPacketLifeTime })) {
    if (value !== void 0 && !(Number.isInteger(value) && value >= 0 && value <= 65535)) {
      throw new TypeError(`open: ${name2} is a whole number from 0 to 65535`);
    }
  }
}
function init({ ordered = true, maxRetransmits, maxPacketLifeTime, protocol = "" }) {
  return {
    ordered,
    protocol,
    ...maxRetransmits === void 0 ? {} : { maxRetransmits },
    ...maxPacketLifeTime === void 0 ? {} : { maxPacketLifeTime }
  };
}

// sdk/src/pull.ts
var PullQueue = class {
  /** The sum of the weights of what waits. */
  weight = 0;
  #what;
  #weigh;
  #items = [];
  /** Items before this index are taken. Array.shift moves all others, which is slow for long queues. */
  #head = 0;
  #readers = /* @__PURE__ */ new Set();
  #ended = false;
  #error;
  /** `what` is said in errors; `weigh` says how much an item counts in `weight`. */
  constructor(what, weigh = () => 1) {
    this.#what = what;
    this.#weigh = weigh;
  }
  /** How many items wait. */
  get length() {
    return this.#items.length - this.#head;
  }
  /** Adds an item; after the end it is dropped. */
  push(item) {
    if (this.#ended) return;
    for (const reader of this.#readers) {
      this.#readers.delete(reader);
      reader.resolve(item);
      return;
    }
    this.#items.push(item);
    this.weight += this.#weigh(item);
  }
  /** Takes an item out that nobody has taken yet. */
  remove(item) {
    const index = this.#items.indexOf(item, this.#head);
    if (index < 0) return;
    this.#items.splice(index, 1);
    this.weight -= this.#weigh(item);
  }
  /** Ends the queue: in order without an error, or because of one. Only the first end counts. */
  end(error) {
    if (this.#ended) return;
    this.#ended = true;
    this.#error = error;
    for (const reader of this.#readers) reader.reject(this.#over());
    this.#readers.clear();
  }
  /** Takes the next item, waiting for it; readers are served in their order. Rejects with `closed` or the queue's error. */
  async pull(signal) {
    checkAborted(signal, this.#what);
    if (this.length > 0) return this.#take();
    if (this.#ended) throw this.#over();
    const reader = deferred();
    const stop = () => {
      if (this.#readers.delete(reader)) reader.reject(abortError(signal, this.#what));
    };
    this.#readers.add(reader);
    signal?.addEventListener("abort", stop, { once: true });
    try {
      return await reader.promise;
    } finally {
      signal?.removeEventListener("abort", stop);
    }
  }
  /** All items from now on. Ends when the queue ends in order; throws if it ends because of an error. */
  async *iterate() {
    for (; ; ) {
      let item;
      try {
        item = await this.pull();
      } catch (error) {
        if (this.#error === void 0) return;
        throw error;
      }
      yield item;
    }
  }
  #take() {
    const item = this.#items[this.#head];
    this.#items[this.#head++] = void 0;
    this.weight -= this.#weigh(item);
    if (this.#head >= 1024 && this.#head * 2 >= this.#items.length) {
      this.#items = this.#items.slice(this.#head);
      this.#head = 0;
    }
    return item;
  }
  #over() {
    return this.#error ?? new BeckonError("closed", `${this.#what}: closed`);
  }
};

// sdk/src/arrivals.ts
var MAX_UNACCEPTED = 64;
var Arrivals = class {
  queue;
  /** How many were closed because too many waited. */
  overflows = 0;
  /** Those that are not open yet. */
  #arriving = 0;
  constructor(peer) {
    this.queue = new PullQueue(`accept from ${peer}`);
  }
  /** Queues a channel. It is adopted at once, so that no message is missed, but accepted when it is open. */
  async add(dc, adopt) {
    if (this.queue.length + this.#arriving >= MAX_UNACCEPTED) {
      this.overflows++;
      dc.close();
      return;
    }
    const channel = adopt(dc);
    this.#arriving++;
    await opened(dc, channel.closed, "accept").then(
      async () => {
        await nextTask();
        this.queue.push(channel);
      },
      () => {
      }
      // it closed before it opened: nobody has seen it
    );
    this.#arriving--;
  }
};

// sdk/src/outbox.ts
var HIGH_WATER = 1024 * 1024;
var LOW_WATER = 256 * 1024;
var MAX_WAITING = 64 * 1024 * 1024;
var OVERHEAD = 64;
var Outbox = class {
  #dc;
  #what;
  #waiting = [];
  #bytes = 0;
  /** How many bytes were handed to the browser. */
  #handed = 0;
  #pumping = false;
  /** Those who wait for low water. */
  #thirsty = /* @__PURE__ */ new Set();
  #error;
  constructor(dc, what) {
    this.#dc = dc;
    this.#what = what;
    dc.bufferedAmountLowThreshold = LOW_WATER;
    dc.addEventListener("bufferedamountlow", () => {
      for (const waiter of this.#thirsty) waiter.resolve();
      this.#thirsty.clear();
    });
  }
  /** How many bytes are not on the wire yet: those in the browser's buffer and those that wait for it. */
  get bufferedAmount() {
    return this.#bytes + this.#dc.bufferedAmount;
  }
  /** How many bytes have left. It stands still while the other side takes nothing, whatever is sent meanwhile. */
  get taken() {
    return this.#handed - this.#dc.bufferedAmount;
  }
  /** Sends a message of `size` bytes, and resolves when the browser's buffer is low. */
  async send(data, size, signal) {
    if (this.#error) throw this.#error;
    if (this.#bytes + this.#waiting.length * OVERHEAD > MAX_WAITING) {
      throw new BeckonError("overflow", `${this.#what}: too much waits to be sent; wait for send() to resolve.`);
    }
    const item = { data, size, written: deferred() };
    this.#waiting.push(item);
    this.#bytes += size;
    const low = deferred();
    const stop = () => {
      this.#remove(item);
      this.#thirsty.delete(low);
      const error = abortError(signal, this.#what);
      item.written.reject(error);
      low.reject(error);
    };
    signal?.addEventListener("abort", stop, { once: true });
    low.promise.catch(() => {
    });
    try {
      void this.#pump();
      await item.written.promise;
      if (this.#error || this.#dc.bufferedAmount <= HIGH_WATER) return;
      this.#thirsty.add(low);
      await low.promise;
    } finally {
      signal?.removeEventListener("abort", stop);
    }
  }
  /** Resolves when all that was sent before has left the browser's buffer, too: what is still in there, closing would drop. */
  async drained() {
    await Promise.allSettled(this.#waiting.map((item) => item.written.promise));
    this.#dc.bufferedAmountLowThreshold = 0;
    if (this.#error || this.#dc.bufferedAmount === 0) return;
    const empty = deferred();
    this.#thirsty.add(empty);
    await empty.promise.catch(() => {
    });
  }
  /** Rejects all that waits. */
  end(error) {
    if (this.#error) return;
    this.#error = error;
    for (const { written } of this.#waiting.splice(0)) written.reject(error);
    this.#bytes = 0;
    for (const waiter of this.#thirsty) waiter.reject(error);
    this.#thirsty.clear();
  }
  /** Moves what waits into the browser's buffer. The first message goes at once if nothing is before it. */
  async #pump() {
    if (this.#pumping) return;
    this.#pumping = true;
    try {
      for (let item = this.#waiting[0]; item; item = this.#waiting[0]) {
        if (this.#dc.bufferedAmount > HIGH_WATER) {
          const low = deferred();
          this.#thirsty.add(low);
          await low.promise;
          continue;
        }
        const reading = this.#write(item);
        if (reading) await reading;
      }
    } catch {
    } finally {
      this.#pumping = false;
    }
  }
  #write(item) {
    if (item.data instanceof Blob) {
      return item.data.arrayBuffer().then(
        (bytes) => {
          item.data = bytes;
        },
        (error) => {
          this.#remove(item);
          item.written.reject(error);
        }
      );
    }
    this.#remove(item);
    try {
      const before = this.#dc.bufferedAmount;
      this.#dc.send(item.data);
      this.#handed += this.#dc.bufferedAmount - before;
      item.written.resolve();
    } catch (error) {
      item.written.reject(asBeckonError(error, "closed", this.#what));
    }
    return void 0;
  }
  #remove(item) {
    const index = this.#waiting.indexOf(item);
    if (index < 0) return;
    if (index === 0) this.#waiting.shift();
    else this.#waiting.splice(index, 1);
    this.#bytes -= item.size;
  }
};

// sdk/src/channel.ts
var MAX_UNREAD = 64 * 1024 * 1024;
var LINGER = 5e3;
var Channel = class {
  /** Resolves when the channel is closed: with undefined if that was in order, by either side, else with the reason. */
  closed;
  #dc;
  #owner;
  #what;
  #outbox;
  #unread;
  #ended = deferred();
  #closing;
  #over = false;
  #fault;
  /** @internal */
  constructor(dc, owner) {
    this.#dc = dc;
    this.#owner = owner;
    this.#what = `channel ${JSON.stringify(dc.label)} with ${owner.id}`;
    this.closed = this.#ended.promise;
    this.#outbox = new Outbox(dc, this.#what);
    this.#unread = new PullQueue(this.#what, (message) => message.length + OVERHEAD);
    dc.binaryType = "arraybuffer";
    dc.addEventListener("message", (event) => this.#received(event.data));
    dc.addEventListener("error", (event) => this.#fault = event.error);
    dc.addEventListener("close", () => void this.#closed());
  }
  /** The label that it was opened with. It need not be unique. */
  get label() {
    return this.#dc.label;
  }
  /** Whether messages arrive in order. */
  get ordered() {
    return this.#dc.ordered;
  }
  /** How often a lost message is sent again; undefined: until it arrives or its time is over. */
  get maxRetransmits() {
    return this.#dc.maxRetransmits ?? void 0;
  }
  /** For how many milliseconds a message is tried; undefined: without a limit of time. */
  get maxPacketLifeTime() {
    return this.#dc.maxPacketLifeTime ?? void 0;
  }
  /** The protocol that it was opened with, or "". */
  get protocol() {
    return this.#dc.protocol;
  }
  /** How many bytes were handed to `send` and have not left yet. */
  get bufferedAmount() {
    return this.#outbox.bufferedAmount;
  }
  /** The largest message in bytes that the other side takes. */
  get maxMessageSize() {
    return this.#owner.maxMessageSize;
  }
  /**
   * Sends a message. Resolves when there is room for the next: at once while 1 MiB or less is buffered, else when that has
   * fallen to 256 KiB. Who waits for it sends as fast as the network takes it; who does not, may run into `overflow` at 64 MiB.
   * Bytes must not be changed before it resolves. Rejects with `message-too-large` (see `maxMessageSize`), `closed`, or what
   * ended the connection, and with `aborted`, after which the message may still arrive if it had left the queue.
   */
  async send(data, { signal } = {}) {
    checkAborted(signal, this.#what);
    if (this.#closing || this.#over) throw new BeckonError("closed", `${this.#what}: closed`);
    const limit = this.maxMessageSize;
    const size = sizeOf(data, limit);
    if (size > limit) {
      throw new BeckonError("message-too-large", `${this.#what}: ${size} bytes, but the other side takes ${limit} at most.`);
    }
    return this.#outbox.send(data, size, signal);
  }
  /**
   * Takes the next message: a string if it was sent as one, else its bytes. What came before the end is delivered before the end
   * is: then it rejects with `closed`, or with what ended the connection.
   */
  recv({ signal } = {}) {
    return this.#unread.pull(signal);
  }
  /** All messages from now on, until the channel is closed in order; throws if it ended otherwise. */
  [Symbol.asyncIterator]() {
    return this.#unread.iterate();
  }
  /**
   * Closes the channel after what was sent before has been delivered, and resolves when it is closed. It does not wait longer
   * than 5 s for an other side that takes nothing. May be called again.
   */
  close() {
    return this.#closing ??= this.#shut();
  }
  async #shut() {
    let left = this.bufferedAmount;
    const timer = setInterval(() => {
      if (this.bufferedAmount >= left) this._end(void 0);
      left = this.bufferedAmount;
    }, LINGER);
    await this.#outbox.drained();
    this.#dc.close();
    await this.closed;
    clearInterval(timer);
  }
  #received(data) {
    this.#owner.heard();
    this.#unread.push(typeof data === "string" ? data : new Uint8Array(data));
    if (this.#unread.weight > MAX_UNREAD) {
      this._end(new BeckonError("overflow", `${this.#what}: more than ${MAX_UNREAD} bytes waited to be read.`));
    }
  }
  /** The browser's close event: either the channel was closed, which is in order, or there is no association any more. */
  async #closed() {
    const alone = !this.#fault || this.#fault.errorDetail === "data-channel-failure";
    if (alone) await nextTask();
    if (alone && this.#owner.open) this._end(void 0);
  }
  /** @internal How many bytes have left. */
  get _taken() {
    return this.#outbox.taken;
  }
  /** @internal Ends it now, because of `error` or in order. */
  _end(error) {
    if (this.#over) return;
    this.#over = true;
    this.#unread.end(error);
    this.#outbox.end(error ?? new BeckonError("closed", `${this.#what}: closed`));
    this.#dc.close();
    this.#ended.resolve(error);
  }
};
function sizeOf(data, limit) {
  if (typeof data === "string") return byteLength(data, limit);
  if (data instanceof Blob) return data.size;
  if (data instanceof ArrayBuffer || ArrayBuffer.isView(data)) return data.byteLength;
  throw new TypeError("send: the data is none of string, ArrayBuffer, a view of one and Blob");
}

// sdk/src/churn.ts
var MAX_CHURN = 8;
var WINDOW = 6e4;
var Churn = class {
  #made = [];
  /** Counts one more; whether that may be. */
  allows() {
    const now = performance.now();
    this.#made = this.#made.filter((at) => now - at < WINDOW);
    this.#made.push(now);
    return this.#made.length <= MAX_CHURN;
  }
};

// sdk/src/clocks.ts
var Clocks = class {
  #running = /* @__PURE__ */ new Map();
  #going = true;
  /** Starts a clock of `ms` milliseconds, anew if it runs. */
  start(name2, ms, run) {
    this.stop(name2);
    const clock = { left: ms, since: 0, timer: void 0, run };
    this.#running.set(name2, clock);
    if (this.#going) this.#resume(name2, clock);
  }
  /** Starts it unless it runs already. */
  begin(name2, ms, run) {
    if (!this.#running.has(name2)) this.start(name2, ms, run);
  }
  /** Stops clocks; without a name, all of them. */
  stop(...names) {
    for (const name2 of names.length > 0 ? names : [...this.#running.keys()]) {
      clearTimeout(this.#running.get(name2)?.timer);
      this.#running.delete(name2);
    }
  }
  /** Whether a clock has been started and has not run out. */
  runs(name2) {
    return this.#running.has(name2);
  }
  /** Whether the time goes on. */
  get going() {
    return this.#going;
  }
  /** Lets the time go on, or not. */
  go(going) {
    if (going === this.#going) return;
    this.#going = going;
    for (const [name2, clock] of this.#running) {
      if (going) this.#resume(name2, clock);
      else {
        clearTimeout(clock.timer);
        clock.left -= performance.now() - clock.since;
      }
    }
  }
  #resume(name2, clock) {
    clock.since = performance.now();
    clock.timer = setTimeout(() => {
      this.#running.delete(name2);
      clock.run();
    }, Math.max(0, clock.left));
  }
};

// sdk/src/early.ts
var MAX_EARLY = 64;
var Early = class {
  #session;
  #candidates = [];
  keep(session, candidate) {
    if (this.#session !== session) this.#candidates = [];
    this.#session = session;
    if (this.#candidates.length < MAX_EARLY) this.#candidates.push(candidate);
  }
  /** Gives those of a session that begins; others are late. */
  take(session) {
    const found = this.#session === session ? this.#candidates : [];
    this.#session = void 0;
    this.#candidates = [];
    return found;
  }
};

// sdk/src/link.ts
var PATIENCE = 2e3;
var AGAIN = 5e3;
var AGAIN_NEW = 8e3;
var PATHLESS = 15e3;
var PAUSE = 1e3;
var Link2 = class {
  /** The id of the peer that it is with. */
  id;
  #owner;
  /** They wait while one of the two cannot be reached over the server. */
  #clocks = new Clocks();
  #churn = new Churn();
  #state = "waiting";
  /** That of the current connection, or of the last one while there is none; undefined before the first. */
  #session;
  #negotiation;
  #early = new Early();
  /** The `want` that is on its way: it need not be said twice. */
  #asked;
  #pause = PAUSE;
  constructor(owner) {
    this.#owner = owner;
    this.id = owner.id;
  }
  /** How it stands. */
  get state() {
    return this.#state;
  }
  /** The current RTCPeerConnection. */
  get connection() {
    return this.#negotiation?.connection;
  }
  /** The largest message in bytes that the other side takes. */
  get maxMessageSize() {
    return this.#negotiation?.maxMessageSize ?? 0;
  }
  /** Whether the association is there on which the channels are. */
  get open() {
    return this.#negotiation?.control.open ?? false;
  }
  /** Something came of the other side. */
  heard() {
    this.#negotiation?.control.heard();
  }
  /** Begins to connect; `ask` tells the other side so if that is the one that offers. */
  start(ask) {
    if (this.#state !== "waiting") return;
    this.#clocks.start("deadline", this.#owner.connectTimeout, () => this.#late());
    this.#become("connecting");
    if (this.#owner.offers) this.#renew(newInstance());
    else if (ask) this.#say({ want: true });
  }
  /** The two can reach each other over the server, or not. */
  reach(reachable) {
    this.#clocks.go(reachable);
  }
  /** This side's network is another one. */
  moved() {
    if (this.#owner.offers || this.connection?.remoteDescription) this.#negotiation?.restart(true);
  }
  /** Takes what the other side said. */
  receive(data) {
    const { session = "", description, iceRestart, want } = data;
    if (this.#state === "closed" || typeof session !== "string" || session.length > MAX_NAME) return;
    if (description) {
      if (!this.#owner.offers) this.#offered(session, description, iceRestart === true);
      else if (session === this.#session) {
        this.#looked();
        this.#negotiation?.describe(description);
      }
    } else if ("candidate" in data) this.#candidate(session, data.candidate);
    else if (want === true && this.#owner.offers) this.#wanted(data);
  }
  /** Says goodbye, and resolves when the other side has heard, or after `ms` milliseconds. */
  async farewell(ms) {
    await this.#negotiation?.control.farewell(ms);
  }
  /** Says goodbye without waiting. */
  bye() {
    this.#negotiation?.control.bye();
  }
  /** Ends it now, because of `error` or in order. */
  end(error) {
    if (this.#state === "closed") return;
    this.#state = "closed";
    this.#clocks.stop();
    this.#negotiation?.close();
    this.#owner.ended(error);
  }
  /** Takes an offer. */
  #offered(session, description, iceRestart) {
    this.start(false);
    if (session === this.#session) {
      this.#looked();
      return this.#negotiation?.describe(description, iceRestart);
    }
    if (iceRestart) return this.#ask({ want: true });
    this.#giveUp("The other side has made a new connection.");
    const negotiation = this.#renew(session);
    for (const candidate of this.#early.take(session)) negotiation?.add(candidate);
    negotiation?.describe(description);
  }
  #candidate(session, candidate) {
    if (session === this.#session) return this.#negotiation?.add(candidate);
    if (!this.#owner.offers) this.#early.keep(session, candidate);
  }
  /**
   * Takes the other side's wish. An offer that has no answer yet serves it: what it was about came before that. But who has no
   * connection cannot answer one for another path.
   */
  #wanted({ session = "", fresh }) {
    if (this.#state === "waiting") return this.start(false);
    if (session === "") {
      if (this.#negotiation?.answered !== false) this.#replace("The other side has none any more.");
    } else if (session === this.#session) {
      if (fresh === true) this.#replace("The other side found no path.");
      else if (!this.#negotiation?.unanswered) this.#negotiation?.restart();
    }
  }
  /** Makes the next connection, or asks for it. */
  #replace(why) {
    if (this.#owner.closing) return this.end(void 0);
    const session = this.#session;
    this.#giveUp(why);
    if (this.#owner.offers) this.#renew(newInstance());
    else this.#say(session ? { want: true, session, fresh: true } : { want: true });
  }
  /** Ends the current connection, in order that another one can take its place. */
  #giveUp(why) {
    this.#clocks.stop("patience", "again", "pathless", "pause");
    const negotiation = this.#negotiation;
    if (!negotiation) return;
    this.#negotiation = void 0;
    negotiation.close();
    if (this.#state !== "connecting") {
      this.#clocks.begin("deadline", this.#owner.connectTimeout, () => this.#late());
      this.#become("reconnecting");
    }
    this.#owner.replaced(new BeckonError("connection-lost", `The connection with ${this.id} was lost. ${why}`));
  }
  #renew(session) {
    if (this.#owner.closing) this.end(void 0);
    if (this.#state === "closed") return void 0;
    if (!this.#churn.allows()) {
      this.#fail(new BeckonError("connection-lost", "One connection after another was given up."));
      return void 0;
    }
    this.#session = session;
    this.#asked = void 0;
    const named = session === "" ? {} : { session };
    try {
      const negotiation = new Negotiation(session, {
        offers: this.#owner.offers,
        configuration: () => this.#owner.configuration(),
        say: (data) => this.#say({ ...data, ...named }),
        want: () => this.#ask({ want: true, ...named }),
        connected: () => this.#connected(),
        channel: (dc) => this.#owner.channel(dc),
        progress: () => this.#owner.progress(),
        lost: (forGood) => this.#lost(negotiation, forGood),
        found: () => this.#found(),
        over: (error) => this.#over(error)
      });
      return this.#negotiation = negotiation;
    } catch (error) {
      this.#fail(error);
      return void 0;
    }
  }
  #connected() {
    this.#pause = PAUSE;
    this.#clocks.stop("deadline");
    if (this.#negotiation?.whole) this.#become("connected");
  }
  #found() {
    this.#clocks.stop("patience", "again", "pathless");
    if (this.#negotiation?.whole) this.#become("connected");
  }
  /** There is no path. One that has never been has its own deadline; and of the very first one a failure is the end. */
  #lost(negotiation, forGood) {
    if (this.#state === "connecting") {
      if (!forGood) return;
      if (this.#clocks.going) return this.#fail(new BeckonError("connection-lost", "ICE found no path."));
      return this.#clocks.start("patience", 0, () => negotiation.restart());
    }
    if (negotiation.wasOpen) this.#clocks.begin("pathless", PATHLESS, () => this.#replace("No path was found."));
    if (forGood) this.#search(negotiation);
    else this.#clocks.begin("patience", PATIENCE, () => this.#search(negotiation));
  }
  #search(negotiation) {
    this.#clocks.stop("patience");
    this.#become("reconnecting");
    if (this.#negotiation !== negotiation || this.#state === "closed") return;
    this.#planAgain(negotiation);
    negotiation.restart();
  }
  #planAgain(negotiation) {
    this.#clocks.start("again", negotiation.wasOpen ? AGAIN : AGAIN_NEW, () => this.#search(negotiation));
  }
  /** Both descriptions of another path are there, or soon will be: it has its time before the next one is looked for. */
  #looked() {
    const negotiation = this.#negotiation;
    if (!negotiation || this.#state === "connecting") return;
    if (!this.#clocks.runs("patience") && !this.#clocks.runs("again")) return;
    this.#clocks.stop("patience");
    this.#planAgain(negotiation);
  }
  /** The connection is over. One that has been connected is replaced at once, another one after a while. */
  #over(error) {
    if (this.#owner.closing) return this.end(void 0);
    if (this.#state === "connecting") return this.#fail(error ?? new BeckonError("closed", "The other side gave up."));
    if (!error) return this.end(void 0);
    if (this.#negotiation?.wasOpen) return this.#replace(error.message);
    this.#giveUp(error.message);
    this.#clocks.start("pause", this.#pause, () => this.#replace(error.message));
    this.#pause *= 2;
  }
  #become(state) {
    if (this.#state === state || this.#state === "closed") return;
    this.#state = state;
    this.#owner.changed();
  }
  /** Asks for something that the other side may be asked for already. */
  #ask(data) {
    const text = JSON.stringify(data);
    if (this.#asked === text) return;
    this.#asked = text;
    const done = () => {
      if (this.#asked === text) this.#asked = void 0;
    };
    this.#say(data).then(done, done);
  }
  /** Sends a signal. Without it there can be no first connection; later ones have their clocks. */
  #say(data) {
    const saying = this.#owner.say(data);
    saying.catch((cause) => {
      if (this.#state === "connecting") this.#fail(new BeckonError("connect-failed", "A signal was refused.", { cause }));
    });
    return saying;
  }
  #late() {
    const pc = this.connection;
    const how = pc ? `ICE is ${pc.iceConnectionState}, signaling ${pc.signalingState}` : "it made no offer";
    this.#fail(new BeckonError("connect-failed", `not connected after ${this.#owner.connectTimeout / 1e3} s (${how})`));
  }
  /** Ends it because it was never connected, or is not connected again. */
  #fail(cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    const code = this.#state === "connecting" ? "connect-failed" : "connection-lost";
    if (this.#state !== "closed") this.#owner.failed();
    this.end(new BeckonError(code, `connect to ${this.id}: ${why}`, { cause }));
  }
};

// sdk/src/peer.ts
var FAREWELL = 1e3;
var Peer = class extends typedEventTarget() {
  /** Its id, unique on the server. */
  id;
  /** The random id of its SDK object: a page that was reloaded is another instance. */
  instance;
  /** Who its token said it is; "" if it is anonymous. */
  identity;
  /**
   * Resolves when the connection is closed for good: with undefined if that was in order, by either side, else with the reason. A way
   * to it that is lost and found again, or another one, is not the end.
   */
  closed;
  #host;
  #link;
  #ended = deferred();
  #opener = new Opener();
  #channels = /* @__PURE__ */ new Set();
  #arrivals;
  #attributes;
  #away;
  /** Is another one while it is reconnecting. */
  #connected = connecting();
  /** It has been connected. */
  #met = false;
  /** Since when it is not, by performance.now. */
  #since = 0;
  #closing;
  /** @internal */
  constructor(member2, host) {
    super();
    this.id = member2.peer;
    this.instance = member2.instance;
    this.identity = member2.identity ?? "";
    this.#attributes = attributesOf(member2);
    this.#away = member2.away === true;
    this.#host = host;
    this.closed = this.#ended.promise;
    this.#arrivals = new Arrivals(this.id);
    this.#link = this.#linked(offers(host.self, member2));
    this._reach();
  }
  /** What it tells the others about itself. */
  get attributes() {
    return this.#attributes;
  }
  /** Whether its connection to the server is lost; it may come back. */
  get away() {
    return this.#away;
  }
  /** How it stands between this peer and that one. */
  get state() {
    return this.#link.state;
  }
  /**
   * The current RTCPeerConnection, for what this library does not offer; undefined as long as there is none. One that is lost for
   * good is replaced by another one.
   */
  get connection() {
    return this.#link.connection;
  }
  /** How many channels were closed at once because 64 waited to be accepted already. */
  get overflows() {
    return this.#arrivals.overflows;
  }
  /**
   * Opens a channel: waits until the peer is connected, perhaps again, and then until the channel is open. The other side gets it
   * from `accept`. At most 16 are being opened at a time, further calls wait. Rejects with `closed`, `connect-failed`,
   * `connection-lost` or `aborted`; throws a TypeError for options that exclude each other.
   */
  async open(label, { signal, ...options } = {}) {
    checkOptions(options);
    const what = `open ${JSON.stringify(label)} to ${this.id}`;
    for (; ; ) {
      const connection = await this.#ready(what, signal);
      let channel;
      try {
        await this.#opener.open(connection, label, options, signal, (dc) => (channel = this.#adopt(dc)).closed);
        return channel;
      } catch (error) {
        if (error instanceof TypeError || signal?.aborted) throw error;
        const reason = this.state === "closed" ? await this.closed : void 0;
        if (this.state !== "closed" && !this.#closing && this.connection !== connection) continue;
        throw reason ?? asBeckonError(error, "connect-failed", what);
      }
    }
  }
  /** Takes the next channel that the other side opened, each once, waiting for it. Rejects with `closed`, or why it ended. */
  accept({ signal } = {}) {
    return this.#arrivals.queue.pull(signal);
  }
  /** All channels that the other side opens, as from `accept`, until the connection is closed in order; throws if it is lost. */
  channels() {
    return this.#arrivals.queue.iterate();
  }
  /** Tells how the two are connected, waiting until they are. */
  async path({ signal } = {}) {
    const what = `path to ${this.id}`;
    const connection = await this.#ready(what, signal);
    const path = pathOf(await abortable(connection.getStats(), signal, what));
    if (!path) throw new BeckonError("connection-lost", `${what}: no candidate pair is selected`);
    return path;
  }
  /**
   * Says something to the peer through the server, connected or not; it gets a `signal` event. Any JSON value, but for objects
   * with a key `description`, `candidate` or `want`. Resolves when it has arrived, once and in the order of the calls; it waits for a
   * peer that is away, or for the server. Rejects with `closed` (the peer left), `stale-instance` (its page was reloaded), `overflow`
   * (272 are on their way), `message-too-large`, `aborted`, `connection-lost` (the server does not know this peer any more: whether
   * it has arrived is not known), or what ended the room. Giving up does not take back what was said.
   */
  async signal(data, { signal } = {}) {
    const what = `signal to ${this.id}`;
    checkAborted(signal, what);
    if (isNegotiation(data)) throw new TypeError("signal: the keys description, candidate and want are the library's own");
    if (JSON.stringify(data) === void 0) throw new TypeError("signal: the data has no JSON form");
    await abortable(this.#host.say(this, data), signal, what);
  }
  /**
   * Closes the connection, after what was sent on its channels has been delivered. The peer stays a member of the room. May be
   * called again.
   */
  close() {
    return this.#closing ??= this.#shut();
  }
  async #shut() {
    await Promise.all([...this.#channels].map((channel) => channel.close()));
    await this.#link.farewell(FAREWELL);
    this._end(void 0);
  }
  /** Waits for the connection. */
  async #ready(what, signal) {
    checkAborted(signal, what);
    do
      await abortable(this.#connected.promise, signal, what);
    while (this.state === "reconnecting");
    const reason = this.state === "closed" ? await this.closed : void 0;
    if (this.#closing || this.state === "closed") throw reason ?? new BeckonError("closed", `${what}: closed`);
    return this.connection;
  }
  /** @internal Begins to connect; `ask` tells the other side so if that is the one that offers. */
  _start(ask = false) {
    this.#link.start(ask);
  }
  /** @internal Resolves when it is connected. */
  async _connect(signal) {
    const what = `connect to ${this.id}`;
    this._start(true);
    await this.#ready(what, signal);
  }
  /** @internal Takes a signal of the negotiation. */
  _receive(data) {
    this.#link.receive(data);
  }
  /** @internal This side's network is another one. */
  _moved() {
    this.#link.moved();
  }
  /** @internal The server, or the other side's connection to it, is lost or back. */
  _reach() {
    this.#link.reach(this.#host.joined && !this.#away);
  }
  /** @internal The room's log said something about the peer. */
  _update(member2) {
    this.#attributes = attributesOf(member2);
    this.#away = member2.away === true;
    this._reach();
  }
  /** @internal The peer left the room. */
  _left(reason) {
    this.dispatchEvent(new LeftEvent(this, reason));
    this._end(reason === "timeout" || reason === "kicked" ? new BeckonError("connection-lost", `${this.id} left the room: ${reason}`) : void 0);
  }
  /** @internal Says goodbye in passing, because the page ends. */
  _bye() {
    this.#link.bye();
  }
  /** @internal Ends the connection now, because of `error` or in order. */
  _end(error) {
    this.#link.end(error);
  }
  #linked(offers2) {
    const peer = this;
    return new Link2({
      id: this.id,
      offers: offers2,
      connectTimeout: this.#host.connectTimeout,
      get closing() {
        return peer.#closing !== void 0;
      },
      configuration: () => this.#host.configuration(),
      say: (data) => this.#host.say(this, data),
      channel: (dc) => this.#offered(dc),
      progress: () => [...this.#channels].reduce((sum, channel) => sum + channel._taken, 0),
      changed: () => this.#changed(),
      failed: () => void this.#report(),
      replaced: (error) => this.#drop(error),
      ended: (error) => this.#over(error)
    });
  }
  #changed() {
    if (this.state === "connected") void this.#report(this.connection);
    else this.#since = performance.now();
    if (this.state === "reconnecting") this.#connected = connecting();
    else if (this.state === "connected") this.#connected.resolve();
    this.dispatchEvent(new PeerEvent("state", this));
    if (this.state !== "connected" || this.#met) return;
    this.#met = true;
    this.#host.connected(this);
    this.dispatchEvent(new PeerEvent("connected", this));
  }
  /** Tells the server what has come of connecting: this connection, or none. */
  async #report(connection) {
    const { report } = this.#host;
    if (!report) return;
    const opening = Math.round(performance.now() - this.#since);
    const again = this.#met ? { again: true } : {};
    if (!connection) return report({ outcome: "failed", opening, ...again });
    const stats2 = await connection.getStats().catch(() => void 0);
    const path = stats2 && pathOf(stats2);
    if (!path) return;
    const protocol = path.relay ? { protocol: path.relay } : {};
    report({ outcome: path.relayed ? "relayed" : "direct", ...protocol, opening, ...again });
  }
  #drop(error) {
    for (const channel of [...this.#channels]) channel._end(error);
  }
  #over(error) {
    this.#connected.reject(error ?? new BeckonError("closed", `The connection with ${this.id} is closed.`));
    this.#drop(error);
    this.#arrivals.queue.end(error);
    this.#ended.resolve(error);
    this.#host.ended(this);
    this.dispatchEvent(new EndEvent(error));
  }
  #adopt(dc) {
    const channel = new Channel(dc, this.#link);
    this.#channels.add(channel);
    void channel.closed.then(() => this.#channels.delete(channel));
    return channel;
  }
  #offered(dc) {
    if (this.#closing) dc.close();
    else void this.#arrivals.add(dc, (arrived) => this.#adopt(arrived));
  }
};
function connecting() {
  const connected = deferred();
  connected.promise.catch(() => {
  });
  return connected;
}
function attributesOf(member2) {
  return member2.attributes ?? {};
}

// sdk/src/members.ts
var Members = class {
  /** By id, in the order of their joining. */
  peers = /* @__PURE__ */ new Map();
  #owner;
  /** When this peer joined, as the log of that epoch has it. */
  #rank;
  /** They are complete: nothing of what was missed is on its way any more. */
  #whole = false;
  constructor(owner) {
    this.#owner = owner;
  }
  /** What was missed is to be told: the members are not complete any more. */
  behind() {
    this.#whole = false;
  }
  /** Whether the room connects this peer with that one by itself, perhaps when what was missed has been told. */
  meshed(id) {
    const { host, delivery, topology, meshLimit } = this.#owner;
    const all = meshed(topology, meshLimit, delivery.members);
    return all.has(host.self.peer) && all.has(id);
  }
  /** Takes what happened in one step, in order. */
  apply(happenings) {
    const events = happenings.flatMap((happening2) => this.#change(happening2) ?? []);
    if (this.#whole && happenings.some(({ effect }) => ["synced", "joined", "left"].includes(effect))) this.#mesh();
    for (const event of events) event();
  }
  /** This peer is another one to the server, so to this peer all others are gone, and may come anew. */
  forget() {
    const gone = [...this.peers.values()];
    this.peers.clear();
    this.#owner.dispatchEvent(new Event("gap"));
    for (const peer of gone) this.#left(peer, "timeout");
  }
  /** Starts the connections that the room makes by itself and that are not there yet. */
  #mesh() {
    const { host, delivery, topology, meshLimit } = this.#owner;
    const all = meshed(topology, meshLimit, delivery.members);
    if (all.has(host.self.peer)) for (const id of all) this.peers.get(id)?._start();
  }
  /** Does what a happening asks for, and returns what announces it. */
  #change(happening2) {
    switch (happening2.effect) {
      case "gap":
        return () => this.#owner.dispatchEvent(new Event("gap"));
      case "synced":
        return this.#synced();
      case "direct":
        return () => this.#signalled(happening2);
      case "message":
        return () => this.#heard(happening2);
    }
    const { member: member2 } = happening2;
    if (member2.peer === this.#owner.host.self.peer) return this.#owner.own(happening2);
    const peer = this.peers.get(member2.peer);
    switch (happening2.effect) {
      case "joined": {
        const added = new Peer(member2, this.#owner.host);
        this.peers.set(added.id, added);
        return () => this.#owner.dispatchEvent(new PeerEvent("peer", added));
      }
      case "left":
        this.peers.delete(member2.peer);
        return peer && (() => this.#left(peer, happening2.reason));
      case "away":
      case "back":
      case "updated":
        peer?._update(member2);
        return peer && (() => this.#announce(happening2.effect, peer));
    }
  }
  #synced() {
    this.#whole = true;
    const { delivery, host } = this.#owner;
    const { epoch = "" } = delivery.place;
    const joined = delivery.members.find(({ peer }) => peer === host.self.peer)?.joined ?? 0;
    const before = this.#rank;
    this.#rank = { epoch, joined };
    const announcements = before?.epoch === epoch && before.joined !== joined ? this.#replaceAll() : [];
    const announce = this.#owner.synced();
    return () => {
      for (const announcement of announcements) announcement();
      announce();
    };
  }
  /**
   * This peer was gone for so long that it has left and joined anew: the others have ended their connections with it, which this
   * side may not have noticed, and will make new ones. So to it the others are new ones as well.
   */
  #replaceAll() {
    const announcements = [];
    for (const member2 of this.#owner.delivery.members) {
      const old = this.peers.get(member2.peer);
      if (!old || old.state === "waiting") continue;
      const added = new Peer(member2, this.#owner.host);
      this.peers.set(added.id, added);
      announcements.push(() => this.#left(old, "timeout"), () => this.#owner.dispatchEvent(new PeerEvent("peer", added)));
    }
    return announcements;
  }
  #announce(type, peer) {
    peer.dispatchEvent(new PeerEvent(type, peer));
    this.#owner.dispatchEvent(new PeerEvent(type, peer));
  }
  #left(peer, reason) {
    peer._left(reason);
    this.#owner.dispatchEvent(new LeftEvent(peer, reason));
  }
  #heard({ peer: id, instance: instance2, data }) {
    const peer = this.#find(id, instance2);
    if (peer) this.#owner.dispatchEvent(new RoomMessageEvent(peer, data));
  }
  #signalled({ peer: id, instance: instance2, data }) {
    const peer = this.#find(id, instance2);
    if (!peer) return;
    if (!isNegotiation(data)) {
      peer.dispatchEvent(new SignalEvent(peer, data));
      this.#owner.dispatchEvent(new SignalEvent(peer, data));
      return;
    }
    const beyond = peer.state === "waiting" && this.#owner.topology === "mesh";
    if (!beyond) peer._receive(data);
  }
  #find(id, instance2) {
    const peer = this.peers.get(id);
    return peer?.instance === instance2 ? peer : void 0;
  }
};

// sdk/src/network.ts
function listenForNetwork(changed) {
  const { connection } = globalThis.navigator ?? {};
  globalThis.addEventListener?.("online", changed);
  connection?.addEventListener?.("change", changed);
  return () => {
    globalThis.removeEventListener?.("online", changed);
    connection?.removeEventListener?.("change", changed);
  };
}

// sdk/src/backoff.ts
var FIRST = 250;
var LONGEST2 = 3e4;
var Backoff = class {
  #go;
  #failures = 0;
  #timer;
  /** Not before this moment of performance.now: the server has asked for it. */
  #least = 0;
  /** `go` is called when it is time. */
  constructor(go) {
    this.#go = go;
  }
  /**
   * Waits for the next moment, at least `least` milliseconds. Where the others wait for a peer for `grace` milliseconds, counted from
   * when they are back themselves, it is not put off for longer than two thirds of that: who is back later is said to have left.
   */
  next(grace = 0, least = 0) {
    const limit = Math.min(grace > 0 ? grace * 2 / 3 : LONGEST2, LONGEST2, FIRST * 2 ** this.#failures);
    this.#failures++;
    this.#least = performance.now() + least;
    this.#wait(Math.max(least, Math.random() * limit));
  }
  /** Does not wait any longer than the server has asked for. Returns whether it was waiting. */
  now() {
    if (this.#timer === void 0) return false;
    const left = this.#least - performance.now();
    if (left > 0) this.#wait(left);
    else this.#fire();
    return true;
  }
  /** It worked: the next failure is the first. */
  reset() {
    this.#failures = 0;
  }
  #wait(ms) {
    this.stop();
    this.#timer = setTimeout(() => this.#fire(), ms);
  }
  #fire() {
    this.stop();
    this.#go();
  }
  /** Waits no more. */
  stop() {
    clearTimeout(this.#timer);
    this.#timer = void 0;
  }
};
var WAKES = ["online", "pageshow", "visibilitychange"];
function listenForWake(woken) {
  const listener = (event) => {
    if (event.type !== "visibilitychange" || globalThis.document?.visibilityState !== "hidden") woken();
  };
  for (const type of WAKES) globalThis.addEventListener?.(type, listener);
  return () => {
    for (const type of WAKES) globalThis.removeEventListener?.(type, listener);
  };
}

// sdk/src/heartbeat.ts
var LATE2 = 1e3;
var Heartbeat = class {
  #pulse;
  #timer;
  /** Runs from a ping to the verdict about it, unless something is heard before. */
  #judge;
  #excused = false;
  constructor(pulse) {
    this.#pulse = pulse;
    this.#restart();
  }
  /** Pings because the server has: the next ping of this side's own is due an interval later. */
  beat() {
    this.#restart();
    this.#ask();
  }
  /** Any frame came. */
  heard() {
    clearTimeout(this.#judge);
    this.#judge = void 0;
    this.#excused = false;
  }
  /** Asks now, because the page has reason to doubt: it was asleep, or the network is another one. */
  probe() {
    this.#ask();
  }
  /** Stops for good. */
  stop() {
    clearInterval(this.#timer);
    clearTimeout(this.#judge);
  }
  #restart() {
    clearInterval(this.#timer);
    this.#timer = setInterval(() => this.#ask(), this.#pulse.interval);
  }
  #ask() {
    this.#pulse.ping();
    if (this.#judge !== void 0) return;
    const patience2 = Math.max(this.#pulse.timeout - this.#pulse.interval, 1);
    const due = performance.now() + patience2;
    this.#judge = setTimeout(() => {
      this.#judge = void 0;
      const late = performance.now() - due > LATE2;
      if (!late || this.#excused) return this.#pulse.dead();
      this.#excused = true;
      this.#ask();
    }, patience2);
  }
};

// sdk/src/pace.ts
var Pacer = class {
  #rate;
  #burst;
  #paced;
  #tokens;
  #filled = performance.now();
  #requests = [];
  #timer;
  constructor(limits, paced) {
    this.#rate = limits.rate * 0.9;
    this.#burst = Math.max(1, Math.floor(limits.burst * 0.9));
    this.#tokens = this.#burst;
    this.#paced = paced;
  }
  /** Sends a frame, now or in its turn, which is before those that `next` gives. */
  push(frame) {
    this.#requests.push(frame);
    this.wake();
  }
  /** Sends what there is, now or in its turn. */
  wake() {
    if (this.#timer === void 0) this.#drain();
  }
  /** Sends all that waits now, come what may, and is not to be used again. */
  flush() {
    this.stop();
    for (let frame = this.#take(); frame !== void 0; frame = this.#take()) this.#paced.send(frame);
  }
  /** Sends no more. */
  stop() {
    clearTimeout(this.#timer);
  }
  #take() {
    return this.#requests.shift() ?? this.#paced.next();
  }
  #drain() {
    this.#timer = void 0;
    const now = performance.now();
    this.#tokens = Math.min(this.#burst, this.#tokens + (now - this.#filled) * this.#rate / 1e3);
    this.#filled = now;
    while (this.#tokens >= 1) {
      if (!this.#paced.free()) return;
      const frame = this.#take();
      if (frame === void 0) return;
      this.#tokens--;
      this.#paced.send(frame);
    }
    this.#timer = setTimeout(() => this.#drain(), Math.ceil(1e3 * (1 - this.#tokens) / this.#rate));
  }
};

// sdk/src/carrier.ts
var CARRIERS = ["websocket", "stream", "poll"];
var OPEN_TIMEOUT = 4e3;
function patience(ms, late) {
  let timer = setTimeout(() => timer = setTimeout(late, ms / 2), ms / 2);
  return () => clearTimeout(timer);
}

// sdk/src/request.ts
var NAMED = ["forbidden", "unauthorized", "rate-limited", "going-away"];
function post(url, body, more) {
  return fetch(url, { method: "POST", body, cache: "no-store", redirect: "error", ...more });
}
async function refusalOf(response) {
  const why = `status ${response.status}`;
  try {
    const { type, code, message, retryAfter } = JSON.parse(await response.text());
    if (type === "error" && NAMED.includes(code)) return { why, refusal: new BeckonError(code, message, { retryAfter }) };
    return { why: `${why}: ${code}` };
  } catch {
    return { why };
  }
}
function failureOf(cause) {
  return { why: cause instanceof Error ? cause.message : String(cause), cause };
}

// sdk/src/sends.ts
var DEADLINE = 1e4;
var PAUSES = [250, 1e3];
var MAX_FRAMES = 64;
var MAX_BYTES = 262144;
var MAX_LAST = 6e4;
var AGAIN2 = [408, 429];
var Sends = class {
  #url;
  #signal;
  #owner;
  /** The first `#under` of them are in the body that is under way. */
  #waiting = [];
  #under = 0;
  #carrier;
  #n = 0;
  #most = MAX_FRAMES;
  #running = false;
  #over = false;
  #timer;
  /** `signal` ends what is under way. */
  constructor(url, signal, owner) {
    this.#url = url;
    this.#signal = signal;
    this.#owner = owner;
  }
  /** Whether a frame goes out with the next body, and that now. */
  get free() {
    return this.#under === 0 && this.#waiting.length < this.#most;
  }
  /** Learns the carrier's name, which the first line from the server tells: now bodies can be posted. */
  open(carrier) {
    this.#carrier ??= carrier;
    this.#start();
  }
  /** Sends a frame. */
  push(frame) {
    this.#waiting.push(frame);
    this.#start();
  }
  /**
   * Sends a last frame in a body that outlives the page, with those before it if there is room for them. It does not wait for the body
   * that is under way: the server puts them in their order if that has arrived.
   */
  last(frame) {
    const waiting = [...this.#waiting.slice(this.#under), frame];
    let body = this.#body(++this.#n, waiting);
    if (waiting.length > this.#most || byteLength(body, MAX_LAST) > MAX_LAST) body = this.#body(this.#n, [frame]);
    const known = this.#carrier !== void 0;
    this.stop();
    if (known) post(this.#url, body, { keepalive: true }).catch(() => {
    });
  }
  /** Sends no more. */
  stop() {
    this.#over = true;
    clearTimeout(this.#timer);
  }
  #start() {
    if (this.#running || this.#carrier === void 0 || this.#waiting.length === 0) return;
    this.#running = true;
    void Promise.resolve().then(() => this.#run());
  }
  async #run() {
    while (!this.#over && this.#waiting.length > 0) {
      if (!await this.#deliver()) return;
      this.#waiting.splice(0, this.#under);
      this.#under = 0;
      this.#owner.writable();
    }
    this.#running = false;
  }
  /** Posts the next body until it is answered. Returns whether it was; else all is over. */
  async #deliver() {
    const n = ++this.#n;
    this.#under = this.#fitting();
    for (let tries = 0; ; ) {
      let [why, pause] = [{ why: "" }, PAUSES[tries++]];
      const late = () => new BeckonError("connection-lost", `a body was not answered within ${DEADLINE / 1e3} s`);
      const limit = deadline(this.#signal, DEADLINE, late);
      try {
        const response = await post(this.#url, this.#body(n, this.#waiting.slice(0, this.#under)), { signal: limit.signal });
        const answer = JSON.parse(await response.text());
        if (answer.type === "sent" && answer.n === n) return !this.#over;
        why = { why: `a body was answered with status ${response.status}` };
        if (response.status === 413 && this.#under > 1) {
          this.#under = this.#most = this.#under >> 1;
          pause = tries = 0;
        } else if (!AGAIN2.includes(response.status)) pause = void 0;
        else if (pause && answer.type === "error") pause = Math.max(pause, answer.retryAfter ?? 0);
      } catch (error) {
        why = failureOf(error);
      } finally {
        limit.clear();
      }
      if (this.#over) return false;
      if (pause === void 0) {
        this.#owner.lost(why);
        return false;
      }
      await new Promise((resolve) => this.#timer = setTimeout(resolve, pause));
    }
  }
  /** How many of those that wait one body may hold. */
  #fitting() {
    let bytes = 256;
    const limit = this.#waiting.findIndex((frame) => (bytes += byteLength(frame, 4096) + 1) > MAX_BYTES);
    return Math.min(this.#most, this.#waiting.length, limit < 0 ? Infinity : Math.max(1, limit));
  }
  #body(n, frames) {
    return [JSON.stringify({ type: "send", carrier: this.#carrier, n }), ...frames].join("\n");
  }
};

// sdk/src/http.ts
var HTTPCarrier = class {
  over = false;
  url;
  owner;
  #requests = new AbortController();
  #sends;
  #inTime = () => {
  };
  constructor(url, owner) {
    this.url = url;
    this.owner = owner;
    this.#sends = new Sends(`${url}send`, this.signal, {
      writable: () => owner.writable(),
      lost: (ending) => this.end(ending)
    });
  }
  get free() {
    return this.#sends.free;
  }
  send(frame) {
    this.#sends.push(frame);
  }
  finish(bye, hurry) {
    if (hurry) this.#sends.last(bye);
    else this.#sends.push(bye);
  }
  again() {
    return false;
  }
  drop() {
    this.over = true;
    this.#inTime();
    this.#sends.stop();
    this.#requests.abort();
  }
  /** Ends all requests with the carrier. */
  get signal() {
    return this.#requests.signal;
  }
  /** Gives what is to happen next so many milliseconds; none: it has happened. */
  within(ms, ending) {
    this.#inTime();
    if (ms && ending) this.#inTime = patience(ms, () => this.end(ending));
  }
  /** Takes a line: a frame, or what the carrier itself has to know. */
  take(line) {
    const own = ownLine(line);
    if (own?.type === "opened" || own?.type === "polled") this.#sends.open(own.carrier);
    else if (own?.type === "close") this.end({ code: own.code, why: own.reason });
    else this.owner.frame(line);
  }
  end(ending) {
    if (this.over) return;
    this.drop();
    this.owner.ended(ending);
  }
};
function ownLine(line) {
  try {
    return line.length < 256 ? JSON.parse(line) : void 0;
  } catch {
    return void 0;
  }
}

// sdk/src/poll.ts
var PAUSE2 = 250;
var PollCarrier = class extends HTTPCarrier {
  /** The next poll: the hello, and then the cursor up to which all has arrived. */
  #body;
  #carrier;
  /** The newest asking; an older one has nothing to say any more. */
  #turn = 0;
  /** Whether the answer that is waited for has been asked for twice. */
  #twice = false;
  #timer;
  constructor(url, hello, owner) {
    super(url, owner);
    this.#body = hello;
    void this.#run();
  }
  /** The older request is not cancelled: the server would take that for the client's end. It sends it home when it sees this one. */
  again() {
    if (this.#twice || this.#carrier === void 0) return false;
    this.#twice = true;
    void this.#run();
    return true;
  }
  drop() {
    super.drop();
    clearTimeout(this.#timer);
  }
  async #run() {
    const turn = ++this.#turn;
    for (let failed = false; ; ) {
      let response;
      try {
        response = await post(`${this.url}poll`, this.#body, { signal: this.signal });
        const ending = response.ok ? void 0 : await refusalOf(response);
        const text = ending ? "" : await response.text();
        if (this.over || turn !== this.#turn) return;
        if (ending) return this.end(ending);
        if (!this.#answered(text)) return this.end({ why: "what answers is no Beckon server" });
        if (this.over) return;
        failed = false;
      } catch (error) {
        if (this.over || turn !== this.#turn) return;
        if (failed || this.#carrier === void 0) return this.end(failureOf(error));
        failed = true;
        await new Promise((resolve) => this.#timer = setTimeout(resolve, PAUSE2));
      }
    }
  }
  /** Takes an answer; returns whether it is one. */
  #answered(text) {
    const [first = "", ...lines2] = text.split("\n");
    const head = ownLine(first);
    if (head?.type !== "polled") return false;
    this.take(first);
    this.#carrier ??= head.carrier;
    this.#body = JSON.stringify({ type: "poll", carrier: this.#carrier, cursor: head.cursor });
    this.#twice = false;
    this.owner.proven();
    this.owner.heard();
    for (const line of lines2) if (line !== "" && !this.over) this.take(line);
    return true;
  }
};

// sdk/src/socket.ts
var SocketCarrier = class {
  free = true;
  #socket;
  #owner;
  #inTime;
  /** Throws what the browser throws about the URL, or the page's rules about it. */
  constructor(url, hello, owner) {
    this.#owner = owner;
    const socket = this.#socket = new WebSocket(`${url.replace("http", "ws")}ws`, VERSION);
    this.#inTime = patience(OPEN_TIMEOUT, () => this.#end({ why: `it did not open within ${OPEN_TIMEOUT / 1e3} s` }));
    let opened2 = false;
    socket.onopen = () => {
      this.#inTime();
      opened2 = true;
      socket.send(hello);
    };
    socket.onmessage = (event) => {
      owner.proven();
      owner.frame(event.data);
    };
    socket.onclose = ({ code, reason }) => this.#end(opened2 ? { code, why: reason || `it was closed with code ${code}` } : { why: "it did not open" });
  }
  send(frame) {
    if (this.#socket.readyState === WebSocket.OPEN) this.#socket.send(frame);
  }
  finish(bye) {
    if (this.#socket.readyState === WebSocket.OPEN) this.#socket.send(bye);
    else this.#end({ why: "it was not open" });
  }
  again() {
    return false;
  }
  drop() {
    this.#inTime();
    const socket = this.#socket;
    socket.onopen = socket.onmessage = socket.onclose = null;
    if (socket.readyState <= WebSocket.OPEN) socket.close(1e3);
  }
  #end(ending) {
    this.drop();
    this.#owner.ended(ending);
  }
};

// sdk/src/stream.ts
var BEAT_TIMEOUT = 5e3;
var StreamCarrier = class extends HTTPCarrier {
  constructor(url, hello, owner) {
    super(url, owner);
    this.#run(hello).catch((error) => this.end(failureOf(error)));
  }
  async #run(hello) {
    this.within(OPEN_TIMEOUT, { why: `no answer within ${OPEN_TIMEOUT / 1e3} s` });
    const response = await post(`${this.url}stream`, hello, { signal: this.signal, headers: { Accept: "text/event-stream" } });
    if (!response.ok || !response.body) return this.end(await refusalOf(response));
    const why = `no heartbeat within ${BEAT_TIMEOUT / 1e3} s: a proxy holds back what the server says`;
    this.within(BEAT_TIMEOUT, { why, blocked: true });
    let [first, proven] = [true, false];
    for await (const line of lines(response.body)) {
      if (this.over) return;
      if (line.startsWith("data: ")) {
        const text = line.slice(6);
        if (first && ownLine(text)?.type !== "opened") return this.end({ why: "what answers is no Beckon server" });
        first = false;
        this.take(text);
      } else if (line === ":") {
        if (proven) this.owner.beat();
        else {
          this.within();
          this.owner.proven();
        }
        proven = true;
        this.owner.heard();
      }
    }
    this.end({ why: "the stream broke off" });
  }
};
async function* lines(body) {
  const reader = body.getReader();
  const decoder = new TextDecoder();
  let rest = "";
  for (; ; ) {
    const { done, value } = await reader.read();
    if (done) return;
    const parts = (rest + decoder.decode(value, { stream: true })).split("\n");
    rest = parts.pop() ?? "";
    yield* parts;
  }
}

// sdk/src/connection.ts
var BYE_TIMEOUT = 2e3;
var makers = {
  websocket: SocketCarrier,
  stream: StreamCarrier,
  poll: PollCarrier
};
var Connection = class {
  /** What carries it. */
  name;
  /** The server's welcome; there once `open` has resolved. */
  welcome;
  /** How it ended, once it has. */
  fate;
  /** Whether what the server says comes through in time. */
  proven = false;
  #url;
  #owner;
  #carrier;
  #closed = deferred();
  #pending = /* @__PURE__ */ new Map();
  #lastID = 0;
  #pacer;
  #heartbeat;
  #leaving = false;
  /** `url` is what the carriers' paths begin with. */
  constructor(name2, url, owner) {
    this.name = name2;
    this.#url = url;
    this.#owner = owner;
  }
  /** Connects, says hello and waits for the welcome. */
  async open(hello, signal) {
    const frame = {
      type: "hello",
      versions: [VERSION],
      ...hello,
      capabilities: { [CAPABILITY_ROLLBACK]: true }
    };
    await this.request(frame, `hello to ${this.#url}`, signal);
  }
  /**
   * Sends a frame that has an answer, and waits for that: a frame with its id, or `settle`. Rejects with the server's error,
   * `message-too-large`, or what ended the connection. `sent` is told the id.
   */
  async request(frame, what, signal, sent) {
    checkAborted(signal, what);
    if (this.fate || this.#leaving) throw new BeckonError("closed", `${what}: the connection is closed`);
    const id = ++this.#lastID;
    const answer = deferred();
    const text = encode({ ...frame, id });
    this.#pending.set(id, answer);
    if (this.#pacer) this.#pacer.push(this.#fitting(frame.type, text));
    else this.#begin(text);
    sent?.(id);
    return abortable(answer.promise, signal, what, () => this.#pending.delete(id));
  }
  /** Says that a request has been answered, by an event. */
  settle(id) {
    this.#pending.get(id)?.resolve(void 0);
    this.#pending.delete(id);
  }
  /** Asks the owner for frames, at the pace that the server allows. */
  wake() {
    if (!this.fate && !this.#leaving) this.#pacer?.wake();
  }
  /** Sends a frame past those that wait. */
  urgent(frame) {
    if (!this.fate && !this.#leaving) this.#carrier?.send(encode(frame));
  }
  /** Finds out whether the connection lives, without waiting for the next heartbeat. */
  probe() {
    if (!this.#leaving) this.#heartbeat?.probe();
  }
  /**
   * Says bye and waits until the server has closed the connection, for a moment at most. May be called again. `hurry`: the page ends, so
   * what cannot go with the bye does not go.
   */
  async close(hurry) {
    this.#bye(hurry);
    const timer = setTimeout(() => this.#end(void 0), BYE_TIMEOUT);
    await this.#closed.promise;
    clearTimeout(timer);
  }
  /** Ends the connection without a bye: the session goes on, on another one. */
  drop(error) {
    this.#end(error, true);
  }
  #bye(hurry) {
    if (this.fate || this.#leaving) return;
    this.#leaving = true;
    this.#heartbeat?.stop();
    if (!this.#carrier) return this.#end(void 0);
    this.#pacer?.flush();
    this.#carrier.finish(encode({ type: "bye" }), hurry);
  }
  #begin(hello) {
    try {
      this.#carrier = new makers[this.name](this.#url, hello, {
        frame: (text) => this.#received(text),
        heard: () => this.#heartbeat?.heard(),
        beat: () => this.#heartbeat?.beat(),
        writable: () => this.wake(),
        proven: () => {
          this.proven = true;
          this.#owner.proven();
        },
        ended: (ending) => this.#lost(ending)
      });
    } catch (error) {
      this.#lost(failureOf(error));
    }
  }
  #received(data) {
    if (this.fate) return;
    this.#heartbeat?.heard();
    let frame;
    try {
      if (typeof data !== "string") throw new BeckonError("bad-frame", "The server sent a binary frame.");
      frame = decode(data);
    } catch (error) {
      if (!(error instanceof BeckonError) || error.code !== "unknown-type") this.#garbled(error);
      return;
    }
    this.#handle(frame);
  }
  #handle(frame) {
    switch (frame.type) {
      case "welcome":
        this.#welcomed(frame);
        break;
      case "ping":
        this.urgent({ type: "pong", ...frame.t === void 0 ? {} : { t: frame.t } });
        return;
      case "error":
        if (!this.#refused(frame)) this.#owner.frame(frame);
        return;
      default:
        this.#owner.frame(frame);
    }
    const id = "id" in frame ? frame.id ?? 0 : 0;
    this.#pending.get(id)?.resolve(frame);
    this.#pending.delete(id);
  }
  #welcomed(welcome) {
    if (this.#pacer) return this.#garbled(new BeckonError("bad-frame", "The server said welcome twice."));
    this.welcome = welcome;
    const next = () => {
      const frame = this.#owner.next();
      return frame && encode(frame);
    };
    const carrier = this.#carrier;
    this.#pacer = new Pacer(welcome.limits, { send: (text) => carrier.send(text), free: () => carrier.free, next });
    this.#heartbeat = new Heartbeat({
      ...welcome.heartbeat,
      ping: () => {
        if (!this.#owner.beat()) this.urgent({ type: "ping" });
      },
      dead: () => {
        if (carrier.again()) return this.probe();
        this.#end(new BeckonError("connection-lost", `${this.#url}: nothing was heard from the server.`), true, true);
      }
    });
  }
  /**
   * Takes a frame that makes no sense for a loss of the connection: if it was left out, what it said would be missing without
   * anybody knowing, but another connection gets the log from here on. An app is not told why, so its developer is.
   */
  #garbled(error) {
    const lost2 = new BeckonError("connection-lost", `${this.#url}: what the server sent is malformed. ${error.message}`, { cause: error });
    console.warn(lost2.message);
    this.drop(lost2);
  }
  /** Whether an error is the answer to a request. */
  #refused(frame) {
    const pending = this.#pending.get(frame.id ?? 0);
    this.#pending.delete(frame.id ?? 0);
    pending?.reject(new BeckonError(frame.code, frame.message, { retryAfter: frame.retryAfter }));
    return pending !== void 0;
  }
  #fitting(type, text) {
    const limit = this.welcome.limits.frame;
    if (byteLength(text, limit) <= limit) return text;
    throw new BeckonError("message-too-large", `${type}: the server takes frames of up to ${limit} bytes.`);
  }
  #lost({ why, code, refusal, blocked, cause }) {
    if (this.#leaving) return this.#end(void 0);
    if (refusal) return this.#end(refusal, true);
    const known = Object.values(closeCodes).find((row) => row.code === code);
    if (code !== void 0 && known) return this.#end(this.#closeError(code, known.text), reconnect(code));
    const error = new BeckonError(this.welcome ? "connection-lost" : "connect-failed", why, { cause });
    this.#end(error, code === void 0 || reconnect(code), true, blocked);
  }
  #closeError(closed, why) {
    const final = {
      [closeCodes.unauthorized.code]: "unauthorized",
      [closeCodes["token-expired"].code]: "unauthorized",
      [closeCodes["too-many-peers"].code]: "too-many-peers",
      [closeCodes["unsupported-version"].code]: "unsupported",
      [closeCodes.kicked.code]: "kicked",
      [closeCodes.revoked.code]: "revoked"
    };
    const code = final[closed] ?? (this.welcome ? "connection-lost" : "connect-failed");
    const hint2 = reconnect(closed) || code === "kicked" ? "" : " Joining again will not help.";
    return new BeckonError(code, `${this.#url}: ${why}${hint2}`);
  }
  #end(error, again = false, strange = false, blocked = false) {
    if (this.fate) return;
    this.fate = { error, again, strange, blocked };
    this.#heartbeat?.stop();
    this.#pacer?.stop();
    this.#carrier?.drop();
    const rejection = error ?? new BeckonError("closed", "The room is closed.");
    for (const pending of this.#pending.values()) pending.reject(rejection);
    this.#pending.clear();
    this.#closed.resolve();
    this.#owner.ended(this.fate);
  }
};

// sdk/src/ladder.ts
var MEMORY = 6e5;
var YOUNG = 1e4;
var STRIKES = 2;
var remembered = /* @__PURE__ */ new Map();
var Ladder = class {
  #url;
  #carriers;
  /** Those that have failed since one worked, and why. */
  #failed = /* @__PURE__ */ new Map();
  #worked;
  #strikes = 0;
  /** Throws a TypeError for carriers that there are not. */
  constructor(url, carriers = CARRIERS) {
    if (carriers.length === 0 || !carriers.every((name2) => CARRIERS.includes(name2))) {
      throw new TypeError(`join: carriers is a list of ${CARRIERS.join(", ")}`);
    }
    this.#url = url;
    this.#carriers = [...new Set(carriers)];
  }
  /** The one to take now. */
  get current() {
    const left = this.#carriers.filter((name2) => !this.#failed.has(name2));
    const winner = recall(this.#url);
    return left.find((name2) => name2 === winner) ?? left[0];
  }
  /** It brought us into the room, and what the server says comes through in time. */
  works(name2) {
    this.#failed.clear();
    if (this.#worked !== name2) this.#strikes = 0;
    this.#worked = name2;
    if (recall(this.#url) !== name2) remember(this.#url, name2);
  }
  /** It did not get us into the room. Returns undefined if another one is to be tried now, else why to give up for the moment. */
  failed(name2, error) {
    if (name2 === this.#worked && ++this.#strikes < STRIKES) return error;
    this.#failed.set(name2, error);
    if (this.#failed.size < this.#carriers.length) return void 0;
    const all = this.#hopeless();
    this.reset();
    return all;
  }
  /** It had brought us into the room and has ended after so many milliseconds, by nobody's word. */
  died(name2, lasted, error, blocked) {
    this.#strikes = lasted < YOUNG ? this.#strikes + 1 : 0;
    if (!blocked && this.#strikes < STRIKES) return;
    this.#failed.set(name2, error);
    if (this.#failed.size === this.#carriers.length) this.reset();
  }
  /** Begins anew: all have failed, or the server itself has spoken, and that is then not the carrier's fault. */
  reset() {
    this.#failed.clear();
    this.#strikes = 0;
  }
  #hopeless() {
    const tried = [...this.#failed].map(([name2, { message }]) => `${name2}: ${message}`);
    const question = hint(this.#url, tried.some((why) => why.includes("status")));
    return new BeckonError("connect-failed", `Cannot connect to ${this.#url}. ${tried.join("; ")}. ${question}`, {
      cause: [...this.#failed.values()]
    });
  }
};
function hint(url, answered) {
  if (answered) return "Something answers: is it a Beckon server, and does a proxy before it pass on what begins with /v1/?";
  const page = globalThis.location;
  if (!page || page.host === new URL(url).host) return "Is a Beckon server there?";
  return `Is a Beckon server there, does it allow pages of ${page.origin} (--allow-origin), and does the page's Content-Security-Policy (connect-src) allow the server?`;
}
var key = (url) => `beckon-carrier ${url}`;
function remember(url, name2) {
  const entry = `${name2} ${Date.now()}`;
  try {
    localStorage.setItem(key(url), entry);
  } catch {
    remembered.set(url, entry);
  }
}
function recall(url) {
  let entry;
  try {
    entry = localStorage.getItem(key(url));
  } catch {
    entry = remembered.get(url);
  }
  const [name2, at] = (entry ?? "").split(" ");
  const age = Date.now() - Number(at);
  return age >= 0 && age < MEMORY ? name2 : void 0;
}

// sdk/src/tokens.ts
var Tokens = class {
  /** The one to show; undefined if there is none, or the last one is not good any more. */
  current;
  #get;
  /** Whether the current one is new, and the server has not yet said that it is good. */
  #untried = false;
  constructor(source) {
    if (typeof source === "function") this.#get = source;
    else this.current = source;
  }
  /** Whether a fresh one can be had. */
  get renewable() {
    return this.#get !== void 0;
  }
  /** Gets a fresh one. Rejects with `connect-failed` if the app has none, or with what `signal` was aborted with. */
  async renew(signal) {
    const get = this.#get;
    if (!get) return void 0;
    try {
      this.current = await abortable((async () => get())(), signal, "get a token");
    } catch (error) {
      throw asBeckonError(error, "connect-failed", "get a token");
    }
    this.#untried = true;
    return this.current;
  }
  /** The server has taken it, or the session has gone on without that: one that ends then is followed by another. */
  accepted() {
    this.#untried = false;
  }
  /** The server has refused it. Returns whether to come back with a fresh one. */
  refused() {
    return !this.#untried && this.expired();
  }
  /** The one that the server had has expired. Returns whether to come back: with a fresh one that is on its way already, or another. */
  expired() {
    if (!this.#get) return false;
    if (!this.#untried) this.current = void 0;
    return true;
  }
};

// sdk/src/session.ts
var ATTEMPT_TIMEOUT = 1e4;
var STALE_ATTEMPT = 3e3;
var LASTING = 1e3;
var PASSING = ["connect-failed", "connection-lost", "rate-limited", "going-away", "too-many-rooms", "internal", "busy"];
var Session = class {
  /** The newest welcome; there once `open` has got so far. */
  welcome;
  /** The newest ICE servers; they are replaced before their credentials expire. */
  iceServers = [];
  /** Names this session to the others. */
  instance = newInstance();
  #url;
  #tokens;
  #owner;
  #ladder;
  #backoff = new Backoff(() => void this.#reconnect());
  #connection;
  /** When it brought this into the room, by performance.now. */
  #since = 0;
  /** Stops the clock of the attempt to connect that is going on. */
  #attempt;
  /** When it began, as of performance.now. */
  #attempted = 0;
  /** The attempt that is being given up is followed by another at once. */
  #hurry = false;
  #resume;
  #moving;
  /** Runs until the connection has lasted. */
  #lasting;
  /** Whether the session has been in the room. */
  #entered = false;
  #unlisten = () => {
  };
  #leaving = false;
  #over = false;
  /** `url` is what the carriers' URLs begin with. Throws a TypeError for carriers that there are not. */
  constructor(url, { token, carriers }, owner) {
    this.#url = url;
    this.#tokens = new Tokens(token);
    this.#owner = owner;
    this.#ladder = new Ladder(url, carriers);
  }
  /** What carries the connection that there is. */
  get carrier() {
    return this.#connection?.name;
  }
  /** Gets into the room for the first time. Rejects with why that did not work, and is over then. */
  async open(signal) {
    await this.#getIn(signal);
    this.#entered = true;
    this.#unlisten = listenForWake(() => this.#woken());
  }
  /** As a Connection's. Rejects with `connection-lost` while there is none. */
  async request(...args) {
    if (!this.#connection) throw new BeckonError("connection-lost", `${args[1]}: there is no connection`);
    return this.#connection.request(...args);
  }
  /** As a Connection's. */
  settle(id) {
    this.#connection?.settle(id);
  }
  /** As a Connection's. */
  wake() {
    this.#connection?.wake();
  }
  /** As a Connection's. */
  urgent(frame) {
    this.#connection?.urgent(frame);
  }
  /** As a Connection's. Without one, there is nothing to say. */
  async close(hurry = false) {
    this.#stop();
    if (this.#connection) await this.#connection.close(hurry);
    this.#end(void 0);
  }
  #connect() {
    const connection = new Connection(this.#ladder.current, this.#url, {
      frame: (frame) => connection === this.#connection && this.#handle(frame),
      next: () => connection === this.#connection ? this.#owner.next() : void 0,
      beat: () => connection === this.#connection && this.#owner.beat(),
      proven: () => connection === this.#connection && !this.#attempt && this.#ladder.works(connection.name),
      ended: (fate) => connection === this.#connection && !this.#attempt && this.#ended(connection, fate)
    });
    return this.#connection = connection;
  }
  /** Gets into the room, by one carrier after another until one does. Rejects with why none did. */
  async #getIn(signal) {
    while (!await this.#tryIn(signal)) ;
  }
  /** Tries to get into the room. Returns whether that is done, or is to be tried again at once. */
  async #tryIn(outer) {
    const resume = this.#resume;
    if (resume === void 0) this.instance = newInstance();
    const late = () => new BeckonError("connect-failed", `no answer within ${ATTEMPT_TIMEOUT / 1e3} s`);
    const limit = deadline(outer, ATTEMPT_TIMEOUT, late);
    this.#attempt = limit.clear;
    this.#attempted = performance.now();
    let connection;
    try {
      if (this.#tokens.current === void 0 && this.#tokens.renewable) {
        await this.#tokens.renew(limit.signal);
        if (this.#leaving) return true;
      }
      connection = this.#connect();
      await this.#hello(connection, limit.signal);
      if (this.#leaving) return true;
      if (resume !== void 0 && !this.welcome.resumed) return this.#begone(connection);
      await this.#owner.enter(limit.signal);
      if (connection.fate) throw connection.fate.error;
      this.#since = performance.now();
      if (connection.proven) this.#ladder.works(connection.name);
      return true;
    } catch (thrown) {
      const error = asBeckonError(thrown, "connect-failed", this.#url);
      if (!connection) throw error;
      return this.#kept(connection, error, limit.signal.aborted && !outer?.aborted);
    } finally {
      limit.clear();
      this.#attempt = void 0;
    }
  }
  /** Decides what comes of a failure to get in: another carrier, or this error. */
  #kept(connection, error, late) {
    if (this.#leaving) throw error;
    const { fate } = connection;
    if (error.code === "unauthorized" && this.#tokens.refused()) {
      this.#fell();
      return false;
    }
    if (!(fate ? fate.strange : late)) {
      this.#ladder.reset();
      if (fate && !fate.again && this.#entered) this.#end(error);
      throw error;
    }
    const why = this.#ladder.failed(connection.name, error);
    this.#fell();
    if (why) throw why;
    return false;
  }
  async #hello(connection, signal) {
    const token = this.#tokens.current === void 0 ? {} : { token: this.#tokens.current };
    const resume = this.#resume === void 0 ? {} : { resume: this.#resume };
    await connection.open({ ...token, instance: this.instance, ...resume }, signal);
    this.#tokens.accepted();
    this.welcome = connection.welcome;
    this.#resume = this.welcome.resume;
    this.iceServers = this.welcome.iceServers;
  }
  #handle(frame) {
    if (frame.type === "ice") {
      this.iceServers = frame.iceServers;
      this.#resume = frame.resume ?? this.#resume;
    } else if (frame.type === "expiring") void this.#renew();
    else if (frame.type === "goaway") this.#move(frame.within);
    else this.#owner.frame(frame);
  }
  /** Hands in a fresh token before the old one expires. If there is none, the server ends the connection then, and that is heard of. */
  async #renew() {
    try {
      const token = await this.#tokens.renew();
      if (token === void 0) return;
      await this.request({ type: "token", token }, "hand in a fresh token", void 0).finally(() => this.#tokens.accepted());
    } catch {
    }
  }
  /** Leaves a server that is about to end, at a moment of its window: not all of its clients are to come at the same one. */
  #move(within) {
    if (!this.#entered || this.#attempt || this.#moving !== void 0) return;
    this.#moving = setTimeout(() => {
      this.#fell();
      void this.#reconnect();
    }, Math.random() * within);
  }
  #ended(connection, { error, again, strange, blocked }) {
    const renewing = error?.code === "unauthorized" && (connection.welcome ? this.#tokens.expired() : this.#tokens.refused());
    if (!this.#entered || !error || !(again || renewing)) return this.#end(error);
    if (strange) this.#ladder.died(connection.name, performance.now() - this.#since, error, blocked);
    this.#fell();
    if (blocked) void this.#reconnect();
    else this.#backoff.next(this.welcome.grace);
  }
  /** Lets go of the connection. */
  #fell() {
    const connection = this.#connection;
    this.#connection = void 0;
    clearTimeout(this.#moving);
    this.#moving = void 0;
    clearTimeout(this.#lasting);
    connection?.drop(new BeckonError("connection-lost", `${this.#url}: the connection is given up for another one.`));
    this.#attempt?.();
    this.#owner.lost();
  }
  /** The page is awake, or the network back: a moment to try, or to see whether what there is still lives. */
  #woken() {
    if (this.#backoff.now()) return;
    const stale = this.#entered && this.#attempt && performance.now() - this.#attempted >= STALE_ATTEMPT;
    if (!stale) return this.#connection?.probe();
    this.#hurry = true;
    this.#connection?.drop(new BeckonError("connection-lost", `${this.#url}: an attempt that hangs is begun anew.`));
  }
  async #reconnect() {
    this.#hurry = false;
    try {
      await this.#getIn();
      if (!this.#leaving) this.#lasting = setTimeout(() => this.#backoff.reset(), LASTING);
    } catch (error) {
      if (!this.#leaving && !this.#over) this.#refused(error);
    }
  }
  /** The server does not know this session any more, so it begins anew. */
  #begone(connection) {
    this.#resume = void 0;
    this.#connection = void 0;
    void connection.close(false);
    return false;
  }
  /** The server did not let this session in, or did not answer. */
  #refused(error) {
    if (PASSING.includes(error.code)) {
      this.#fell();
      if (this.#hurry) void this.#reconnect();
      else this.#backoff.next(this.welcome.grace, error.retryAfter);
    } else {
      void this.#connection?.close(false);
      this.#end(error);
    }
  }
  /** Tries no more. */
  #stop() {
    this.#leaving = true;
    this.#backoff.stop();
    clearTimeout(this.#moving);
    clearTimeout(this.#lasting);
    this.#attempt?.();
    this.#unlisten();
  }
  #end(error) {
    if (this.#over) return;
    this.#over = true;
    this.#stop();
    this.#owner.ended(error);
  }
};

// sdk/src/updates.ts
var MAX_UPDATES = 64;
var Updates = class {
  #room;
  #host;
  #newest;
  /** Those of the last join. */
  #joined;
  #last = Promise.resolve();
  /** The request that is under way. */
  #id = 0;
  /** What it asks for, as JSON; undefined while there is none. */
  #asked;
  #waiting = 0;
  #rejoining;
  #over;
  constructor(room2, attributes, host) {
    this.#room = room2;
    this.#host = host;
    this.#newest = attributes;
  }
  /** What the join says of them that is being made now. */
  join() {
    if (this.#joined === void 0 && this.#newest !== void 0) this.#newest = copyOf(this.#newest);
    this.#joined = this.#newest;
    return this.#newest === void 0 ? {} : { attributes: this.#newest };
  }
  /**
   * Replaces them, and waits until the others see that. What the server would refuse is refused here: said by a rejoining, it would
   * be the end of the room.
   */
  async add(attributes, signal) {
    const what = `update in ${this.#room}`;
    const copy = this.#fitting(attributes, what);
    if (this.#waiting >= MAX_UPDATES) throw new BeckonError("overflow", `${what}: ${MAX_UPDATES} wait for the server already.`);
    this.#waiting++;
    const run = this.#last.then(() => {
      checkAborted(signal, what);
      return this.#replace(copy, what);
    });
    const done = () => void this.#waiting--;
    this.#last = run.then(done, done);
    await abortable(run, signal, what);
  }
  /**
   * The room shows this peer with these attributes: by an event, which answers an update, or in a snapshot, when the event was missed
   * with others. They are compared, because the event of an update that a snapshot has answered may yet come.
   */
  shown(attributes) {
    if (this.#asked === JSON.stringify(attributes ?? {})) this.#host.settle(this.#id);
  }
  /** The room has answered a join, completely. */
  rejoined() {
    this.#rejoining?.resolve();
    this.#rejoining = void 0;
  }
  /** There will be no rejoining. */
  end(error) {
    this.#over = error;
    this.#rejoining?.reject(error);
  }
  async #replace(attributes, what) {
    const before = this.#newest;
    this.#newest = attributes;
    while (!await this.#requested(attributes, what, before)) {
      if (this.#over) throw this.#over;
      await (this.#rejoining ??= deferred()).promise;
      if (this.#joined === attributes) return;
    }
  }
  #fitting(attributes, what) {
    const text = JSON.stringify(attributes);
    if (!text?.startsWith("{")) throw new TypeError("update: the attributes are an object");
    const { limit } = this.#host;
    if (limit > 0 && byteLength(text, limit) > limit) {
      throw new BeckonError("message-too-large", `${what}: the server takes attributes of up to ${limit} bytes.`);
    }
    return JSON.parse(text);
  }
  /** Whether the server has taken them; false means that the connection was lost. */
  async #requested(attributes, what, before) {
    try {
      await this.#host.request({ type: "update", room: this.#room, attributes }, what, void 0, (id) => {
        this.#id = id;
        this.#asked = JSON.stringify(attributes);
      });
      return true;
    } catch (error) {
      if (error instanceof BeckonError && error.code === "connection-lost") return false;
      this.#newest = before;
      throw error;
    } finally {
      this.#asked = void 0;
    }
  }
};
function copyOf(attributes) {
  return JSON.parse(JSON.stringify(attributes));
}

// sdk/src/room.ts
var Room = class extends typedEventTarget() {
  /** The room's name. */
  name;
  /** Resolves when the room is closed: with undefined if `close` did it, else with the reason. */
  closed;
  #options;
  #session;
  #members;
  #connected = new PullQueue("accept");
  #ended = deferred();
  #updates;
  #state = "joined";
  #topology;
  #closing;
  #unlisten = () => {
  };
  #delivery;
  #host;
  /** @internal `_enter` connects. Throws a TypeError for options that cannot be meant. */
  constructor(url, name2, options) {
    super();
    this.name = name2;
    this.closed = this.#ended.promise;
    this.#options = options;
    this.#topology = options.topology;
    const session = this.#session = new Session(url, options, {
      enter: (signal) => this.#enter(signal),
      lost: () => this.#lost(),
      frame: (frame) => this.#handle(frame),
      next: () => this.#delivery?.next(),
      beat: () => this.#delivery?.beat() ?? false,
      ended: (error) => this.#end(error)
    });
    this.#members = this.#gathered();
    this.#updates = new Updates(name2, options.attributes, {
      request: async (...args) => {
        if (this.#state === "reconnecting") throw new BeckonError("connection-lost", `${args[1]}: reconnecting`);
        return this.#session.request(...args);
      },
      settle: (id) => this.#session.settle(id),
      get limit() {
        return session.welcome.limits.attributes;
      }
    });
  }
  /** This peer's own id. It is another one if the server had to take this peer for a new one after a lost connection. */
  get id() {
    return this.#delivery?.peer ?? "";
  }
  /** How it stands with the server. */
  get state() {
    return this.#state;
  }
  /** What carries what is said to the server and back; undefined while there is no connection to it. */
  get carrier() {
    return this.#state === "joined" ? this.#session.carrier : void 0;
  }
  /** The other members by id, in the order of their joining; connected or not. It changes as they come and go. */
  get peers() {
    return this.#members.peers;
  }
  /** Takes the next peer that is connected, each once, waiting for it. Rejects with `closed`, or with why the room ended. */
  async accept({ signal } = {}) {
    return this.#connected.pull(signal);
  }
  /** All peers as they get connected, as from `accept`, until the room is closed in order; throws if it is lost. */
  [Symbol.asyncIterator]() {
    return this.#connected.iterate();
  }
  /**
   * Says something to all other members, connected or not: any JSON value. Resolves when it has its place in the room's log, which
   * all see in the same order; it waits for the server if that is out of reach. Rejects with `message-too-large`, `overflow` (512 are
   * on their way), `forbidden`, `closed`, `aborted`, `connection-lost` (the server does not know this peer any more, and nobody
   * whether it has arrived), or what ended the room. Giving up does not take back what was said.
   */
  async send(data, { signal } = {}) {
    const what = `send to ${this.name}`;
    checkAborted(signal, what);
    this.#checkOpen();
    if (JSON.stringify(data) === void 0) throw new TypeError("send: the data has no JSON form");
    await abortable(this.#delivery.say(data), signal, what);
  }
  /**
   * Replaces this peer's attributes. Resolves when the others see them. Rejects with `rate-limited`, `message-too-large` (the server's
   * limit for attributes), `overflow` (64 wait already), `closed`, `aborted`, or what ended the room.
   */
  async update(attributes, { signal } = {}) {
    checkAborted(signal, `update in ${this.name}`);
    this.#checkOpen();
    await this.#updates.add(attributes, signal);
  }
  /**
   * Connects to a peer and resolves when that is done. In a room of topology `none` this is how connections are made; in a mesh
   * it waits for the one that is being made. Rejects with `unknown-peer`, `mesh-full`, `connect-failed`, `closed` (a connection
   * that has ended is not made again) or `aborted`.
   */
  async connect(id, { signal } = {}) {
    checkAborted(signal, `connect to ${id}`);
    this.#checkOpen();
    const peer = this.#members.peers.get(id);
    if (!peer) throw new BeckonError("unknown-peer", `connect to ${id}: no such peer is in ${this.name}`);
    if (peer.state === "waiting" && this.#topology === "mesh" && !this.#members.meshed(id)) {
      throw new BeckonError("mesh-full", `connect to ${id}: the first ${this.#session.welcome.limits.mesh} members of ${this.name} connect`);
    }
    await peer._connect(signal);
    return peer;
  }
  /**
   * Leaves the room: what was sent on channels is delivered, connections are closed, the others see that this peer left. Resolves
   * when all is done. May be called again.
   */
  close() {
    return this.#closing ??= this.#shut();
  }
  async #shut() {
    await Promise.all([...this.#members.peers.values()].map((peer) => peer.close()));
    await this.#session.close();
  }
  /** @internal Says hello and joins. */
  async _enter(signal) {
    await this.#session.open(signal);
    globalThis.addEventListener?.("pagehide", this.#pageHidden);
    this.#unlisten = listenForNetwork(() => this.peers.forEach((peer) => peer._moved()));
  }
  /** @internal Gives up an attempt to join. */
  _abandon(hurry = false) {
    void this.#session.close(hurry);
    this.#end(void 0);
  }
  /** A page that goes away has no time for manners, but a goodbye spares the others the wait for a timeout. */
  #pageHidden = (event) => {
    if (event.persisted) return;
    for (const peer of this.peers.values()) peer._bye();
    this._abandon(true);
  };
  #checkOpen() {
    if (this.#closing || this.#state === "closed") throw new BeckonError("closed", `The room ${this.name} is closed.`);
  }
  /** Joins, for the first time or again. */
  async #enter(signal) {
    const { welcome, instance: instance2 } = this.#session;
    if (this.#delivery?.peer !== welcome.peer || this.#delivery.instance !== instance2) this.#begin();
    await this.#session.request(
      {
        type: "join",
        room: this.name,
        ...this.#updates.join(),
        ...this.#topology === void 0 ? {} : { topology: this.#topology },
        ...this.#delivery?.place
      },
      `join ${this.name}`,
      signal
    );
  }
  /** Begins as the peer that the server's welcome names. To all others it is a new one, so they are to it. */
  #begin() {
    const { welcome, instance: instance2 } = this.#session;
    const before = this.#delivery;
    this.#delivery = new Delivery(this.name, instance2, welcome, {
      wake: () => this.#session.wake(),
      urgent: (frame) => this.#session.urgent(frame),
      happened: (happenings) => this.#members.apply(happenings)
    });
    this.#host = this.#hostAs({ peer: welcome.peer, instance: instance2, capabilities: { [CAPABILITY_ROLLBACK]: true }, joined: 0 });
    if (!before) return;
    before.close(new BeckonError("connection-lost", `The server of ${this.name} does not know this peer any more.`));
    this.#members.forget();
  }
  #hostAs(self) {
    const room2 = this;
    const { connectTimeout = 3e4, iceServers: iceServers2, iceTransportPolicy, reports = true } = this.#options;
    return {
      self,
      connectTimeout,
      get joined() {
        return room2.#state === "joined";
      },
      configuration: () => ({
        iceServers: iceServers2 ?? this.#session.iceServers,
        ...iceTransportPolicy === void 0 ? {} : { iceTransportPolicy }
      }),
      get report() {
        if (!reports || !room2.#session.welcome.limits.reports) return void 0;
        return (report) => {
          if (room2.#state === "joined") room2.#session.urgent({ type: "report", ...report });
        };
      },
      say: (peer, data) => this.#say(peer, data),
      connected: (peer) => {
        this.#connected.push(peer);
        this.dispatchEvent(new PeerEvent("connected", peer));
      },
      // An app that listens to events never accepts: those who come and go must not pile up, each with its RTCPeerConnection.
      ended: (peer) => this.#connected.remove(peer)
    };
  }
  #lost() {
    this.#members.behind();
    this.#delivery?.lost();
    this.#become("reconnecting");
  }
  #become(state) {
    if (this.#state === state || this.#state === "closed") return;
    this.#state = state;
    for (const peer of this.peers.values()) peer._reach();
    this.dispatchEvent(new Event("state"));
  }
  #handle(frame) {
    if (this.#state === "closed") return;
    if (frame.type === "joined" && frame.room === this.name) {
      this.#topology = frame.topology;
      this.#members.behind();
    }
    if (frame.type === "error" && frame.code.startsWith("relay-")) {
      this.dispatchEvent(new LimitEvent(new BeckonError(frame.code, frame.message)));
    } else this.#delivery?.received(frame);
  }
  #gathered() {
    const room2 = this;
    return new Members({
      get host() {
        return room2.#host;
      },
      get delivery() {
        return room2.#delivery;
      },
      get topology() {
        return room2.#topology ?? "mesh";
      },
      get meshLimit() {
        return room2.#session.welcome.limits.mesh;
      },
      dispatchEvent: (event) => this.dispatchEvent(event),
      own: (happening2) => this.#own(happening2),
      synced: () => {
        this.#updates.shown(this.#delivery?.members.find(({ peer }) => peer === this.id)?.attributes);
        this.#updates.rejoined();
        return () => this.#become("joined");
      }
    });
  }
  /** What the log says of this peer itself are answers; but for `left`, which it did not ask for. */
  #own(happening2) {
    if (happening2.effect === "updated") this.#updates.shown(happening2.member.attributes);
    if (happening2.effect !== "left" || this.#closing) return void 0;
    return () => {
      void this.#session.close();
      this.#end(new BeckonError("connection-lost", `The server took this peer out of ${this.name}.`));
    };
  }
  /** Sends a signal; one who has left is told nothing any more. */
  async #say(peer, data) {
    if (this.#state === "closed") throw new BeckonError("closed", `signal to ${peer.id}: the room ${this.name} is closed`);
    await this.#delivery.send({ peer: peer.id, instance: peer.instance }, data);
  }
  #end(error) {
    if (this.#state === "closed") return;
    this.#state = "closed";
    globalThis.removeEventListener?.("pagehide", this.#pageHidden);
    this.#unlisten();
    for (const peer of this.#members.peers.values()) peer._end(error);
    this.#connected.end(error);
    const closed = error ?? new BeckonError("closed", `The room ${this.name} is closed.`);
    this.#updates.end(closed);
    this.#delivery?.close(closed);
    this.#ended.resolve(error);
    this.dispatchEvent(new EndEvent(error));
  }
};

// sdk/src/url.ts
function parseURL(link) {
  const url = httpURL(link);
  const found = /^(.*)\/r\/([^/]*)\/?$/.exec(url.pathname);
  if (!found) throw new BeckonError("bad-url", `${url.href} is no room link: it should end in /r/ROOM.`);
  const [, path = "", room2 = ""] = found;
  return { server: url.origin + path, room: checkRoom(room2) };
}
function carrierURL(server) {
  const url = httpURL(server);
  if (/\/r\/[^/]*\/?$/.test(url.pathname)) {
    throw new BeckonError("bad-url", `${url.href} is a room link; parseURL takes it apart into server and room.`);
  }
  url.pathname = url.pathname.replace(/\/*$/, "/v1/");
  url.search = url.hash = "";
  return url.href;
}
function checkRoom(name2) {
  if (validRoom(name2)) return name2;
  throw new BeckonError(
    "bad-room",
    `${JSON.stringify(name2.slice(0, 80))} is not a room name: 1 to 64 letters, digits and . _ ~ -, the first a letter or digit.`
  );
}
function httpURL(text) {
  let url;
  try {
    url = new URL(text);
  } catch (cause) {
    throw new BeckonError("bad-url", `${JSON.stringify(String(text))} is not a URL; use http(s)://HOST.`, { cause });
  }
  if (url.protocol === "ws:" || url.protocol === "wss:") url = new URL(url.href.replace("ws", "http"));
  if (url.protocol !== "http:" && url.protocol !== "https:") {
    throw new BeckonError("bad-url", `${url.protocol} is none of http:, https:, ws: and wss:.`);
  }
  if (url.username || url.password) {
    throw new BeckonError("bad-url", "The server's URL holds a user or password; hand in a token instead.");
  }
  return url;
}

// sdk/src/join.ts
var NEEDED = ["RTCPeerConnection", "crypto"];
async function join(url, room2, options = {}) {
  const missing = NEEDED.filter((name2) => !(name2 in globalThis));
  if (missing.length > 0) {
    throw new BeckonError("unsupported", `This environment has no ${missing.join(" and no ")}, which connecting to peers needs.`);
  }
  const base = carrierURL(url);
  checkRoom(room2);
  checkAborted(options.signal, `join ${room2}`);
  const { connectTimeout = 3e4 } = options;
  const late = () => new BeckonError("connect-failed", `join ${room2}: no answer from ${base} in ${connectTimeout / 1e3} s`);
  const joining = new Room(base, room2, options);
  const limit = deadline(options.signal, connectTimeout, late);
  try {
    await joining._enter(limit.signal);
    return joining;
  } catch (error) {
    joining._abandon();
    throw error;
  } finally {
    limit.clear();
  }
}
export {
  BeckonError,
  EndEvent,
  LeftEvent,
  LimitEvent,
  PeerEvent,
  RoomMessageEvent,
  SignalEvent,
  join,
  parseURL,
  validRoom
};
//# sourceMappingURL=beckon.js.map
