import type { ChannelOptions } from "./options.js";
/** Opens data channels on one connection, a few at a time; further ones wait. */
export declare class Opener {
    #private;
    /**
     * Opens a channel and waits until it is open; rejects with `closed` or `aborted`. `made` is given it at once, and returns a
     * promise of its end.
     */
    open(connection: RTCPeerConnection, label: string, options: ChannelOptions, signal: AbortSignal | undefined, made: (dc: RTCDataChannel) => Promise<unknown>): Promise<void>;
}
/**
 * Resolves when a channel is open; rejects with `closed` if it closes before, or `ended` says so: closing the connection on
 * this side closes channels without an event (WebRTC, section 4.4.1.5).
 */
export declare function opened(dc: RTCDataChannel, ended: Promise<unknown>, what: string): Promise<void>;
/**
 * Resolves when a channel that the other side opened can be sent on. Chromium (156) calls it open, and tells its network thread so a moment
 * later: what is sent before that thread knows is thrown away without a word, and stays in bufferedAmount for ever. Statistics come by
 * way of that thread, from behind it. Once in thousands of times it calls it `connecting` again meanwhile.
 */
export declare function sendable(connection: RTCPeerConnection, dc: RTCDataChannel, ended: Promise<unknown>): Promise<void>;
/** Resolves in a later task of the event loop. */
export declare function nextTask(): Promise<void>;
/** Throws a TypeError for options that cannot be meant. */
export declare function checkOptions(label: string, options: ChannelOptions): void;
/** The browser takes an undefined limit for 0, so only what is there is handed on. */
export declare function init({ ordered, maxRetransmits, maxPacketLifeTime, protocol }: ChannelOptions): RTCDataChannelInit;
