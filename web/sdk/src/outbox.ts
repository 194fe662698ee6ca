import { abortError, deferred, type Deferred } from "./abort.js";
import { asBeckonError, BeckonError } from "./error.js";

/** Above this many bytes in the browser's buffer, sending waits… */
const HIGH_WATER = 1024 * 1024;
/** … until no more than this many are left in it. */
const LOW_WATER = 256 * 1024;
/** How many bytes may wait outside the browser's buffer, when an app does not wait for its sends. */
const MAX_WAITING = 64 * 1024 * 1024;
/** What a queued message counts besides its bytes, so that many empty ones are not free. */
export const OVERHEAD = 64;

/** What can be sent. A Blob arrives as bytes. */
export type Sendable = string | ArrayBuffer | ArrayBufferView<ArrayBuffer> | Blob;

interface Waiting {
  data: Sendable;
  size: number;
  /** Settled when the message is in the browser's buffer, or never will be. */
  written: Deferred<void>;
}

/**
 * The sending side of a channel. Messages go out in the order of the calls; the browser's own buffer never holds more than the
 * high water mark and one message, far from the 16 MiB at which Chromium throws.
 */
export class Outbox {
  readonly #dc: RTCDataChannel;
  readonly #what: string;
  readonly #waiting: Waiting[] = [];
  #bytes = 0;
  /** How many bytes were handed to the browser. */
  #handed = 0;
  #pumping = false;
  /** Those who wait for low water. */
  readonly #thirsty = new Set<Deferred<void>>();
  #error: BeckonError | undefined;

  constructor(dc: RTCDataChannel, what: string) {
    this.#dc = dc;
    this.#what = what;
    dc.bufferedAmountLowThreshold = LOW_WATER;
    dc.addEventListener("bufferedamountlow", () => {
      for (const waiter of this.#thirsty) waiter.resolve();
      this.#thirsty.clear();
    });
  }

  /** How many bytes are not on the wire yet: those in the browser's buffer and those that wait for it. */
  get bufferedAmount(): number {
    return this.#bytes + this.#dc.bufferedAmount;
  }

  /** How many bytes have left. It stands still while the other side takes nothing, whatever is sent meanwhile. */
  get taken(): number {
    return this.#handed - this.#dc.bufferedAmount;
  }

  /** Sends a message of `size` bytes, and resolves when the browser's buffer is low. */
  async send(data: Sendable, size: number, signal: AbortSignal | undefined): Promise<void> {
    if (this.#error) throw this.#error;
    if (this.#bytes + this.#waiting.length * OVERHEAD > MAX_WAITING) {
      throw new BeckonError("overflow", `${this.#what}: too much waits to be sent; wait for send() to resolve.`);
    }
    const item: Waiting = { data, size, written: deferred() };
    this.#waiting.push(item);
    this.#bytes += size;
    const low = deferred<void>();
    const stop = () => {
      // Only what still waits can be taken back; what is in the browser's buffer is on its way.
      this.#remove(item);
      this.#thirsty.delete(low);
      const error = abortError(signal as AbortSignal, this.#what);
      item.written.reject(error);
      low.reject(error);
    };
    signal?.addEventListener("abort", stop, { once: true });
    low.promise.catch(() => {}); // it is not always waited for
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
  async drained(): Promise<void> {
    await Promise.allSettled(this.#waiting.map((item) => item.written.promise));
    this.#dc.bufferedAmountLowThreshold = 0;
    if (this.#error || this.#dc.bufferedAmount === 0) return;
    const empty = deferred<void>();
    this.#thirsty.add(empty);
    await empty.promise.catch(() => {}); // it ended otherwise
  }

  /** Rejects all that waits. */
  end(error: BeckonError): void {
    if (this.#error) return;
    this.#error = error;
    for (const { written } of this.#waiting.splice(0)) written.reject(error);
    this.#bytes = 0;
    for (const waiter of this.#thirsty) waiter.reject(error);
    this.#thirsty.clear();
  }

  /** Moves what waits into the browser's buffer. The first message goes at once if nothing is before it. */
  async #pump(): Promise<void> {
    if (this.#pumping) return;
    this.#pumping = true;
    try {
      for (let item = this.#waiting[0]; item; item = this.#waiting[0]) {
        if (this.#dc.bufferedAmount > HIGH_WATER) {
          const low = deferred<void>();
          this.#thirsty.add(low);
          await low.promise;
          continue;
        }
        const reading = this.#write(item);
        if (reading) await reading; // a needless await would put off the next message to after the caller's next line
      }
    } catch {
      // Only `end` rejects here, and it has told everyone.
    } finally {
      this.#pumping = false;
    }
  }

  #write(item: Waiting): Promise<void> | undefined {
    if (item.data instanceof Blob) {
      // Not every browser sends Blobs by itself, and those that do would let later messages overtake them.
      return item.data.arrayBuffer().then(
        (bytes) => {
          item.data = bytes;
        },
        (error: unknown) => {
          this.#remove(item);
          item.written.reject(error); // the app's own Blob: the app's own error
        },
      );
    }
    this.#remove(item);
    try {
      const before = this.#dc.bufferedAmount; // which counts bytes, and `size` may be more
      this.#dc.send(item.data as string);
      this.#handed += this.#dc.bufferedAmount - before;
      item.written.resolve();
    } catch (error) {
      item.written.reject(asBeckonError(error, "closed", this.#what));
    }
    return undefined;
  }

  #remove(item: Waiting): void {
    const index = this.#waiting.indexOf(item);
    if (index < 0) return;
    if (index === 0) this.#waiting.shift(); // which does not move the others
    else this.#waiting.splice(index, 1);
    this.#bytes -= item.size;
  }
}
