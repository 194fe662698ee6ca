import type { CarrierOwner } from "./carrier.js";
import { HTTPCarrier } from "./http.js";
/** One request after the other, each of which the server answers when it has something to say, or when it is time for a heartbeat. */
export declare class PollCarrier extends HTTPCarrier {
    #private;
    constructor(url: string, hello: string, owner: CarrierOwner);
    /** The older request is not cancelled: the server would take that for the client's end. It sends it home when it sees this one. */
    again(): boolean;
    drop(): void;
}
