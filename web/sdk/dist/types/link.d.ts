import { BeckonError } from "./error.js";
import type { LinkOwner, PeerState } from "./hosts.js";
import { type SignalData } from "./protocol_gen.js";
/**
 * The connection with one other peer, which is one RTCPeerConnection after another: a path that is lost is looked for, and if there
 * is none, or the other side's end is gone, another connection takes the place of the one before. Each has a session, a name that
 * the side that offers gives it, so that nothing that is said about one is taken for being about another.
 *
 * Sessions never come back: what is said about any but the current is late and dropped.
 */
export declare class Link {
    #private;
    /** The id of the peer that it is with. */
    readonly id: string;
    constructor(owner: LinkOwner);
    /** How it stands. */
    get state(): PeerState;
    /** The current RTCPeerConnection. */
    get connection(): RTCPeerConnection | undefined;
    /** The largest message in bytes that the other side takes. */
    get maxMessageSize(): number;
    /** Whether the association is there on which the channels are. */
    get open(): boolean;
    /** How often a path was found again that had been lost, and how many connections have been open. */
    restarts: number;
    connections: number;
    /** What is said on this connection makes no sense: it ends, and another one may take its place. */
    fail(error: BeckonError): void;
    /** Looks whether the app has closed the RTCPeerConnection, of which the browser tells nobody: then another one takes its place. */
    check(): void;
    /** Something came of the other side. */
    heard(sdk?: boolean): void;
    /** Begins to connect; `ask` tells the other side so if that is the one that offers. */
    start(ask: boolean): void;
    /** The two can reach each other over the server, or not. */
    reach(reachable: boolean): void;
    /** This side's network is another one. */
    moved(): void;
    /** Takes what the other side said. */
    receive(data: SignalData): void;
    /** Says goodbye, and resolves when the other side has heard, or after `ms` milliseconds. */
    farewell(ms: number): Promise<void>;
    /** Says goodbye without waiting. */
    bye(): void;
    /** Ends it now, because of `error` or in order. */
    end(error: BeckonError | undefined): void;
    /** Ends it because the other side is not shown to be who it should be, and says so to it: it need not wait. */
    refuse(error: BeckonError): void;
    /** Ends it because of what the other side does, and says so to it. */
    giveUp(error: BeckonError): void;
}
