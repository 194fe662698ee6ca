import { BeckonError } from "./error.js";
import { MuxChannel, type MuxChannelOwner, type RequestHead } from "./muxchannel.js";
import type { Head } from "./muxheads.js";
import { type LinkOwner } from "./muxlink.js";
import { Budget } from "./muxbudget.js";
import type { Trunk } from "./muxtrunk.js";
import type { ChannelOptions } from "./options.js";
/** What a Mux needs from its Peer. */
export interface MuxOwner {
    /** The peer's id. */
    readonly id: string;
    /** The largest message of a data channel in bytes that the other side takes. */
    readonly maxMessageSize: number;
    /** Something came of the other side. */
    heard(): void;
    /** The connection is to end. */
    fail(error: BeckonError): void;
    /** The other side has opened a channel. Returns the code that it is refused with, if it is. */
    arrived(channel: MuxChannel): "overflow" | "closed" | undefined;
}
/** The channels with one peer that share data channels, on one connection after another. */
export declare class Mux implements MuxChannelOwner, LinkOwner {
    #private;
    readonly budget: Budget;
    /** All channels, also those that wait for a connection. */
    readonly channels: Set<MuxChannel>;
    constructor(owner: MuxOwner, maxMessageSize?: number);
    get id(): string;
    get maxFrame(): number;
    /** How many bytes have left; how many the browser has that have not. */
    get taken(): number;
    get buffered(): number;
    /** A connection is open: durable channels go on on it. May be called again. */
    attach(connection: RTCPeerConnection): void;
    /** The other side has opened a trunk. */
    trunk(connection: RTCPeerConnection, dc: RTCDataChannel): void;
    /** The connection is over: with it all channels but durable ones, because of `error` or in order. */
    detach(error: BeckonError | undefined): void;
    /** The peer is being closed: requests that are not answered yet end. */
    breakOff(): void;
    /** There will be no other connection. */
    end(error: BeckonError | undefined): void;
    /**
     * Opens a channel on the connection, which is open. One that is ordered and reliable is there at once, another one when the other
     * side has taken it. Rejects with `aborted`, or what ended the channel.
     */
    open(label: string, options: ChannelOptions, request: RequestHead, what: string, signal?: AbortSignal): Promise<MuxChannel>;
    gone(channel: MuxChannel, inOrder: boolean): void;
    heard(): void;
    fail(error: BeckonError): void;
    opened(lane: Trunk, id: number, head: Head): void;
}
