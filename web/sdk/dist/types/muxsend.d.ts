import { type Outbox } from "./outbox.js";
/** What may be sent of an ordered, reliable channel before the other side has said anything: offset, and size of a message. */
export declare const EARLY = 65536;
/** What a Sender needs from its channel. */
export interface SenderOwner {
    readonly _outbox: Outbox;
    readonly _count: {
        messagesSent: number;
        bytesSent: number;
        dropped: number;
    };
    /** The messages say their numbers; they have windows; they are kept until they are acknowledged. */
    readonly _numbered: boolean;
    readonly _windowed: boolean;
    readonly durable: boolean;
    readonly maxQueueAge: number | undefined;
    /** There may be something to send again. */
    _pump(): void;
}
/** What one side of a channel sends: it makes frames of messages, no more than the other side has granted. */
export declare class Sender {
    #private;
    /** Up to which offset may be sent; nothing while it is -1. */
    granted: number;
    /** The largest message that the other side takes; undefined until it has said so. */
    max: number | undefined;
    /** How many messages have left whole; in numbered delivery, those that were cut among them. */
    count: number;
    /** How many have been acknowledged. */
    acked: number;
    constructor(owner: SenderOwner);
    /** All that was sent has left. */
    get idle(): boolean;
    /** A message waits for the other side to grant more. */
    get held(): boolean;
    /** How much has been sent: it moves while the other side takes something. */
    get offset(): number;
    /** The next frame for channel `id`, with a part of no more than `part` bytes; undefined if nothing can be sent now. */
    next(id: number, part: number): Uint8Array<ArrayBuffer> | undefined;
    /** Drops what has waited for too long. */
    prune(): void;
    /** The other side has the messages up to n. Throws `bad-frame`. */
    ack(n: number): void;
    /** Goes on, on another connection, after the n messages that the other side has. Throws `bad-frame`. */
    resume(n: number, granted: number): void;
}
