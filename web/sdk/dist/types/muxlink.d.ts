import { BeckonError } from "./error.js";
import type { MuxChannel } from "./muxchannel.js";
import { type Head } from "./muxheads.js";
import { Trunk, type TrunkOwner } from "./muxtrunk.js";
/** What a link needs from its Mux. */
export interface LinkOwner {
    /** The largest frame in bytes that the other side takes. */
    readonly maxFrame: number;
    /** Something came of the other side. */
    heard(): void;
    /** The other side opens a channel. */
    opened(lane: Trunk, id: number, head: Head): void;
    /** The other side does not keep to the protocol, or its data channels are gone: the connection is to end. */
    fail(error: BeckonError): void;
}
/** One connection's trunks, and the channels that are on them now. What wants to be sent goes in turns, one frame each. */
export declare class MuxLink implements TrunkOwner {
    #private;
    readonly connection: RTCPeerConnection;
    /** The channels that this side has opened, and the other side's, by id. */
    readonly ours: Map<number, MuxChannel>;
    readonly theirs: Map<number, MuxChannel>;
    constructor(connection: RTCPeerConnection, owner: LinkOwner);
    /** How many bytes the browser has that have not left. */
    get buffered(): number;
    /** How many bytes have left. */
    get taken(): number;
    /** Takes a trunk that the other side has opened. */
    add(dc: RTCDataChannel): void;
    /** Gives a channel of this side its id and lane. Throws what the browser does, or `overflow`. */
    place(channel: MuxChannel): {
        id: number;
        lane: Trunk;
    };
    /** The trunk for a channel's messages, if it is there yet. */
    trunk(channel: MuxChannel): Trunk | undefined;
    /** A channel may have something to send. */
    wake(channel: MuxChannel): void;
    /** A channel has a grant or an acknowledgement to say, soon or when there is more to it. */
    dirty(channel: MuxChannel, soon: boolean): void;
    /** A channel is not here any more. */
    remove(channel: MuxChannel): void;
    /** Refuses a channel of the other side's, or says that there is one no more. */
    refuse(lane: Trunk, id: number, code: string, message: string): void;
    /** Ends all that is on it, but for what can go on on another one. */
    end(error: BeckonError | undefined): void;
    received(trunk: Trunk, bytes: Uint8Array<ArrayBuffer>): void;
    ready(trunk: Trunk): void;
    writable(): void;
    broken(error: BeckonError): void;
}
