// Who plays, and what is said between them. A player opens a channel to each other one, and speaks on it alone: so who only watches opens
// none, and who leaves the sea closes its own.

import type { Channel, Peer, Room } from "/sdk/beckon.js";
import { numberOf } from "./rules.js";
import { GAME } from "./wire.js";

/** Packets may get lost and overtake each other, for each says everything; one that has waited for three ticks is not sent. */
const OPTIONS = { ordered: false, maxRetransmits: 0, maxQueueAge: 100 } as const;

/** What may wait to be sent to one peer, in bytes: a few packets. Beyond that the network is slower than the game, and a tick is left out. */
const MAX_WAITING = 1024;

export interface Ears {
  /** A packet of that player has come. */
  heard(peer: Peer, data: Uint8Array): void;
  /** That player says no more. */
  gone(peer: Peer): void;
}

/** What one is told on; without a channel while that is being opened. */
interface Mouth {
  channel: Channel | undefined;
}

export class Crew {
  /** Packets that were sent, and that were not because others waited still. */
  told = 0;
  skipped = 0;
  /** What this player is called; another one when the server has forgotten it. */
  number = 1;
  #room: Room | undefined;
  #sailing = false;
  #peers = new Set<Peer>();
  #out = new Map<Peer, Mouth>(); // to those who are told
  #in = new Map<number, Channel>();

  constructor(private readonly ears: Ears) {}

  enter(room: Room): void {
    this.#room = room;
    this.number = numberOf(room.id);
  }

  /** The room is closed, and with it all channels. */
  leave(): void {
    this.#room = undefined;
    this.#peers.clear();
    this.#out.clear();
  }

  /** A peer that is connected. */
  add(peer: Peer): void {
    if (this.#peers.has(peer)) return;
    if (this.#room) this.number = numberOf(this.#room.id);
    this.#peers.add(peer);
    void peer.closed.then(() => this.#peers.delete(peer));
    if (this.#sailing) void this.#tell(peer);
  }

  /** Begins to speak to everybody, or ends it. */
  set sailing(sailing: boolean) {
    if (sailing === this.#sailing) return;
    this.#sailing = sailing;
    if (sailing) {
      for (const peer of this.#peers) void this.#tell(peer);
      return;
    }
    for (const { channel } of this.#out.values()) void channel?.close();
    this.#out.clear();
  }

  /** Says it to everybody, and waits for nobody. */
  say(packet: Uint8Array<ArrayBuffer>): void {
    for (const { channel } of this.#out.values()) {
      if (!channel) continue;
      if (channel.bufferedAmount > MAX_WAITING) {
        this.skipped++;
        continue;
      }
      this.told++;
      channel.send(packet).catch(() => {}); // its end is seen where it was opened
    }
  }

  /** Keeps a channel to a peer: when their connection was replaced by another one, so is the channel. */
  async #tell(peer: Peer): Promise<void> {
    const mouth: Mouth = { channel: undefined };
    this.#out.set(peer, mouth);
    const wanted = () => this.#out.get(peer) === mouth;
    try {
      while (wanted()) {
        const channel = await peer.open(GAME, OPTIONS);
        if (!wanted()) return void channel.close();
        mouth.channel = channel;
        const why = await channel.closed;
        mouth.channel = undefined;
        if (why?.code !== "connection-lost") break; // it wants to hear no more, or is gone
      }
    } catch {
      // The peer is gone.
    }
    if (wanted()) this.#out.delete(peer);
  }

  /** Hears what a peer says, until it ends. Never rejects. */
  async take(peer: Peer, channel: Channel): Promise<void> {
    const number = numberOf(peer.id);
    this.#in.set(number, channel);
    try {
      for await (const message of channel) {
        this.ears.heard(peer, typeof message === "string" ? new Uint8Array() : message);
      }
    } catch {
      // It is gone, or its connection is; it opens another one.
    }
    if (this.#in.get(number) !== channel) return; // it speaks on another one by now
    this.#in.delete(number);
    this.ears.gone(peer);
  }
}
