import type { MachineConfig, MachineOutput } from "./machineevents.js";
import type { ErrorCode, Signal } from "./protocol_gen.js";
/** Names an instance as messages are numbered for it: a peer id or an instance alone could be somebody else's later. */
export declare const addressOf: (peer: string, instance: string) => string;
/** Whether a refusal is of the moment, or would be repeated. */
export declare const transient: (code: ErrorCode) => boolean;
/** The receiving half of a link. */
declare class Inbound {
    /** The number of the newest message that was accepted. */
    accepted: number;
    /** How many messages have come since the last receipt. */
    owed: number;
    /** The receipt is not to wait any longer. */
    due: boolean;
    /** Whether a message is to be delivered: the one that follows those that were. Doubles owe a receipt at once. */
    accept(n: number, after: number, window: number): boolean;
    /** Returns the number for a receipt. */
    take(): number;
}
/** The direct messages to one other instance and from it. */
export declare class Link {
    #private;
    readonly peer: string;
    readonly instance: string;
    readonly inbound: Inbound;
    /** Frames can reach the other side now: this side is online, the other is a member and not away. */
    up: boolean;
    /** The number of the newest room message of that instance. */
    heard: number;
    /** A gap was told: the next room message may have any higher number. */
    skip: boolean;
    constructor(config: Required<MachineConfig>, out: MachineOutput, peer: string, instance: string);
    get address(): string;
    /** Takes a message. */
    send(token: number, data: unknown): void;
    /** Makes the other side reachable. */
    rise(): void;
    /** Makes the other side unreachable. */
    fall(): void;
    /** Returns the index in kept of what may be sent now, -1 if nothing may. */
    ready(): number;
    /** Makes the frame of the message at index i of kept. */
    take(i: number): Signal;
    /** Takes a receipt: all up to n have arrived. */
    receipted(n: number): void;
    /** The resend timer has run out: there was no progress for that long, or the pause is over. */
    overdue(): void;
    /** Takes the server's refusal of a message. */
    refused(n: number, code: ErrorCode, retryAfter: number): void;
    /** Gives up everything. The numbers go on: the other side may have accepted some of these. */
    fail(code: ErrorCode): void;
}
/** A link for each instance that is a member and has been talked with, and for those of the past. */
export declare class Links {
    #private;
    /** The living and the departed. */
    readonly byAddress: Map<string, Link>;
    /** In the order in which they were made. */
    readonly living: Link[];
    /** The index in living of who is to be served first. */
    turn: number;
    constructor(config: Required<MachineConfig>, out: MachineOutput);
    /** Returns the living link to an instance. One that had departed goes on where it was. */
    open(peer: string, instance: string): Link;
    /** Keeps a link's numbers for the case that the instance returns; the oldest are forgotten. */
    depart(link: Link): void;
    /** Lets the numbers of all instances jump once, because a gap was told. */
    skip(): void;
}
export {};
