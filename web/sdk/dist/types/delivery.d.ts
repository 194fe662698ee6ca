import { BeckonError } from "./error.js";
import type { ErrorReply, Receipt, Signal } from "./protocol_gen.js";
/** A member as signals see it. */
export interface Address {
    peer: string;
    instance: string;
}
/** The signals of one room. */
export declare class Delivery {
    #private;
    /** `window` is how many signals to one instance may be without a receipt. `send` may throw. */
    constructor(room: string, window: number, send: (frame: Signal | Receipt) => void);
    /**
     * Sends data to an instance, in the order of the calls. Resolves with the receipt; rejects when the server refuses it or the
     * instance is forgotten. A server drops signals to one who is away: then neither happens until it is forgotten.
     */
    send(to: Address, data: unknown): Promise<void>;
    /** Whether a signal is the next one of its sender, and so is to be handled. Doubles and what follows a gap are not. */
    accept(frame: Signal): boolean;
    /** Takes a receipt: all up to its n have arrived. */
    received(frame: Receipt): void;
    /** Takes the server's refusal of a signal. Those after it cannot be accepted, so they are rejected with it. */
    refused(frame: ErrorReply, error: BeckonError): void;
    /** Forgets an instance that is gone; what it has not received is rejected with `error`. */
    forget(instance: string, error: BeckonError): void;
    /** Forgets all instances. */
    close(error: BeckonError): void;
}
