/** So many connections with one peer may follow each other… */
export const MAX_CHURN = 8;
/** … within this many milliseconds. One per PATHLESS, and some for an association that keeps breaking, are a few. */
const WINDOW = 60_000;

/**
 * Bounds how often a connection is replaced. Each costs an RTCPeerConnection, of which a page has a few hundred until they are
 * collected, and the other side alone can ask for it: so who never stops is left.
 */
export class Churn {
  #made: number[] = [];

  /** Counts one more; whether that may be. */
  allows(): boolean {
    const now = performance.now();
    this.#made = this.#made.filter((at) => now - at < WINDOW);
    this.#made.push(now);
    return this.#made.length <= MAX_CHURN;
  }
}
