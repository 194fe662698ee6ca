import type { Ending } from "./carrier.js";
/** What a Sends tells its owner. */
export interface SendsOwner {
    /** `free` is true again. */
    writable(): void;
    /** Frames cannot be sent any more. */
    lost(ending: Ending): void;
}
/**
 * The way up of the carriers over HTTP: bodies of frames, numbered, one under way at a time, so that it takes one connection of the few
 * that a browser has for a host. What is sent while one is under way goes with the next.
 */
export declare class Sends {
    #private;
    /** `signal` ends what is under way. */
    constructor(url: string, signal: AbortSignal, owner: SendsOwner);
    /** Whether a frame goes out with the next body, and that now. */
    get free(): boolean;
    /** Learns the carrier's name, which the first line from the server tells: now bodies can be posted. */
    open(carrier: string | undefined): void;
    /** Sends a frame. */
    push(frame: string): void;
    /**
     * Sends a last frame in a body that outlives the page, with those before it if there is room for them. It does not wait for the body
     * that is under way: the server puts them in their order if that has arrived.
     */
    last(frame: string): void;
    /** Sends no more. */
    stop(): void;
}
