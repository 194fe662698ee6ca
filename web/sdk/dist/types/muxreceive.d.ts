import type { Unread } from "./channel.js";
import type { Budget } from "./muxbudget.js";
import { type Frame } from "./muxframes.js";
/** What a receiver grants beyond what its application has taken: at first, and once that is GROWS bytes. */
export declare const WINDOW_SIZE: number;
/** On unreliable channels: the largest message, what may wait to be read, and what is kept of incomplete messages, in bytes. */
export declare const UNRELIABLE: number;
/** What a Receiver needs from its channel. */
export interface ReceiverOwner {
    readonly _numbered: boolean;
    readonly _windowed: boolean;
    readonly _unread: {
        readonly length: number;
        readonly weight: number;
        take(): Unread;
    };
    readonly _count: {
        bytesReceived: number;
        missed: number;
    };
    readonly _budget: Budget;
    /** Nobody will read what comes; somebody has begun to. */
    readonly _closing: boolean;
    readonly _asked: boolean;
    /** A message has arrived. */
    _arrived(item: Unread): void;
    /** A grant or an acknowledgement is to be said. */
    _dirty(): void;
}
/** What one side of a channel receives: it puts messages together, and grants what its application has room for. */
export declare class Receiver {
    #private;
    /** How many messages have arrived whole; in numbered delivery, those that were cut among them. */
    count: number;
    /** Up to which offset the other side may send. */
    granted: number;
    constructor(owner: ReceiverOwner);
    /** Whether a message has arrived in part. */
    get midway(): boolean;
    /** Takes DATA. Throws `bad-frame`, which ends the connection, or `overflow` or `message-too-large`, which end the channel. */
    data({ type, numbers, payload }: Frame): void;
    /** Takes CUT. Throws `bad-frame`. */
    cut(n: number | undefined): void;
    /** The application has taken a message. */
    taken(item: Unread): void;
    /** The application will take no more: what waits for it does not keep the other side from sending what it announces. */
    waive(): void;
    /** What the incomplete message that is the next to be taken needs of the budget; 0: nothing, or there is none. */
    get wanted(): number;
    /** The budget has room for what is wanted. */
    grant(): void;
    /** The connection is gone: what has not arrived whole comes again, or not. Returns what is granted from here. */
    forget(): number;
    /** The channel is over. What is not read yet keeps its room until it is, or is waived: it takes its memory until then. */
    end(): void;
    /** Counts what an unreliable channel holds among what nobody has asked for; also one that is over. */
    weigh(): void;
}
