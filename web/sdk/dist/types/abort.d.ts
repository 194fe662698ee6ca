import { BeckonError } from "./error.js";
/** A promise together with the two functions that settle it. (Promise.withResolvers is younger than the browsers we support.) */
export interface Deferred<T> {
    readonly promise: Promise<T>;
    resolve(value: T): void;
    reject(error: unknown): void;
}
/** Makes a Deferred. */
export declare function deferred<T>(): Deferred<T>;
/** What to reject with when a signal is aborted: its reason, if that is an error of ours (a deadline's), else `aborted`. */
export declare function abortError(signal: AbortSignal, what: string): BeckonError;
/** Throws if the signal is aborted already. */
export declare function checkAborted(signal: AbortSignal | undefined, what: string): void;
/**
 * Waits for a promise or for the signal, whichever is first. The promise is not stopped by this: `givenUp` is called so that
 * whoever works on it can stop.
 */
export declare function abortable<T>(promise: Promise<T>, signal: AbortSignal | undefined, what: string, givenUp?: () => void): Promise<T>;
/**
 * Makes a signal that follows `outer` and is aborted with `late()` after `ms` milliseconds. `clear` must be called at the end.
 * (AbortSignal.any and AbortSignal.timeout are younger than the browsers we support.)
 */
export declare function deadline(outer: AbortSignal | undefined, ms: number, late: () => Error): {
    signal: AbortSignal;
    clear: () => void;
};
