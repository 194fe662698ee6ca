import type { CarrierName } from "./carrier.js";
import { BeckonError } from "./error.js";
import { type ClientFrame, type Hello, type ServerFrame, type Welcome } from "./protocol_gen.js";
/** Frames that are answered, by a frame with the same id or by an event. */
export type Request = Extract<ClientFrame, {
    type: "hello" | "join" | "update" | "token";
}>;
/** What a Connection tells its owner, and asks of it. */
export interface ConnectionOwner {
    /** A frame came that is not the connection's own business. */
    frame(frame: ServerFrame): void;
    /** The next frame to be sent, if there is one. */
    next(): ClientFrame | undefined;
    /** It is time for a ping; whether the owner has sent one by `urgent`. */
    beat(): boolean;
    /** What the server says comes through in time. May be called again. */
    proven(): void;
    /** The connection is over: its `fate` tells how. Is called once. */
    ended(fate: Fate): void;
}
/** How a connection ended. */
export interface Fate {
    /** Why; undefined means that this side wanted it. */
    error: BeckonError | undefined;
    /** Whether another one may do better. */
    again: boolean;
    /** Whether one on another carrier may: it was not our server's word that ended this one. */
    strange: boolean;
    /** Whether the network lets no carrier of this kind through. */
    blocked: boolean;
}
/**
 * One connection to a server, from hello to bye, whatever carries it: requests and their answers, the pace, the heartbeat. It knows
 * nothing of rooms' contents and of WebRTC, and does not outlive its carrier.
 */
export declare class Connection {
    #private;
    /** What carries it. */
    readonly name: CarrierName;
    /** The server's welcome; there once `open` has resolved. */
    welcome: Welcome;
    /** How it ended, once it has. */
    fate: Fate | undefined;
    /** Whether what the server says comes through in time. */
    proven: boolean;
    /** `url` is what the carriers' paths begin with. */
    constructor(name: CarrierName, url: string, owner: ConnectionOwner);
    /** Connects, says hello and waits for the welcome. */
    open(hello: Omit<Hello, "type" | "id" | "versions" | "capabilities">, signal: AbortSignal): Promise<void>;
    /**
     * Sends a frame that has an answer, and waits for that: a frame with its id, or `settle`. Rejects with the server's error,
     * `message-too-large`, or what ended the connection. `sent` is told the id.
     */
    request(frame: Request, what: string, signal: AbortSignal | undefined, sent?: (id: number) => void): Promise<ServerFrame | undefined>;
    /** Says that a request has been answered, by an event. */
    settle(id: number): void;
    /** Asks the owner for frames, at the pace that the server allows. */
    wake(): void;
    /** Sends a frame past those that wait. */
    urgent(frame: ClientFrame): void;
    /** Finds out whether the connection lives, without waiting for the next heartbeat. */
    probe(): void;
    /**
     * Says bye and waits until the server has closed the connection, for a moment at most. May be called again. `hurry`: the page ends, so
     * what cannot go with the bye does not go.
     */
    close(hurry: boolean): Promise<void>;
    /** Ends the connection without a bye: the session goes on, on another one. */
    drop(error: BeckonError): void;
}
