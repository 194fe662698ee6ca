import { abortError, checkAborted, deferred, type Deferred } from "./abort.js";
import { BeckonError } from "./error.js";

/**
 * A queue between events that come when they like and a reader that asks when it likes. Nothing that was pushed is lost when
 * the queue ends: the reader first gets what is there, then the end. Its owner bounds it, by `length` or `weight`.
 */
export class PullQueue<T> {
  /** The sum of the weights of what waits. */
  weight = 0;
  readonly #what: string;
  readonly #weigh: (item: T) => number;
  readonly #taken: ((item: T) => void) | undefined;
  #items: T[] = [];
  /** Items before this index are taken. Array.shift moves all others, which is slow for long queues. */
  #head = 0;
  readonly #readers = new Set<Deferred<T>>();
  #ended = false;
  #error: BeckonError | undefined;

  /** `what` is said in errors; `weigh` says how much an item counts in `weight`; `taken` is told what a reader has got. */
  constructor(what: string, weigh: (item: T) => number = () => 1, taken?: (item: T) => void) {
    this.#what = what;
    this.#weigh = weigh;
    this.#taken = taken;
  }

  /** How many items wait. */
  get length(): number {
    return this.#items.length - this.#head;
  }

  /** Adds an item; after the end it is dropped. */
  push(item: T): void {
    if (this.#ended) return;
    for (const reader of this.#readers) {
      this.#readers.delete(reader);
      reader.resolve(item);
      this.#taken?.(item);
      return;
    }
    this.#items.push(item);
    this.weight += this.#weigh(item);
  }

  /** Takes an item out that nobody has taken yet. */
  remove(item: T): void {
    const index = this.#items.indexOf(item, this.#head);
    if (index < 0) return;
    this.#items.splice(index, 1);
    this.weight -= this.#weigh(item);
  }

  /** Ends the queue: in order without an error, or because of one. Only the first end counts. */
  end(error: BeckonError | undefined): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#error = error;
    for (const reader of this.#readers) reader.reject(this.#over());
    this.#readers.clear();
  }

  /** Takes the next item, waiting for it; readers are served in their order. Rejects with `closed` or the queue's error. */
  async pull(signal?: AbortSignal): Promise<T> {
    checkAborted(signal, this.#what);
    if (this.length > 0) {
      const item = this.take();
      this.#taken?.(item);
      return item;
    }
    if (this.#ended) throw this.#over();
    const reader = deferred<T>();
    const stop = () => {
      // An item that was handed over already wins: it would be lost otherwise.
      if (this.#readers.delete(reader)) reader.reject(abortError(signal as AbortSignal, this.#what));
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
  async *iterate(): AsyncGenerator<T, void, undefined> {
    for (;;) {
      let item: T;
      try {
        item = await this.pull();
      } catch (error) {
        if (this.#error === undefined) return;
        throw error;
      }
      yield item;
    }
  }

  /** Takes the oldest item out; there is one. */
  take(): T {
    const item = this.#items[this.#head] as T;
    this.#items[this.#head++] = undefined as T; // lets go of it
    this.weight -= this.#weigh(item);
    if (this.#head >= 1024 && this.#head * 2 >= this.#items.length) {
      this.#items = this.#items.slice(this.#head);
      this.#head = 0;
    }
    return item;
  }

  #over(): BeckonError {
    return this.#error ?? new BeckonError("closed", `${this.#what}: closed`);
  }
}
