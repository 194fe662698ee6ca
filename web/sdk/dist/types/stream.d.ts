import { type CarrierOwner } from "./carrier.js";
import { HTTPCarrier } from "./http.js";
/** One HTTP response that goes on: frames come down in it as they are said. */
export declare class StreamCarrier extends HTTPCarrier {
    #private;
    constructor(url: string, hello: string, owner: CarrierOwner);
}
