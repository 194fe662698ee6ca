import { MachineReceive } from "./machinereceive.js";
import type { Ack, Message, Receipt, Signal } from "./protocol_gen.js";
/** The machine, as far as writing is concerned. */
export declare class MachineWrite extends MachineReceive {
    protected writable(): void;
    /** Whether there is anything to say. */
    protected busy(): boolean;
    protected nextFrame(): Signal | Receipt | Message | Ack | undefined;
    protected get ackDue(): boolean;
    protected frameOf(place: number): Signal | Receipt | Message | undefined;
}
