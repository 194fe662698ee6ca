import { Channel } from "./channel.js";
import { BeckonError } from "./error.js";
import { type Sendable } from "./outbox.js";
/** What a channel needs from the connection that it is on. */
export interface ChannelOwner {
    /** The peer's id. */
    readonly id: string;
    /** The largest message of a data channel in bytes that the other side takes. */
    readonly maxMessageSize: number;
    /** Whether the association is there that the channel is part of. */
    readonly open: boolean;
    /** Something came of the other side. */
    heard(): void;
}
/** A channel that is a data channel of its own, for peers that speak nothing else. */
export declare class RawChannel extends Channel {
    #private;
    /** `held` is what the peer's channels hold that nobody has asked for. */
    constructor(dc: RTCDataChannel, owner: ChannelOwner, held?: {
        unasked: number;
    });
    get bufferedAmount(): number;
    get maxMessageSize(): number;
    /** How many bytes have left. It stands still while the other side takes nothing, whatever is sent meanwhile. */
    get _moved(): number;
    readonly _held = false;
    _send(data: Sendable, size: number, signal: AbortSignal | undefined): Promise<void>;
    /** Moves what waits into the browser's buffer: no more than the high water mark and one message, far from where Chromium throws. */
    _pump(): void;
    /**
     * Closing resets the stream when all that is on the wire has arrived (RFC 8831, section 6.7). But what only waits to get there is
     * thrown away by Chromium, against the specification: so it has to be gone before.
     */
    _shut(): void;
    _giveUp(): void;
    _taken(): void;
    _ask(): void;
    _end(error: BeckonError | undefined): void;
}
