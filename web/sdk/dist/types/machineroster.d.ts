import type { Member } from "./protocol_gen.js";
/** What is known of a member of the room. */
export interface Known {
    /** Is replaced and never changed: effects carry it. */
    info: Member;
    /** This epoch's log has not shown it yet: the server has restarted, and the member may not have found back. */
    missing: boolean;
    /** The number of the ping whose pong decides that a missing member has left; 0 while the grace runs. */
    doubt: number;
}
export declare const addressOfKnown: ({ info }: Known) => string;
/** The timer that gives a missing member up. */
export declare const graceTimer: (known: Known) => string;
/** The members, in the order in which they became known. */
export declare class MachineRoster {
    all: Known[];
    readonly byPeer: Map<string, Known>;
    add(known: Known): void;
    remove(known: Known): void;
    /** Returns the member at an address. */
    find(peer: string, instance: string): Known | undefined;
    /** Whether somebody is missing, of whom it is not known whether it has what was said. */
    get missing(): boolean;
    /** The members by rank. */
    infos(): Member[];
}
