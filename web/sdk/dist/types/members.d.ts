import type { Delivery, Happening } from "./delivery.js";
import type { PeerHost } from "./hosts.js";
import { Inbox } from "./inbox.js";
import { Peer } from "./peer.js";
import type { Topology } from "./protocol_gen.js";
/** What Members need from their Room. */
export interface MembersOwner {
    /** What a new Peer gets. */
    readonly host: PeerHost;
    /** Knows the members by rank, this peer among them. */
    readonly delivery: Delivery;
    /** The topology of the room, and how many members of a mesh connect. */
    readonly topology: Topology;
    readonly meshLimit: number;
    /** Announces something to the app. */
    dispatchEvent(event: Event): void;
    /** The log said something of this peer itself. */
    own(happening: Happening): (() => void) | undefined;
    /** The members are complete: what was missed has been told. Returns what announces that. */
    synced(): () => void;
}
/** The other members of a room: who comes, who goes, who is connected to whom, and who said what. */
export declare class Members {
    #private;
    /** By id, in the order of their joining. */
    readonly peers: Map<string, Peer>;
    /** What they ask for. */
    readonly inbox: Inbox;
    constructor(owner: MembersOwner);
    /** What was missed is to be told: the members are not complete any more. */
    behind(): void;
    /** Whether the room connects this peer with that one by itself, perhaps when what was missed has been told. */
    meshed(id: string): boolean;
    /** Takes what happened in one step, in order. */
    apply(happenings: Happening[]): void;
    /** This peer is another one to the server, so to this peer all others are gone, and may come anew. */
    forget(): void;
}
