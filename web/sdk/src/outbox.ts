import { abortError, deferred, type Deferred } from "./abort.js";
import { BeckonError } from "./error.js";

/** Above this many bytes that wait, sending waits… */
export const HIGH_WATER = 1024 * 1024;
/** … until no more than this many are left. */
export const LOW_WATER = 256 * 1024;
/** How many bytes may wait when an app does not wait for its sends. */
const MAX_WAITING = 64 * 1024 * 1024;
/** What a message counts besides its bytes, so that many empty ones are not free. */
export const OVERHEAD = 64;

/** What can be sent. A Blob arrives as bytes. */
export type Sendable = string | ArrayBuffer | ArrayBufferView<ArrayBuffer> | Blob;

/** A message that waits to leave. */
export interface Item {
  data: Sendable;
  readonly text: boolean;
  readonly size: number;
  /** How many of its bytes have left, and at which of them `data` begins if that is bytes. */
  sent: number;
  from: number;
  /** Where the bytes come from that are not in `data` yet. */
  readonly blob: Blob | undefined;
  /** Since when it waits, by performance.now. */
  readonly since: number;
  /** Some of it has left, perhaps all; it is not here any more. */
  begun: boolean;
  gone: boolean;
  /** Its sender has given it up after that. */
  cut: boolean;
  /** Settled when it has left, or never will. */
  readonly written: Deferred<void>;
}

/** What an Outbox needs from its channel. */
export interface OutboxOwner {
  /** How many bytes wait: those in the outbox, and what else the channel counts. */
  readonly bufferedAmount: number;
  /** Whether messages stay here that have left. */
  readonly durable: boolean;
  /** @internal Sends what can be sent now. */
  _pump(): void;
}

/** What a channel has to send: messages leave in the order of the calls. The channel takes them out. */
export class Outbox {
  /** What waits, the oldest first. */
  readonly items: Item[] = [];
  /** How many bytes that is. */
  bytes = 0;
  readonly #what: string;
  readonly #owner: OutboxOwner;
  /** Those who wait for low water. */
  readonly #thirsty = new Set<Deferred<void>>();
  #error: BeckonError | undefined;

  constructor(what: string, owner: OutboxOwner) {
    this.#what = what;
    this.#owner = owner;
  }

  /**
   * Queues a message of `size` bytes, which are a text's or not, and resolves when there is room for the next. With `whole` it is first waited for that this one
   * has left: while it has not, nobody knows whether it can.
   */
  async send(data: Sendable, text: boolean, size: number, whole: boolean, signal: AbortSignal | undefined): Promise<void> {
    if (this.#error) throw this.#error;
    if (this.bytes + this.items.length * OVERHEAD > MAX_WAITING) {
      throw new BeckonError("overflow", `${this.#what}: too much waits to be sent; wait for send() to resolve.`);
    }
    const blob = data instanceof Blob ? data : undefined;
    const item: Item = { data, text, size, sent: 0, from: 0, blob, since: performance.now(), begun: false, gone: false, cut: false, written: deferred() };
    this.items.push(item);
    this.bytes += size;
    const low = deferred<void>();
    const stop = () => {
      this.#thirsty.delete(low);
      const error = abortError(signal as AbortSignal, this.#what);
      // What has begun to leave is cut if that can be; what has left is on its way.
      if (item.begun) item.cut = true;
      else this.remove(item);
      item.written.reject(error);
      low.reject(error);
      queueMicrotask(() => this.#owner._pump()); // when all that this signal is for is given up
    };
    signal?.addEventListener("abort", stop, { once: true });
    for (const { promise } of [low, item.written]) promise.catch(() => {}); // not always waited for
    try {
      this.#owner._pump();
      if (whole || blob) await item.written.promise;
      if (this.#weight <= HIGH_WATER) return;
      this.#thirsty.add(low);
      await low.promise;
    } finally {
      signal?.removeEventListener("abort", stop);
      this.#own(item);
    }
  }

  /** Something has left: tells those who wait for that. */
  left(): void {
    if (this.#thirsty.size === 0 || this.#weight > LOW_WATER) return;
    for (const waiter of this.#thirsty) waiter.resolve();
    this.#thirsty.clear();
  }

  get #weight(): number {
    return this.#owner.bufferedAmount + this.items.length * OVERHEAD;
  }

  /** Takes a message out that has left or will not. */
  remove(item: Item): void {
    const index = this.items.indexOf(item);
    if (index < 0) return;
    if (index === 0) this.items.shift(); // which does not move the others
    else this.items.splice(index, 1);
    item.gone = true;
    this.bytes -= item.size - item.sent;
  }

  /** Rejects all that waits. */
  end(error: BeckonError): void {
    if (this.#error) return;
    this.#error = error;
    for (const { written } of this.items.splice(0)) written.reject(error);
    this.bytes = 0;
    for (const waiter of this.#thirsty) waiter.reject(error);
    this.#thirsty.clear();
  }

  /** The app may change its bytes from now on: what is still needed of them is copied. */
  #own(item: Item): void {
    if (item.blob || item.text || item.gone) return;
    const from = this.#owner.durable ? 0 : item.sent;
    item.data = bytesOf(item.data as ArrayBuffer).slice(from - item.from);
    item.from = from;
  }
}

/** The bytes of what can be sent, but for a Blob; not copied. */
export function bytesOf(data: ArrayBuffer | ArrayBufferView<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  return data instanceof ArrayBuffer ? new Uint8Array(data) : new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
}
