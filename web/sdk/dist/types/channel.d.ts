import { BeckonError } from "./error.js";
import type { Abortable, ChannelOptions } from "./options.js";
import { type Sendable } from "./outbox.js";
/** A message as it is received: text as a string, all else as bytes. */
export type Message = string | Uint8Array<ArrayBuffer>;
/** What a channel is, on both sides. */
export interface ChannelInfo extends Readonly<Omit<ChannelOptions, "protocol">> {
    readonly label: string;
    readonly protocol: string;
}
/** A message that waits to be read. */
export interface Unread {
    data: Message;
    /** The bytes are a text's. */
    text?: boolean;
    /** What it counts, in bytes. */
    cost: number;
    /** It was too large for the window: so many bytes were set aside for it. */
    claim?: number;
}
/** What has gone through a channel. */
export interface ChannelStats {
    /** Whole messages, and bytes of messages, that have left or arrived. */
    messagesSent: number;
    bytesSent: number;
    messagesReceived: number;
    bytesReceived: number;
    /** `bufferedAmount`. */
    buffered: number;
    /** For how many milliseconds the oldest message has waited that has not left (durable: is not acknowledged). */
    queueAge: number;
    /** How many messages were given up by this side because they had waited for `maxQueueAge`. */
    dropped: number;
    /** How many messages of an unreliable channel were thrown away here because nobody read them. */
    missed: number;
}
/**
 * A channel to a peer: messages, text or bytes, both ways. Read it to its end, or close it: what has come and is not read is kept until then,
 * also when the peer is gone, and its sender waits.
 */
export declare abstract class Channel implements AsyncIterable<Message> {
    #private;
    /** The label that it was opened with. It need not be unique. */
    readonly label: string;
    /** Whether messages arrive in order. */
    readonly ordered: boolean;
    /** How often a lost message is sent again; undefined: until it arrives or its time is over. */
    readonly maxRetransmits: number | undefined;
    /** For how many milliseconds a message is tried; undefined: without a limit of time. */
    readonly maxPacketLifeTime: number | undefined;
    /** For how many milliseconds a message may wait on this side before it is dropped; undefined: without a limit. The option of who opened it, and undefined on the other side. */
    readonly maxQueueAge: number | undefined;
    /** Whether it survives the connection. */
    readonly durable: boolean;
    /** Whether it is a data channel of its own. */
    readonly raw: boolean;
    /** The protocol that it was opened with, or "". */
    readonly protocol: string;
    /**
     * Resolves when the channel is closed: with undefined if that was in order, by either side, else with why: `connection-lost`,
     * `overflow`, `message-too-large`, or what the other side says.
     */
    readonly closed: Promise<BeckonError | undefined>;
    /** What the other side said when it closed the channel; "" if nothing, or if it has not. */
    get reason(): string;
    /** How many bytes were handed to `send` and have not left yet; of a durable channel, that the other side does not have yet. */
    abstract get bufferedAmount(): number;
    /**
     * The largest message in bytes that can be sent: what the other side takes, and on unreliable channels no more than 1 MiB. 65,536
     * until the other side has said it, in the first moment of a channel that this side opened.
     */
    abstract get maxMessageSize(): number;
    /**
     * Sends a message. Resolves when there is room for the next: at once while 1 MiB or less waits, each message counting 64 bytes
     * more than it has, else when that has fallen to 256 KiB.
     * Who waits for it sends as fast as the network and the reader take it; who does not, may run into `overflow` at 64 MiB. Bytes must
     * not be changed before it resolves. A Blob is read piece by piece. Rejects with `message-too-large` (see `maxMessageSize`), `closed`,
     * or what ended the channel, and with `aborted`, after which the message may still arrive if all of it had left.
     */
    send(data: Sendable, { signal }?: Abortable): Promise<void>;
    /**
     * Takes the next message: a string if it was sent as one, else its bytes. What came before the end is delivered before the end
     * is: then it rejects with `closed`, or with what ended the channel.
     */
    recv({ signal }?: Abortable): Promise<Message>;
    /** All messages from now on, until the other side sends no more or the channel is closed in order; throws if it ended otherwise. */
    [Symbol.asyncIterator](): AsyncGenerator<Message, void, undefined>;
    /**
     * Sends no more: the other side's reader sees the end after what was sent before, and can still send. Resolves at once. Rejects with
     * `unsupported` on a raw channel, with `closed`, or what ended the channel.
     */
    closeWrite(): Promise<void>;
    /**
     * Closes the channel after what was sent before has been delivered, and resolves when it is closed. `reason` is for the other side,
     * at most 1,024 bytes; a raw channel cannot tell it. It does not wait longer than 5 s for an other side that takes nothing, or 30 s
     * for an application that reads nothing. May be called again.
     */
    close(reason?: string): Promise<void>;
    /** What has gone through it, now. */
    stats(): ChannelStats;
}
/** What a message counts in bytes while it waits to be read. */
export declare function costOf(message: Message): number;
