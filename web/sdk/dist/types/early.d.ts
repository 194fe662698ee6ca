/** Candidates of a session whose offer is yet to come. There is no more than one: who makes the next has given the one before up. */
export declare class Early {
    #private;
    keep(session: string, candidate: RTCIceCandidateInit | null): void;
    /** Gives those of a session that begins; others are late. */
    take(session: string): (RTCIceCandidateInit | null)[];
}
