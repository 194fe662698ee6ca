import { BeckonError } from "./error.js";
import { type ClientFrame, type ErrorReply, type ICEServer, type ServerFrame, type Welcome } from "./protocol_gen.js";
/** Frames that are answered, by a frame with the same id or by an event. */
type Request = Extract<ClientFrame, {
    type: "hello" | "join" | "update" | "message";
}>;
/** What a Session tells its owner. */
export interface SessionOwner {
    /** A frame came that is not the session's own business. */
    frame(frame: ServerFrame): void;
    /** The server refused a frame without an id; signals are such. */
    refused(frame: ErrorReply, error: BeckonError): void;
    /** What the next ping acknowledges: positions by room. */
    acks(): Record<string, number>;
    /** The session is over: undefined means that this side wanted it. Is called once. */
    ended(error: BeckonError | undefined): void;
}
/**
 * One WebSocket to a server, from hello to bye: requests and their answers, the pace, the heartbeat. It knows nothing of rooms'
 * contents and of WebRTC.
 */
export declare class Session {
    #private;
    /** The server's welcome; there once `open` has resolved. */
    welcome: Welcome;
    /** The newest ICE servers; they are replaced before their credentials expire. */
    iceServers: ICEServer[];
    /** Begins to connect. `url` is the WebSocket's. */
    constructor(url: string, owner: SessionOwner);
    /** Says hello and waits for the welcome. */
    open(hello: {
        instance: string;
        token?: string | undefined;
    }, signal: AbortSignal): Promise<void>;
    /**
     * Sends a frame that has an answer, and waits for that: a frame with its id, or `settle`. Rejects with the server's error.
     * `sent` is told the id.
     */
    request(frame: Request, what: string, signal: AbortSignal | undefined, sent?: (id: number) => void): Promise<ServerFrame | undefined>;
    /** Says that a request has been answered, by an event. */
    settle(id: number): void;
    /** Sends a frame in its turn. Throws `closed`, `message-too-large` or `overflow`. */
    send(frame: ClientFrame): void;
    /** Says bye and waits until the server has closed the connection, for a moment at most. May be called again. */
    close(): Promise<void>;
    /** Says bye without waiting: all that a page that goes away can do. */
    bye(): void;
}
export {};
