import { BeckonError } from "./error.js";
import { type ClientFrame, type Hello, type ServerFrame, type Welcome } from "./protocol_gen.js";
/** Frames that are answered, by a frame with the same id or by an event. */
export type Request = Extract<ClientFrame, {
    type: "hello" | "join" | "update";
}>;
/** What a Carrier tells its owner, and asks of it. */
export interface CarrierOwner {
    /** A frame came that is not the carrier's own business. */
    frame(frame: ServerFrame): void;
    /** The next frame to be sent, if there is one. */
    next(): ClientFrame | undefined;
    /** It is time for a ping; whether the owner has sent one by `urgent`. */
    beat(): boolean;
    /**
     * The connection is over, for which undefined means that this side wanted it. `again` tells whether another one may do better.
     * Is called once.
     */
    ended(error: BeckonError | undefined, again: boolean): void;
}
/**
 * One WebSocket to a server, from hello to bye: requests and their answers, the pace, the heartbeat. It knows nothing of rooms'
 * contents and of WebRTC, and does not outlive its connection.
 */
export declare class Carrier {
    #private;
    /** The server's welcome; there once `open` has resolved. */
    welcome: Welcome;
    /** Begins to connect. `url` is the WebSocket's. Throws what the browser throws about that. */
    constructor(url: string, owner: CarrierOwner);
    /** Says hello and waits for the welcome. */
    open(hello: Pick<Hello, "instance" | "token" | "resume">, signal: AbortSignal): Promise<void>;
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
    /** Says bye and waits until the server has closed the connection, for a moment at most. May be called again. */
    close(): Promise<void>;
    /** Says bye without waiting: all that a page that goes away can do. */
    bye(): void;
    /** Ends the connection without a bye: the session goes on, on another one. */
    drop(error: BeckonError): void;
}
