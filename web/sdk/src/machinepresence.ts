// The members of the room, as joins and the log tell of them. The same as presence.go of package delivery.

import { addressOfKnown, graceTimer, type Known } from "./machineroster.js";
import { MachineState } from "./machinestate.js";
import { MAX_NUMBER, type ErrorCode, type Joined, type LeftReason, type Member } from "./protocol_gen.js";

/** The machine, as far as who is there is concerned. */
export class MachinePresence extends MachineState {
  /** Takes the answer to a join, or the snapshot that the server sends to a reader that has fallen behind. */
  protected joined(frame: Joined): void {
    const restarted = frame.epoch !== this.epoch;
    const resumed = !this.online;
    const { said = 0 } = frame;
    if (restarted) this.restart();
    this.online = true;
    this.epoch = frame.epoch;
    this.position = frame.position;
    this.until = Math.max(frame.position, frame.until ?? 0);
    this.acked = frame.position;
    if (!frame.replay) {
      if (frame.gap) {
        this.out.emit({ effect: "gap" });
        this.links.skip();
      }
      this.snapshot(frame.members ?? [], restarted);
      this.speech.loggedUpTo(said, frame.position);
    }
    if (resumed) {
      for (const known of this.roster.all) this.reach(known);
      this.speech.resume(said);
    }
    this.settle(frame.stable);
    if (this.position === this.until) this.synced();
  }

  /** Begins a new log. Positions have no meaning any more, what was said is not in it, and who is here must show. */
  protected restart(): void {
    this.stable = 0;
    this.speech.restart();
    for (const known of this.roster.all) known.missing = true;
  }

  /** Takes the members as they are now. Within an epoch, who is not among them has left; in a new one it may come. */
  protected snapshot(infos: readonly Member[], restarted: boolean): void {
    const listed = new Set(infos.map(({ peer }) => peer));
    const gone = this.roster.all.filter(({ missing, info }) => !restarted && !missing && !listed.has(info.peer));
    // When and why was in the part of the log that is gone. That it did not say goodbye is the safer guess.
    for (const known of gone) this.leave(known, "timeout", "closed");
    for (const info of infos) this.enter(info);
  }

  /** Takes a member as it is now: one that joins, comes back, or is in a snapshot. */
  protected enter(info: Member): void {
    let known = this.roster.byPeer.get(info.peer);
    if (known && known.info.instance !== info.instance) {
      // A page was reloaded: another object, which knows nothing of what was said to the one before.
      this.leave(known, "timeout", "stale-instance");
      known = undefined;
    }
    if (!known) {
      known = { info, missing: false, doubt: 0 };
      this.roster.add(known);
      if (info.peer !== this.config.peer) this.out.emit({ effect: "joined", member: info });
      this.begin(info);
      this.reach(known);
      return;
    }
    const before = known.info;
    known.info = info;
    if (known.missing) {
      known.missing = false;
      known.doubt = 0;
      this.out.clear(graceTimer(known));
      this.speech.extend(this.position);
    }
    if (JSON.stringify(before.attributes) !== JSON.stringify(info.attributes)) {
      this.out.emit({ effect: "updated", member: info });
    }
    if (info.peer !== this.config.peer && (before.away ?? false) !== (info.away ?? false)) {
      this.out.emit({ effect: info.away ? "away" : "back", member: info });
    }
    this.reach(known);
  }

  /** Notes where a member's messages stand that was not known before, so that it can be seen when one is missing. */
  protected begin({ peer, instance, said = 0 }: Member): void {
    if (said === 0) return;
    const link = this.links.open(peer, instance);
    if (link.heard === 0) link.heard = said;
  }

  /** Takes a member's lost connection. The own one is in a replay, and over. */
  protected away(known: Known): void {
    if (known.info.peer === this.config.peer || known.info.away) return;
    known.info = { ...known.info, away: true };
    this.out.emit({ effect: "away", member: known.info });
    this.reach(known);
  }

  /** Takes a member out. What is outstanding to it fails; its numbers are remembered. */
  protected leave(known: Known, reason: LeftReason, code: ErrorCode): void {
    this.roster.remove(known);
    this.out.clear(graceTimer(known));
    this.out.emit({ effect: "left", member: known.info, reason });
    const link = this.links.byAddress.get(addressOfKnown(known));
    if (!link) return;
    link.fall();
    link.fail(code);
    this.links.depart(link);
  }

  /** Lets the messages to a member go, or holds them. A link of the past lives again. */
  protected reach(known: Known): void {
    if (this.links.byAddress.has(addressOfKnown(known))) this.link(known);
  }

  /** Begins the grace of those who are missing: a restart must not look like an exodus. */
  protected synced(): void {
    for (const known of this.roster.all) {
      if (!known.missing || known.info.peer === this.config.peer) continue;
      this.away(known);
      if (!this.out.armed(graceTimer(known)) && known.doubt === 0) {
        known.info = { ...known.info, joined: MAX_NUMBER }; // its rank is behind those who are here
        this.out.set(graceTimer(known), this.config.grace);
      }
    }
    this.out.emit({ effect: "synced" });
  }

  /** A missing member's grace has passed. The event that it is back may be on its way, so the server is asked first. */
  protected doubt(address: string): void {
    for (const known of this.roster.all) {
      if (known.missing && addressOfKnown(known) === address) {
        this.ping();
        known.doubt = this.pings;
      }
    }
  }
}
