/**
 * Sends frames no faster than the server allows (it drops what comes faster): a bucket of `burst` tokens that fills with `rate`
 * tokens a second. A tenth is left to the frames that do not wait: heartbeats and the bye.
 */
export declare class Pacer {
    #private;
    constructor(limits: {
        rate: number;
        burst: number;
    }, send: (frame: string) => void);
    /** Sends a frame, now or in its turn. Throws `overflow` when too many wait already. */
    push(frame: string): void;
    /** Sends all that waits now, come what may, and is not to be used again. */
    flush(): void;
    /** Forgets all that waits. */
    stop(): void;
}
