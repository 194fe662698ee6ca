import { type Known } from "./machineroster.js";
import { MachineState } from "./machinestate.js";
import { type ErrorCode, type Joined, type LeftReason, type Member } from "./protocol_gen.js";
/** The machine, as far as who is there is concerned. */
export declare class MachinePresence extends MachineState {
    /** Takes the answer to a join, or the snapshot that the server sends to a reader that has fallen behind. */
    protected joined(frame: Joined): void;
    /** Begins a new log. Positions have no meaning any more, what was said is not in it, and who is here must show. */
    protected restart(): void;
    /** Takes the members as they are now. Within an epoch, who is not among them has left; in a new one it may come. */
    protected snapshot(infos: readonly Member[], restarted: boolean): void;
    /** Takes a member as it is now: one that joins, comes back, or is in a snapshot. */
    protected enter(info: Member): void;
    /** Notes where a member's messages stand that was not known before, so that it can be seen when one is missing. */
    protected begin({ peer, instance, said }: Member): void;
    /** Takes a member's lost connection. The own one is in a replay, and over. */
    protected away(known: Known): void;
    /** Takes a member out. What is outstanding to it fails; its numbers are remembered. */
    protected leave(known: Known, reason: LeftReason, code: ErrorCode): void;
    /** Lets the messages to a member go, or holds them. A link of the past lives again. */
    protected reach(known: Known): void;
    /** Begins the grace of those who are missing: a restart must not look like an exodus. */
    protected synced(): void;
    /** A missing member's grace has passed. The event that it is back may be on its way, so the server is asked first. */
    protected doubt(address: string): void;
}
