import type { CarrierName } from "./carrier.js";
import type { Identity } from "./identity.js";
import type { Topology } from "./protocol_gen.js";
import type { TokenSource } from "./tokens.js";
import type { Trust } from "./trust.js";
/** How a channel delivers. The default is in order and reliable. */
export interface ChannelOptions {
    /** Whether messages arrive in the order in which they were sent. Default: true. */
    ordered?: boolean | undefined;
    /** How often a lost message is sent again before it is given up. Excludes maxPacketLifeTime. */
    maxRetransmits?: number | undefined;
    /** For how many milliseconds a message is tried before it is given up. Excludes maxRetransmits. */
    maxPacketLifeTime?: number | undefined;
    /**
     * What has waited on this side for more than so many milliseconds is dropped and counted instead of being sent late. For channels
     * with one of the two limits above. It bounds what this side sends, and the other side is not told of it.
     */
    maxQueueAge?: number | undefined;
    /**
     * The channel outlives the connection: what was sent arrives exactly once and in order also when the connection is replaced by
     * another one, for as long as both stay in the room. Excludes all of the above.
     */
    durable?: boolean | undefined;
    /** A data channel of its own, for peers that do not speak `beckon.v1` on it. Excludes durable and maxQueueAge. */
    raw?: boolean | undefined;
    /** A name for what is spoken on the channel, for the other side to see. */
    protocol?: string | undefined;
}
/** An option of everything that waits. */
export interface Abortable {
    /** Aborting it rejects with code `aborted`. */
    signal?: AbortSignal | undefined;
}
/**
 * How to join a room.
 *
 * With one of `identity`, `trust`, `secret` and `attestation`, peers are verified: this side proves who it is, and connects only with those who
 * prove who they are. A server that puts itself between two of them, or swaps their keys, gets no connection and no byte; who proves nothing, because
 * it joined without these options, gets none either. Such a peer ends with `peer-unverified`, on both sides. What a server can do all the same: keep
 * two from connecting, see who is in the room and with which addresses, and, if it serves the page too, serve another one. This needs a
 * secure context: https, or localhost.
 */
export interface JoinOptions extends Abortable {
    /**
     * What the server wants to see, if it wants to see something: a join token, or a function that gets one. That is called at the first
     * join, before a token expires, and when the server wants a fresh one of who comes back.
     */
    token?: TokenSource | undefined;
    /** What the others see of this peer: a name, a colour. A JSON object of at most 4 KiB. */
    attributes?: Readonly<Record<string, unknown>> | undefined;
    /** Who connects to whom, if this join makes the room: `mesh` (the default), or `none`: only who asks, with `connect`. */
    topology?: Topology | undefined;
    /** `relay`: connect through TURN servers only, so that the others do not learn this side's addresses. */
    iceTransportPolicy?: RTCIceTransportPolicy | undefined;
    /** Used instead of the server's. */
    iceServers?: RTCIceServer[] | undefined;
    /** What may carry what is said to the server, the first choice first. Default: `websocket`, `stream`, `poll`. */
    carriers?: readonly CarrierName[] | undefined;
    /**
     * Whether a server that asks is told how connections open: directly or over a relay, or not, by which protocol and after what time,
     * but no addresses and not with whom. Default: true.
     */
    reports?: boolean | undefined;
    /** The largest message in bytes that this side takes on a channel: from 65,536 to 2³¹ - 1. Default: 268,435,456 (256 MiB). */
    maxMessageSize?: number | undefined;
    /** Who this side is. Default, where peers are verified: one that is made for this room and ends with it. */
    identity?: Identity | undefined;
    /** Whose keys are good: `pinned(…)`, `firstUse()`, `issued(…)`, or a function of yours. Default, where peers are verified: whoever has the secret. */
    trust?: Trust | undefined;
    /** The secret of a capability link, as `parseLink` finds it: who does not have it is not connected with. 22 characters; it never gets to the server. */
    secret?: string | undefined;
    /** What somebody says of this side's key, for the others' `issued`: a compact JWS of up to 2,048 bytes. */
    attestation?: string | undefined;
    /** For how many milliseconds joining may take, and later each connection. Default: 30,000. */
    connectTimeout?: number | undefined;
}
