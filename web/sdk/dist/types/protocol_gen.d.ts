/** The wire version, which is also the WebSocket subprotocol. */
export declare const VERSION = "beckon.v1";
/** The largest n, id or position. */
export declare const MAX_NUMBER = 9007199254740991;
/** The longest name (room, peer id, instance) in bytes. */
export declare const MAX_NAME = 64;
/** The longest attestation of a key in bytes. */
export declare const MAX_ATTESTATION = 2048;
/** The capability of an RTCPeerConnection that can roll back a local offer. */
export declare const CAPABILITY_ROLLBACK = "rollback";
/** Names what went wrong, for machines. */
export type ErrorCode = 
/** The frame is not one JSON object of the documented shape. */
"bad-frame"
/** The server does not know this type of frame. */
 | "unknown-type"
/** A connection says hello once, as its first frame. */
 | "unexpected-hello"
/** A room's name is 1 to 64 letters, digits and . _ ~ -, and begins with a letter or digit. */
 | "bad-room"
/** Your grants do not allow this. */
 | "forbidden"
/** The token was refused. */
 | "unauthorized"
/** You are not a member of this room. */
 | "not-in-room"
/** No such peer is in this room. */
 | "unknown-peer"
/** The peer is now another instance than the one you named. */
 | "stale-instance"
/** The recipient's queue is full; the frame was dropped. Send it again later. */
 | "busy"
/** Too many frames; this one was dropped. Wait for retryAfter. */
 | "rate-limited"
/** The room has as many members as it may have. */
 | "room-full"
/** You are a member of as many rooms as you may be, or the server holds as many as it may. */
 | "too-many-rooms"
/** The server failed; its log says why. */
 | "internal"
/** Your token, or all tokens of your identity, have been revoked. */
 | "revoked"
/** The relay makes no further allocation for you: connections that need one will not open. */
 | "relay-allocations"
/** The relay has carried as many bytes for you as it will for now: relayed connections stand still. */
 | "relay-bytes"
/** The relay is carrying as much for you as it may: what is sent faster is dropped. */
 | "relay-bandwidth"
/** The HTTP request is not one of those that are documented. */
 | "bad-request"
/** There is no such carrier, or no longer: connect again. */
 | "unknown-carrier"
/** The request is not the next one of its carrier, or a newer one has taken its place. */
 | "stale-request"
/** The request's body is larger than it may be, or holds too many frames. */
 | "body-too-large"
/** The request's body did not come in time. */
 | "body-too-slow"
/** This server is shutting down: connect again in a moment, perhaps elsewhere. */
 | "going-away"
/** The caller gave up: its signal was aborted or its context ended. */
 | "aborted"
/** The server's URL or the room's name is not valid. */
 | "bad-url"
/** The room, peer or channel is closed. */
 | "closed"
/** No connection could be made. */
 | "connect-failed"
/** An open connection ended unexpectedly. */
 | "connection-lost"
/** The server's operator has ended this session. */
 | "kicked"
/** The room is a full mesh of as many members as it may connect; this peer is beyond them. */
 | "mesh-full"
/** The message is larger than the other side accepts. */
 | "message-too-large"
/** The reader was too slow: what waited to be read or accepted passed its bound. */
 | "overflow"
/** The peer has not proven who it is: it has another key or link, cannot prove anything, or somebody is between the two. */
 | "peer-unverified"
/** What was asked for did not come in time. */
 | "timeout"
/** The identity has as many peers on this server as its token allows. */
 | "too-many-peers"
/** This environment lacks something that is needed, such as RTCPeerConnection. */
 | "unsupported";
