/**
 * A data channel that the other side has opened before it has proven who it is. What comes on it waits: no byte may get to the app, and
 * the browser keeps none for those who listen later. Of one that brings more than can be of that moment, the end is the connection's.
 */
export declare class Held {
    #private;
    readonly dc: RTCDataChannel;
    constructor(dc: RTCDataChannel);
    /** Hands it on: `taken` listens, and is told what came meanwhile. */
    release(taken: () => void): void;
}
