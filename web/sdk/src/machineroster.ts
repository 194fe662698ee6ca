// The members of the room, as the log shows them. The same as roster.go of package delivery.

import { addressOf } from "./machinelink.js";
import type { Member } from "./protocol_gen.js";

/** What is known of a member of the room. */
export interface Known {
  /** Is replaced and never changed: effects carry it. */
  info: Member;
  /** This epoch's log has not shown it yet: the server has restarted, and the member may not have found back. */
  missing: boolean;
  /** The number of the ping whose pong decides that a missing member has left; 0 while the grace runs. */
  doubt: number;
}

export const addressOfKnown = ({ info }: Known): string => addressOf(info.peer, info.instance);

/** The timer that gives a missing member up. */
export const graceTimer = (known: Known): string => `grace ${addressOfKnown(known)}`;

/** The members, in the order in which they became known. */
export class MachineRoster {
  all: Known[] = [];
  readonly byPeer = new Map<string, Known>();

  add(known: Known): void {
    this.all.push(known);
    this.byPeer.set(known.info.peer, known);
  }

  remove(known: Known): void {
    this.all = this.all.filter((other) => other !== known);
    this.byPeer.delete(known.info.peer);
  }

  /** Returns the member at an address. */
  find(peer: string, instance: string): Known | undefined {
    const known = this.byPeer.get(peer);
    return known?.info.instance === instance ? known : undefined;
  }

  /** Whether somebody is missing, of whom it is not known whether it has what was said. */
  get missing(): boolean {
    return this.all.some((known) => known.missing);
  }

  /** The members by rank. */
  infos(): Member[] {
    return this.all.map((known) => known.info).sort((a, b) => a.joined - b.joined);
  }
}
