// The classes of the events that a Room and its Peers dispatch, and which event is of which class.

import type { BeckonError } from "./error.js";
import type { Peer } from "./peer.js";
import type { LeftReason } from "./protocol_gen.js";
import type { UnverifiedEvent } from "./unverified.js";

/** Something happened to a peer. Its state is in `peer`; the event only announces the change. */
export class PeerEvent extends Event {
  constructor(
    type: string,
    /** Whom it is about. */
    readonly peer: Peer,
  ) {
    super(type);
  }
}

/** A peer left the room. */
export class LeftEvent extends PeerEvent {
  constructor(
    peer: Peer,
    /**
     * `bye` and `leave`: it wanted to; `timeout`: its connection was lost and it did not come back; `kicked`: the server's operator
     * did not want it.
     */
    readonly reason: LeftReason,
  ) {
    super("left", peer);
  }
}

/** A peer said something to this one, by `peer.signal`. */
export class SignalEvent extends PeerEvent {
  constructor(
    peer: Peer,
    /** What it said. */
    readonly data: unknown,
  ) {
    super("signal", peer);
  }
}

/** A peer said something to the room, by `room.send`. */
export class RoomMessageEvent extends PeerEvent {
  constructor(
    peer: Peer,
    /** What it said. */
    readonly data: unknown,
  ) {
    super("message", peer);
  }
}

/** A Room or the connection with a Peer ended. */
export class EndEvent extends Event {
  constructor(
    /** Why; undefined if it was closed in order. */
    readonly error: BeckonError | undefined,
  ) {
    super("close");
  }
}

/** The server's relay gives this peer no more than it has. That ends nothing by itself. */
export class LimitEvent extends Event {
  constructor(
    /**
     * Which limit, as its `code`: `relay-allocations` (what needs a further one does not connect), `relay-bytes` (nothing more is
     * relayed for now), `relay-bandwidth` (what goes faster is dropped).
     */
    readonly error: BeckonError,
  ) {
    super("limit");
  }
}

/** The events of a Room. */
export interface RoomEventMap {
  /** A peer has joined (those who were there before are in `peers` when `join` resolves). */
  peer: PeerEvent;
  /** The connection with a peer is open, for the first time. */
  connected: PeerEvent;
  /** A peer is not who it should be, or does not take this side for that; `accept` never gives it. It stays in `peers`, and `closed`. */
  unverified: UnverifiedEvent;
  /** A peer's connection to the server is lost; it may come back. Its data channels do not notice. */
  away: PeerEvent;
  /** It came back. (Whose page was reloaded is another instance: `left`, then `peer`.) */
  back: PeerEvent;
  /** A peer changed its attributes. */
  updated: PeerEvent;
  /** A peer is gone. */
  left: LeftEvent;
  /** A peer said something to this one. */
  signal: SignalEvent;
  /** A peer said something to the room. */
  message: RoomMessageEvent;
  /** Events were missed, messages perhaps, and cannot be had any more; `peers` is right again. */
  gap: Event;
  /** The connection to the server is lost or back: `state` is `reconnecting` or `joined`. (The end is a `close`.) */
  state: Event;
  /** The relay has reached a limit of this peer's, or of its identity or the room. It is said now and then while that lasts. */
  limit: LimitEvent;
  /** The room is closed. */
  close: EndEvent;
}

/** The events of a Peer. */
export interface PeerEventMap {
  /** `state` is now `connecting`, `connected` or `reconnecting`. (The end is a `close`.) */
  state: PeerEvent;
  /** The connection is open, for the first time. */
  connected: PeerEvent;
  /** Its connection to the server is lost. */
  away: PeerEvent;
  /** It came back. */
  back: PeerEvent;
  /** It changed its attributes. */
  updated: PeerEvent;
  /** It left the room. */
  left: LeftEvent;
  /** It said something to this peer. */
  signal: SignalEvent;
  /** The connection with it is closed for good. */
  close: EndEvent;
}
