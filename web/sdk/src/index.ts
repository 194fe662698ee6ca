// Beckon's browser SDK: rooms, peers and data channels. Importing it does nothing and needs nothing; `join` needs
// RTCPeerConnection, crypto, and WebSocket or fetch.

export type { CarrierName } from "./carrier.js";
export type { Channel, ChannelStats, Message } from "./channel.js";
export { validRoom } from "./decide.js";
export { BeckonError, RequestError, type BeckonErrorOptions } from "./error.js";
export type { TypedEventTarget, TypedListener } from "./events.js";
export {
  EndEvent,
  LeftEvent,
  LimitEvent,
  PeerEvent,
  RoomMessageEvent,
  SignalEvent,
  type PeerEventMap,
  type RoomEventMap,
} from "./happenings.js";
export { Identity } from "./identity.js";
export { join } from "./join.js";
export { makeLink, newSecret, parseLink, type Link } from "./linktext.js";
export type { PeerState } from "./hosts.js";
export type { Abortable, ChannelOptions, JoinOptions } from "./options.js";
export type { Sendable } from "./outbox.js";
export type { Path, PeerStats } from "./path.js";
export type { Peer } from "./peer.js";
export type { ErrorCode, LeftReason, Topology } from "./protocol_gen.js";
export type { Answer, Request, Sending } from "./requests.js";
export type { Room, RoomState } from "./room.js";
export type { TokenSource } from "./tokens.js";
export {
  firstUse,
  issued,
  pinned,
  type Doubt,
  type DoubtReason,
  type Introduction,
  type KeyChange,
  type KeyStore,
  type Trust,
} from "./trust.js";
export type { UnverifiedEvent } from "./unverified.js";
export { parseURL, type RoomLink } from "./url.js";
