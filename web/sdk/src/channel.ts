import { checkAborted, deferred } from "./abort.js";
import { checkText, isSendable } from "./check.js";
import { BeckonError } from "./error.js";
import { textOf } from "./muxframes.js";
import type { Abortable, ChannelOptions } from "./options.js";
import { Outbox, OVERHEAD, type Sendable } from "./outbox.js";
import { PullQueue } from "./pull.js";
import { byteLength } from "./text.js";

/** For how many milliseconds a closing channel waits without anything moving. */
const LINGER = 5000;
/** And how many times that for a reader who takes nothing. */
const PATIENCE = 6;

/** A message as it is received: text as a string, all else as bytes. */
export type Message = string | Uint8Array<ArrayBuffer>;

/** What a channel is, on both sides. */
export interface ChannelInfo extends Readonly<Omit<ChannelOptions, "protocol">> {
  readonly label: string;
  readonly protocol: string;
}

/** A message that waits to be read. */
export interface Unread {
  data: Message;
  /** The bytes are a text's. */
  text?: boolean;
  /** What it counts, in bytes. */
  cost: number;
  /** It was too large for the window: so many bytes were set aside for it. */
  claim?: number;
}

/** What has gone through a channel. */
export interface ChannelStats {
  /** Whole messages, and bytes of messages, that have left or arrived. */
  messagesSent: number;
  bytesSent: number;
  messagesReceived: number;
  bytesReceived: number;
  /** `bufferedAmount`. */
  buffered: number;
  /** For how many milliseconds the oldest message has waited that has not left (durable: is not acknowledged). */
  queueAge: number;
  /** How many messages were given up by this side because they had waited for `maxQueueAge`. */
  dropped: number;
  /** How many messages of an unreliable channel were thrown away here because nobody read them. */
  missed: number;
}

/**
 * A channel to a peer: messages, text or bytes, both ways. Read it to its end, or close it: what has come and is not read is kept until then,
 * also when the peer is gone, and its sender waits.
 */
export abstract class Channel implements AsyncIterable<Message> {
  /** The label that it was opened with. It need not be unique. */
  declare readonly label: string;
  /** Whether messages arrive in order. */
  declare readonly ordered: boolean;
  /** How often a lost message is sent again; undefined: until it arrives or its time is over. */
  declare readonly maxRetransmits: number | undefined;
  /** For how many milliseconds a message is tried; undefined: without a limit of time. */
  declare readonly maxPacketLifeTime: number | undefined;
  /** For how many milliseconds a message may wait on this side before it is dropped; undefined: without a limit. The option of who opened it, and undefined on the other side. */
  declare readonly maxQueueAge: number | undefined;
  /** Whether it survives the connection. */
  declare readonly durable: boolean;
  /** Whether it is a data channel of its own. */
  declare readonly raw: boolean;
  /** The protocol that it was opened with, or "". */
  declare readonly protocol: string;
  /**
   * Resolves when the channel is closed: with undefined if that was in order, by either side, else with why: `connection-lost`,
   * `overflow`, `message-too-large`, or what the other side says.
   */
  readonly closed: Promise<BeckonError | undefined>;
  /** @internal */
  readonly _what: string;
  /** @internal */
  readonly _outbox: Outbox;
  /** @internal */
  _unread!: PullQueue<Unread>;
  /** @internal What of the stats is counted. */
  readonly _count = { messagesSent: 0, bytesSent: 0, messagesReceived: 0, bytesReceived: 0, dropped: 0, missed: 0 };
  /** @internal It has ended. */
  _over = false;
  /** @internal What was sent last was said to be so. */
  _finished = false;
  /** @internal The application has asked for a message. */
  _asked = false;
  /** @internal */
  _reason = "";
  #closing: Promise<void> | undefined;
  readonly #ended = deferred<BeckonError | undefined>();

  /** @internal */
  constructor(info: ChannelInfo, peer: string) {
    Object.assign(this, info);
    this._what = `channel ${JSON.stringify(info.label)} with ${peer}`;
    this.closed = this.#ended.promise;
    this._outbox = new Outbox(this._what, this);
    this._unread = new PullQueue(this._what, ({ cost }) => cost, (item) => this._taken(item));
  }

  /** What the other side said when it closed the channel; "" if nothing, or if it has not. */
  get reason(): string {
    return this._reason;
  }

  /** How many bytes were handed to `send` and have not left yet; of a durable channel, that the other side does not have yet. */
  abstract get bufferedAmount(): number;

  /**
   * The largest message in bytes that can be sent: what the other side takes, and on unreliable channels no more than 1 MiB. 65,536
   * until the other side has said it, in the first moment of a channel that this side opened.
   */
  abstract get maxMessageSize(): number;

