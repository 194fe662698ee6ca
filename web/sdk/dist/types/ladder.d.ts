import { type CarrierName } from "./carrier.js";
import { BeckonError } from "./error.js";
/**
 * Decides which carrier the next attempt takes: the one that worked the last time, then the others in their order. One that has never
 * worked in this session is left after one failure; one that has, after two in a row, because then it may as well be the server.
 */
export declare class Ladder {
    #private;
    /** Throws a TypeError for carriers that there are not. */
    constructor(url: string, carriers?: readonly CarrierName[]);
    /** The one to take now. */
    get current(): CarrierName;
    /** It brought us into the room, and what the server says comes through in time. */
    works(name: CarrierName): void;
    /** It did not get us into the room. Returns undefined if another one is to be tried now, else why to give up for the moment. */
    failed(name: CarrierName, error: BeckonError): BeckonError | undefined;
    /** It had brought us into the room and has ended after so many milliseconds, by nobody's word. */
    died(name: CarrierName, lasted: number, error: BeckonError, blocked: boolean): void;
    /** Begins anew: all have failed, or the server itself has spoken, and that is then not the carrier's fault. */
    reset(): void;
}
