import type { MachineEffect, MachineEvent } from "./machineevents.js";
import { MachineWrite } from "./machinewrite.js";
import type { ErrorCode, Member } from "./protocol_gen.js";
/** Feed it events, and do what the effects say. The same events always have the same effects. */
export declare class Machine extends MachineWrite {
    /** The members by rank, this one among them. Who is missing from a restarted server has the last ranks. */
    get members(): Member[];
    /** Takes an event and returns what is to be done because of it, in order. */
    step(event: MachineEvent): MachineEffect[];
    /** Takes a direct message. The instance is named because the caller means the object that it knows, not its successor. */
    protected send({ token, peer, instance, data }: MachineEvent & {
        event: "send";
    }): void;
    /** Ends all that belongs to the carrier. What was in flight has arrived or not; the next one will tell. */
    protected lost(): void;
    protected fired(key: string): void;
    /** Gives up everything. */
    protected close(code: ErrorCode): void;
}
