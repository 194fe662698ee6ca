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
  "aborted": "The caller gave up: its signal was aborted or its context ended.",
  "bad-url": "The server's URL or the room's name is not valid.",
  "closed": "The room, peer or channel is closed.",
  "connect-failed": "No connection could be made.",
  "connection-lost": "An open connection ended unexpectedly.",
  "mesh-full": "The room is a full mesh of as many members as it may connect; this peer is beyond them.",
  "message-too-large": "The message is larger than the other side accepts.",
  "overflow": "The reader was too slow: what waited to be read or accepted passed its bound.",
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
  "too-many-errors": { code: 4506, text: "The client kept sending frames that were refused." }
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

// sdk/src/delivery.ts
var MAX_WAITING = 256;
var RECEIPT_EVERY = 8;
var RECEIPT_DELAY = 25;
var Delivery = class {
  #room;
  #window;
  #send;
  #outboxes = /* @__PURE__ */ new Map();
  #inboxes = /* @__PURE__ */ new Map();
  #timer;
  /** `window` is how many signals to one instance may be without a receipt. `send` may throw. */
  constructor(room2, window, send) {
    this.#room = room2;
    this.#window = window;
    this.#send = send;
  }
  /**
   * Sends data to an instance, in the order of the calls. Resolves with the receipt; rejects when the server refuses it or the
   * instance is forgotten. A server drops signals to one who is away: then neither happens until it is forgotten.
   */
  send(to, data) {
    let box = this.#outboxes.get(to.instance);
    if (!box) {
      box = { to, sent: 0, inFlight: /* @__PURE__ */ new Map(), waiting: [], broken: void 0 };
      this.#outboxes.set(to.instance, box);
    }
    if (box.broken) return Promise.reject(box.broken);
    if (box.waiting.length >= MAX_WAITING) {
      return Promise.reject(new BeckonError("overflow", `${MAX_WAITING} signals to ${to.peer} wait to be received.`));
    }
    const done = deferred();
    box.waiting.push({ data, done });
    this.#fill(box);
    return done.promise;
  }
  /** Whether a signal is the next one of its sender, and so is to be handled. Doubles and what follows a gap are not. */
  accept(frame) {
    const from = { peer: frame.from, instance: frame.fromInstance };
    let box = this.#inboxes.get(from.instance);
    if (!box) {
      box = { from, accepted: 0, unanswered: 0 };
      this.#inboxes.set(from.instance, box);
    }
    if (frame.n > box.accepted + 1) return false;
    const next = frame.n === box.accepted + 1;
    if (next) box.accepted++;
    box.unanswered++;
    if (box.unanswered >= RECEIPT_EVERY) this.#answer(box);
    else this.#timer ??= setTimeout(() => this.#answerAll(), RECEIPT_DELAY);
    return next;
  }
  /** Takes a receipt: all up to its n have arrived. */
  received(frame) {
    const box = this.#outboxes.get(frame.fromInstance);
    if (!box) return;
    for (const [n, { done }] of box.inFlight) {
      if (n > frame.n) break;
      box.inFlight.delete(n);
      done.resolve();
    }
    this.#fill(box);
  }
  /** Takes the server's refusal of a signal. Those after it cannot be accepted, so they are rejected with it. */
  refused(frame, error) {
    const box = this.#outboxes.get(frame.toInstance ?? "");
    if (!box?.inFlight.has(frame.n ?? 0)) return;
    box.broken = error;
    rejectAll(box, error, frame.n);
  }
  /** Forgets an instance that is gone; what it has not received is rejected with `error`. */
  forget(instance2, error) {
    const box = this.#outboxes.get(instance2);
    this.#outboxes.delete(instance2);
    this.#inboxes.delete(instance2);
    if (box) rejectAll(box, error);
  }
  /** Forgets all instances. */
  close(error) {
    clearTimeout(this.#timer);
    for (const instance2 of [...this.#outboxes.keys()]) this.forget(instance2, error);
    this.#inboxes.clear();
  }
  #fill(box) {
    while (box.inFlight.size < this.#window) {
      const next = box.waiting.shift();
      if (!next) return;
      const { peer, instance: instance2 } = box.to;
      const n = box.sent + 1;
      try {
        this.#send({ type: "signal", room: this.#room, to: peer, toInstance: instance2, n, data: next.data });
        box.sent = n;
        box.inFlight.set(n, next);
      } catch (error) {
        next.done.reject(error);
      }
    }
  }
  #answer(box) {
    const { peer, instance: instance2 } = box.from;
    box.unanswered = 0;
    try {
      this.#send({ type: "receipt", room: this.#room, to: peer, toInstance: instance2, n: box.accepted });
    } catch {
    }
  }
  #answerAll() {
    this.#timer = void 0;
    for (const box of this.#inboxes.values()) if (box.unanswered > 0) this.#answer(box);
  }
};
function rejectAll(box, error, n = 1) {
  for (const [number, { done }] of box.inFlight) {
    if (number < n) continue;
    box.inFlight.delete(number);
    done.reject(error);
  }
  for (const { done } of box.waiting.splice(0)) done.reject(error);
}

// sdk/src/events.ts
function typedEventTarget() {
  return EventTarget;
}

// sdk/src/negotiation.ts
var MAX_KEPT = 256;
var DEFAULT_MESSAGE_SIZE = 65536;
function isNegotiation(data) {
  if (typeof data !== "object" || data === null) return false;
  return ["description", "candidate", "want"].some((key) => Object.hasOwn(data, key));
}
var Negotiation = class {
  connection;
  #peer;
  /** Both sides make it, before anything is negotiated: it puts SCTP into the first offer, and its end is the peer's goodbye. */
  #control;
  #kept = [];
  #work = Promise.resolve();
  #fault;
  #over = false;
  constructor(configuration, peer) {
    this.#peer = peer;
    const pc = this.connection = new RTCPeerConnection(configuration);
    const control = this.#control = pc.createDataChannel("beckon", { negotiated: true, id: 0, ordered: true });
    control.onopen = () => this.#peer.connected();
    control.onerror = (event) => this.#fault = event.error;
    control.onclose = () => this.#lost();
    pc.ondatachannel = (event) => this.#peer.channel(event.channel);
    pc.onicecandidate = ({ candidate }) => this.#found(candidate);
    pc.onnegotiationneeded = () => this.#needed();
    pc.onconnectionstatechange = () => {
      if (pc.connectionState === "failed") this.#fail(new BeckonError("connection-lost", "The connection failed."));
    };
  }
  /** The largest message in bytes that the other side takes. */
  get maxMessageSize() {
    return this.connection.sctp?.maxMessageSize ?? DEFAULT_MESSAGE_SIZE;
  }
  /** Takes what the other side said. */
  receive(data) {
    if (data.description) {
      const { description } = data;
      this.#do(() => this.#describe(description));
    } else if ("candidate" in data) {
      const candidate = data.candidate;
      this.#do(() => this.#add(candidate));
    } else if (data.want && this.#peer.offers) {
      this.#do(() => this.#offer());
    }
  }
  /** Tells the other side that this one is done, and resolves when it has heard, or after `ms` milliseconds. */
  async farewell(ms) {
    if (this.#control.readyState !== "open") return;
    await new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.#control.onclose = () => {
        clearTimeout(timer);
        resolve();
      };
      this.#control.close();
    });
  }
  /** Closes the connection now. */
  close() {
    this.#over = true;
    this.connection.close();
  }
  /** Runs a step after those before it. A step that throws ends this connection, and no other. */
  #do(step) {
    this.#work = this.#work.then(async () => {
      if (this.#over) return;
      try {
        await step();
      } catch (error) {
        this.#fail(asBeckonError(error, "connect-failed", "negotiation"));
      }
    });
  }
  async #offer() {
    if (this.connection.signalingState !== "stable") return;
    await this.connection.setLocalDescription();
    this.#describeSelf();
  }
  async #describe({ type, sdp }) {
    const expected = this.#peer.offers ? "answer" : "offer";
    if (type !== expected) throw new BeckonError("connect-failed", `An ${expected} was due, but the peer sent: ${type}.`);
    await this.connection.setRemoteDescription({ type: expected, sdp });
    for (const candidate of this.#kept.splice(0)) await this.#add(candidate);
    if (this.#peer.offers) return;
    await this.connection.setLocalDescription();
    this.#describeSelf();
  }
  #describeSelf() {
    const description = this.connection.localDescription;
    if (description && !this.#over) this.#peer.say({ description: { type: description.type, sdp: description.sdp } });
  }
  async #add(candidate) {
    if (!this.connection.remoteDescription) {
      if (this.#kept.length < MAX_KEPT) this.#kept.push(candidate);
      return;
    }
    try {
      await this.connection.addIceCandidate(candidate);
    } catch {
    }
  }
  #found(candidate) {
    if (this.#over || candidate?.candidate === "") return;
    this.#peer.say({ candidate: candidate === null ? null : candidate.toJSON() });
  }
  #needed() {
    if (this.#peer.offers) this.#do(() => this.#offer());
    else if (this.connection.remoteDescription) this.#peer.say({ want: true });
  }
  /** The control channel closed: the other side closed the connection, or the connection was lost. */
  #lost() {
    const fault = this.#fault;
    if (!fault || fault.sctpCauseCode === 12) this.#fail(void 0);
    else this.#fail(new BeckonError("connection-lost", fault.message, { cause: fault }));
  }
  #fail(error) {
    if (!this.#over) this.#peer.over(error);
  }
};

