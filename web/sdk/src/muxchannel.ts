import { deferred } from "./abort.js";
import { Channel, type ChannelInfo, type Unread } from "./channel.js";
import { BeckonError } from "./error.js";
import type { Budget } from "./muxbudget.js";
import { Ending } from "./muxending.js";
import { ACK, bad, CLOSE, CLOSED, CUT, encodeFrame, FIN, OPEN, OPENED, RESET, utf8, WINDOW, type Frame } from "./muxframes.js";
import { readHead, readReason, writeHead, type Head } from "./muxheads.js";
import type { MuxLink } from "./muxlink.js";
import { Receiver, UNRELIABLE } from "./muxreceive.js";
import { EARLY, Sender } from "./muxsend.js";
import type { Trunk } from "./muxtrunk.js";
import { bytesOf, type Sendable } from "./outbox.js";
import type { ErrorCode } from "./protocol_gen.js";

/** Why a channel may be reset; any other reason, which a later version may know, is `closed`. */
const RESET_CODES = ["aborted", "bad-frame", "connection-lost", "message-too-large", "overflow", "timeout"];

/** An acknowledgement does not wait for more once it says so many messages or bytes. */
const ACK_MESSAGES = 32;
const ACK_BYTES = 65536;

/** What a MuxChannel needs from its Mux. */
export interface MuxChannelOwner {
  /** The peer's id. */
  readonly id: string;
  readonly budget: Budget;
  /** The channel is over. */
  gone(channel: MuxChannel, inOrder: boolean): void;
}

/** What only requests have. */
export interface RequestHead {
  request?: true;
  deadline?: number | undefined;
}

/** A channel that shares data channels with others. */
export class MuxChannel extends Channel {
  /** Whether this side has opened it. */
  readonly ours: boolean;
  /** A durable channel's name beyond connections. */
  readonly name: string | undefined;
  readonly request: RequestHead;
  /** Where it is now; undefined while a durable channel waits for the next connection. */
  link: MuxLink | undefined;
  id = -1;
  lane!: Trunk;
  /** Resolves when the other side has taken it. */
  readonly opened = deferred<void>();
  /** @internal Its messages say their numbers; it has windows. */
  readonly _numbered: boolean;
  readonly _windowed: boolean;
  readonly _budget: Budget;
  readonly #owner: MuxChannelOwner;
  readonly #sender: Sender;
  readonly #receiver: Receiver;
  readonly #ending = new Ending(this);
  /** The other side has said OPENED, on this connection and on any; how often this side has said OPEN. */
  #answered: boolean;
  #met = false;
  #opens = 0;
  /** What this side has said on this connection. */
  #acked = 0;
  #unacked = 0;
  #said = 0;

  constructor(info: ChannelInfo, ours: boolean, name: string | undefined, request: RequestHead, owner: MuxChannelOwner) {
    super(info, owner.id);
    const reliable = info.maxRetransmits === undefined && info.maxPacketLifeTime === undefined;
    this.ours = ours;
    this.name = name;
    this.request = request;
    this.#answered = !ours;
    this._numbered = !(this.ordered && reliable);
    this._windowed = reliable;
    this.#owner = owner;
    this._budget = owner.budget;
    this.#sender = new Sender(this);
    this.#receiver = new Receiver(this);
    this.opened.promise.catch(() => {});
  }

  get bufferedAmount(): number {
    this.#sender.prune();
    return this._outbox.bytes;
  }

  get maxMessageSize(): number {
    const max = this.#sender.max ?? EARLY;
    return this._windowed ? max : Math.min(max, UNRELIABLE);
  }

  /** Refuses a message that is too large: for the other side, or for any channel of this kind. */
  #over(size: number): BeckonError | undefined {
    const own = !this._windowed && (this.#sender.max ?? 0) >= UNRELIABLE;
    return this._tooLarge(size, this.maxMessageSize, own ? "a channel that may lose messages takes" : undefined);
  }

  get _moved(): number {
    const { offset, acked, granted } = this.#sender;
    return this.link ? offset + acked + granted : performance.now(); // without a connection nothing can
  }

