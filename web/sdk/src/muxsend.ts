import { bad, CUT, DATA, encodeFrame, FIRST, NEXT, NUMBERED, PART } from "./muxframes.js";
import { bytesOf, OVERHEAD, type Item, type Outbox } from "./outbox.js";

/** How much of a Blob is read at a time. */
const PIECE = 1024 * 1024;
/** What may be sent of an ordered, reliable channel before the other side has said anything: offset, and size of a message. */
export const EARLY = 65536;

/** What a Sender needs from its channel. */
export interface SenderOwner {
  readonly _outbox: Outbox;
  readonly _count: { messagesSent: number; bytesSent: number; dropped: number };
  /** The messages say their numbers; they have windows; they are kept until they are acknowledged. */
  readonly _numbered: boolean;
  readonly _windowed: boolean;
  readonly durable: boolean;
  readonly maxQueueAge: number | undefined;
  /** There may be something to send again. */
  _pump(): void;
}

/** What one side of a channel sends: it makes frames of messages, no more than the other side has granted. */
export class Sender {
  /** Up to which offset may be sent; nothing while it is -1. */
  granted = -1;
  /** The largest message that the other side takes; undefined until it has said so. */
  max: number | undefined;
  /** How many messages have left whole; in numbered delivery, those that were cut among them. */
  count = 0;
  /** How many have been acknowledged. */
  acked = 0;
  #offset = 0;
  /** The offset of the last message that was acknowledged. */
  #ackedOffset = 0;
  #reading = false;
  readonly #owner: SenderOwner;
  readonly #items: Item[];

  constructor(owner: SenderOwner) {
    this.#owner = owner;
    this.#items = owner._outbox.items;
  }

  /** All that was sent has left. */
  get idle(): boolean {
    return !this.#item;
  }

  /** A message waits for the other side to grant more. */
  get held(): boolean {
    const item = this.#item;
    return item !== undefined && this.#owner._windowed && this.#offset + item.size > this.granted;
  }

  /** How much has been sent: it moves while the other side takes something. */
  get offset(): number {
    return this.#offset;
  }

  /** The next frame for channel `id`, with a part of no more than `part` bytes; undefined if nothing can be sent now. */
  next(id: number, part: number): Uint8Array<ArrayBuffer> | undefined {
    this.prune();
    const { _windowed: windowed, _numbered: numbered, _outbox: outbox, _count: count, durable } = this.#owner;
    const item = this.#item;
    if (!item || this.granted < 0) return undefined;
    if (item.cut && !durable) {
      outbox.remove(item);
      if (numbered) this.count++;
      return encodeFrame(CUT, id, numbered ? [this.count] : []);
    }
    const length = Math.min(part, item.size - item.sent);
    const cost = length + (item.sent > 0 ? 0 : OVERHEAD);
    if (item.size > (this.max ?? EARLY) || (windowed && this.#offset + cost > this.granted)) return undefined;
    const bytes = this.#bytes(item, length);
    if (!bytes) return undefined;

    const whole = length === item.size;
    let type = item.sent > 0 ? NEXT : whole ? DATA : FIRST;
    let numbers = type === FIRST ? [item.size] : [];
    if (numbered) {
      type = whole ? NUMBERED : PART;
      numbers = whole ? [this.count + 1] : [this.count + 1, item.size, item.sent];
    }
    if (item.text && type !== NEXT) type++;
    this.#offset += cost;
    item.begun = true;
    item.sent += length;
    count.bytesSent += length;
    if (!durable) outbox.bytes -= length;
    if (item.sent === item.size) {
      this.count++;
      count.messagesSent++;
      if (!durable) outbox.remove(item);
      item.written.resolve();
    }
    return encodeFrame(type, id, numbers, bytes);
  }

  /** Drops what has waited for too long. */
  prune(): void {
    const { maxQueueAge: age, _outbox: outbox, _count: count } = this.#owner;
    if (age === undefined) return;
    const oldest = performance.now() - age;
    const { dropped } = count;
    for (let item = this.#items[0]; item && !item.begun && item.since < oldest; item = this.#items[0]) {
      outbox.remove(item);
      count.dropped++;
      item.written.resolve();
    }
    if (count.dropped > dropped) outbox.left(); // nothing else may leave that would say so
  }

  /** The other side has the messages up to n. Throws `bad-frame`. */
  ack(n: number): void {
    if (n > this.count) throw bad("an ACK of what was not sent");
    for (; this.acked < n; this.acked++) {
      const { size } = this.#items.shift() as Item;
      this.#owner._outbox.bytes -= size;
      this.#ackedOffset += size + OVERHEAD;
    }
  }

  /** Goes on, on another connection, after the n messages that the other side has. Throws `bad-frame`. */
  resume(n: number, granted: number): void {
    if (n < this.acked) throw bad("messages that were acknowledged are missing");
    this.ack(n);
    this.#owner._count.messagesSent -= this.count - n;
    this.count = n;
    this.#offset = this.#ackedOffset;
    // What was sent is complete in `data`: bytes were copied, and a Blob is read again.
    for (const item of this.#items) item.sent = 0;
    this.granted = granted;
  }

  /** The message that leaves now or next. */
  get #item(): Item | undefined {
    return this.#items[this.#owner.durable ? this.count - this.acked : 0];
  }

  /** The next bytes of a message; undefined while they are being read. */
  #bytes(item: Item, length: number): Uint8Array<ArrayBuffer> | undefined {
    const at = item.sent - item.from;
    if (item.data instanceof Blob || (item.blob && (at < 0 || at + length > (item.data as Uint8Array).length))) {
      void this.#read(item, item.blob as Blob);
      return undefined;
    }
    return bytesOf(item.data as Uint8Array<ArrayBuffer>).subarray(at, at + length);
  }

  async #read(item: Item, blob: Blob): Promise<void> {
    if (this.#reading) return;
    this.#reading = true;
    const from = item.sent;
    try {
      // One that must be sent again if need be must not fail in the midst.
      const piece = this.#owner.durable ? blob : blob.slice(from, from + PIECE);
      item.data = new Uint8Array(await piece.arrayBuffer());
      item.from = this.#owner.durable ? 0 : from;
    } catch (error) {
      item.written.reject(error); // the app's own Blob: the app's own error
      if (item.begun) item.cut = true;
      else this.#owner._outbox.remove(item);
    }
    this.#reading = false;
    this.#owner._pump();
  }
}
