import { type Deferred } from "./abort.js";
import { BeckonError } from "./error.js";
/** Above this many bytes that wait, sending waits… */
export declare const HIGH_WATER: number;
/** … until no more than this many are left. */
export declare const LOW_WATER: number;
/** What a message counts besides its bytes, so that many empty ones are not free. */
export declare const OVERHEAD = 64;
/** What can be sent. A Blob arrives as bytes. */
export type Sendable = string | ArrayBuffer | ArrayBufferView<ArrayBuffer> | Blob;
/** A message that waits to leave. */
export interface Item {
    data: Sendable;
    readonly text: boolean;
    readonly size: number;
    /** How many of its bytes have left, and at which of them `data` begins if that is bytes. */
    sent: number;
    from: number;
    /** Where the bytes come from that are not in `data` yet. */
    readonly blob: Blob | undefined;
    /** Since when it waits, by performance.now. */
    readonly since: number;
    /** Some of it has left, perhaps all; it is not here any more. */
    begun: boolean;
    gone: boolean;
    /** Its sender has given it up after that. */
    cut: boolean;
    /** Settled when it has left, or never will. */
    readonly written: Deferred<void>;
}
/** What an Outbox needs from its channel. */
export interface OutboxOwner {
    /** How many bytes wait: those in the outbox, and what else the channel counts. */
    readonly bufferedAmount: number;
    /** Whether messages stay here that have left. */
    readonly durable: boolean;
}
/** What a channel has to send: messages leave in the order of the calls. The channel takes them out. */
export declare class Outbox {
    #private;
    /** What waits, the oldest first. */
    readonly items: Item[];
    /** How many bytes that is. */
    bytes: number;
    constructor(what: string, owner: OutboxOwner);
    /**
     * Queues a message of `size` bytes, which are a text's or not, and resolves when there is room for the next. With `whole` it is first waited for that this one
     * has left: while it has not, nobody knows whether it can.
     */
    send(data: Sendable, text: boolean, size: number, whole: boolean, signal: AbortSignal | undefined): Promise<void>;
    /** Something has left: tells those who wait for that. */
    left(): void;
    /** Takes a message out that has left or will not. */
    remove(item: Item): void;
    /** Rejects all that waits. */
    end(error: BeckonError): void;
}
/** The bytes of what can be sent, but for a Blob; not copied. */
export declare function bytesOf(data: ArrayBuffer | ArrayBufferView<ArrayBuffer>): Uint8Array<ArrayBuffer>;