/** The close codes: 4000–4499 reconnect, 4500–4999 do not. */
export declare const enum CloseCode {
    /** The session ended because one side said so. */
    Normal = 1000,
    /** This server is shutting down; connect again, perhaps elsewhere. */
    GoingAway = 4000,
    /** Nothing was heard from the client for the heartbeat timeout. */
    HeartbeatTimeout = 4001,
    /** No hello came in time. */
    HelloTimeout = 4002,
    /** The server has as many sessions as it may have. */
    TryLater = 4003,
    /** The server failed; its log says why. */
    Internal = 4004,
    /** The first frame was not a hello. */
    HelloExpected = 4500,
    /** A frame was larger than the limit in the welcome. */
    FrameTooLarge = 4501,
    /** Frames are text; a binary one came. */
    BinaryFrame = 4502,
    /** The client speaks no version that this server speaks. */
    UnsupportedVersion = 4503,
    /** The token was refused. */
    Unauthorized = 4504,
    /** A newer connection of the same instance took over. */
    Replaced = 4505,
    /** The client kept sending frames that were refused. */
    TooManyErrors = 4506,
    /** The token has expired; come back with a fresh one. */
    TokenExpired = 4507,
    /** The identity has as many peers as its token allows. */
    TooManyPeers = 4508,
    /** The server's operator has ended the session. */
    Kicked = 4509,
    /** The server's operator has revoked the token, or all of its identity's. */
    Revoked = 4510
}
export type Outcome = "direct" | "relayed" | "failed";
export type RelayProtocol = "udp" | "tcp" | "tls";
export type EventKind = "joined" | "away" | "back" | "left" | "updated" | "message";
export type LeftReason = "bye" | "leave" | "timeout" | "kicked";
export type Topology = "mesh" | "none";
/** Hello (client to server) opens a session. It must be the first frame, and come within the hello timeout. */
export interface Hello {
    type: "hello";
    /** ID is echoed in the answer; 0 or absent means none. */
    id?: number;
    /** Versions are the wire versions that the client speaks, best first. */
    versions: string[];
    /** Token says who the client is; what it looks like is the server's Authorize function's business. */
    token?: string;
    /** Instance is the random 64-bit id of this SDK object, as 16 lower-case hex digits. */
    instance: string;
    /** Capabilities are what this client can do, by name; see CapabilityRollback. */
    capabilities?: Capabilities;
    /** Resume is the resume token of an earlier welcome; with it the client keeps its peer id. */
    resume?: string;
    /** Key is the client's own Ed25519 public key, by which other members verify it; see ValidKey. Key and Nonce come both or not at all. */
    key?: string;
    /** Nonce is 16 random bytes that this SDK object has made for itself; see ValidNonce. */
    nonce?: string;
    /** Attestation is what somebody else says of the key: a compact JWS of at most MaxAttestation bytes, passed on unread. */
    attestation?: string;
}
/** Welcome (server to client) answers a hello. */
export interface Welcome {
    type: "welcome";
    id?: number;
    /** Version is the one that both sides now speak. */
    version: string;
    /** Peer is the client's own peer id, unique on this server. */
    peer: string;
    /** Identity is who the token said the client is; "" for anonymous. */
    identity?: string;
    /** Resume is a signed token that gives this peer id back to the same instance on a later connection. */
    resume?: string;
    /** Resumed tells that the peer id is the one of the resume token in the hello. */
    resumed: boolean;
    heartbeat: Heartbeat;
    limits: Limits;
    /** ICEServers are for RTCPeerConnection, as they are. */
    iceServers: ICEServer[];
    /** ICELifetime is for how many milliseconds the credentials in ICEServers may start new allocations; 0 means for ever. */
    iceLifetime?: number;
    /** Grace is for how many milliseconds a peer may be away before it has left. */
    grace?: number;
}
/** Heartbeat is how both sides notice a dead connection. */
export interface Heartbeat {
    /** Interval is the number of milliseconds between pings. */
    interval: number;
    /** Timeout is the number of milliseconds of silence after which a connection is dead. Any frame breaks the silence. */
    timeout: number;
}
/** Limits are what the server allows this client. */
export interface Limits {
    /** Frame is the largest frame in bytes. */
    frame: number;
    /** Attributes is the largest attributes object in bytes. */
    attributes: number;
    /** Rate is how many frames a second the client may send in the long run. */
    rate: number;
    /** Burst is how many frames the client may send at once. */
    burst: number;
    /** Window is how many signals to one instance may be without a receipt. */
    window: number;
    /** Rooms is how many rooms the client may be in. */
    rooms: number;
    /** Mesh is how many members of a mesh connect to each other. */
    mesh: number;
    /** Reports is how many a minute the server wants to hear; absent: none. */
    reports?: number;
}
/** ICEServer is an RTCIceServer (W3C WebRTC, section 4.2.4). */
export interface ICEServer {
    urls: string[];
    username?: string;
    credential?: string;
}
/**
 * Capabilities are what a client can do, by name. What is absent is false. The server passes on names it does not know, so
 * that two newer clients may use something that an older server has not heard of.
 */
