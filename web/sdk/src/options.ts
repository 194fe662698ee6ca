// What callers may choose. Everything is optional and has a default that works.

import type { CarrierName } from "./carrier.js";
import type { Topology } from "./protocol_gen.js";
import type { TokenSource } from "./tokens.js";

/** How a channel delivers. The default is in order and reliable. */
export interface ChannelOptions {
  /** Whether messages arrive in the order in which they were sent. Default: true. */
  ordered?: boolean | undefined;
  /** How often a lost message is sent again before it is given up. Excludes maxPacketLifeTime. */
  maxRetransmits?: number | undefined;
  /** For how many milliseconds a message is tried before it is given up. Excludes maxRetransmits. */
  maxPacketLifeTime?: number | undefined;
  /** A name for what is spoken on the channel, for the other side to see. */
  protocol?: string | undefined;
}

/** An option of everything that waits. */
export interface Abortable {
  /** Aborting it rejects with code `aborted`. */
  signal?: AbortSignal | undefined;
}

/** How to join a room. */
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
  /** For how many milliseconds joining may take, and later each connection. Default: 30,000. */
  connectTimeout?: number | undefined;
}