  /**
   * Sends a message. Resolves when there is room for the next: at once while 1 MiB or less waits, each message counting 64 bytes
   * more than it has, else when that has fallen to 256 KiB.
   * Who waits for it sends as fast as the network and the reader take it; who does not, may run into `overflow` at 64 MiB. Bytes must
   * not be changed before it resolves. A Blob is read piece by piece. Rejects with `message-too-large` (see `maxMessageSize`), `closed`,
   * or what ended the channel, and with `aborted`, after which the message may still arrive if all of it had left.
   */
  async send(data: Sendable, { signal }: Abortable = {}): Promise<void> {
    checkAborted(signal, this._what);
    if (this._over) throw await this.#why();
    if (this.#closing) throw new BeckonError("closed", `${this._what}: closed`);
    if (this._finished) throw new BeckonError("closed", `${this._what}: this side has ended its writing (closeWrite)`);
    return this._send(data, sizeOf(data, this.maxMessageSize), signal);
  }

  /**
   * Takes the next message: a string if it was sent as one, else its bytes. What came before the end is delivered before the end
   * is: then it rejects with `closed`, or with what ended the channel.
   */
  async recv({ signal }: Abortable = {}): Promise<Message> {
    this._ask();
    return messageOf(await this._unread.pull(signal));
  }

  /** All messages from now on, until the other side sends no more or the channel is closed in order; throws if it ended otherwise. */
  async *[Symbol.asyncIterator](): AsyncGenerator<Message, void, undefined> {
    this._ask();
    for await (const item of this._unread.iterate()) yield messageOf(item);
  }

  /**
   * Sends no more: the other side's reader sees the end after what was sent before, and can still send. Resolves at once. Rejects with
   * `unsupported` on a raw channel, with `closed`, or what ended the channel.
   */
  async closeWrite(): Promise<void> {
    if (this.raw) throw new BeckonError("unsupported", `${this._what}: a raw channel closes in both directions`);
    if (this._over) throw await this.#why();
    if (this.#closing) throw new BeckonError("closed", `${this._what}: closed`);
    this._finished = true;
    this._pump();
  }

  /**
   * Closes the channel after what was sent before has been delivered, and resolves when it is closed. `reason` is for the other side,
   * at most 1,024 bytes; a raw channel cannot tell it. It does not wait longer than 5 s for an other side that takes nothing, or 30 s
   * for an application that reads nothing. May be called again.
   */
  close(reason = ""): Promise<void> {
    checkText("close", "reason", reason);
    return (this.#closing ??= this.#shut(reason));
  }

  /** What has gone through it, now. */
  stats(): ChannelStats {
    const oldest = this._outbox.items[0];
    return { ...this._count, buffered: this.bufferedAmount, queueAge: oldest ? performance.now() - oldest.since : 0 };
  }

  /** What is said to those who want something of a channel that has ended. */
  async #why(): Promise<BeckonError> {
    return (await this.closed) ?? new BeckonError("closed", `${this._what}: closed`);
  }

  async #shut(reason: string): Promise<void> {
    let moved = this._moved;
    let waits = 0;
    const timer = setInterval(() => {
      if (moved !== this._moved) waits = 0;
      else if (++waits >= (this._held ? PATIENCE : 1)) this._giveUp();
      moved = this._moved;
    }, LINGER);
    void this._shut(reason);
    await this.closed;
    clearInterval(timer);
  }

  /** @internal Sends what can be sent now. */
  abstract _pump(): void;

  /** @internal Another number whenever the other side has taken something of this channel since. */
  abstract readonly _moved: number;

  /** @internal Whether it is the other side's reader who keeps what is sent from leaving, or nobody can. */
  abstract readonly _held: boolean;

  /** @internal Sends a message of `size` bytes at most. */
  abstract _send(data: Sendable, size: number, signal: AbortSignal | undefined): Promise<void>;

  /** @internal Closes when all has left; its end is waited for elsewhere. */
  abstract _shut(reason: string): unknown;

  /** @internal A reader has got a message. */
  abstract _taken(item: Unread): void;

  /** @internal The other side takes nothing of what was sent before closing. */
  abstract _giveUp(): void;

  /** @internal Whether this side is closing it. */
  get _closing(): boolean {
    return this.#closing !== undefined;
  }

  /** @internal The application asks for a message. */
  _ask(): void {
    this._asked = true;
  }

  /** @internal A message has arrived. */
  _arrived(item: Unread): void {
    this._count.messagesReceived++;
    this._unread.push(item);
  }

  /** @internal Rejects what is larger than `limit`. */
  _tooLarge(size: number, limit: number, whose = "the other side has said that it takes"): BeckonError | undefined {
    if (size <= limit) return undefined;
    return new BeckonError("message-too-large", `${this._what}: ${size} bytes, and ${whose} ${limit} at most`);
  }

  /** @internal Ends it now, because of `error` or in order. */
  _end(error: BeckonError | undefined): void {
    if (this._over) return;
    this._over = true;
    this._unread.end(error);
    this._outbox.end(error ?? new BeckonError("closed", `${this._what}: closed`));
    this.#ended.resolve(error);
  }
}

function messageOf({ data, text }: Unread): Message {
  return text ? textOf(data as Uint8Array) : data;
}

/** The size of a message in bytes; of a text that is certainly within the limit, an upper bound. */
function sizeOf(data: Sendable, limit: number): number {
  if (typeof data === "string") return byteLength(data, limit);
  if (!isSendable(data)) throw new TypeError("send: the data is none of string, ArrayBuffer, a view of one and Blob");
  return data instanceof Blob ? data.size : data.byteLength;
}

/** What a message counts in bytes while it waits to be read. */
export function costOf(message: Message): number {
  return message.length + OVERHEAD;
}
