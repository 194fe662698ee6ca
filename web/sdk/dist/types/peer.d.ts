import { Channel } from "./channel.js";
import { BeckonError } from "./error.js";
import { type PeerEventMap } from "./happenings.js";
import type { PeerState } from "./hosts.js";
import type { Abortable, ChannelOptions } from "./options.js";
import { type Path } from "./path.js";
declare const Peer_base: new () => import("./events.js").TypedEventTarget<PeerEventMap>;
/** Another member of a room, and the connection with it, through however many RTCPeerConnections. */
export declare class Peer extends Peer_base {
    #private;
    /** Its id, unique on the server. */
    readonly id: string;
    /** The random id of its SDK object: a page that was reloaded is another instance. */
    readonly instance: string;
    /** Who its token said it is; "" if it is anonymous. */
    readonly identity: string;
    /**
     * Resolves when the connection is closed for good: with undefined if that was in order, by either side, else with the reason. A way
     * to it that is lost and found again, or another one, is not the end.
     */
    readonly closed: Promise<BeckonError | undefined>;
    /** What it tells the others about itself. */
    get attributes(): Readonly<Record<string, unknown>>;
    /** Whether its connection to the server is lost; it may come back. */
    get away(): boolean;
    /** How it stands between this peer and that one. */
    get state(): PeerState;
    /**
     * The current RTCPeerConnection, for what this library does not offer; undefined as long as there is none. One that is lost for
     * good is replaced by another one.
     */
    get connection(): RTCPeerConnection | undefined;
    /** How many channels were closed at once because 64 waited to be accepted already. */
    get overflows(): number;
    /**
     * Opens a channel: waits until the peer is connected, perhaps again, and then until the channel is open. The other side gets it
     * from `accept`. At most 16 are being opened at a time, further calls wait. Rejects with `closed`, `connect-failed`,
     * `connection-lost` or `aborted`; throws a TypeError for options that exclude each other.
     */
    open(label: string, { signal, ...options }?: ChannelOptions & Abortable): Promise<Channel>;
    /** Takes the next channel that the other side opened, each once, waiting for it. Rejects with `closed`, or why it ended. */
    accept({ signal }?: Abortable): Promise<Channel>;
    /** All channels that the other side opens, as from `accept`, until the connection is closed in order; throws if it is lost. */
    channels(): AsyncGenerator<Channel, void, undefined>;
    /** Tells how the two are connected, waiting until they are. */
    path({ signal }?: Abortable): Promise<Path>;
    /**
     * Says something to the peer through the server, connected or not; it gets a `signal` event. Any JSON value, but for objects
     * with a key `description`, `candidate` or `want`. Resolves when it has arrived, once and in the order of the calls; it waits for a
     * peer that is away, or for the server. Rejects with `closed` (the peer left), `stale-instance` (its page was reloaded), `overflow`
     * (272 are on their way), `message-too-large`, `aborted`, `connection-lost` (the server does not know this peer any more: whether
     * it has arrived is not known), or what ended the room. Giving up does not take back what was said.
     */
    signal(data: unknown, { signal }?: Abortable): Promise<void>;
    /**
     * Closes the connection, after what was sent on its channels has been delivered. The peer stays a member of the room. May be
     * called again.
     */
    close(): Promise<void>;
}
export {};
