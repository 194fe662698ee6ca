/** What a Budget asks of those who want some of it. */
interface Claimant {
  /** How much room is wanted, in bytes; 0: none. */
  readonly wanted: number;
  /** There is room for it. */
  grant(): void;
}

/**
 * What the messages that are larger than their windows may take of this side's memory, all of a peer together. They get it in the
 * order in which they began.
 */
export class Budget {
  /** The largest message that this side takes. */
  readonly max: number;
  /** What unreliable channels hold that nobody has asked for. */
  unasked = 0;
  readonly #waiting = new Set<Claimant>();
  #used = 0;

  constructor(max: number) {
    this.max = max;
  }

  /** A message waits for room; or one that did may be the next to be taken. */
  ask(claimant?: Claimant): void {
    if (claimant) this.#waiting.add(claimant);
    for (const one of this.#waiting) {
      const total = one.wanted;
      if (total === 0) continue;
      if (this.#used + total > this.max) return;
      this.#used += total;
      this.#waiting.delete(one);
      one.grant();
    }
  }

  /** Gives back what a message had. */
  free(claim: number, gone?: Claimant): void {
    if (gone) this.#waiting.delete(gone);
    this.#used -= claim;
    if (claim > 0 || gone) this.ask();
  }
}
