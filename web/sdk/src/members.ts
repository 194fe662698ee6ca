import { connects } from "./connects.js";
import { meshed } from "./decide.js";
import type { Delivery, Happening } from "./delivery.js";
import { LeftEvent, PeerEvent, RoomMessageEvent, SignalEvent } from "./happenings.js";
import type { PeerHost } from "./hosts.js";
import { Inbox } from "./inbox.js";
import { isNegotiation } from "./negotiation.js";
import { Peer } from "./peer.js";
import type { LeftReason, Member, Topology } from "./protocol_gen.js";
import { UnverifiedEvent } from "./unverified.js";

/** What Members need from their Room. */
export interface MembersOwner {
  /** What a new Peer gets. */
  readonly host: PeerHost;
  /** Knows the members by rank, this peer among them. */
  readonly delivery: Delivery;
  /** The topology of the room, and how many members of a mesh connect. */
  readonly topology: Topology;
  readonly meshLimit: number;
  /** Announces something to the app. */
  dispatchEvent(event: Event): void;
  /** The log said something of this peer itself. */
  own(happening: Happening): (() => void) | undefined;
  /** The members are complete: what was missed has been told. Returns what announces that. */
  synced(): () => void;
}

/** A member's place in an epoch's log. */
interface Rank {
  epoch: string;
  joined: number;
}

/** The other members of a room: who comes, who goes, who is connected to whom, and who said what. */
export class Members {
  /** By id, in the order of their joining. */
  readonly peers = new Map<string, Peer>();
  /** What they ask for. */
  readonly inbox = new Inbox();
  readonly #owner: MembersOwner;
  /** When this peer joined, as the log of that epoch has it. */
  #rank: Rank | undefined;
  /** They are complete: nothing of what was missed is on its way any more. */
  #whole = false;

  constructor(owner: MembersOwner) {
    this.#owner = owner;
  }

  /** What was missed is to be told: the members are not complete any more. */
  behind(): void {
    this.#whole = false;
  }

  /** Whether the room connects this peer with that one by itself, perhaps when what was missed has been told. */
  meshed(id: string): boolean {
    const { host, delivery, topology, meshLimit } = this.#owner;
    const all = meshed(topology, meshLimit, delivery.members);
    return all.has(host.self.peer) && all.has(id);
  }

  /** Takes what happened in one step, in order. */
  apply(happenings: Happening[]): void {
    // First all members, then all events: a listener finds a room that is whole.
    const events = happenings.flatMap((happening) => this.#change(happening) ?? []);
    // A joining brings one more into the mesh, a leaving may move others into it. In a replay both are of the past.
    if (this.#whole && happenings.some(({ effect }) => ["synced", "joined", "left"].includes(effect))) this.#mesh();
    for (const event of events) event();
  }

  /** This peer is another one to the server, so to this peer all others are gone, and may come anew. */
  forget(): void {
    const gone = [...this.peers.values()];
    this.peers.clear();
    this.#owner.dispatchEvent(new Event("gap"));
    for (const peer of gone) this.#left(peer, "timeout");
  }

  /** Starts the connections that the room makes by itself and that are not there yet. */
  #mesh(): void {
    const { host, delivery, topology, meshLimit } = this.#owner;
    const all = meshed(topology, meshLimit, delivery.members);
    if (all.has(host.self.peer) && connects()) for (const id of all) this.peers.get(id)?._start();
  }

  /** Does what a happening asks for, and returns what announces it. */
  #change(happening: Happening): (() => void) | undefined {
    switch (happening.effect) {
      case "gap":
        return () => this.#owner.dispatchEvent(new Event("gap"));
      case "synced":
        return this.#synced();
      case "direct":
        return () => this.#signalled(happening);
      case "message":
        return () => this.#heard(happening);
    }
    const { member } = happening;
    if (member.peer === this.#owner.host.self.peer) return this.#owner.own(happening);
    const peer = this.peers.get(member.peer);
    switch (happening.effect) {
      case "joined": {
        const added = this.#add(member);
        return () => this.#owner.dispatchEvent(new PeerEvent("peer", added));
      }
      case "left":
        this.peers.delete(member.peer);
        return peer && (() => this.#left(peer, happening.reason));
      case "away":
      case "back":
      case "updated":
        peer?._update(member);
        return peer && (() => this.#announce(happening.effect, peer));
    }
  }

  #synced(): () => void {
    this.#whole = true;
    const { delivery, host } = this.#owner;
    const { epoch = "" } = delivery.place;
    const joined = delivery.members.find(({ peer }) => peer === host.self.peer)?.joined ?? 0;
    const before = this.#rank;
    this.#rank = { epoch, joined };
    const announcements = before?.epoch === epoch && before.joined !== joined ? this.#replaceAll() : [];
    const announce = this.#owner.synced();
    return () => {
      for (const announcement of announcements) announcement();
      announce();
    };
  }

  /**
   * This peer was gone for so long that it has left and joined anew: the others have ended their connections with it, which this
   * side may not have noticed, and will make new ones. So to it the others are new ones as well.
   */
  #replaceAll(): (() => void)[] {
    const announcements: (() => void)[] = [];
    for (const member of this.#owner.delivery.members) {
      const old = this.peers.get(member.peer);
      if (!old || old.state === "waiting") continue; // there is no connection to replace
      const added = this.#add(member);
      announcements.push(() => this.#left(old, "timeout"), () => this.#owner.dispatchEvent(new PeerEvent("peer", added)));
    }
    return announcements;
  }

  #add(member: Member): Peer {
    const peer = new Peer(member, this.#owner.host, this.inbox);
    this.peers.set(peer.id, peer);
    void peer.closed.then((error) => {
      if (error?.code === "peer-unverified") this.#owner.dispatchEvent(new UnverifiedEvent(peer, error));
    });
    return peer;
  }

  #announce(type: "away" | "back" | "updated", peer: Peer): void {
    peer.dispatchEvent(new PeerEvent(type, peer));
    this.#owner.dispatchEvent(new PeerEvent(type, peer));
  }

  #left(peer: Peer, reason: LeftReason): void {
    peer._left(reason);
    this.#owner.dispatchEvent(new LeftEvent(peer, reason));
  }

  #heard({ peer: id, instance, data }: Happening & { effect: "message" }): void {
    const peer = this.#find(id, instance); // there is none for the own messages: who said them knows
    if (peer) this.#owner.dispatchEvent(new RoomMessageEvent(peer, data));
  }

  #signalled({ peer: id, instance, data }: Happening & { effect: "direct" }): void {
    const peer = this.#find(id, instance);
    if (!peer) return;
    if (!isNegotiation(data)) {
      peer.dispatchEvent(new SignalEvent(peer, data));
      this.#owner.dispatchEvent(new SignalEvent(peer, data));
      return;
    }
    // Who asks from beyond the mesh gets neither offer nor answer; its own library tells it so. A signal never overtakes an
    // event, so whoever saw room for itself in the mesh is in it for us, too.
    const beyond = peer.state === "waiting" && this.#owner.topology === "mesh";
    if (!beyond && connects()) peer._receive(data);
  }

  #find(id: string, instance: string): Peer | undefined {
    const peer = this.peers.get(id);
    return peer?.instance === instance ? peer : undefined;
  }
}
