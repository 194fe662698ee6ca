import type { BeckonError } from "./error.js";
import { PeerEvent } from "./happenings.js";
import type { Peer } from "./peer.js";
/** A peer has been refused by this side, or this side by it: there is no connection with it, and will be none. */
export declare class UnverifiedEvent extends PeerEvent {
    /** Of the code `peer-unverified`; its `cause` is a Doubt, whose `reason` says why, and is `refused` if it was the other side. */
    readonly error: BeckonError;
    constructor(peer: Peer, 
    /** Of the code `peer-unverified`; its `cause` is a Doubt, whose `reason` says why, and is `refused` if it was the other side. */
    error: BeckonError);
}
