import type { Channel } from "./channel.js";
import { BeckonError } from "./error.js";
import type { PeerState } from "./hosts.js";
import type { Abortable, ChannelOptions } from "./options.js";
import { type Path, type PeerStats } from "./path.js";
import { PeerFacts } from "./peerfacts.js";
import type { Answer, Request, Sending } from "./requests.js";
/** Another member of a room, and the connection with it, through however many RTCPeerConnections. */
export declare class Peer extends PeerFacts {
    #private;
    /**
     * Resolves when the connection is closed for good: with undefined if that was in order, by either side, else with the reason. A way
     * to it that is lost and found again, or another one, is not the end.
     */
    readonly closed: Promise<BeckonError | undefined>;
    /**
     * Whether it has proven that it has its `key`, to what `join`'s options demand, and that nobody is between the two. Where peers are verified, no peer
     * is `connected` that is not.
     */
    get verified(): boolean;
    /**
     * Sixty digits, in groups of five, which are the same on both sides if each has the other's key: for two people to read to each other, when neither
     * knows the other's key otherwise. They change with either key. Resolves with "" if the peer is not `verified`.
     */
    safetyNumber(): Promise<string>;
    /** How it stands between this peer and that one. */
    get state(): PeerState;
    /**
     * The current RTCPeerConnection, for what this library does not offer; undefined as long as there is none. One that is lost for
     * good is replaced by another one.
     */
    get connection(): RTCPeerConnection | undefined;
    /** How many channels were refused because 256 waited to be accepted already; of raw ones, 64. */
    get overflows(): number;
    /**
     * Opens a channel, waiting until the peer is connected, perhaps again. One that is ordered and reliable is there at once then, another
     * one when the other side has taken it, which gets it from `accept`. 256 channels, and 16 raw ones that are being opened, are open
     * at a time: further calls wait. Rejects with `closed`, `connect-failed`, `connection-lost`, `overflow` (too many channels wait
     * there to be accepted, or channels of more than 12 kinds of delivery were opened) or `aborted`, and with a TypeError for options
     * that exclude each other or do not exist.
     */
    open(label: string, options?: ChannelOptions & Abortable): Promise<Channel>;
    /**
     * Asks the peer for something, and resolves with its answer, whose body may still be coming. `name` says what for, in up to 1,024
     * bytes; `body` is sent along. `timeout` bounds all of it in milliseconds, the answer's body included, and the other side is told of
     * it. Without it the wait is for as long as the connection lasts. Rejects with a RequestError (its handler's own), `timeout`,
     * `aborted`, what `open` does, what ended the connection, what the body throws, and a TypeError for a body that is none.
     */
    request(name: string, body?: Sending, options?: Abortable & {
        timeout?: number | undefined;
    }): Promise<Answer>;
    /**
     * The requests of the peer, each once, until the connection is closed in order; throws if it is lost. 64 wait for it, further ones are
     * refused with `overflow`. (See `room.requests` for those of all peers.)
     */
    requests(): AsyncGenerator<Request, void, undefined>;
    /** Takes the next channel that the other side opened, each once, waiting for it. Rejects with `closed`, or why it ended. */
    accept({ signal }?: Abortable): Promise<Channel>;
    /** All channels that the other side opens, as from `accept`, until the connection is closed in order; throws if it is lost. */
    channels(): AsyncGenerator<Channel, void, undefined>;
    /** Tells how the two are connected, waiting until they are. */
    path({ signal }?: Abortable): Promise<Path>;
    /** Tells what has gone through the connection, and where it goes; addresses only if asked for. Rejects with nothing. */
    stats({ addresses }?: {
        addresses?: boolean;
    }): Promise<PeerStats>;
    /**
     * Says something to the peer through the server, connected or not; it gets a `signal` event. Any JSON value, but for objects
     * with a key `description`, `candidate`, `want`, `over` or `unverified`. Resolves when it has arrived, once and in the order of the calls; it waits for a
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
