// The delivery of one room's messages for one of its members, as a function of events: no clock, no timers, no socket. A
// line-by-line port of package delivery (signaling/protocol/delivery), whose README has the rules and their reasons, and held to
// it by the vectors there: change both, or neither. This is machine.go; the other machine*.ts are the files of their names.

import type { MachineEffect, MachineEvent } from "./machineevents.js";
import { graceTimer } from "./machineroster.js";
import { SAY_TIMER, STABLE_TIMER } from "./machinespeech.js";
import { FLUSH_TIMER } from "./machinestate.js";
import { MachineWrite } from "./machinewrite.js";
import type { ErrorCode, Member } from "./protocol_gen.js";

/** Feed it events, and do what the effects say. The same events always have the same effects. */
export class Machine extends MachineWrite {
  /** The members by rank, this one among them. Who is missing from a restarted server has the last ranks. */
  get members(): Member[] {
    return this.roster.infos();
  }

  /** Takes an event and returns what is to be done because of it, in order. */
  step(event: MachineEvent): MachineEffect[] {
    switch (event.event) {
      case "send":
        this.send(event);
        break;
      case "say":
        if (this.closed) this.out.emit({ effect: "failed", token: event.token, code: "closed" });
        else this.speech.say(event.token, event.data);
        break;
      case "received":
        this.received(event.frame);
        break;
      case "lost":
        this.lost();
        break;
      case "writable":
        this.writable();
        break;
      case "beat":
        if (this.online) this.ping();
        break;
      case "timerFired":
        this.fired(event.key);
        break;
      case "close":
        this.close(event.code);
        break;
    }
    if (this.online && !this.awake && this.busy()) {
      this.awake = true;
      this.out.emit({ effect: "wake" });
    }
    return this.out.take();
  }

  /** Takes a direct message. The instance is named because the caller means the object that it knows, not its successor. */
  protected send({ token, peer, instance, data }: MachineEvent & { event: "send" }): void {
    const known = this.roster.byPeer.get(peer);
    if (this.closed) this.out.emit({ effect: "failed", token, code: "closed" });
    else if (!known) this.out.emit({ effect: "failed", token, code: "unknown-peer" });
    else if (known.info.instance !== instance) this.out.emit({ effect: "failed", token, code: "stale-instance" });
    else this.link(known).send(token, data);
  }

  /** Ends all that belongs to the carrier. What was in flight has arrived or not; the next one will tell. */
  protected lost(): void {
    this.online = false;
    this.awake = false;
    for (const link of this.links.living) link.fall();
    for (const known of this.roster.all) {
      // Without a carrier nobody can be seen to come back.
      known.doubt = 0;
      this.out.clear(graceTimer(known));
    }
    this.out.clear(FLUSH_TIMER);
    this.speech.lost();
  }

  protected fired(key: string): void {
    if (!this.out.fired(key)) return; // it was cleared while its message was on its way to us
    const space = key.indexOf(" ");
    const kind = space < 0 ? key : key.slice(0, space);
    const address = key.slice(kind.length + 1);
    switch (kind) {
      case FLUSH_TIMER:
        for (const { inbound } of this.links.living) inbound.due ||= inbound.owed > 0;
        break;
      case SAY_TIMER:
        this.speech.paused = false;
        break;
      case STABLE_TIMER:
        this.ping();
        this.speech.ask();
        break;
      case "resend":
        this.links.byAddress.get(address)?.overdue();
        break;
      case "grace":
        this.doubt(address);
        break;
    }
  }

  /** Gives up everything. */
  protected close(code: ErrorCode): void {
    this.lost();
    for (const link of this.links.living) link.fail(code);
    this.speech.fail(code);
    this.closed = true;
  }
}
