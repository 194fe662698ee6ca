import { BeckonError } from "./error.js";
/** Counts how often the other side breaks the protocol of channels. */
export declare class Faults {
    #private;
    /** How often it has. */
    violations: number;
    constructor(peer: string);
    /** Counts one, if it is one and no loss of the network's. Returns why the peer ends, if it was one too many. */
    add({ code, message }: BeckonError): BeckonError | undefined;
}
