import type { CarrierName } from "./carrier.js";
import { BeckonError } from "./error.js";
import { type RoomEventMap } from "./happenings.js";
import type { Abortable } from "./options.js";
import type { Peer } from "./peer.js";
import type { Request } from "./requests.js";
/**
 * How it stands between a room and its server: `joined`; `reconnecting` (the connection is lost; data channels do not notice, what is
 * said waits); `closed` (for good).
 */
export type RoomState = "joined" | "reconnecting" | "closed";
declare const Room_base: new () => import("./events.js").TypedEventTarget<RoomEventMap>;
/** A room that this peer is in: who else is, the connections with them, and what is said to all. */
export declare class Room extends Room_base implements AsyncIterable<Peer> {
    #private;
    /** The room's name. */
    readonly name: string;
    /** Resolves when the room is closed: with undefined if `close` did it, else with the reason. */
    readonly closed: Promise<BeckonError | undefined>;
    /** This peer's own id. It is another one if the server had to take this peer for a new one after a lost connection. */
    get id(): string;
    /** How it stands with the server. */
    get state(): RoomState;
    /** What carries what is said to the server and back; undefined while there is no connection to it. */
    get carrier(): CarrierName | undefined;
    /** The other members by id, in the order of their joining; connected or not. It changes as they come and go. */
    get peers(): ReadonlyMap<string, Peer>;
    /** Takes the next peer that is connected, each once, waiting for it. Rejects with `closed`, or with why the room ended. */
    accept({ signal }?: Abortable): Promise<Peer>;
    /** All peers as they get connected, as from `accept`, until the room is closed in order; throws if it is lost. */
    [Symbol.asyncIterator](): AsyncGenerator<Peer, void, undefined>;
    /**
     * The requests of all peers, each once, until the room is closed in order; throws if it is lost. Who takes them by `peer.requests` or
     * here first, has them. 64 of each peer wait, further ones are refused with `overflow`.
     */
    requests(): AsyncGenerator<Request, void, undefined>;
    /**
     * Says something to all other members, connected or not: any JSON value. Resolves when it has its place in the room's log, which
     * all see in the same order; it waits for the server if that is out of reach. Rejects with `message-too-large`, `overflow` (512 are
     * on their way), `forbidden`, `closed`, `aborted`, `connection-lost` (the server does not know this peer any more, and nobody
     * whether it has arrived), or what ended the room. Giving up does not take back what was said.
     */
    send(data: unknown, { signal }?: Abortable): Promise<void>;
    /**
     * Replaces this peer's attributes. Resolves when the others see them. Rejects with `rate-limited`, `message-too-large` (the server's
     * limit for attributes), `overflow` (64 wait already), `closed`, `aborted`, or what ended the room.
     */
    update(attributes: Readonly<Record<string, unknown>>, { signal }?: Abortable): Promise<void>;
    /**
     * Connects to a peer and resolves when that is done. In a room of topology `none` this is how connections are made; in a mesh
     * it waits for the one that is being made. Rejects with `unknown-peer`, `mesh-full`, `unsupported` (there is no RTCPeerConnection here),
     * `connect-failed`, `closed` (a connection that has ended is not made again) or `aborted`.
     */
    connect(id: string, { signal }?: Abortable): Promise<Peer>;
    /**
     * Leaves the room: what was sent on channels is delivered, connections are closed, the others see that this peer left. Resolves
     * when all is done. May be called again.
     */
    close(): Promise<void>;
}
export {};
