import type { Event, Joined, LeftReason, Member, Topology } from "./protocol_gen.js";
/** What a frame changed. */
export type Change = {
    kind: "joined" | "away" | "back" | "updated";
    member: Member;
} | {
    kind: "left";
    member: Member;
    reason: LeftReason;
} | {
    kind: "message";
    from: string;
    instance: string;
    n: number;
    data: unknown;
} | {
    kind: "gap";
};
/** The members of a room, in the order of their joining, as of a position of its log. */
export declare class Roster {
    #private;
    /** By peer id. A changed member is a new object. */
    readonly members: Map<string, Member>;
    topology: Topology;
    /** The position of the last entry that was taken in. */
    position: number;
    /** Takes in a snapshot, and tells what is different from what was known. */
    snapshot(frame: Joined): Change[];
    /** Takes in an entry of the log, and tells what it changed: nothing if it was known. */
    apply(event: Event): Change[];
}
