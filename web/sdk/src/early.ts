/** How many candidates are kept of a session whose offer is yet to come. */
const MAX_EARLY = 64;

/** Candidates of a session whose offer is yet to come. There is no more than one: who makes the next has given the one before up. */
export class Early {
  #session: string | undefined;
  #candidates: (RTCIceCandidateInit | null)[] = [];

  keep(session: string, candidate: RTCIceCandidateInit | null): void {
    if (this.#session !== session) this.#candidates = [];
    this.#session = session;
    if (this.#candidates.length < MAX_EARLY) this.#candidates.push(candidate);
  }

  /** Gives those of a session that begins; others are late. */
  take(session: string): (RTCIceCandidateInit | null)[] {
    const found = this.#session === session ? this.#candidates : [];
    this.#session = undefined;
    this.#candidates = [];
    return found;
  }
}
