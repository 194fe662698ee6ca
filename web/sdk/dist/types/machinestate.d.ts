import { MachineOutput, type MachineConfig } from "./machineevents.js";
import { Links, type Link } from "./machinelink.js";
import { MachineRoster, type Known } from "./machineroster.js";
import { Speech } from "./machinespeech.js";
/** Makes the receipts due that wait for more to acknowledge. */
export declare const FLUSH_TIMER = "flush";
/** The fields of the machine. */
export declare class MachineState {
    /** What a join must say to go on where the log was left; "" and 0 before the first. */
    epoch: string;
    position: number;
    protected readonly config: Required<MachineConfig>;
    protected readonly out: MachineOutput;
    protected readonly roster: MachineRoster;
    protected readonly links: Links;
    protected readonly speech: Speech;
    /** The carrier lives, and the room has answered the join. */
    protected online: boolean;
    protected closed: boolean;
    /** The owner has been told that there is something to write. */
    protected awake: boolean;
    /** Where the replay ends that is going on. */
    protected until: number;
    /** The position that the server was told. */
    protected acked: number;
    protected stable: number;
    /** How many pings were made; each carries its number. */
    protected pings: number;
    /** Makes a machine, which is offline. */
    constructor(config: MachineConfig);
    /** The link to a member, which is reachable if the member is. */
    protected link(to: Known): Link;
    /** Asks for the stable position, and says how far this member is. The pong comes behind all events of before. */
    protected ping(): void;
    /** Takes the stable position. While somebody is missing nothing is safe: a restarted server does not wait for those. */
    protected settle(stable: number): void;
}
