// What the layers of a connection need from each other: a Peer from its Room, a Link from its Peer.

import type { BeckonError } from "./error.js";
import type { Peer } from "./peer.js";
import type { Member, Report, SignalData } from "./protocol_gen.js";

/**
 * How it stands between this peer and another: `waiting` (nobody connects yet), `connecting`, `connected`, `reconnecting` (they
 * were connected, and the way to each other is looked for), `closed` (for good).
 */
export type PeerState = "waiting" | "connecting" | "connected" | "reconnecting" | "closed";

/** Sees that nobody is between this side and one peer. What rejects here does with `peer-unverified`, which ends the peer. */
export interface PeerGuard {
  /** Whether the peer has proven its key, on a connection that is or was open. */
  readonly verified: boolean;
  /** Resolves with what is to be said instead: a description gets its proof. */
  seal(data: SignalData): Promise<SignalData>;
  /** Resolves when what the other side said may be used. */
  check(data: SignalData): Promise<void>;
  /** Resolves when the certificate that the connection of this session uses is the one that was signed. */
  confirm(session: string, connection: RTCPeerConnection): Promise<void>;
  /** As a Peer's. */
  safetyNumber(): Promise<string>;
}

/** What a Link tells its Peer, and asks of it. */
export interface LinkOwner {
  /** Whom it is to, for sentences. */
  readonly id: string;
  /** Whether this side makes the offers. */
  readonly offers: boolean;
  /** For how many milliseconds connecting may take. */
  readonly connectTimeout: number;
  /** Whether this side is closing the connection: then it is not made again. */
  readonly closing: boolean;
  /** Verifies the other side; undefined if nobody wants that. */
  readonly guard: PeerGuard | undefined;
  /** What a new RTCPeerConnection gets. */
  configuration(): RTCConfiguration;
  /** Sends a signal; resolves with its receipt. */
  say(data: SignalData): Promise<void>;
  /** The other side opened a channel. */
  channel(dc: RTCDataChannel): void;
  /** A number that is another one whenever the other side has taken something since. */
  progress(): number;
  /** The state is another one, but not `closed`. */
  changed(): void;
  /** No way was found, which ends it. */
  failed(): void;
  /** The connection is given up: its channels end with this. */
  replaced(error: BeckonError): void;
  /** It is over, because of `error` or in order. */
  ended(error: BeckonError | undefined): void;
}

/** What a Peer needs from its Room. */
export interface PeerHost {
  /** This side, as the others see it. */
  readonly self: Member;
  /** For how many milliseconds connecting may take. */
  readonly connectTimeout: number;
  /** The largest message that this side takes, in bytes; undefined: what a Mux takes. */
  readonly maxMessageSize: number | undefined;
  /** Makes what verifies a member; undefined if nobody is verified. */
  guard(member: Member): PeerGuard | undefined;
  /** Whether this side can reach the server. */
  readonly joined: boolean;
  /** What a new RTCPeerConnection gets. */
  configuration(): RTCConfiguration;
  /** Tells the server how the connection opened, or that it did not; undefined if nobody wants to know. */
  readonly report: ((report: Omit<Report, "type">) => void) | undefined;
  /** Sends a signal; resolves with its receipt. */
  say(peer: Peer, data: unknown): Promise<void>;
  /** The connection with the peer is open, for the first time. */
  connected(peer: Peer): void;
  /** The connection with the peer is closed, or will never be made. */
  ended(peer: Peer): void;
}
