// The room's log as a member sees it: who is here, and what changed. No events and no connections in it, so that it can be
// tested as what it is, a function of frames.

import type { Event, Joined, LeftReason, Member, Topology } from "./protocol_gen.js";

/** What a frame changed. */
export type Change =
  | { kind: "joined" | "away" | "back" | "updated"; member: Member }
  | { kind: "left"; member: Member; reason: LeftReason }
  | { kind: "message"; from: string; instance: string; n: number; data: unknown }
  | { kind: "gap" };

/** The members of a room, in the order of their joining, as of a position of its log. */
export class Roster {
  /** By peer id. A changed member is a new object. */
  readonly members = new Map<string, Member>();
  topology: Topology = "mesh";
  /** The position of the last entry that was taken in. */
  position = 0;

  /** Takes in a snapshot, and tells what is different from what was known. */
  snapshot(frame: Joined): Change[] {
    this.topology = frame.topology;
    this.position = frame.position;
    if (!frame.members) return []; // a replay: the events follow
    const known = [...this.members.values()];
    const changes: Change[] = frame.gap ? [{ kind: "gap" }] : [];
    this.members.clear();
    for (const member of frame.members) this.members.set(member.peer, member);
    for (const member of known) {
      // When and why it left was in the part of the log that is gone. That it did not say goodbye is the safer guess.
      const now = this.members.get(member.peer);
      if (now?.instance !== member.instance) changes.push({ kind: "left", member, reason: "timeout" });
    }
    for (const member of frame.members) {
      const previous = known.find(({ peer, instance }) => peer === member.peer && instance === member.instance);
      if (previous) changes.push(...difference(previous, member));
      else changes.push({ kind: "joined", member });
    }
    return changes;
  }

  /** Takes in an entry of the log, and tells what it changed: nothing if it was known. */
  apply(event: Event): Change[] {
    if (event.position <= this.position) return [];
    this.position = event.position;
    if (event.kind === "message") {
      const { peer, instance = "", n = 0, data } = event;
      return [{ kind: "message", from: peer, instance, n, data }];
    }
    const previous = this.members.get(event.peer);
    switch (event.kind) {
      case "joined":
      case "back": {
        const member = event.member as Member; // the decoder has seen to it
        this.members.set(member.peer, member);
        if (!previous) return [{ kind: "joined", member }];
        if (previous.instance === member.instance) return [{ kind: "back", member }];
        // A page was reloaded: another object under the same id, which knows nothing of what was said to the one before.
        return [
          { kind: "left", member: previous, reason: "timeout" },
          { kind: "joined", member },
        ];
      }
      case "left":
        if (!previous) return [];
        this.members.delete(event.peer);
        return [{ kind: "left", member: previous, reason: event.reason ?? "timeout" }];
      case "away":
        return previous ? [this.#change("away", { ...previous, away: true })] : [];
      case "updated":
        return previous ? [this.#change("updated", { ...previous, attributes: event.attributes })] : [];
      default:
        return []; // a kind of a newer server
    }
  }

  #change(kind: "away" | "updated", member: Member): Change {
    this.members.set(member.peer, member);
    return { kind, member };
  }
}

/** What happened between two sightings of an instance. */
function difference(previous: Member, member: Member): Change[] {
  const changes: Change[] = [];
  if (JSON.stringify(previous.attributes) !== JSON.stringify(member.attributes)) changes.push({ kind: "updated", member });
  if ((previous.away ?? false) !== (member.away ?? false)) changes.push({ kind: member.away ? "away" : "back", member });
  return changes;
}
