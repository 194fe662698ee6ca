// One stay in a room: what happens there is brought to the panels.

import { BeckonError, type Channel, type Peer, type Room } from "/sdk/beckon.js";
import { CHAT, type Chat } from "./chat.js";
import type { FilePanel } from "./files/panel.js";
import { displayName } from "./names.js";
import type { People } from "./people.js";

/** What a limit of the server's relay means to who sits here. */
const LIMITS: Partial<Record<string, string>> = {
  "relay-allocations": "The server’s relay takes no further connection of yours for now. Who cannot be reached directly may stay unconnected.",
  "relay-bytes": "The server’s relay has carried as much as it will for now. Nothing more reaches those whose connection is relayed.",
  "relay-bandwidth": "The server’s relay is at the speed that it allows. Relayed files take longer.",
};

export class Session {
  #watched = new WeakSet<Peer>();
  #met = new WeakSet<Peer>();
  #limits = new Set<string>(); // that were shown

  constructor(
    private readonly room: Room,
    private readonly people: People,
    private readonly chat: Chat,
    private readonly files: FilePanel,
  ) {}

  /** Begins; there is nothing to stop, for a room that is closed has no more events. */
  start(): void {
    const { room } = this;
    room.addEventListener("peer", ({ peer }) => this.#appeared(peer));
    room.addEventListener("connected", ({ peer }) => void this.#connected(peer));
    room.addEventListener("updated", ({ peer }) => this.#changed(peer));
    room.addEventListener("away", ({ peer }) => this.#changed(peer));
    room.addEventListener("back", ({ peer }) => this.#watch(peer));
    room.addEventListener("gap", () => this.#sync());
    room.addEventListener("left", ({ peer }) => this.#left(peer));
    room.addEventListener("limit", ({ error }) => this.#limited(error));
    void this.#answer();
    this.#sync();
  }

  /** Takes what the peers ask for, until the room is closed. */
  async #answer(): Promise<void> {
    try {
      for await (const request of this.room.requests()) {
        if (!this.files.take(request)) request.fail("no-such-request").catch(() => {});
      }
    } catch {
      // The room is lost: see main.ts.
    }
  }

  /** Shows the members as they are: at the start, and after events were missed. */
  #sync(): void {
    for (const id of this.people.ids) {
      if (this.room.peers.has(id)) continue;
      this.people.remove(id);
      this.files.remove(id);
    }
    for (const peer of this.room.peers.values()) {
      this.#watch(peer);
      if (peer.state === "connected") void this.#connected(peer);
    }
  }

  #appeared(peer: Peer): void {
    this.#watch(peer);
    this.chat.note(`${displayName(peer.id, peer.attributes)} is here`);
  }

  /** Shows a peer and, when it is a new one (a reloaded page is, under its old id), waits for the end of its connection. */
  #watch(peer: Peer): void {
    this.#changed(peer);
    if (this.#watched.has(peer)) return;
    this.#watched.add(peer);
    peer.addEventListener("state", () => this.room.peers.get(peer.id) === peer && this.#changed(peer));
    // In a mesh this is refused with `mesh-full`, which the list says anyway; in a room of topology `none` it connects.
    if (peer.state === "waiting") this.room.connect(peer.id).catch(() => {});
    void peer.closed.then((why) => {
      if (this.room.peers.get(peer.id) !== peer) return; // it has left, or come back as a new one
      this.#changed(peer, why);
    });
  }

  #changed(peer: Peer, why?: BeckonError): void {
    this.people.show(peer, why);
    if (peer.state === "connected") this.files.add(peer);
    else this.files.remove(peer.id);
  }

  #left(peer: Peer): void {
    this.people.remove(peer.id);
    this.files.remove(peer.id);
    this.chat.note(`${displayName(peer.id, peer.attributes)} has left`);
  }

  /** Says which limit was met, once: while one lasts, it is told again and again. */
  #limited({ code, message }: BeckonError): void {
    if (this.#limits.has(code)) return;
    this.#limits.add(code);
    this.chat.note(LIMITS[code] ?? message);
  }

  /** Starts what goes on with a connected peer, once. All of it ends with the peer. */
  async #connected(peer: Peer): Promise<void> {
    this.#watch(peer);
    if (this.#met.has(peer)) return;
    this.#met.add(peer);
    // What ends these is the end of the channel or the peer, and that is shown where the peer is.
    void this.#chat(peer);
    try {
      for await (const channel of peer.channels()) this.#take(peer, channel);
    } catch {
      // The peer is closed: see #watch.
    }
  }

  /** Keeps a chat channel with a peer: when their connection was replaced by another one, so is the channel. */
  async #chat(peer: Peer): Promise<void> {
    for (;;) {
      try {
        return await this.chat.attach(peer);
      } catch (error) {
        const lost = error instanceof BeckonError && error.code === "connection-lost";
        if (!lost || peer.state === "closed") return;
      }
    }
  }

  #take(peer: Peer, channel: Channel): void {
    if (channel.label === CHAT) this.chat.listen(peer, channel).catch(() => {});
    else void channel.close(); // another program's; it learns by the close that nobody here reads it
  }
}
