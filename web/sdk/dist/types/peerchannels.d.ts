import { Arrivals } from "./arrivals.js";
import type { Channel } from "./channel.js";
import { BeckonError } from "./error.js";
import type { Inbox } from "./inbox.js";
import type { Link } from "./link.js";
import type { Abortable, ChannelOptions } from "./options.js";
import type { Peer } from "./peer.js";
import { type Answer, type Sending } from "./requests.js";
/** What PeerChannels need of their Peer. */
export interface PeerChannelsOwner {
    /** Whose they are. */
    readonly peer: Peer;
    /** The connections that they are on. */
    readonly link: Link;
    /** The largest message that this side takes, in bytes; undefined: what a Mux takes. */
    readonly maxMessageSize: number | undefined;
    /** Where requests wait. */
    readonly inbox: Inbox;
    /** Whether this side is closing the connection: then nothing arrives any more. */
    readonly closing: boolean;
    /** Opens something on this connection or, if that is replaced meanwhile, on the next. */
    opened<C>(what: string, signal: AbortSignal | undefined, open: (connection: RTCPeerConnection) => Promise<C>): Promise<C>;
    /** The peer has broken the protocol too often, which ends it. */
    end(error: BeckonError): void;
}
/** All channels with one peer: those of the Mux, through however many connections, and the raw ones of the connection that there is. */
export declare class PeerChannels {
    #private;
    readonly arrivals: Arrivals;
    constructor(owner: PeerChannelsOwner);
    /** How often the other side has broken the protocol. */
    get violations(): number;
    /** How many bytes wait to be sent. */
    get buffered(): number;
    /** A number that is another one whenever the other side has taken something since. */
    get moved(): number;
    /** As a Peer's. */
    open(label: string, options: ChannelOptions & Abortable): Promise<Channel>;
    /** As a Peer's. */
    request(name: string, body: Sending | undefined, options: Abortable & {
        timeout?: number | undefined;
    }): Promise<Answer>;
    /** There is a connection, on which they go on. */
    attach(connection: RTCPeerConnection): void;
    /** Takes a data channel that the other side has opened on a connection. */
    offered(connection: RTCPeerConnection, dc: RTCDataChannel): void;
    /** The connection is gone; what outlives it waits for the next. */
    drop(error: BeckonError | undefined): void;
    /** There will be no connection any more. */
    end(error: BeckonError | undefined): void;
    /** Closes all, and resolves when what was sent has been delivered. */
    close(): Promise<void>;
}
