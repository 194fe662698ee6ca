// The delivery of one room's messages for one of its members, as a function of events: no clock, no timers, no socket. A
// line-by-line port of package delivery (signaling/protocol/delivery), whose README has the rules and their reasons, and held to
// it by the vectors there: change both, or neither.

import { MachineOutput, withDefaults, type MachineConfig, type MachineEffect, type MachineEvent } from "./machineevents.js";
import { addressOf, Links, type Link } from "./machinelink.js";
import { addressOfKnown, graceTimer, MachineRoster, type Known } from "./machineroster.js";
import { SAY_TIMER, Speech, STABLE_TIMER } from "./machinespeech.js";
import {
  MAX_NUMBER,
  type Ack,
  type ErrorCode,
  type ErrorReply,
  type Event as LogEvent,
  type Joined,
  type LeftReason,
  type Member,
  type Message,
  type Pong,
  type Receipt,
  type ServerFrame,
  type Signal,
} from "./protocol_gen.js";

/** Makes the receipts due that wait for more to acknowledge. */
const FLUSH_TIMER = "flush";

/** Feed it events, and do what the effects say. The same events always have the same effects. */
export class Machine {
  /** What a join must say to go on where the log was left; "" and 0 before the first. */
  epoch = "";
  position = 0;
  readonly #config: Required<MachineConfig>;
  readonly #out = new MachineOutput();
  readonly #roster = new MachineRoster();
  readonly #links: Links;
  readonly #speech: Speech;
  /** The carrier lives, and the room has answered the join. */
  #online = false;
  #closed = false;
  /** The owner has been told that there is something to write. */
  #awake = false;
  /** Where the replay ends that is going on. */
  #until = 0;
  /** The position that the server was told. */
  #acked = 0;
  #stable = 0;
  /** How many pings were made; each carries its number. */
  #pings = 0;

  /** Makes a machine, which is offline. */
  constructor(config: MachineConfig) {
    this.#config = withDefaults(config);
    this.#links = new Links(this.#config, this.#out);
    this.#speech = new Speech(this.#config, this.#out);
  }

  /** The members by rank, this one among them. Who is missing from a restarted server has the last ranks. */
  get members(): Member[] {
    return this.#roster.infos();
  }