export type Capabilities = Record<string, boolean>;
/** Join (client to server) enters a room, or comes back to it. */
export interface Join {
    type: "join";
    id?: number;
    /** Room is a room name; see ValidRoom. */
    room: string;
    /** Attributes are an object that the other members see. */
    attributes?: unknown;
    /** Topology is wished for if this join makes the room; an existing room keeps its own. "" means mesh. */
    topology?: Topology;
    /** Epoch and Position are where the client left the room's log, if it was here before. */
    epoch?: string;
    position?: number;
}
/**
 * Joined (server to client) answers a join. It is either a snapshot (Members, as of Position) or, when Replay is true, a
 * promise that the events after Position follow.
 */
export interface Joined {
    type: "joined";
    id?: number;
    room: string;
    /** Epoch is the id of this life of the room's log, 16 hex digits. Positions of different epochs have nothing in common. */
    epoch: string;
    /** Position is the log position that Members describe, or, in a replay, the client's own last one. */
    position: number;
    /** Stable is the position that every member has acknowledged. */
    stable: number;
    topology: Topology;
    /**
     * Replay tells that no members are listed because the missed events follow. To a client that comes from another epoch they
     * follow from the beginning of this one, and Position is 0.
     */
    replay?: boolean;
    /** Until is where a replay ends: the log's position when the join was answered. */
    until?: number;
    /** Said is the number of the newest message of this client in this epoch's log: what it said after that one was lost. */
    said?: number;
    /** Gap tells a client that named a position that events were missed and cannot be had any more. */
    gap?: boolean;
    /** Members are all members, the client among them, ordered by Joined. */
    members?: Member[];
}
/** Member is one peer in a room. */
export interface Member {
    peer: string;
    instance: string;
    identity?: string;
    attributes?: unknown;
    capabilities?: Capabilities;
    /** Key, Nonce and Attestation are those of the member's hello. */
    key?: string;
    nonce?: string;
    attestation?: string;
    /** Away tells that the member's connection is lost and it may come back within the grace. */
    away?: boolean;
    /** Joined is the log position of the member's joined event: its rank in the room. */
    joined: number;
    /** Said is the number of the member's newest message in this epoch's log: who comes now hears what is said after it. */
    said?: number;
}
/** Leave (client to server) leaves a room. The client gets its own left event as the answer, and then nothing more of the room. */
export interface Leave {
    type: "leave";
    id?: number;
    room: string;
}
/** Update (client to server) replaces the client's attributes in a room. The answer is its own updated event. */
export interface Update {
    type: "update";
    id?: number;
    room: string;
    attributes: unknown;
}
/** Token (client to server) hands in a fresh token, which replaces the grants of the old one. The answer is an ice frame. */
export interface Token {
    type: "token";
    id?: number;
    token: string;
}
/** Bye (client to server) ends the session now: the peer has left, not gone away. */
export interface Bye {
    type: "bye";
    id?: number;
}
/**
 * Signal (both ways) is one numbered message from an instance to an instance. The client fills To and ToInstance; the server
 * adds From and FromInstance and forwards the rest as it came.
 */
