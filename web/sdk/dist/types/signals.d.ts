import type { PeerGuard } from "./hosts.js";
import type { Link } from "./link.js";
import type { SignalData } from "./protocol_gen.js";
/** What Signals tell their Peer, and ask of it. */
export interface SignalsOwner {
    /** The id of the peer. */
    readonly id: string;
    /** Whom they are about. */
    readonly link: Link;
    /** Signs and checks; undefined if nobody is verified. */
    readonly guard: PeerGuard | undefined;
    /** Sends one; resolves with its receipt. */
    say(data: SignalData): Promise<void>;
}
/**
 * The signals of the negotiation with one peer. Where peers are verified, each waits behind those before it: one without a proof does not
 * overtake one that is being signed, or checked, which may take as long as the app's trust does.
 */
export declare class Signals {
    #private;
    constructor(owner: SignalsOwner);
    /** Sends one, in turn. */
    say(data: SignalData): Promise<void>;
    /** Takes one of the other side's, in turn. With one too many the peer ends with `overflow`, and no more of them wait. */
    receive(data: SignalData): void;
}
