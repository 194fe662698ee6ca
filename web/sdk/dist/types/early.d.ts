/** How many candidates are kept while there is no description to add them to. */
export declare const MAX_KEPT = 256;
/** Candidates of a session whose offer is yet to come. There is no more than one: who makes the next has given the one before up. */
export declare class Early {
    #private;
    keep(session: string, candidate: RTCIceCandidateInit | null): void;
    /** Gives those of a session that begins; others are late. */
    take(session: string): (RTCIceCandidateInit | null)[];
}
