import { checkAborted, deferred } from "./abort.js";
import { BeckonError } from "./error.js";
import { nextTask } from "./open.js";
import type { Abortable } from "./options.js";
import { Outbox, OVERHEAD, type Sendable } from "./outbox.js";
import { PullQueue } from "./pull.js";
import { byteLength } from "./text.js";

/** How much may wait to be read, in bytes. */
const MAX_UNREAD = 64 * 1024 * 1024;
/** For how many milliseconds a closing channel waits without anything moving. */
const LINGER = 5000;
/** What a Channel needs from the Peer that it is a channel to. */
export interface ChannelOwner {
  /** The peer's id. */
  readonly id: string;
  /** The largest message in bytes that the other side takes. */
  readonly maxMessageSize: number;
  /** Whether the association is there that the channel is part of. */
  readonly open: boolean;
  /** Something came of the other side. */
  heard(): void;
}

/** A data channel to a peer: messages, text or bytes, both ways. */
export class Channel implements AsyncIterable<string | Uint8Array<ArrayBuffer>> {
  /** Resolves when the channel is closed: with undefined if that was in order, by either side, else with the reason. */
  readonly closed: Promise<BeckonError | undefined>;
  readonly #dc: RTCDataChannel;
  readonly #owner: ChannelOwner;
  readonly #what: string;
  readonly #outbox: Outbox;
  readonly #unread: PullQueue<string | Uint8Array<ArrayBuffer>>;
  readonly #ended = deferred<BeckonError | undefined>();
  #closing: Promise<void> | undefined;
  #over = false;
  #fault: RTCError | undefined;

  /** @internal */
  constructor(dc: RTCDataChannel, owner: ChannelOwner) {
    this.#dc = dc;
    this.#owner = owner;
    this.#what = `channel ${JSON.stringify(dc.label)} with ${owner.id}`;
    this.closed = this.#ended.promise;
    this.#outbox = new Outbox(dc, this.#what);
    this.#unread = new PullQueue(this.#what, (message) => message.length + OVERHEAD);
    dc.binaryType = "arraybuffer";
    // These listen before anything can have come: messages wait here for the app's first read.
    dc.addEventListener("message", (event: MessageEvent<string | ArrayBuffer>) => this.#received(event.data));
    dc.addEventListener("error", (event) => (this.#fault = event.error));
    dc.addEventListener("close", () => void this.#closed());
  }

  /** The label that it was opened with. It need not be unique. */
  get label(): string {
    return this.#dc.label;
  }

  /** Whether messages arrive in order. */
  get ordered(): boolean {
    return this.#dc.ordered;
  }

  /** How often a lost message is sent again; undefined: until it arrives or its time is over. */
  get maxRetransmits(): number | undefined {
    return this.#dc.maxRetransmits ?? undefined;
  }

  /** For how many milliseconds a message is tried; undefined: without a limit of time. */
  get maxPacketLifeTime(): number | undefined {
    return this.#dc.maxPacketLifeTime ?? undefined;
  }

  /** The protocol that it was opened with, or "". */
  get protocol(): string {
    return this.#dc.protocol;
  }

  /** How many bytes were handed to `send` and have not left yet. */
  get bufferedAmount(): number {
    return this.#outbox.bufferedAmount;
  }

  /** The largest message in bytes that the other side takes. */
  get maxMessageSize(): number {
    return this.#owner.maxMessageSize;
  }

  /**
   * Sends a message. Resolves when there is room for the next: at once while 1 MiB or less is buffered, else when that has
   * fallen to 256 KiB. Who waits for it sends as fast as the network takes it; who does not, may run into `overflow` at 64 MiB.
   * Bytes must not be changed before it resolves. Rejects with `message-too-large` (see `maxMessageSize`), `closed`, or what
   * ended the connection, and with `aborted`, after which the message may still arrive if it had left the queue.
   */
  async send(data: Sendable, { signal }: Abortable = {}): Promise<void> {
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
  recv({ signal }: Abortable = {}): Promise<string | Uint8Array<ArrayBuffer>> {
    return this.#unread.pull(signal);
  }

  /** All messages from now on, until the channel is closed in order; throws if it ended otherwise. */
  [Symbol.asyncIterator](): AsyncGenerator<string | Uint8Array<ArrayBuffer>, void, undefined> {
    return this.#unread.iterate();
  }

  /**
   * Closes the channel after what was sent before has been delivered, and resolves when it is closed. It does not wait longer
   * than 5 s for an other side that takes nothing. May be called again.
   */
  close(): Promise<void> {
    return (this.#closing ??= this.#shut());
  }

  async #shut(): Promise<void> {
    let left = this.bufferedAmount;
    const timer = setInterval(() => {
      if (this.bufferedAmount >= left) this._end(undefined);
      left = this.bufferedAmount;
    }, LINGER);
    // Closing resets the stream when all that is on the wire has arrived (RFC 8831, section 6.7). But what only waits to get
    // there is thrown away by Chromium, against the specification: so it has to be gone before.
    await this.#outbox.drained();
    this.#dc.close();
    await this.closed;
    clearInterval(timer);
  }

  #received(data: string | ArrayBuffer): void {
    this.#owner.heard();
    this.#unread.push(typeof data === "string" ? data : new Uint8Array(data));
    if (this.#unread.weight > MAX_UNREAD) {
      this._end(new BeckonError("overflow", `${this.#what}: more than ${MAX_UNREAD} bytes waited to be read.`));
    }
  }

  /** The browser's close event: either the channel was closed, which is in order, or there is no association any more. */
  async #closed(): Promise<void> {
    // A message that met the other side's close on its way fails in Chromium with an error of this channel alone, just before it
    // closes; what ends the connection is an error of SCTP, or none, in Firefox. The other channels learn of it a moment later.
    const alone = !this.#fault || this.#fault.errorDetail === "data-channel-failure";
    if (alone) await nextTask();
    // Whether the association's end was in order, its owner knows: it ends this channel.
    if (alone && this.#owner.open) this._end(undefined);
  }

  /** @internal How many bytes have left. */
  get _taken(): number {
    return this.#outbox.taken;
  }

  /** @internal Ends it now, because of `error` or in order. */
  _end(error: BeckonError | undefined): void {
    if (this.#over) return;
    this.#over = true;
    this.#unread.end(error);
    this.#outbox.end(error ?? new BeckonError("closed", `${this.#what}: closed`));
    this.#dc.close();
    this.#ended.resolve(error);
  }
}

/** The size of a message in bytes; of a text that is certainly within the limit, an upper bound. */
function sizeOf(data: Sendable, limit: number): number {
  if (typeof data === "string") return byteLength(data, limit);
  if (data instanceof Blob) return data.size;
  if (data instanceof ArrayBuffer || ArrayBuffer.isView(data)) return data.byteLength;
  throw new TypeError("send: the data is none of string, ArrayBuffer, a view of one and Blob");
}