  get _held(): boolean {
    return this.#sender.held;
  }

  async _send(data: Sendable, size: number, signal: AbortSignal | undefined): Promise<void> {
    const limit = this.maxMessageSize;
    const known = this.#sender.max !== undefined;
    const error = known ? this.#over(size) : undefined;
    if (error) throw error;
    const text = typeof data === "string";
    const bytes = text ? utf8(data) : data instanceof Blob ? data : bytesOf(data);
    const exact = bytes instanceof Blob ? size : bytes.length;
    await this._outbox.send(bytes, text, exact, !known && exact > limit, signal);
  }

  /** Opens it on a connection, the first one or the next. Throws what the browser does, or `overflow`. */
  open(link: MuxLink): void {
    const { id, lane } = link.place(this);
    this.#bind(link, id, lane);
    const { label, protocol, ordered, maxRetransmits, maxPacketLifeTime, name: durable, request } = this;
    const again = this.#met ? { received: this.#receiver.count } : {};
    const named = { ...(label && { label }), ...(protocol && { protocol }), ...(!ordered && { unordered: true }) };
    this.#control(OPEN, [], { ...named, maxRetransmits, maxPacketLifeTime, durable, ...again, ...request, ...this.#grants() });
    this.#answered = false;
    // Nothing can be sent before the answer the second time, and on channels that are not ordered and reliable.
    if (!this._numbered && this.#opens++ === 0) this.#sender.granted = EARLY;
    this._pump();
  }

  /** Takes it on a connection, as the other side says. */
  take(link: MuxLink, id: number, lane: Trunk, { max, window, received = 0 }: Head): void {
    link.theirs.set(id, this);
    this.#bind(link, id, lane);
    this.#sender.max = max;
    this.#sender.resume(received, window);
    this._outbox.left();
    this.#control(OPENED, [], { ...this.#grants(), ...(this.durable && { received: this.#receiver.count }) });
    this._pump();
  }

  /** The next frame of its messages; once there is none, it says its end. */
  _next(part: number): Uint8Array<ArrayBuffer> | undefined {
    const frame = this.#sender.next(this.id, part);
    if (!frame) this.#finish();
    return frame;
  }

  _receive(frame: Frame): void {
    const { type, numbers } = frame;
    const [n = 0] = numbers;
    switch (type) {
      case OPENED:
        return this.#answer(readHead(frame));
      case WINDOW:
        if (!this._windowed || !this.#answered) throw bad("a WINDOW");
        this.#sender.granted = Math.max(this.#sender.granted, n);
        return this._pump();
      case ACK:
        if (!this.durable || !this.#answered) throw bad("an ACK");
        this.#sender.ack(n);
        return this._outbox.left();
      case FIN:
        return this.#ending.announce(n);
      case CLOSE: {
        const text = readReason(frame);
        this._outbox.end(new BeckonError("closed", `${this._what}: closed by the other side`));
        return this.#ending.announce(n, text);
      }
      case CLOSED:
        if (!this.#ending.closeSaid && !(this.durable && !this.#answered)) throw bad("a CLOSED");
        // Who has closed as well waits for an answer, too, which is said when what it has announced is here.
        return this.#ending.owes ? undefined : this._end(undefined);
      case RESET: {
        const { code, message } = readHead(frame);
        return this._end(new BeckonError(RESET_CODES.includes(code) ? (code as ErrorCode) : "closed", `${this._what}: ${message}`));
      }
    }
    if (this.#ending.excludes(n)) throw bad("DATA after its end");
    if (type === CUT && this.durable) throw bad("CUT of what is durable");
    try {
      if (type === CUT) this.#receiver.cut(numbers[0]);
      else this.#receiver.data(frame);
    } catch (error) {
      if (!(error instanceof BeckonError) || error.code === "bad-frame") throw error;
      return this._fail(error);
    }
    this.#ending.check();
  }

  /** Says what is granted and acknowledged by now. */
  _report(): void {
    if (!this.link || (!this.#answered && this.#opens > 1)) return;
    const { granted, count } = this.#receiver;
    if (this._windowed && granted > this.#said) this.#control(WINDOW, [(this.#said = granted)]);
    if (this.durable && count > this.#acked) this.#control(ACK, [(this.#acked = count)]);
    this.#unacked = 0;
  }

  _dirty(): void {
    this.link?.dirty(this, true);
  }

  _pump(): void {
    this.link?.wake(this);
  }

  _shut(reason: string): void {
    this.#ending.text = reason;
    this.#receiver.waive();
    this._pump();
  }

  _taken(item: Unread): void {
    this.#receiver.taken(item);
  }

  _giveUp(): void {
    this._fail(new BeckonError("timeout", "What was sent was not taken in time."));
  }

  override _ask(): void {
    if (this._asked) return;
    super._ask();
    this.#receiver.weigh();
  }

  override _arrived(item: Unread): void {
    super._arrived(item);
    if (!this.durable) return;
    this.#unacked += item.cost;
    this.link?.dirty(this, this.#unacked >= ACK_BYTES || this.#receiver.count - this.#acked >= ACK_MESSAGES);
  }

  /** Ends it because of this side, and tells the other, perhaps with another code. */
  _fail(error: BeckonError, code: ErrorCode = error.code): void {
    if (this._over) return;
    if (this.link) this.#control(RESET, [], { code, message: error.message.slice(0, 256) });
    this._end(new BeckonError(error.code, `${this._what}: ${error.message}`, { cause: error }));
  }

  /** Why a request ends that is not answered when the connection is closed: half of it, or of its answer, would look like a whole. */
  get #half(): BeckonError | undefined {
    return this.request.request && !this._closing ? new BeckonError("closed", "The peer was closed before the request was answered.") : undefined;
  }

  /** The peer is being closed. */
  _breakOff(): void {
    const error = this.#half;
    if (error) this._fail(error);
  }

  /** Its connection is over: that is its end, unless it is durable. */
  _detach(error: BeckonError | undefined): void {
    if (!this.durable) return this._end(error ?? this.#half);
    this.link = undefined;
    this.#sender.granted = -1;
    this.#receiver.forget();
    this.#ending.again();
  }

  override _end(error: BeckonError | undefined): void {
    if (this._over) return;
    this.#ending.stop();
    super._end(error);
    this.#receiver.end();
    this.link?.remove(this);
    this.link = undefined;
    this.opened.reject(error ?? new BeckonError("closed", `${this._what}: closed`));
    this.#owner.gone(this, error === undefined);
  }

  #bind(link: MuxLink, id: number, lane: Trunk): void {
    this.link = link;
    this.id = id;
    this.lane = lane;
    this.#acked = this.#receiver.count;
  }

  #grants(): Pick<Head, "max" | "window"> {
    this.#said = this._windowed ? this.#receiver.forget() : 0;
    return { max: this._budget.max, window: this.#said };
  }

  #control(type: number, numbers: number[], head?: Parameters<typeof writeHead>[0]): void {
    this.lane.send(encodeFrame(type, this.id, numbers, head && writeHead(head)));
  }

  #answer({ max, window, received }: Head): void {
    if (!this.ours || this.#answered || (this.durable && received === undefined)) throw bad("an OPENED");
    this.#answered = this.#met = true;
    this.#sender.max = max;
    if (this.#opens > 1) {
      this.#sender.resume(received as number, window);
      this._outbox.left();
    } else this.#sender.granted = Math.max(window, this.#sender.granted);
    for (const item of [...this._outbox.items]) {
      const error = this.#over(item.size);
      if (!error || item.begun) continue;
      this._outbox.remove(item);
      item.written.reject(error);
    }
    this.opened.resolve();
    this._report();
    this._pump();
  }

  /** All has left: says so, if that was to be the last. */
  #finish(): void {
    if (this.link && this.#sender.idle && (this.#answered || !(this._numbered || this.#sender.granted < 0))) this.#ending.say();
  }

  get _sent(): number {
    return this.#sender.count;
  }

  get _came(): Receiver {
    return this.#receiver;
  }

  _complete(reason: string | undefined): void {
    if (reason === undefined) return this._unread.end(undefined);
    this._reason = reason;
    this._end(undefined);
  }
}
