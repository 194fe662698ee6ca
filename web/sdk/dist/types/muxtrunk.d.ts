import { BeckonError } from "./error.js";
import type { ChannelOptions } from "./options.js";
/** What a Trunk tells its link. */
export interface TrunkOwner {
    /** A frame came. */
    received(trunk: Trunk, frame: Uint8Array<ArrayBuffer>): void;
    /** It can be sent on now. */
    ready(trunk: Trunk): void;
    /** Some of what was sent has left. */
    writable(): void;
    /** It is broken, and so is the connection if that is not over anyway. */
    broken(error: BeckonError): void;
}
/** Which channels share a trunk that is no lane: those of the same delivery. */
export declare function classOf({ ordered, maxRetransmits, maxPacketLifeTime }: ChannelOptions): string;
/** A data channel that channels share. */
export declare class Trunk {
    #private;
    readonly dc: RTCDataChannel;
    /** Whether this side has opened it, and so all channels on it. */
    readonly ours: boolean;
    /** What its channels have in common. */
    readonly class: string;
    /** It can be sent on. */
    ready: boolean;
    /** The highest id that was opened on it. */
    high: number;
    /** What was handed to the browser, in bytes. */
    handed: number;
    constructor(connection: RTCPeerConnection, dc: RTCDataChannel, ours: boolean, owner: TrunkOwner);
    /** Opens one. */
    static open(connection: RTCPeerConnection, options: ChannelOptions, owner: TrunkOwner): Trunk;
    /** Sends a frame, if it is small together with others: `flush` says that there are no more. `max` bytes are what the other side takes. */
    gather(frame: Uint8Array<ArrayBuffer>, max: number): void;
    /** Sends what was gathered. */
    flush(): void;
    /** Sends a frame. */
    send(frame: Uint8Array<ArrayBuffer>): void;
}
