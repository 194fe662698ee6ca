/** The longest that an attempt may be put off is this many milliseconds after the first failure, doubling with each… */
const FIRST = 250;
/** … up to this many. */
const LONGEST = 30_000;

/**
 * When to try again: at a random moment between now and a limit that doubles with each failure. All of it is random ("full
 * jitter"), because what makes one client fail, such as a server that restarts, makes all of them fail at the same moment.
 */
export class Backoff {
  readonly #go: () => void;
  #failures = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;
  /** Not before this moment of performance.now: the server has asked for it. */
  #least = 0;

  /** `go` is called when it is time. */
  constructor(go: () => void) {
    this.#go = go;
  }

  /**
   * Waits for the next moment, at least `least` milliseconds. Where the others wait for a peer for `grace` milliseconds, counted from
   * when they are back themselves, it is not put off for longer than two thirds of that: who is back later is said to have left.
   */
  next(grace = 0, least = 0): void {
    const limit = Math.min(grace > 0 ? (grace * 2) / 3 : LONGEST, LONGEST, FIRST * 2 ** this.#failures);
    this.#failures++;
    this.#least = performance.now() + least;
    this.#wait(Math.max(least, Math.random() * limit));
  }

  /** Does not wait any longer than the server has asked for. Returns whether it was waiting. */
  now(): boolean {
    if (this.#timer === undefined) return false;
    const left = this.#least - performance.now();
    if (left > 0) this.#wait(left);
    else this.#fire();
    return true;
  }

  /** It worked: the next failure is the first. */
  reset(): void {
    this.#failures = 0;
  }

  #wait(ms: number): void {
    this.stop();
    this.#timer = setTimeout(() => this.#fire(), ms);
  }

  #fire(): void {
    this.stop();
    this.#go();
  }

  /** Waits no more. */
  stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }
}

/** What tells that a page has got its network, its timers or its user back. */
const WAKES = ["online", "pageshow", "visibilitychange"] as const;

/** Calls `woken` when a page has reason to look after its connections now. Returns what ends that. */
export function listenForWake(woken: () => void): () => void {
  const listener = (event: Event) => {
    if (event.type !== "visibilitychange" || globalThis.document?.visibilityState !== "hidden") woken();
  };
  // Visibility is the document's, but bubbles. A program that is no page has none of them.
  for (const type of WAKES) globalThis.addEventListener?.(type, listener);
  return () => {
    for (const type of WAKES) globalThis.removeEventListener?.(type, listener);
  };
}
