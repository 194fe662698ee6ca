import type { BeckonError } from "./error.js";
import type { Peer } from "./peer.js";
import type { Request } from "./requests.js";
/** The requests of a room's peers that nobody has taken: one for all, because whoever takes them may want those of one peer or of any. */
export declare class Inbox {
    #private;
    /** Adds a request; whether there was room. */
    offer(request: Request): boolean;
    /** The requests of a peer, or of any, each once, until `closed` says that there will be no more; throws its error if it has one. */
    take(closed: Promise<BeckonError | undefined>, of?: Peer): AsyncGenerator<Request, void, undefined>;
}
