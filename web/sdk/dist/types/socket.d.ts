import { type Carrier, type CarrierOwner } from "./carrier.js";
/** A WebSocket. The browser buffers for it, and answers the server's heartbeats. */
export declare class SocketCarrier implements Carrier {
    #private;
    readonly free = true;
    /** Throws what the browser throws about the URL, or the page's rules about it. */
    constructor(url: string, hello: string, owner: CarrierOwner);
    send(frame: string): void;
    finish(bye: string): void;
    again(): boolean;
    drop(): void;
}
