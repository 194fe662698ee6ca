import { BeckonError } from "./error.js";
/**
 * A queue between events that come when they like and a reader that asks when it likes. Nothing that was pushed is lost when
 * the queue ends: the reader first gets what is there, then the end. Its owner bounds it, by `length` or `weight`.
 */
export declare class PullQueue<T> {
    #private;
    /** The sum of the weights of what waits. */
    weight: number;
    /** `what` is said in errors; `weigh` says how much an item counts in `weight`; `taken` is told what a reader has got. */
    constructor(what: string, weigh?: (item: T) => number, taken?: (item: T) => void);
    /** How many items wait. */
    get length(): number;
    /** Adds an item; after the end it is dropped. */
    push(item: T): void;
    /** Takes an item out that nobody has taken yet. */
    remove(item: T): void;
    /** Ends the queue: in order without an error, or because of one. Only the first end counts. */
    end(error: BeckonError | undefined): void;
    /** Takes the next item, waiting for it; readers are served in their order. Rejects with `closed` or the queue's error. */
    pull(signal?: AbortSignal): Promise<T>;
    /** All items from now on. Ends when the queue ends in order; throws if it ends because of an error. */
    iterate(): AsyncGenerator<T, void, undefined>;
    /** Takes the oldest item out; there is one. */
    take(): T;
}
