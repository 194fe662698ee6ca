import { BeckonError } from "./error.js";

/** A promise together with the two functions that settle it. (Promise.withResolvers is younger than the browsers we support.) */
export interface Deferred<T> {
  readonly promise: Promise<T>;
  resolve(value: T): void;
  reject(error: unknown): void;
}

/** Makes a Deferred. */
export function deferred<T>(): Deferred<T> {
  let resolve!: (value: T) => void;
  let reject!: (error: unknown) => void;
  const promise = new Promise<T>((yes, no) => {
    resolve = yes;
    reject = no;
  });
  return { promise, resolve, reject };
}

/** What to reject with when a signal is aborted: its reason, if that is an error of ours (a deadline's), else `aborted`. */
export function abortError(signal: AbortSignal, what: string): BeckonError {
  const reason: unknown = signal.reason;
  if (reason instanceof BeckonError) return reason;
  return new BeckonError("aborted", `${what}: the caller gave up`, { cause: reason });
}

/** Throws if the signal is aborted already. */
export function checkAborted(signal: AbortSignal | undefined, what: string): void {
  if (signal?.aborted) throw abortError(signal, what);
}

/**
 * Waits for a promise or for the signal, whichever is first. The promise is not stopped by this: `givenUp` is called so that
 * whoever works on it can stop.
 */
export function abortable<T>(
  promise: Promise<T>,
  signal: AbortSignal | undefined,
  what: string,
  givenUp?: () => void,
): Promise<T> {
  if (!signal) return promise;
  return new Promise((resolve, reject) => {
    const stop = () => {
      reject(abortError(signal, what));
      givenUp?.();
    };
    promise.then(resolve, reject).finally(() => signal.removeEventListener("abort", stop));
    if (signal.aborted) stop();
    else signal.addEventListener("abort", stop, { once: true });
  });
}

/**
 * Makes a signal that follows `outer` and is aborted with `late()` after `ms` milliseconds. `clear` must be called at the end.
 * (AbortSignal.any and AbortSignal.timeout are younger than the browsers we support.)
 */
export function deadline(
  outer: AbortSignal | undefined,
  ms: number,
  late: () => Error,
): { signal: AbortSignal; clear: () => void } {
  const controller = new AbortController();
  const follow = () => controller.abort(outer?.reason);
  const timer = setTimeout(() => controller.abort(late()), ms);
  if (outer?.aborted) follow();
  else outer?.addEventListener("abort", follow, { once: true });
  return {
    signal: controller.signal,
    clear() {
      clearTimeout(timer);
      outer?.removeEventListener("abort", follow);
    },
  };
}
