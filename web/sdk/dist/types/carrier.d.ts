import type { ErrorReply } from "./protocol_gen.js";
/** What can carry frames to a server and back, the better one first. */
export declare const CARRIERS: readonly ["websocket", "stream", "poll"];
/** The name of a carrier: a WebSocket, a streamed HTTP response with posted bodies, or long polls with the same. */
export type CarrierName = (typeof CARRIERS)[number];
/** For how many milliseconds a WebSocket may take to open, and a stream to answer. */
export declare const OPEN_TIMEOUT = 4000;
/** How a carrier ended, if this side did not end it. */
export interface Ending {
    /** What happened, for people. */
    why: string;
    /** The close code that came. Without one it broke off, or never was. */
    code?: number;
    /** The server's refusal by name. It would be the same on any other carrier. */
    refusal?: ErrorReply;
    /** Whether the network has shown that it lets no carrier of this kind through. */
    blocked?: boolean;
    /** What was thrown. */
    cause?: unknown;
}
/** What a Carrier tells its owner. */
export interface CarrierOwner {
    /** A frame came. */
    frame(text: unknown): void;
    /** The server has shown that it lives, by something that is no frame. */
    heard(): void;
    /** A heartbeat came that is to be answered with a frame: timers may be late, what the server says is not. */
    beat(): void;
    /** `free` is true again. */
    writable(): void;
    /** What the server says comes through in time. */
    proven(): void;
    /** It is over. Is called once at most, and not after `drop`. */
    ended(ending: Ending): void;
}
/**
 * What carries the frames of one connection. It begins with a hello, which it is given when it is made, and knows nothing of what
 * frames say.
 */
export interface Carrier {
    /** Whether a frame that is sent now goes out now; else it waits for others. */
    readonly free: boolean;
    /** Sends a frame behind those before it. */
    send(frame: string): void;
    /** Sends the last frame, a bye. The server ends the carrier then. `hurry`: the page ends, so there is no time for anything else. */
    finish(bye: string, hurry: boolean): void;
    /** Tries to get an answer in another way, after a silence that means death. Returns false if that was done already, or is no use. */
    again(): boolean;
    /** Ends it at once, without a word. */
    drop(): void;
}
/**
 * Calls `late` after so many milliseconds, in two steps: a page that was too busy to look is first handed what came meanwhile.
 * Returns what stops that.
 */
export declare function patience(ms: number, late: () => void): () => void;
