import { BeckonError } from "./error.js";
import type { Abortable } from "./options.js";
import { type Sendable } from "./outbox.js";
/** What a Channel needs from the Peer that it is a channel to. */
export interface ChannelOwner {
    /** The peer's id. */
    readonly id: string;
    /** The largest message in bytes that the other side takes. */
    readonly maxMessageSize: number;
    /** Whether the association is there that the channel is part of. */
    readonly open: boolean;
    /** Something came of the other side. */
    heard(): void;
}
/** A data channel to a peer: messages, text or bytes, both ways. */
export declare class Channel implements AsyncIterable<string | Uint8Array<ArrayBuffer>> {
    #private;
    /** Resolves when the channel is closed: with undefined if that was in order, by either side, else with the reason. */
    readonly closed: Promise<BeckonError | undefined>;
    /** The label that it was opened with. It need not be unique. */
    get label(): string;
    /** Whether messages arrive in order. */
    get ordered(): boolean;
    /** How often a lost message is sent again; undefined: until it arrives or its time is over. */
    get maxRetransmits(): number | undefined;
    /** For how many milliseconds a message is tried; undefined: without a limit of time. */
    get maxPacketLifeTime(): number | undefined;
    /** The protocol that it was opened with, or "". */
    get protocol(): string;
    /** How many bytes were handed to `send` and have not left yet. */
    get bufferedAmount(): number;
    /** The largest message in bytes that the other side takes. */
    get maxMessageSize(): number;
    /**
     * Sends a message. Resolves when there is room for the next: at once while 1 MiB or less is buffered, else when that has
     * fallen to 256 KiB. Who waits for it sends as fast as the network takes it; who does not, may run into `overflow` at 64 MiB.
     * Bytes must not be changed before it resolves. Rejects with `message-too-large` (see `maxMessageSize`), `closed`, or what
     * ended the connection, and with `aborted`, after which the message may still arrive if it had left the queue.
     */
    send(data: Sendable, { signal }?: Abortable): Promise<void>;
    /**
     * Takes the next message: a string if it was sent as one, else its bytes. What came before the end is delivered before the end
     * is: then it rejects with `closed`, or with what ended the connection.
     */
    recv({ signal }?: Abortable): Promise<string | Uint8Array<ArrayBuffer>>;
    /** All messages from now on, until the channel is closed in order; throws if it ended otherwise. */
    [Symbol.asyncIterator](): AsyncGenerator<string | Uint8Array<ArrayBuffer>, void, undefined>;
    /**
     * Closes the channel after what was sent before has been delivered, and resolves when it is closed. It does not wait longer
     * than 5 s for an other side that takes nothing. May be called again.
     */
    close(): Promise<void>;
}
