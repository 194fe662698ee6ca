import { BeckonError } from "./error.js";
/** What a queued message counts besides its bytes, so that many empty ones are not free. */
export declare const OVERHEAD = 64;
/** What can be sent. A Blob arrives as bytes. */
export type Sendable = string | ArrayBuffer | ArrayBufferView<ArrayBuffer> | Blob;
/**
 * The sending side of a channel. Messages go out in the order of the calls; the browser's own buffer never holds more than the
 * high water mark and one message, far from the 16 MiB at which Chromium throws.
 */
export declare class Outbox {
    #private;
    constructor(dc: RTCDataChannel, what: string);
    /** How many bytes are not on the wire yet: those in the browser's buffer and those that wait for it. */
    get bufferedAmount(): number;
    /** How many bytes have left. It stands still while the other side takes nothing, whatever is sent meanwhile. */
    get taken(): number;
    /** Sends a message of `size` bytes, and resolves when the browser's buffer is low. */
    send(data: Sendable, size: number, signal: AbortSignal | undefined): Promise<void>;
    /** Resolves when all that was sent before has left the browser's buffer, too: what is still in there, closing would drop. */
    drained(): Promise<void>;
    /** Rejects all that waits. */
    end(error: BeckonError): void;
}
