// What the machine does with a server's frames. The same as receive.go of package delivery.

import { addressOf } from "./machinelink.js";
import { MachinePresence } from "./machinepresence.js";
import { FLUSH_TIMER } from "./machinestate.js";
import type { ErrorReply, Event as LogEvent, LeftReason, Member, Pong, ServerFrame, Signal } from "./protocol_gen.js";

/** The machine, as far as reading is concerned. */
export class MachineReceive extends MachinePresence {
  /** Takes a frame. Before the room has answered the join, only that answer counts: the rest is of an older membership. */
  protected received(frame: ServerFrame): void {
    if (this.closed) return;
    const here = "room" in frame && frame.room === this.config.room;
    if (frame.type === "joined" && here) this.joined(frame);
    if (!this.online) return;
    switch (frame.type) {
      case "event":
        if (here && frame.position > this.position) this.entry(frame);
        break;
      case "signal":
        if (here) this.signal(frame);
        break;
      case "receipt":
        if (here) this.links.byAddress.get(addressOf(frame.from ?? "", frame.fromInstance ?? ""))?.receipted(frame.n);
        break;
      case "error":
        if (here && frame.n) this.refused(frame, frame.n);
        break;
      case "pong":
        this.pong(frame);
        break;
    }
  }

  /** Takes a direct message. One of somebody whom the log does not show is dropped: there is no peer that it could be from. */
  protected signal({ from: peer = "", fromInstance: instance = "", n, after = 0, data }: Signal): void {
    const from = this.roster.find(peer, instance);
    if (!from) return;
    const { inbound } = this.link(from);
    if (inbound.accept(n, after, this.config.window)) this.out.emit({ effect: "direct", peer, instance, data });
    if (inbound.owed > 0 && !inbound.due && !this.out.armed(FLUSH_TIMER)) {
      this.out.set(FLUSH_TIMER, this.config.receiptDelay);
    }
  }

  protected refused({ to, toInstance = "", code, retryAfter = 0 }: ErrorReply, n: number): void {
    if (!to) this.speech.refused(n, code, retryAfter);
    else this.links.byAddress.get(addressOf(to, toInstance))?.refused(n, code, retryAfter);
  }

  /** Takes the stable position, and decides about the missing: whoever came back in time was in the log before the ping. */
  protected pong({ t = 0, stable = {} }: Pong): void {
    this.settle(stable[this.config.room] ?? 0);
    const gone = this.roster.all.filter(({ missing, doubt }) => missing && doubt > 0 && doubt <= t);
    for (const known of gone) this.leave(known, "timeout", "closed");
  }

  /** Takes an entry of the room's log. */
  protected entry(event: LogEvent): void {
    this.position = event.position;
    const known = this.roster.byPeer.get(event.peer);
    switch (event.kind) {
      case "joined":
      case "back":
        this.enter(event.member as Member); // the decoder has seen to it
        break;
      case "message":
        this.hear(event);
        break;
      case "away":
        if (known) this.away(known);
        break;
      case "updated":
        if (known) {
          known.info = { ...known.info, attributes: event.attributes };
          this.out.emit({ effect: "updated", member: known.info });
        }
        break;
      case "left":
        // In a replay, the own leaving is that of an earlier membership.
        if (known && (event.peer !== this.config.peer || this.position > this.until)) {
          this.leave(known, event.reason as LeftReason, "closed");
        }
        break;
    }
    this.settle(event.stable);
    if (this.position === this.until) this.synced();
  }

  /** Delivers a message of the room, unless it was said before, in this epoch or in another. */
  protected hear({ peer, instance = "", n = 0, position, data }: LogEvent): void {
    const own = peer === this.config.peer && instance === this.config.instance;
    if (own) this.speech.logged(n, position);
    const link = this.links.open(peer, instance);
    if (!this.roster.find(peer, instance)) this.links.depart(link); // what it said last
    if (n <= link.heard) return;
    // What came before the first that is heard was not for this member, after a gap no more is to be told, and an own message
    // that is missing was refused.
    if (link.heard > 0 && n > link.heard + 1 && !link.skip && !own) this.out.emit({ effect: "gap" });
    link.heard = n;
    link.skip = false;
    this.out.emit({ effect: "message", peer, instance, data });
  }
}
