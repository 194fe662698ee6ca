import { Channel, costOf, type Message, type Unread } from "./channel.js";
import { asBeckonError, BeckonError } from "./error.js";
import { nextTask } from "./open.js";
import { HIGH_WATER, LOW_WATER, type Item, type Sendable } from "./outbox.js";

/** How much may wait to be read, in bytes. */
const MAX_UNREAD = 64 * 1024 * 1024;
/** And on all channels of a peer together of which the application has not asked for a message yet: it need not have wanted them. */
const MAX_UNASKED = 16 * 1024 * 1024;

/** What a channel needs from the connection that it is on. */
export interface ChannelOwner {
  /** The peer's id. */
  readonly id: string;
  /** The largest message of a data channel in bytes that the other side takes. */
  readonly maxMessageSize: number;
  /** Whether the association is there that the channel is part of. */
  readonly open: boolean;
  /** Something came of the other side. */
  heard(): void;
}

/** A channel that is a data channel of its own, for peers that speak nothing else. */
export class RawChannel extends Channel {
  readonly #dc: RTCDataChannel;
  readonly #owner: ChannelOwner;
  /** How many bytes were handed to the browser. */
  #handed = 0;
  #fault: RTCError | undefined;
  #reading = false;
  #drained: (() => void) | undefined;
  readonly #held: { unasked: number };
  /** What of that is this channel's. */
  #counted = 0;

  /** `held` is what the peer's channels hold that nobody has asked for. */
  constructor(dc: RTCDataChannel, owner: ChannelOwner, held = { unasked: 0 }) {
    const { label, ordered, protocol, maxRetransmits, maxPacketLifeTime } = dc;
    const limits = { maxRetransmits: maxRetransmits ?? undefined, maxPacketLifeTime: maxPacketLifeTime ?? undefined };
    super({ label, ordered, protocol, ...limits, durable: false, raw: true }, owner.id);
    this.#dc = dc;
    this.#owner = owner;
    this.#held = held;
    dc.binaryType = "arraybuffer";
    dc.bufferedAmountLowThreshold = LOW_WATER;
    dc.addEventListener("bufferedamountlow", () => {
      this._pump();
      this._outbox.left();
    });
    dc.addEventListener("open", () => this._pump()); // see sendable
    // These listen before anything can have come: messages wait here for the app's first read.
    dc.addEventListener("message", (event: MessageEvent<string | ArrayBuffer>) => this.#received(event.data));
    dc.addEventListener("error", (event) => (this.#fault = event.error));
    dc.addEventListener("close", () => void this.#closed());
  }

  get bufferedAmount(): number {
    return this._outbox.bytes + this.#dc.bufferedAmount;
  }

  get maxMessageSize(): number {
    return this.#owner.maxMessageSize;
  }

  /** How many bytes have left. It stands still while the other side takes nothing, whatever is sent meanwhile. */
  get _moved(): number {
    return this.#handed - this.#dc.bufferedAmount;
  }

  readonly _held = false;

  async _send(data: Sendable, size: number, signal: AbortSignal | undefined): Promise<void> {
    const error = this._tooLarge(size, this.maxMessageSize);
    if (error) throw error;
    await this._outbox.send(data, typeof data === "string", size, false, signal);
  }

  /** Moves what waits into the browser's buffer: no more than the high water mark and one message, far from where Chromium throws. */
  _pump(): void {
    for (let item = this._outbox.items[0]; item && !this.#reading; item = this._outbox.items[0]) {
      if (this.#dc.bufferedAmount > HIGH_WATER || this.#dc.readyState !== "open") return;
      if (item.data instanceof Blob) void this.#read(item, item.data);
      else this.#write(item);
    }
    this.#drain();
  }

  /** Not every browser sends Blobs by itself, and those that do would let later messages overtake them. */
  async #read(item: Item, blob: Blob): Promise<void> {
    this.#reading = true;
    try {
      item.data = await blob.arrayBuffer();
    } catch (error) {
      this._outbox.remove(item);
      item.written.reject(error); // the app's own Blob: the app's own error
    }
    this.#reading = false;
    this._pump();
  }

  #write(item: Item): void {
    this._outbox.remove(item);
    try {
      const before = this.#dc.bufferedAmount; // which counts bytes, and `size` may be more
      this.#dc.send(item.data as string);
      const bytes = this.#dc.bufferedAmount - before;
      this.#handed += bytes;
      this._count.messagesSent++;
      this._count.bytesSent += bytes;
      item.written.resolve();
    } catch (error) {
      item.written.reject(asBeckonError(error, "closed", this._what));
    }
  }

  #drain(): void {
    if (!this.#drained || this._outbox.items.length > 0) return;
    this.#dc.bufferedAmountLowThreshold = 0;
    if (this.#dc.bufferedAmount === 0) this.#drained();
  }

  /**
   * Closing resets the stream when all that is on the wire has arrived (RFC 8831, section 6.7). But what only waits to get there is
   * thrown away by Chromium, against the specification: so it has to be gone before.
   */
  _shut(): void {
    this.#drained = () => this.#dc.close();
    this._pump();
  }

  _giveUp(): void {
    this._end(undefined);
  }

  _taken(): void {}

  #received(raw: string | ArrayBuffer): void {
    this.#owner.heard();
    const data: Message = typeof raw === "string" ? raw : new Uint8Array(raw);
    this._count.bytesReceived += data.length;
    this._arrived({ data, cost: costOf(data) } satisfies Unread);
    this.#weigh();
    const unasked = this.#counted > 0 && this.#held.unasked > MAX_UNASKED;
    if (!unasked && this._unread.weight <= MAX_UNREAD) return;
    this._end(new BeckonError("overflow", `${this._what}: more than ${unasked ? MAX_UNASKED : MAX_UNREAD} bytes waited to be read.`));
    while (unasked && this._unread.length > 0) this._unread.take(); // or they would be held all the same
    this.#weigh();
  }

  override _ask(): void {
    super._ask();
    this.#weigh();
  }

  #weigh(): void {
    const now = this._asked ? 0 : this._unread.weight;
    this.#held.unasked += now - this.#counted;
    this.#counted = now;
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

  override _end(error: BeckonError | undefined): void {
    super._end(error);
    this.#dc.close();
  }
}
