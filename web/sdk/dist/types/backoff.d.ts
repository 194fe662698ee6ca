/**
 * When to try again: at a random moment between now and a limit that doubles with each failure. All of it is random ("full
 * jitter"), because what makes one client fail, such as a server that restarts, makes all of them fail at the same moment.
 */
export declare class Backoff {
    #private;
    /** `go` is called when it is time. */
    constructor(go: () => void);
    /**
     * Waits for the next moment, at least `least` milliseconds. Where the others wait for a peer for `grace` milliseconds, counted from
     * when they are back themselves, it is not put off for longer than two thirds of that: who is back later is said to have left.
     */
    next(grace?: number, least?: number): void;
    /** Does not wait any longer than the server has asked for. Returns whether it was waiting. */
    now(): boolean;
    /** It worked: the next failure is the first. */
    reset(): void;
    /** Waits no more. */
    stop(): void;
}
/** Calls `woken` when a page has reason to look after its connections now. Returns what ends that. */
export declare function listenForWake(woken: () => void): () => void;
