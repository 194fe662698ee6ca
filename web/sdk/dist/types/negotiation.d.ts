import { Control } from "./control.js";
import { BeckonError } from "./error.js";
import type { Description, SignalData } from "./protocol_gen.js";
/** What is said of a connection that the app has closed. */
export declare const CLOSED = "The RTCPeerConnection was closed.";
/** What a Negotiation tells its Link. */
export interface Negotiator {
    /** Whether this side makes the offers. */
    readonly offers: boolean;
    /** What the RTCPeerConnection gets; asked for again whenever candidates are gathered anew, for credentials that still count. */
    configuration(): RTCConfiguration;
    /** Says something to the other side. */
    say(data: SignalData): void;
    /** This side wants an offer and cannot make one. */
    want(): void;
    /** The control channel is open. */
    connected(): void;
    /** The other side opened a channel. */
    channel(dc: RTCDataChannel): void;
    /** A number that is another one whenever the other side has taken something since. */
    progress(): number;
    /** There is no path: it may yet come back by itself, or not. Perhaps more than once. */
    lost(forGood: boolean): void;
    /** There is one again. */
    found(): void;
    /** The connection is over: undefined means that the other side closed it on purpose. Once. */
    over(error: BeckonError | undefined): void;
}
/** Whether a signal's data is the SDKs' own. Apps use other keys. */
export declare function isNegotiation(data: unknown): data is SignalData;
/**
 * One RTCPeerConnection, and what is said to get and keep it connected. One side offers, always the same, so offers never
 * cross; the other asks for an offer with a `want`. What comes in is worked off one after another.
 */
export declare class Negotiation {
    #private;
    readonly connection: RTCPeerConnection;
    readonly control: Control;
    /** Names it to both sides; "" if the other side gives no names. */
    readonly session: string;
    constructor(session: string, peer: Negotiator);
    /** Whether it has been connected. */
    get wasOpen(): boolean;
    /** Whether it is connected: there is a path, as far as is known. */
    get whole(): boolean;
    /** Whether an offer of this side's has no answer yet. */
    get unanswered(): boolean;
    /** Whether the first offer has an answer. */
    get answered(): boolean;
    /** The largest message in bytes that the other side takes. */
    get maxMessageSize(): number;
    /** Takes a description; `iceRestart` says that it is one for another path. */
    describe(description: Description, iceRestart?: boolean): void;
    /** Takes a candidate. */
    add(candidate: RTCIceCandidateInit | null): void;
    /**
     * Looks for another path (an ICE restart, RFC 8445, section 9): the channels live on meanwhile. An offer for another path that is
     * out will do, unless `moved` says that this side's network is another one than it was when that was made.
     */
    restart(moved?: boolean): void;
    /** Ends it because of what was said on it. */
    fail(error: BeckonError): void;
    /** Closes the connection now. */
    close(): void;
}
