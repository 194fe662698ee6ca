import { BeckonError } from "./error.js";
import type { MachineEffect } from "./machineevents.js";
import { type ClientFrame, type Member, type ServerFrame, type Welcome } from "./protocol_gen.js";
/** An effect that is not the delivery's own business, but the room's. */
export type Happening = Extract<MachineEffect, {
    effect: "direct" | "message" | "gap" | "joined" | "away" | "back" | "updated" | "left" | "synced";
}>;
/** What a Delivery needs from its owner. */
export interface DeliveryOwner {
    /** There is something to be sent: `next` gives it. */
    wake(): void;
    /** Sends a frame at once. */
    urgent(frame: ClientFrame): void;
    /** Takes what happened in one step, in order. */
    happened(happenings: Happening[]): void;
}
/** The messages of one member of one room, for as long as the server gives it the same peer id. */
export declare class Delivery {
    #private;
    /** Whose it is. */
    readonly peer: string;
    readonly instance: string;
    constructor(room: string, instance: string, welcome: Welcome, owner: DeliveryOwner);
    /** The members by rank, this one among them. */
    get members(): readonly Member[];
    /** What a join says so that the log goes on where this member left it. */
    get place(): {
        epoch?: string;
        position?: number;
    };
    /**
     * Brings data to one instance, in the order of the calls; resolves when it has arrived. Rejects with `unknown-peer`,
     * `stale-instance`, `closed` (it left), `overflow`, `message-too-large`, or what ended the delivery.
     */
    send(to: {
        peer: string;
        instance: string;
    }, data: unknown): Promise<void>;
    /** Brings data to the room; resolves when the room's log has it. Rejects as `send` does. */
    say(data: unknown): Promise<void>;
    /** Takes a frame of the server. */
    received(frame: ServerFrame): void;
    /** The carrier is gone. */
    lost(): void;
    /** Sends a ping, if this has something to say in one. Returns whether it did. */
    beat(): boolean;
    /** Gives the next frame that is to be sent. */
    next(): ClientFrame | undefined;
    /** Ends it: what is outstanding is rejected. */
    close(error: BeckonError): void;
}
