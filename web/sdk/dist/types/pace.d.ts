/** What a Pacer needs from its owner. */
export interface Paced {
    /** Sends a frame. */
    send(frame: string): void;
    /** Whether a frame that is sent now goes out now. When that becomes so, the pacer is woken. */
    free(): boolean;
    /** Gives the next frame, if there is one. */
    next(): string | undefined;
}
/**
 * Sends frames no faster than the server allows (it drops what comes faster): a bucket of `burst` tokens that fills with `rate`
 * tokens a second. A tenth is left to the frames that do not wait: heartbeats and the bye.
 *
 * Few frames are handed in, requests: one of each kind at a time. All others are asked for at the moment at which one can go,
 * so that none gets old here.
 */
export declare class Pacer {
    #private;
    constructor(limits: {
        rate: number;
        burst: number;
    }, paced: Paced);
    /** Sends a frame, now or in its turn, which is before those that `next` gives. */
    push(frame: string): void;
    /** Sends what there is, now or in its turn. */
    wake(): void;
    /** Sends all that waits now, come what may, and is not to be used again. */
    flush(): void;
    /** Sends no more. */
    stop(): void;
}
