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
export declare class Budget {
    #private;
    /** The largest message that this side takes. */
    readonly max: number;
    /** What unreliable channels hold that nobody has asked for. */
    unasked: number;
    constructor(max: number);
    /** A message waits for room; or one that did may be the next to be taken. */
    ask(claimant?: Claimant): void;
    /** Gives back what a message had. */
    free(claim: number, gone?: Claimant): void;
}
export {};
