import type { Channel } from "./channel.js";
import { PullQueue } from "./pull.js";
/** The channels that the other side opens, until this side accepts them. */
export declare class Arrivals {
    #private;
    readonly queue: PullQueue<Channel>;
    /** How many were closed because too many waited. */
    overflows: number;
    constructor(peer: string);
    /** Queues a channel that is open; whether there was room. */
    offer(channel: Channel): boolean;
    /** Queues a raw channel. It is adopted at once, so that no message is missed, but accepted when it can be sent on. */
    add(connection: RTCPeerConnection, dc: RTCDataChannel, adopt: (dc: RTCDataChannel) => Channel): Promise<void>;
}