  /** Takes an event and returns what is to be done because of it, in order. */
  step(event: MachineEvent): MachineEffect[] {
    switch (event.event) {
      case "send":
        this.#send(event);
        break;
      case "say":
        if (this.#closed) this.#out.emit({ effect: "failed", token: event.token, code: "closed" });
        else this.#speech.say(event.token, event.data);
        break;
      case "received":
        this.#received(event.frame);
        break;
      case "lost":
        this.#lost();
        break;
      case "writable":
        this.#writable();
        break;
      case "beat":
        if (this.#online) this.#ping();
        break;
      case "timerFired":
        this.#fired(event.key);
        break;
      case "close":
        this.#close(event.code);
        break;
    }
    if (this.#online && !this.#awake && this.#busy()) {
      this.#awake = true;
      this.#out.emit({ effect: "wake" });
    }
    return this.#out.take();
  }

  /** Takes a direct message. The instance is named because the caller means the object that it knows, not its successor. */
  #send({ token, peer, instance, data }: MachineEvent & { event: "send" }): void {
    const known = this.#roster.byPeer.get(peer);
    if (this.#closed) this.#out.emit({ effect: "failed", token, code: "closed" });
    else if (!known) this.#out.emit({ effect: "failed", token, code: "unknown-peer" });
    else if (known.info.instance !== instance) this.#out.emit({ effect: "failed", token, code: "stale-instance" });
    else this.#link(known).send(token, data);
  }

  /** Ends all that belongs to the carrier. What was in flight has arrived or not; the next one will tell. */
  #lost(): void {
    this.#online = false;
    this.#awake = false;
    for (const link of this.#links.living) link.fall();
    for (const known of this.#roster.all) {
      // Without a carrier nobody can be seen to come back.
      known.doubt = 0;
      this.#out.clear(graceTimer(known));
    }
    this.#out.clear(FLUSH_TIMER);
    this.#speech.lost();
  }

  /** Asks for the stable position, and says how far this member is. The pong comes behind all events of before. */
  #ping(): void {
    this.#pings++;
    this.#acked = this.position;
    const acks = { [this.#config.room]: this.position };
    this.#out.emit({ effect: "transmit", frame: { type: "ping", t: this.#pings, acks } });
  }

  #fired(key: string): void {
    if (!this.#out.fired(key)) return; // it was cleared while its message was on its way to us
    const space = key.indexOf(" ");
    const kind = space < 0 ? key : key.slice(0, space);
    const address = key.slice(kind.length + 1);
    switch (kind) {
      case FLUSH_TIMER:
        for (const { inbound } of this.#links.living) inbound.due ||= inbound.owed > 0;
        break;
      case SAY_TIMER:
        this.#speech.paused = false;
        break;
      case STABLE_TIMER:
        this.#ping();
        this.#speech.ask();
        break;
      case "resend":
        this.#links.byAddress.get(address)?.overdue();
        break;
      case "grace":
        this.#doubt(address);
        break;
    }
  }

  /** Gives up everything. */
  #close(code: ErrorCode): void {
    this.#lost();
    for (const link of this.#links.living) link.fail(code);
    this.#speech.fail(code);
    this.#closed = true;
  }

  /** The link to a member, which is reachable if the member is. */
  #link(to: Known): Link {
    const link = this.#links.open(to.info.peer, to.info.instance);
    if (this.#online && !to.missing && !to.info.away) link.rise();
    else link.fall();
    return link;
  }

  // Writing: one frame at a time, when the carrier can take it.

  #writable(): void {
    const frame = this.#nextFrame();
    if (frame) this.#out.emit({ effect: "transmit", frame });
    else this.#awake = false;
  }

  /** Whether there is anything to say. */
  #busy(): boolean {
    if (this.#ackDue || this.#speech.ready) return true;
    return this.#links.living.some((link) => (link.up && link.inbound.due) || link.ready() >= 0);
  }

  #nextFrame(): Signal | Receipt | Message | Ack | undefined {
    if (!this.#online) return undefined;
    if (this.#ackDue) {
      this.#acked = this.position;
      return { type: "ack", room: this.#config.room, position: this.position };
    }
    // The room is the last in the round.
    const places = this.#links.living.length + 1;
    for (let i = 0; i < places; i++) {
      const place = (this.#links.turn + i) % places;
      const frame = this.#frameOf(place);
      if (frame) {
        this.#links.turn = (place + 1) % places;
        return frame;
      }
    }
    return undefined;
  }

  get #ackDue(): boolean {
    return this.position >= this.#acked + this.#config.ackEvery;
  }

  #frameOf(place: number): Signal | Receipt | Message | undefined {
    const link = this.#links.living[place];
    if (!link) return this.#speech.ready ? this.#speech.take() : undefined;
    if (link.up && link.inbound.due) {
      const { peer: to, instance: toInstance } = link;
      return { type: "receipt", room: this.#config.room, to, toInstance, n: link.inbound.take() };
    }
    const i = link.ready();
    return i >= 0 ? link.take(i) : undefined;
  }

  // Reading.

  /** Takes a frame. Before the room has answered the join, only that answer counts: the rest is of an older membership. */
  #received(frame: ServerFrame): void {
    if (this.#closed) return;
    const here = "room" in frame && frame.room === this.#config.room;
    if (frame.type === "joined" && here) this.#joined(frame);
    if (!this.#online) return;
    switch (frame.type) {
      case "event":
        if (here && frame.position > this.position) this.#entry(frame);
        break;
      case "signal":
        if (here) this.#signal(frame);
        break;
      case "receipt":
        if (here) this.#links.byAddress.get(addressOf(frame.from ?? "", frame.fromInstance ?? ""))?.receipted(frame.n);
        break;
      case "error":
        if (here && frame.n) this.#refused(frame, frame.n);
        break;
      case "pong":
        this.#pong(frame);
        break;
    }
  }

  /** Takes a direct message. One of somebody whom the log does not show is dropped: there is no peer that it could be from. */
  #signal({ from: peer = "", fromInstance: instance = "", n, after = 0, data }: Signal): void {
    const from = this.#roster.find(peer, instance);
    if (!from) return;
    const { inbound } = this.#link(from);
    if (inbound.accept(n, after, this.#config.window)) this.#out.emit({ effect: "direct", peer, instance, data });
    if (inbound.owed > 0 && !inbound.due && !this.#out.armed(FLUSH_TIMER)) {
      this.#out.set(FLUSH_TIMER, this.#config.receiptDelay);
    }
  }

  #refused({ to, toInstance = "", code, retryAfter = 0 }: ErrorReply, n: number): void {
    if (!to) this.#speech.refused(n, code, retryAfter);
    else this.#links.byAddress.get(addressOf(to, toInstance))?.refused(n, code, retryAfter);
  }

  /** Takes the stable position, and decides about the missing: whoever came back in time was in the log before the ping. */
  #pong({ t = 0, stable = {} }: Pong): void {
    this.#settle(stable[this.#config.room] ?? 0);
    const gone = this.#roster.all.filter(({ missing, doubt }) => missing && doubt > 0 && doubt <= t);
    for (const known of gone) this.#leave(known, "timeout", "closed");
  }

  /** Takes the stable position. While somebody is missing nothing is safe: a restarted server does not wait for those. */
  #settle(stable: number): void {
    this.#stable = Math.max(this.#stable, stable);
    if (!this.#roster.missing) this.#speech.release(this.#stable);
  }

  /** Takes an entry of the room's log. */
  #entry(event: LogEvent): void {
    this.position = event.position;
    const known = this.#roster.byPeer.get(event.peer);
    switch (event.kind) {
      case "joined":
      case "back":
        this.#enter(event.member as Member); // the decoder has seen to it
        break;
      case "message":
        this.#hear(event);
        break;
      case "away":
        if (known) this.#away(known);
        break;
      case "updated":
        if (known) {
          known.info = { ...known.info, attributes: event.attributes };
          this.#out.emit({ effect: "updated", member: known.info });
        }
        break;
      case "left":
        // In a replay, the own leaving is that of an earlier membership.
        if (known && (event.peer !== this.#config.peer || this.position > this.#until)) {
          this.#leave(known, event.reason as LeftReason, "closed");
        }
        break;
    }
    this.#settle(event.stable);
    if (this.position === this.#until) this.#synced();
  }

  /** Delivers a message of the room, unless it was said before, in this epoch or in another. */
  #hear({ peer, instance = "", n = 0, position, data }: LogEvent): void {
    const own = peer === this.#config.peer && instance === this.#config.instance;
    if (own) this.#speech.logged(n, position);
    const link = this.#links.open(peer, instance);
    if (!this.#roster.find(peer, instance)) this.#links.depart(link); // what it said last
    if (n <= link.heard) return;
    // What came before the first that is heard was not for this member, after a gap no more is to be told, and an own message
    // that is missing was refused.
    if (link.heard > 0 && n > link.heard + 1 && !link.skip && !own) this.#out.emit({ effect: "gap" });
    link.heard = n;
    link.skip = false;
    this.#out.emit({ effect: "message", peer, instance, data });
  }

  // Presence.

  /** Takes the answer to a join, or the snapshot that the server sends to a reader that has fallen behind. */
  #joined(frame: Joined): void {
    const restarted = frame.epoch !== this.epoch;
    const resumed = !this.#online;
    const { said = 0 } = frame;
    if (restarted) this.#restart();
    this.#online = true;
    this.epoch = frame.epoch;
    this.position = frame.position;
    this.#until = Math.max(frame.position, frame.until ?? 0);
    this.#acked = frame.position;
    if (!frame.replay) {
      if (frame.gap) {
        this.#out.emit({ effect: "gap" });
        this.#links.skip();
      }
      this.#snapshot(frame.members ?? [], restarted);
      this.#speech.loggedUpTo(said, frame.position);
    }
    if (resumed) {
      for (const known of this.#roster.all) this.#reach(known);
      this.#speech.resume(said);
    }
    this.#settle(frame.stable);
    if (this.position === this.#until) this.#synced();
  }

  /** Begins a new log. Positions have no meaning any more, what was said is not in it, and who is here must show. */
  #restart(): void {
    this.#stable = 0;
    this.#speech.restart();
    for (const known of this.#roster.all) known.missing = true;
  }

  /** Takes the members as they are now. Within an epoch, who is not among them has left; in a new one it may come. */
  #snapshot(infos: readonly Member[], restarted: boolean): void {
    const listed = new Set(infos.map(({ peer }) => peer));
    const gone = this.#roster.all.filter(({ missing, info }) => !restarted && !missing && !listed.has(info.peer));
    // When and why was in the part of the log that is gone. That it did not say goodbye is the safer guess.
    for (const known of gone) this.#leave(known, "timeout", "closed");
    for (const info of infos) this.#enter(info);
  }

  /** Takes a member as it is now: one that joins, comes back, or is in a snapshot. */
  #enter(info: Member): void {
    let known = this.#roster.byPeer.get(info.peer);
    if (known && known.info.instance !== info.instance) {
      // A page was reloaded: another object, which knows nothing of what was said to the one before.
      this.#leave(known, "timeout", "stale-instance");
      known = undefined;
    }
    if (!known) {
      known = { info, missing: false, doubt: 0 };
      this.#roster.add(known);
      if (info.peer !== this.#config.peer) this.#out.emit({ effect: "joined", member: info });
      this.#begin(info);
      this.#reach(known);
      return;
    }
    const before = known.info;
    known.info = info;
    if (known.missing) {
      known.missing = false;
      known.doubt = 0;
      this.#out.clear(graceTimer(known));
      this.#speech.extend(this.position);
    }
    if (JSON.stringify(before.attributes) !== JSON.stringify(info.attributes)) {
      this.#out.emit({ effect: "updated", member: info });
    }
    if (info.peer !== this.#config.peer && (before.away ?? false) !== (info.away ?? false)) {
      this.#out.emit({ effect: info.away ? "away" : "back", member: info });
    }
    this.#reach(known);
  }

  /** Notes where a member's messages stand that was not known before, so that it can be seen when one is missing. */
  #begin({ peer, instance, said = 0 }: Member): void {
    if (said === 0) return;
    const link = this.#links.open(peer, instance);
    if (link.heard === 0) link.heard = said;
  }

  /** Takes a member's lost connection. The own one is in a replay, and over. */
  #away(known: Known): void {
    if (known.info.peer === this.#config.peer || known.info.away) return;
    known.info = { ...known.info, away: true };
    this.#out.emit({ effect: "away", member: known.info });
    this.#reach(known);
  }

  /** Takes a member out. What is outstanding to it fails; its numbers are remembered. */
  #leave(known: Known, reason: LeftReason, code: ErrorCode): void {
    this.#roster.remove(known);
    this.#out.clear(graceTimer(known));
    this.#out.emit({ effect: "left", member: known.info, reason });
    const link = this.#links.byAddress.get(addressOfKnown(known));
    if (!link) return;
    link.fall();
    link.fail(code);
    this.#links.depart(link);
  }

  /** Lets the messages to a member go, or holds them. A link of the past lives again. */
  #reach(known: Known): void {
    if (this.#links.byAddress.has(addressOfKnown(known))) this.#link(known);
  }

  /** Begins the grace of those who are missing: a restart must not look like an exodus. */
  #synced(): void {
    for (const known of this.#roster.all) {
      if (!known.missing || known.info.peer === this.#config.peer) continue;
      this.#away(known);
      if (!this.#out.armed(graceTimer(known)) && known.doubt === 0) {
        known.info = { ...known.info, joined: MAX_NUMBER }; // its rank is behind those who are here
        this.#out.set(graceTimer(known), this.#config.grace);
      }
    }
    this.#out.emit({ effect: "synced" });
  }

  /** A missing member's grace has passed. The event that it is back may be on its way, so the server is asked first. */
  #doubt(address: string): void {
    for (const known of this.#roster.all) {
      if (known.missing && addressOfKnown(known) === address) {
        this.#ping();
        known.doubt = this.#pings;
      }
    }
  }
}