export interface Signal {
    type: "signal";
    id?: number;
    room: string;
    from?: string;
    fromInstance?: string;
    to: string;
    toInstance: string;
    /** N counts this sender instance's signals to this recipient instance from 1. */
    n: number;
    /**
     * After is the number of the sender's signal before this one, if that one is still without a receipt: who has not accepted
     * it does not accept this one.
     */
    after?: number;
    /** Data is for the recipient; the server never decodes it. The SDKs' own are SignalData. */
    data: unknown;
}
/** Receipt (both ways) says that all signals up to N have reached the sender of the receipt. */
export interface Receipt {
    type: "receipt";
    room: string;
    from?: string;
    fromInstance?: string;
    to: string;
    toInstance: string;
    n: number;
}
/** Message (client to server) says something to the whole room, the sender included. */
export interface Message {
    type: "message";
    id?: number;
    room: string;
    /** N counts this sender instance's messages to this room from 1. */
    n: number;
    /**
     * After is the number of the message that was said before this one on the same connection: a message whose After is not in
     * the log, because it was refused, is not logged either.
     */
    after?: number;
    data: unknown;
}
/** Ack (client to server) says up to which position the client has the room's log. */
export interface Ack {
    type: "ack";
    room: string;
    position: number;
}
/** ICE (server to client) brings fresh ICE servers before the old ones' lifetime ends, or as the answer to a token. */
export interface ICE {
    type: "ice";
    id?: number;
    iceServers: ICEServer[];
    iceLifetime?: number;
    /**
     * Resume takes the place of the resume token of the welcome: it carries the grants of now, and its life begins anew. "" means
     * that there is none, and that the older one is still the one to use.
     */
    resume?: string;
}
/** Expiring (server to client) says that the grants end soon: hand in a fresh token, or the connection is closed as token-expired. */
export interface Expiring {
    type: "expiring";
    /** Within is in how many milliseconds they end. */
    within: number;
}
/** GoAway (server to client) announces that this server will close the connection: connect again, perhaps elsewhere. */
export interface GoAway {
    type: "goaway";
    /** Within is the window in milliseconds in which to reconnect, each client at a random moment of it; 0 means at once. */
    within: number;
}
/** Ping (both ways) asks for a Pong. */
export interface Ping {
    type: "ping";
    /** T is echoed as it is; the sender may put its clock here to measure the round trip. */
    t?: number;
    /** Acks (client to server) are positions by room, as in Ack. */
    acks?: Record<string, number>;
}
/** Pong (both ways) answers a Ping. The server's comes behind all events that were in the log when the ping came. */
export interface Pong {
    type: "pong";
    t?: number;
    /** Stable (server to client) are the stable positions of the rooms in the ping's Acks. */
    stable?: Record<string, number>;
}
/**
 * Report (client to server) says how a connection to another peer opened, or that it did not: what the client's user sees of it and
 * its operator otherwise would not. It names nobody and no address. Only a server that says so in Limits wants it.
 */
export interface Report {
    type: "report";
    outcome: Outcome;
    /** Protocol is what the client's own packets to its relay go in. Absent if it uses none, or does not know. */
    protocol?: RelayProtocol;
    /** Opening is how many milliseconds it took, from the start of the negotiation until the connection was open or given up. */
    opening: number;
    /** Again tells that the connection was open and had lost its way: Opening counts from when that was noticed. */
    again?: boolean;
}
/**
 * ErrorReply (server to client, type "error") says that a frame was refused. The connection lives on, unless that was its hello. One without an ID and the
 * names of a signal or message answers nothing: it tells of a limit.
 */
export interface ErrorReply {
    type: "error";
    /** ID is that of the refused frame, if it had one. */
    id?: number;
    code: ErrorCode;
    message: string;
    /** RetryAfter is after how many milliseconds it makes sense to try again; 0 means that it does not, or that it is not known. */
    retryAfter?: number;
    /** Room, To, ToInstance and N name the refused signal or message. */
    room?: string;
    to?: string;
    toInstance?: string;
    n?: number;
}
/**
 * SignalData is what the SDKs say to each other in a signal's data: exactly one of Description, Candidate, Want, Over and Unverified, and of which
 * connection.
 */