// sdk/src/outbox.ts
var HIGH_WATER = 1024 * 1024;
var LOW_WATER = 256 * 1024;
var MAX_WAITING2 = 64 * 1024 * 1024;
var OVERHEAD = 64;
var Outbox = class {
  #dc;
  #what;
  #waiting = [];
  #bytes = 0;
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
  /** Sends a message of `size` bytes, and resolves when the browser's buffer is low. */
  async send(data, size, signal) {
    if (this.#error) throw this.#error;
    if (this.#bytes + this.#waiting.length * OVERHEAD > MAX_WAITING2) {
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
      this.#dc.send(item.data);
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

// sdk/src/text.ts
function byteLength(text, limit) {
  const atMost = text.length * 3;
  return atMost <= limit ? atMost : new TextEncoder().encode(text).length;
}

// sdk/src/channel.ts
var MAX_UNREAD = 64 * 1024 * 1024;
var LINGER = 5e3;
var USER_INITIATED_ABORT = 12;
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
    dc.addEventListener("close", () => this._end(this.#loss()));
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
    return this.#owner.maxMessageSize();
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
    this.#unread.push(typeof data === "string" ? data : new Uint8Array(data));
    if (this.#unread.weight > MAX_UNREAD) {
      this._end(new BeckonError("overflow", `${this.#what}: more than ${MAX_UNREAD} bytes waited to be read.`));
    }
  }
  /** What the browser's close event means. */
  #loss() {
    const fault = this.#fault;
    if (!fault || fault.errorDetail === "data-channel-failure" || fault.sctpCauseCode === USER_INITIATED_ABORT) return void 0;
    return new BeckonError("connection-lost", `${this.#what}: ${fault.message}`, { cause: fault });
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

// sdk/src/path.ts
function pathOf(report) {
  const pair = selectedPair(report);
  const local = stats(report, pair?.localCandidateId);
  const remote = stats(report, pair?.remoteCandidateId);
  if (!pair || !local) return void 0;
  const relayed = local.candidateType === "relay" || remote?.candidateType === "relay";
  const spoken = (local.candidateType === "relay" ? local.relayProtocol : void 0) ?? local.protocol;
  const rtt = pair.currentRoundTripTime;
  return {
    relayed,
    protocol: spoken?.toLowerCase() === "udp" ? "udp" : "tcp",
    // "tls" is tcp underneath
    rtt: rtt === void 0 ? void 0 : rtt * 1e3
  };
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

// sdk/src/peer.ts
var MAX_UNACCEPTED = 64;
var FAREWELL = 1e3;
var Peer = class extends typedEventTarget() {
  /** Its id, unique on the server. */
  id;
  /** The random id of its SDK object: a page that was reloaded is another instance. */
  instance;
  /** Who its token said it is; "" if it is anonymous. */
  identity;
  /** Resolves when the connection is closed: with undefined if that was in order, by either side, else with the reason. */
  closed;
  #host;
  #offers;
  #connected = deferred();
  #ended = deferred();
  #opener = new Opener();
  #channels = /* @__PURE__ */ new Set();
  #unaccepted;
  #attributes;
  #away;
  #state = "waiting";
  #negotiation;
  #deadline;
  #closing;
  /** Channels of the other side that are not open yet. */
  #arriving = 0;
  #overflows = 0;
  /** @internal */
  constructor(member2, host) {
    super();
    this.id = member2.peer;
    this.instance = member2.instance;
    this.identity = member2.identity ?? "";
    this.#attributes = attributesOf(member2);
    this.#away = member2.away === true;
    this.#host = host;
    this.#offers = offers(host.self, member2);
    this.closed = this.#ended.promise;
    this.#unaccepted = new PullQueue(`accept from ${this.id}`);
    this.#connected.promise.catch(() => {
    });
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
    return this.#state;
  }
  /** The RTCPeerConnection, for what this library does not offer; undefined as long as there is none. */
  get connection() {
    return this.#negotiation?.connection;
  }
  /** How many channels were closed at once because 64 waited to be accepted already. */
  get overflows() {
    return this.#overflows;
  }
  /**
   * Opens a channel: waits until the peer is connected and then until the channel is open. The other side gets it from
   * `accept`. At most 16 are being opened at a time, further calls wait. Rejects with `closed`, `connect-failed`,
   * `connection-lost` or `aborted`; throws a TypeError for options that exclude each other.
   */
  async open(label, { signal, ...options } = {}) {
    checkOptions(options);
    const connection = await this.#ready(`open ${JSON.stringify(label)} to ${this.id}`, signal);
    let channel;
    try {
      await this.#opener.open(connection, label, options, signal, (dc) => (channel = this.#adopt(dc)).closed);
    } catch (error) {
      if (error instanceof TypeError) throw error;
      const reason = this.#state === "closed" ? await this.closed : void 0;
      throw reason ?? asBeckonError(error, "connect-failed", `open ${JSON.stringify(label)} to ${this.id}`);
    }
    return channel;
  }
  /** Takes the next channel that the other side opened, each once, waiting for it. Rejects with `closed`, or why it ended. */
  accept({ signal } = {}) {
    return this.#unaccepted.pull(signal);
  }
  /** All channels that the other side opens, as from `accept`, until the connection is closed in order; throws if it is lost. */
  channels() {
    return this.#unaccepted.iterate();
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
   * with a key `description`, `candidate` or `want`. Resolves when it has arrived. If the peer is away it is lost, and this
   * does not settle before the peer has left.
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
    await this.#negotiation?.farewell(FAREWELL);
    this._end(void 0);
  }
  /** Waits for the connection. */
  async #ready(what, signal) {
    checkAborted(signal, what);
    await abortable(this.#connected.promise, signal, what);
    const reason = this.#state === "closed" ? await this.closed : void 0;
    if (this.#closing || this.#state === "closed") throw reason ?? new BeckonError("closed", `${what}: closed`);
    return this.connection;
  }
  /** @internal Begins to connect; `ask` tells the other side so if that is the one that offers. */
  _start(ask = false) {
    if (this.#state !== "waiting") return;
    this.#state = "connecting";
    const { connectTimeout } = this.#host;
    this.#deadline = setTimeout(() => this._end(this.#late(connectTimeout)), connectTimeout);
    if (this.#offers) this.#negotiate();
    else if (ask) this.#say({ want: true });
  }
  /** @internal Resolves when it is connected. */
  async _connect(signal) {
    const what = `connect to ${this.id}`;
    this._start(true);
    await this.#ready(what, signal);
  }
  /** @internal Takes a signal of the negotiation. */
  _receive(data) {
    if (this.#state === "closed" || data.want && !this.#offers) return;
    const first = this.#state === "waiting";
    this._start();
    if (!this.#negotiation) this.#negotiate();
    if (!(first && data.want)) this.#negotiation?.receive(data);
  }
  /** @internal The room's log said something about the peer. */
  _update(member2) {
    this.#attributes = attributesOf(member2);
    this.#away = member2.away === true;
  }
  /** @internal The peer left the room. */
  _left(reason) {
    this.dispatchEvent(new LeftEvent(this, reason));
    this._end(reason === "timeout" ? new BeckonError("connection-lost", `${this.id} left the room: ${reason}`) : void 0);
  }
  /** @internal Ends the connection now, because of `error` or in order. */
  _end(error) {
    if (this.#state === "closed") return;
    this.#state = "closed";
    clearTimeout(this.#deadline);
    const closed = error ?? new BeckonError("closed", `The connection with ${this.id} is closed.`);
    this.#connected.reject(closed);
    for (const channel of [...this.#channels]) channel._end(error);
    this.#unaccepted.end(error);
    this.#negotiation?.close();
    this.#ended.resolve(error);
    this.#host.ended(this);
    this.dispatchEvent(new EndEvent(error));
  }
  #negotiate() {
    try {
      this.#negotiation = new Negotiation(this.#host.configuration(), {
        offers: this.#offers,
        say: (data) => this.#say(data),
        connected: () => this.#open(),
        channel: (dc) => void this.#offered(dc),
        over: (error) => this.#over(error)
      });
    } catch (error) {
      this._end(asBeckonError(error, "connect-failed", `connect to ${this.id}`));
    }
  }
  /** Sends a signal of the negotiation. Without it there can be no connection. */
  #say(data) {
    this.#host.say(this, data).catch((cause) => {
      if (this.#state !== "connecting") return;
      this._end(new BeckonError("connect-failed", `connect to ${this.id}: a signal was refused`, { cause }));
    });
  }
  #open() {
    if (this.#state !== "connecting") return;
    this.#state = "connected";
    clearTimeout(this.#deadline);
    this.#connected.resolve();
    this.#host.connected(this);
    this.dispatchEvent(new PeerEvent("connected", this));
  }
  /** The negotiation is over; before it has connected, that is a failure whatever the reason. */
  #over(error) {
    if (this.#state === "connected") return this._end(error);
    this._end(new BeckonError("connect-failed", `connect to ${this.id}: ${error?.message ?? "the peer gave up"}`, { cause: error }));
  }
  #late(ms) {
    const pc = this.connection;
    const how = pc ? `ICE is ${pc.iceConnectionState}, signaling ${pc.signalingState}` : "it made no offer";
    return new BeckonError("connect-failed", `connect to ${this.id}: not connected after ${ms / 1e3} s (${how})`);
  }
  #adopt(dc) {
    const channel = new Channel(dc, { id: this.id, maxMessageSize: () => this.#negotiation?.maxMessageSize ?? 0 });
    this.#channels.add(channel);
    void channel.closed.then(() => this.#channels.delete(channel));
    return channel;
  }
  /** Queues a channel of the other side. It is adopted at once, so that no message is missed, but accepted when it is open. */
  async #offered(dc) {
    if (this.#unaccepted.length + this.#arriving >= MAX_UNACCEPTED || this.#closing) {
      if (!this.#closing) this.#overflows++;
      dc.close();
      return;
    }
    const channel = this.#adopt(dc);
    this.#arriving++;
    await opened(dc, channel.closed, "accept").then(
      async () => {
        await nextTask();
        this.#unaccepted.push(channel);
      },
      () => {
      }
      // it closed before it opened: nobody has seen it
    );
    this.#arriving--;
  }
};
function attributesOf(member2) {
  return member2.attributes ?? {};
}

// sdk/src/roster.ts
var Roster = class {
  /** By peer id. A changed member is a new object. */
  members = /* @__PURE__ */ new Map();
  topology = "mesh";
  /** The position of the last entry that was taken in. */
  position = 0;
  /** Takes in a snapshot, and tells what is different from what was known. */
  snapshot(frame) {
    this.topology = frame.topology;
    this.position = frame.position;
    if (!frame.members) return [];
    const known = [...this.members.values()];
    const changes = frame.gap ? [{ kind: "gap" }] : [];
    this.members.clear();
    for (const member2 of frame.members) this.members.set(member2.peer, member2);
    for (const member2 of known) {
      const now = this.members.get(member2.peer);
      if (now?.instance !== member2.instance) changes.push({ kind: "left", member: member2, reason: "timeout" });
    }
    for (const member2 of frame.members) {
      const previous = known.find(({ peer, instance: instance2 }) => peer === member2.peer && instance2 === member2.instance);
      if (previous) changes.push(...difference(previous, member2));
      else changes.push({ kind: "joined", member: member2 });
    }
    return changes;
  }
  /** Takes in an entry of the log, and tells what it changed: nothing if it was known. */
  apply(event) {
    if (event.position <= this.position) return [];
    this.position = event.position;
    if (event.kind === "message") {
      const { peer, instance: instance2 = "", n = 0, data } = event;
      return [{ kind: "message", from: peer, instance: instance2, n, data }];
    }
    const previous = this.members.get(event.peer);
    switch (event.kind) {
      case "joined":
      case "back": {
        const member2 = event.member;
        this.members.set(member2.peer, member2);
        if (!previous) return [{ kind: "joined", member: member2 }];
        if (previous.instance === member2.instance) return [{ kind: "back", member: member2 }];
        return [
          { kind: "left", member: previous, reason: "timeout" },
          { kind: "joined", member: member2 }
        ];
      }
      case "left":
        if (!previous) return [];
        this.members.delete(event.peer);
        return [{ kind: "left", member: previous, reason: event.reason ?? "timeout" }];
      case "away":
        return previous ? [this.#change("away", { ...previous, away: true })] : [];
      case "updated":
        return previous ? [this.#change("updated", { ...previous, attributes: event.attributes })] : [];
      default:
        return [];
    }
  }
  #change(kind, member2) {
    this.members.set(member2.peer, member2);
    return { kind, member: member2 };
  }
};
function difference(previous, member2) {
  const changes = [];
  if (JSON.stringify(previous.attributes) !== JSON.stringify(member2.attributes)) changes.push({ kind: "updated", member: member2 });
  if ((previous.away ?? false) !== (member2.away ?? false)) changes.push({ kind: member2.away ? "away" : "back", member: member2 });
  return changes;
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
var shape = (fields) => (v) => object(v) && Object.entries(fields).every(([key, test]) => test(v[key]));
var iceServers = list(shape({ urls: list(string), username: optional(string), credential: optional(string) }));
var member = shape({
  peer: name,
  instance,
  identity: optional(string),
  capabilities: optional(object),
  away: optional(boolean),
  joined: counting
});
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
      mesh: whole
    }),
    iceServers
  },
  joined: {
    room,
    epoch: instance,
    position: whole,
    stable: whole,
    topology: oneOf("mesh", "none"),
    replay: optional(boolean),
    members: optional(list(member))
  },
  event: { room, kind: name, position: counting, peer: name, member: optional(member) },
  signal: { ...route, data: present },
  receipt: route,
  ice: { iceServers },
  goaway: { within: whole },
  ping: { t: optional(whole) },
  pong: { t: optional(whole) },
  error: { code: name, message: string, retryAfter: optional(whole) }
};
var clientTypes = [
  "hello",
  "join",
  "leave",
  "update",
  "token",
  "bye",
  "message",
  "ack"
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
  for (const [key, test] of Object.entries(shapes[parsed.type])) {
    if (!test(fields[key])) throw new BeckonError("bad-frame", `${parsed.type}: ${key} is missing or not as documented.`);
  }
  if (parsed.type === "event" && (parsed.kind === "joined" || parsed.kind === "back") && !parsed.member) {
    throw new BeckonError("bad-frame", `event: ${parsed.kind} needs the member.`);
  }
  return parsed;
}

// sdk/src/heartbeat.ts
var LATE = 1e3;
var Heartbeat = class {
  #pulse;
  #beat;
  /** Runs from a ping to the verdict about it, unless something is heard before. */
  #judge;
  #excused = false;
  constructor(pulse) {
    this.#pulse = pulse;
    this.#beat = setInterval(() => this.#ask(), pulse.interval);
  }
  /** Any frame came. */
  heard() {
    clearTimeout(this.#judge);
    this.#judge = void 0;
    this.#excused = false;
  }
  /** Stops for good. */
  stop() {
    clearInterval(this.#beat);
    clearTimeout(this.#judge);
  }
  #ask() {
    this.#pulse.ping();
    if (this.#judge !== void 0) return;
    const patience = Math.max(this.#pulse.timeout - this.#pulse.interval, 1);
    const due = performance.now() + patience;
    this.#judge = setTimeout(() => {
      this.#judge = void 0;
      const late = performance.now() - due > LATE;
      if (!late || this.#excused) return this.#pulse.dead();
      this.#excused = true;
      this.#ask();
    }, patience);
  }
};

// sdk/src/pace.ts
var MAX_WAITING3 = 1024;
var Pacer = class {
  #rate;
  #burst;
  #send;
  #tokens;
  #filled = performance.now();
  #waiting = [];
  #timer;
  constructor(limits, send) {
    this.#rate = limits.rate * 0.9;
    this.#burst = Math.max(1, Math.floor(limits.burst * 0.9));
    this.#tokens = this.#burst;
    this.#send = send;
  }
  /** Sends a frame, now or in its turn. Throws `overflow` when too many wait already. */
  push(frame) {
    if (this.#waiting.length >= MAX_WAITING3) {
      throw new BeckonError("overflow", `${MAX_WAITING3} frames wait to be sent: the server allows ${this.#rate} a second.`);
    }
    this.#waiting.push(frame);
    this.#drain();
  }
  /** Sends all that waits now, come what may, and is not to be used again. */
  flush() {
    clearTimeout(this.#timer);
    for (const frame of this.#waiting.splice(0)) this.#send(frame);
  }
  /** Forgets all that waits. */
  stop() {
    clearTimeout(this.#timer);
    this.#waiting = [];
  }
  #drain() {
    const now = performance.now();
    this.#tokens = Math.min(this.#burst, this.#tokens + (now - this.#filled) * this.#rate / 1e3);
    this.#filled = now;
    while (this.#tokens >= 1 && this.#waiting.length > 0) {
      this.#tokens--;
      this.#send(this.#waiting.shift());
    }
    if (this.#waiting.length === 0) return;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#drain(), Math.ceil(1e3 * (1 - this.#tokens) / this.#rate));
  }
};

// sdk/src/session.ts
var BYE_TIMEOUT = 2e3;
var Session = class {
  /** The server's welcome; there once `open` has resolved. */
  welcome;
  /** The newest ICE servers; they are replaced before their credentials expire. */
  iceServers = [];
  #url;
  #owner;
  #socket;
  #opened = deferred();
  #closed = deferred();
  #pending = /* @__PURE__ */ new Map();
  #lastID = 0;
  #pacer;
  #heartbeat;
  #wasOpen = false;
  #leaving = false;
  #over = false;
  /** Begins to connect. `url` is the WebSocket's. */
  constructor(url, owner) {
    this.#url = url;
    this.#owner = owner;
    this.#opened.promise.catch(() => {
    });
    const socket = this.#socket = new WebSocket(url, VERSION);
    socket.onopen = () => {
      this.#wasOpen = true;
      this.#opened.resolve();
    };
    socket.onmessage = (event) => this.#received(event.data);
    socket.onclose = (event) => this.#end(this.#leaving ? void 0 : this.#closeError(event));
  }
  /** Says hello and waits for the welcome. */
  async open(hello, signal) {
    await abortable(this.#opened.promise, signal, `connect to ${this.#url}`);
    const frame = {
      type: "hello",
      versions: [VERSION],
      ...hello.token === void 0 ? {} : { token: hello.token },
      instance: hello.instance,
      capabilities: { [CAPABILITY_ROLLBACK]: true }
    };
    await this.request(frame, `hello to ${this.#url}`, signal);
  }
  /**
   * Sends a frame that has an answer, and waits for that: a frame with its id, or `settle`. Rejects with the server's error.
   * `sent` is told the id.
   */
  async request(frame, what, signal, sent) {
    checkAborted(signal, what);
    const id = ++this.#lastID;
    const answer = deferred();
    this.send({ ...frame, id });
    this.#pending.set(id, answer);
    sent?.(id);
    return abortable(answer.promise, signal, what, () => this.#pending.delete(id));
  }
  /** Says that a request has been answered, by an event. */
  settle(id) {
    this.#pending.get(id)?.resolve(void 0);
    this.#pending.delete(id);
  }
  /** Sends a frame in its turn. Throws `closed`, `message-too-large` or `overflow`. */
  send(frame) {
    if (this.#over || this.#leaving) throw new BeckonError("closed", "The room is closed.");
    const text = encode(frame);
    const limit = this.welcome?.limits.frame ?? Infinity;
    if (byteLength(text, limit) > limit) {
      throw new BeckonError("message-too-large", `${frame.type}: the server takes frames of up to ${limit} bytes.`);
    }
    if (this.#pacer) this.#pacer.push(text);
    else this.#socket.send(text);
  }
  /** Says bye and waits until the server has closed the connection, for a moment at most. May be called again. */
  async close() {
    this.bye();
    const timer = setTimeout(() => this.#end(void 0), BYE_TIMEOUT);
    await this.#closed.promise;
    clearTimeout(timer);
  }
  /** Says bye without waiting: all that a page that goes away can do. */
  bye() {
    if (this.#over || this.#leaving) return;
    this.#leaving = true;
    this.#heartbeat?.stop();
    if (this.#socket.readyState !== WebSocket.OPEN) return this.#end(void 0);
    this.#pacer?.flush();
    this.#socket.send(encode({ type: "bye" }));
  }
  #received(data) {
    if (this.#over) return;
    this.#heartbeat?.heard();
    let frame;
    try {
      if (typeof data !== "string") throw new BeckonError("bad-frame", "The server sent a binary frame.");
      frame = decode(data);
    } catch (error) {
      if (!(error instanceof BeckonError) || error.code !== "unknown-type") this.#end(error);
      return;
    }
    this.#handle(frame);
  }
  #handle(frame) {
    switch (frame.type) {
      case "welcome":
        this.#begin(frame);
        break;
      case "ice":
        this.iceServers = frame.iceServers;
        break;
      case "ping":
        this.#urgent({ type: "pong", ...frame.t === void 0 ? {} : { t: frame.t } });
        return;
      case "error":
        this.#refused(frame);
        return;
      case "pong":
      case "goaway":
        return;
      default:
        this.#owner.frame(frame);
    }
    const id = "id" in frame ? frame.id ?? 0 : 0;
    this.#pending.get(id)?.resolve(frame);
    this.#pending.delete(id);
  }
  #begin(welcome) {
    if (this.#pacer) return this.#end(new BeckonError("bad-frame", "The server said welcome twice."));
    this.welcome = welcome;
    this.iceServers = welcome.iceServers;
    this.#pacer = new Pacer(welcome.limits, (text) => this.#socket.send(text));
    this.#heartbeat = new Heartbeat({
      ...welcome.heartbeat,
      ping: () => this.#urgent({ type: "ping", acks: this.#owner.acks() }),
      dead: () => this.#end(new BeckonError("connection-lost", `${this.#url}: nothing was heard from the server.`))
    });
  }
  #refused(frame) {
    const error = new BeckonError(frame.code, frame.message, { retryAfter: frame.retryAfter });
    const pending = this.#pending.get(frame.id ?? 0);
    this.#pending.delete(frame.id ?? 0);
    if (pending) pending.reject(error);
    else this.#owner.refused(frame, error);
  }
  /** Sends a frame past those that wait. */
  #urgent(frame) {
    if (this.#socket.readyState === WebSocket.OPEN) this.#socket.send(encode(frame));
  }
  #closeError(event) {
    if (!this.#wasOpen) return new BeckonError("connect-failed", cannotConnect(this.#url));
    const known = Object.values(closeCodes).find((row) => row.code === event.code);
    const why = known?.text ?? (event.reason || `The connection was closed with code ${event.code}.`);
    const code = event.code === closeCodes.unauthorized.code ? "unauthorized" : event.code === closeCodes["unsupported-version"].code ? "unsupported" : this.welcome ? "connection-lost" : "connect-failed";
    const hint = reconnect(event.code) ? "" : " Joining again will not help.";
    return new BeckonError(code, `${this.#url}: ${why}${hint}`);
  }
  #end(error) {
    if (this.#over) return;
    this.#over = true;
    this.#heartbeat?.stop();
    this.#pacer?.stop();
    const socket = this.#socket;
    socket.onopen = socket.onmessage = socket.onclose = null;
    if (socket.readyState <= WebSocket.OPEN) socket.close(1e3);
    const rejection = error ?? new BeckonError("closed", "The room is closed.");
    this.#opened.reject(rejection);
    for (const pending of this.#pending.values()) pending.reject(rejection);
    this.#pending.clear();
    this.#closed.resolve();
    this.#owner.ended(error);
  }
};
function cannotConnect(url) {
  const page = globalThis.location;
  const own = !page || page.host === new URL(url).host;
  return `Cannot connect to ${url}: is a Beckon server there${own ? "" : `, and does it allow pages of ${page.origin} (--allow-origin)`}?`;
}

// sdk/src/room.ts
var ACK_EVERY = 16;
var Room = class extends typedEventTarget() {
  /** The room's name. */
  name;
  /** Resolves when the room is closed: with undefined if `close` did it, else with the reason. */
  closed;
  #options;
  #instance = newInstance();
  #session;
  #roster = new Roster();
  #peers = /* @__PURE__ */ new Map();
  #connected = new PullQueue("accept");
  #ended = deferred();
  /** Requests that are answered by an event: of `send` by n, and the one of `update`. */
  #echoes = /* @__PURE__ */ new Map();
  #updating = 0;
  #updates = Promise.resolve();
  #said = 0;
  #acked = 0;
  #closing;
  #over = false;
  #delivery;
  #host;
  /** @internal Begins to connect; `_enter` does the rest. */
  constructor(socketURL2, name2, options) {
    super();
    this.name = name2;
    this.closed = this.#ended.promise;
    this.#options = options;
    this.#session = new Session(socketURL2, {
      frame: (frame) => this.#handle(frame),
      refused: (frame, error) => this.#delivery?.refused(frame, error),
      acks: () => this.#acks(),
      ended: (error) => this.#end(error)
    });
  }
  /** This peer's own id. */
  get id() {
    return this.#session.welcome.peer;
  }
  /** The other members by id, in the order of their joining; connected or not. It changes as they come and go. */
  get peers() {
    return this.#peers;
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
   * all see in the same order. Rejects with `rate-limited`, `message-too-large`, `closed`, `aborted`, or what ended the room.
   */
  async send(data, { signal } = {}) {
    this.#checkOpen();
    if (JSON.stringify(data) === void 0) throw new TypeError("send: the data has no JSON form");
    const n = this.#said + 1;
    const sent = (id) => {
      this.#said = n;
      this.#echoes.set(n, id);
    };
    try {
      await this.#session.request({ type: "message", room: this.name, n, data }, `send to ${this.name}`, signal, sent);
    } finally {
      if (this.#said >= n) this.#echoes.delete(n);
    }
  }
  /** Replaces this peer's attributes. Resolves when the others see them. Rejects as `send` does. */
  async update(attributes, { signal } = {}) {
    const what = `update in ${this.name}`;
    checkAborted(signal, what);
    this.#checkOpen();
    const run = this.#updates.then(() => {
      checkAborted(signal, what);
      const frame = { type: "update", room: this.name, attributes };
      return this.#session.request(frame, what, void 0, (id) => this.#updating = id);
    });
    this.#updates = run.catch(() => {
    });
    await abortable(run, signal, what);
  }
  /**
   * Connects to a peer and resolves when that is done. In a room of topology `none` this is how connections are made; in a mesh
   * it waits for the one that is being made. Rejects with `unknown-peer`, `mesh-full`, `connect-failed`, `closed` (a connection
   * that has ended is not made again) or `aborted`.
   */
  async connect(id, { signal } = {}) {
    checkAborted(signal, `connect to ${id}`);
    this.#checkOpen();
    const peer = this.#peers.get(id);
    if (!peer) throw new BeckonError("unknown-peer", `connect to ${id}: no such peer is in ${this.name}`);
    if (peer.state === "waiting" && this.#roster.topology === "mesh") {
      throw new BeckonError("mesh-full", `connect to ${id}: the first ${this.#meshLimit} members of ${this.name} connect`);
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
    await Promise.all([...this.#peers.values()].map((peer) => peer.close()));
    await this.#session.close();
  }
  /** @internal Says hello and joins. */
  async _enter(signal) {
    const { token, attributes, topology } = this.#options;
    await this.#session.open({ instance: this.#instance, token }, signal);
    const { welcome } = this.#session;
    this.#delivery = new Delivery(this.name, welcome.limits.window, (frame) => this.#session.send(frame));
    this.#host = {
      self: {
        peer: welcome.peer,
        instance: this.#instance,
        capabilities: { [CAPABILITY_ROLLBACK]: true },
        joined: 0
      },
      connectTimeout: this.#options.connectTimeout ?? 3e4,
      configuration: () => this.#configuration(),
      say: (peer, data) => this.#say(peer, data),
      connected: (peer) => {
        this.#connected.push(peer);
        this.dispatchEvent(new PeerEvent("connected", peer));
      },
      // An app that listens to events never accepts: those who come and go must not pile up, each with its RTCPeerConnection.
      ended: (peer) => this.#connected.remove(peer)
    };
    await this.#session.request(
      {
        type: "join",
        room: this.name,
        ...attributes === void 0 ? {} : { attributes },
        ...topology === void 0 ? {} : { topology }
      },
      `join ${this.name}`,
      signal
    );
    globalThis.addEventListener?.("pagehide", this.#pageHidden);
  }
  /** @internal Gives up an attempt to join. */
  _abandon() {
    void this.#session.close();
    this.#end(void 0);
  }
  /** A page that goes away has no time for manners, but a goodbye spares the others the wait for a timeout. */
  #pageHidden = (event) => {
    if (!event.persisted) this._abandon();
  };
  get #meshLimit() {
    return this.#session.welcome.limits.mesh;
  }
  #checkOpen() {
    if (this.#closing || this.#over) throw new BeckonError("closed", `The room ${this.name} is closed.`);
  }
  #configuration() {
    const { iceServers: iceServers2, iceTransportPolicy } = this.#options;
    return {
      iceServers: iceServers2 ?? this.#session.iceServers,
      ...iceTransportPolicy === void 0 ? {} : { iceTransportPolicy }
    };
  }
  #acks() {
    this.#acked = this.#roster.position;
    return this.#acked > 0 ? { [this.name]: this.#acked } : {};
  }
  #handle(frame) {
    if (!("room" in frame) || frame.room !== this.name || this.#over) return;
    switch (frame.type) {
      case "joined":
        this.#apply(this.#roster.snapshot(frame));
        break;
      case "event":
        this.#apply(this.#roster.apply(frame));
        break;
      case "signal":
        this.#signalled(frame);
        break;
      case "receipt":
        this.#delivery.received(frame);
        break;
    }
    if (this.#roster.position - this.#acked < ACK_EVERY || this.#closing || this.#over) return;
    try {
      this.#session.send({ type: "ack", room: this.name, position: this.#roster.position });
      this.#acked = this.#roster.position;
    } catch {
    }
  }
  #apply(changes) {
    const events = changes.flatMap((change) => this.#change(change) ?? []);
    if (changes.some(({ kind }) => kind === "joined" || kind === "left")) this.#mesh();
    for (const event of events) event();
  }
  /** Starts the connections that the room makes by itself and that are not there yet. */
  #mesh() {
    const { topology, members } = this.#roster;
    const all = meshed(topology, this.#meshLimit, members.values());
    if (all.has(this.id)) for (const id of all) this.#peers.get(id)?._start();
  }
  /** Does what a change asks for, and returns what announces it. */
  #change(change) {
    if (change.kind === "gap") return () => this.dispatchEvent(new Event("gap"));
    if (change.kind === "message") return this.#message(change);
    const { member: member2 } = change;
    if (member2.peer === this.id) return this.#own(change.kind);
    const peer = this.#peers.get(member2.peer);
    switch (change.kind) {
      case "joined": {
        const added = this.#add(member2);
        return () => this.dispatchEvent(new PeerEvent("peer", added));
      }
      case "left":
        this.#peers.delete(member2.peer);
        if (!peer) return void 0;
        this.#delivery.forget(peer.instance, new BeckonError("unknown-peer", `${peer.id} left the room.`));
        return () => {
          peer._left(change.reason);
          this.dispatchEvent(new LeftEvent(peer, change.reason));
        };
      case "away":
      case "back":
      case "updated":
        if (!peer) return void 0;
        peer._update(member2);
        return () => {
          peer.dispatchEvent(new PeerEvent(change.kind, peer));
          this.dispatchEvent(new PeerEvent(change.kind, peer));
        };
    }
  }
  /** What the log says of this peer itself are answers; but for `left`, which it did not ask for. */
  #own(kind) {
    if (kind === "updated") this.#session.settle(this.#updating);
    if (kind !== "left" || this.#closing) return void 0;
    return () => {
      void this.#session.close();
      this.#end(new BeckonError("connection-lost", `The server took this peer out of ${this.name}.`));
    };
  }
  #add(member2) {
    const peer = new Peer(member2, this.#host);
    this.#peers.set(peer.id, peer);
    return peer;
  }
  #message({ from, instance: instance2, n, data }) {
    if (instance2 === this.#instance) {
      const id = this.#echoes.get(n);
      if (id !== void 0) this.#session.settle(id);
      return void 0;
    }
    const peer = this.#peers.get(from);
    return peer && (() => this.dispatchEvent(new RoomMessageEvent(peer, data)));
  }
  /** Sends a signal; one who has left is told nothing any more, and must not be remembered for it. */
  #say(peer, data) {
    if (this.#peers.get(peer.id) !== peer || this.#over) {
      return Promise.reject(new BeckonError(this.#over ? "closed" : "unknown-peer", `${peer.id} is not in ${this.name} any more.`));
    }
    return this.#delivery.send({ peer: peer.id, instance: peer.instance }, data);
  }
  #signalled(frame) {
    const peer = this.#peers.get(frame.from ?? "");
    if (!peer || peer.instance !== frame.fromInstance || !this.#delivery.accept(frame)) return;
    const { data } = frame;
    if (!isNegotiation(data)) {
      peer.dispatchEvent(new SignalEvent(peer, data));
      this.dispatchEvent(new SignalEvent(peer, data));
      return;
    }
    const beyond = peer.state === "waiting" && this.#roster.topology === "mesh";
    if (!beyond) peer._receive(data);
  }
  #end(error) {
    if (this.#over) return;
    this.#over = true;
    globalThis.removeEventListener?.("pagehide", this.#pageHidden);
    for (const peer of this.#peers.values()) peer._end(error);
    this.#connected.end(error);
    this.#delivery?.close(error ?? new BeckonError("closed", `The room ${this.name} is closed.`));
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
function socketURL(server) {
  const url = httpURL(server);
  if (/\/r\/[^/]*\/?$/.test(url.pathname)) {
    throw new BeckonError("bad-url", `${url.href} is a room link; parseURL takes it apart into server and room.`);
  }
  url.protocol = url.protocol.replace("http", "ws");
  url.pathname = url.pathname.replace(/\/*$/, "/v1/ws");
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
var NEEDED = ["RTCPeerConnection", "WebSocket", "crypto"];
async function join(url, room2, options = {}) {
  const missing = NEEDED.filter((name2) => !(name2 in globalThis));
  if (missing.length > 0) {
    throw new BeckonError("unsupported", `This environment has no ${missing.join(" and no ")}, which connecting to peers needs.`);
  }
  const socket = socketURL(url);
  checkRoom(room2);
  checkAborted(options.signal, `join ${room2}`);
  const { connectTimeout = 3e4 } = options;
  const late = () => new BeckonError("connect-failed", `join ${room2}: no answer from ${socket} in ${connectTimeout / 1e3} s`);
  const joining = connecting(socket, room2, options);
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
function connecting(socket, room2, options) {
  try {
    return new Room(socket, room2, options);
  } catch (error) {
    throw asBeckonError(error, "connect-failed", `connect to ${socket}`);
  }
}
export {
  BeckonError,
  EndEvent,
  LeftEvent,
  PeerEvent,
  RoomMessageEvent,
  SignalEvent,
  join,
  parseURL,
  validRoom
};
//# sourceMappingURL=beckon.js.map
