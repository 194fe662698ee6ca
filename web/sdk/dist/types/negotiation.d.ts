import { BeckonError } from "./error.js";
import type { SignalData } from "./protocol_gen.js";
/** What a Negotiation tells its Peer. */
export interface Negotiator {
    /** Whether this side makes the offers. */
    readonly offers: boolean;
    /** For how many milliseconds a lost path is looked for. */
    readonly patience: number;
    /** Says something to the other side. */
    say(data: SignalData): void;
    /** The control channel is open. */
    connected(): void;
    /** The other side opened a channel. */
    channel(dc: RTCDataChannel): void;
    /** The connection is over: undefined means that the other side closed it in order. Perhaps more than once. */
    over(error: BeckonError | undefined): void;
}
/** Whether a signal's data is the SDKs' own. Apps use other keys. */
export declare function isNegotiation(data: unknown): data is SignalData;
/**
 * One RTCPeerConnection, and what is said to get and keep it connected. One side offers, always the same, so offers never
 * cross; the other asks for an offer with a `want`. What comes in is worked off one after another.
 *
 * A path that is lost is looked for again (an ICE restart, RFC 8445, section 9): the channels live on meanwhile.
 */
export declare class Negotiation {
    #private;
    readonly connection: RTCPeerConnection;
    constructor(configuration: RTCConfiguration, peer: Negotiator);
    /** The largest message in bytes that the other side takes. */
    get maxMessageSize(): number;
    /** Takes what the other side said. */
    receive(data: SignalData): void;
    /** Looks for another path now, because the network is another one. */
    restart(): void;
    /** Tells the other side that this one is done, and resolves when it has heard, or after `ms` milliseconds. */
    farewell(ms: number): Promise<void>;
    /** Closes the connection now. */
    close(): void;
}