export interface SignalData {
    /** Description is an RTCSessionDescription. */
    description?: Description;
    /** Candidate is an RTCIceCandidateInit, or null: no more candidates. */
    candidate?: unknown;
    /** Want asks the side that offers to make an offer. */
    want?: boolean;
    /** Over says that for the sender the peer has ended for good: no other connection takes the place of Session. */
    over?: boolean;
    /**
     * Session is the connection that it is about: a random id that the side that offers gives to each RTCPeerConnection. In a Want,
     * "" says that the asking side has none.
     */
    session?: string;
    /** ICERestart says that the offer goes on with a connection that the other side must have, on another path. */
    iceRestart?: boolean;
    /** Fresh asks, in a Want, for another connection in the place of Session, instead of another path for it. */
    fresh?: boolean;
    /** Proof, beside a Description, shows whose it is; see package peer/identity. */
    proof?: Proof;
    /** Unverified says that this side has not accepted the other's proof, or wanted one and got none: there will be no connection. */
    unverified?: boolean;
}
/** Proof is a signature over what binds a connection to its two ends: their keys, the room, and the certificate that DTLS will use. */
export interface Proof {
    /** NotAfter is until when it is good, in seconds since 1970. */
    notAfter: number;
    /** Signature is one of Ed25519: 86 characters of base64url without padding. */
    signature: string;
    /** MAC is an HMAC-SHA-256 under the secret of the link that both sides have: 43 characters of base64url. Absent without a secret. */
    mac?: string;
}
/** Description is an RTCSessionDescriptionInit. */
export interface Description {
    type: string;
    sdp: string;
}
/** Event (server to client) is one entry of a room's log. Every member sees the entries of an epoch in the same order. */
export interface Event {
    type: "event";
    room: string;
    kind: EventKind;
    /** Position is this entry's place in the log; the first is 1. */
    position: number;
    /** Stable is the position that every member had acknowledged when the entry was made. */
    stable: number;
    /** Peer is whom the entry is about. */
    peer: string;
    /** Member (joined, back) is the peer as it is now. */
    member?: Member;
    /** Attributes (updated) are the new ones. */
    attributes?: unknown;
    /** Reason (left) says why. */
    reason?: LeftReason;
    /** Instance, N and Data (message) are the sender's: the pair of Instance and N is the message's name. */
    instance?: string;
    n?: number;
    data?: unknown;
}
/** Opened (of the server, over HTTP) is the first line of a stream. It comes before the hello is answered. */
export interface Opened {
    type: "opened";
    /** Carrier names the connection in what is posted for it. Who knows it can speak for the client, so it never stands in a URL. */
    carrier: string;
}
/** Send (of the client, over HTTP) is the first line of a body that is posted to /v1/send. The frames follow, a line each. */
export interface Send {
    type: "send";
    carrier: string;
    /** N counts the bodies of this carrier: 1, 2, 3 … One whose answer was lost is sent again with the same N, and applied once. */
    n: number;
}
/** Sent (of the server, over HTTP) answers a Send: all its frames have been read. */
export interface Sent {
    type: "sent";
    n: number;
}
/** Poll (of the client, over HTTP) asks for more of a carrier that was opened by a hello to /v1/poll. */
export interface Poll {
    type: "poll";
    carrier: string;
    /** Cursor is that of the last answer: all up to there has arrived. */
    cursor: number;
}
/** Polled (of the server, over HTTP) is the first line of the answer to a poll. The frames follow, a line each. */
export interface Polled {
    type: "polled";
    /** Carrier is as in Opened. It is there in the first answer alone. */
    carrier?: string;
    /** Cursor is for the next poll: how many lines, those of this answer included, have been handed out. */
    cursor: number;
}
/** Close (of the server, over HTTP) is the last line of a carrier: what a WebSocket says in its close frame. */
export interface Close {
    type: "close";
    /** Code is a CloseCode, and Reason its name. */
    code: number;
    reason: string;
}
/** Everything that a client sends. */
export type ClientFrame = Hello | Join | Leave | Update | Token | Bye | Signal | Receipt | Message | Ack | Ping | Pong | Report;
/** Everything that a server sends. */
export type ServerFrame = Welcome | Joined | Signal | Receipt | ICE | Expiring | GoAway | Ping | Pong | ErrorReply | Event;
