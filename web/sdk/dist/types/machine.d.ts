import { type MachineConfig, type MachineEffect, type MachineEvent } from "./machineevents.js";
import { type Member } from "./protocol_gen.js";
/** Feed it events, and do what the effects say. The same events always have the same effects. */
export declare class Machine {
    #private;
    /** What a join must say to go on where the log was left; "" and 0 before the first. */
    epoch: string;
    position: number;
    /** Makes a machine, which is offline. */
    constructor(config: MachineConfig);
    /** The members by rank, this one among them. Who is missing from a restarted server has the last ranks. */
    get members(): Member[];
    /** Takes an event and returns what is to be done because of it, in order. */
    step(event: MachineEvent): MachineEffect[];
}
