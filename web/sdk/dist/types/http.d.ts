import { type Carrier, type CarrierOwner, type Ending } from "./carrier.js";
import type { Close, Opened, Polled } from "./protocol_gen.js";
/** What both carriers over HTTP do alike: frames go up in bodies that are posted, and lines come down. */
export declare abstract class HTTPCarrier implements Carrier {
    #private;
    protected over: boolean;
    protected readonly url: string;
    protected readonly owner: CarrierOwner;
    constructor(url: string, owner: CarrierOwner);
    get free(): boolean;
    send(frame: string): void;
    finish(bye: string, hurry: boolean): void;
    again(): boolean;
    drop(): void;
    /** Ends all requests with the carrier. */
    protected get signal(): AbortSignal;
    /** Gives what is to happen next so many milliseconds; none: it has happened. */
    protected within(ms?: number, ending?: Ending): void;
    /** Takes a line: a frame, or what the carrier itself has to know. */
    protected take(line: string): void;
    protected end(ending: Ending): void;
}
/** Reads a line that may be none of a frame's; those are short. What is wrong with a line is told by who reads it as a frame. */
export declare function ownLine(line: string): Opened | Polled | Close | undefined;
