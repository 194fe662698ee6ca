// One stay in a room: what happens there is brought to the panels.

import { BeckonError, type Channel, type Peer, type Room } from "/sdk/beckon.js";
import type { Announcer } from "./announce.js";
import type { Chat } from "./chat/chat.js";
import { CHAT, HISTORY, PLAIN } from "./chat/wire.js";
import type { FilePanel } from "./files/panel.js";
import { GAME, type placeGame } from "./game/game.js";
import { displayName } from "./names.js";
import type { People } from "./people/people.js";

/** What a limit of the server's relay means to who sits here. */
const LIMITS: Partial<Record<string, string>> = {
  "relay-allocations": "The server’s relay takes no further connection of yours for now. Who cannot be reached directly may stay unconnected.",
  "relay-bytes": "The server’s relay has carried as much as it will for now. Nothing more reaches those whose connection is relayed.",
  "relay-bandwidth": "The server’s relay is at the speed that it allows. Relayed files take longer.",
};

/** What is on the page for as long as it is open, whatever becomes of a stay. */
export interface Panels {
  chat: Chat;
  files: FilePanel;
  game: ReturnType<typeof placeGame>;
  announcer: Announcer;
}

export class Session {
  #watched = new WeakSet<Peer>();
  #met = new WeakSet<Peer>();
  #limits = new Set<string>(); // that were shown

  constructor(
    private readonly room: Room,
    private readonly people: People,
    private readonly panels: Panels,
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
    this.panels.chat.enter(room);
    this.panels.game.enter(room);
    void this.#requests();
    this.#sync();
  }

  /** Shows the members as they are: at the start, and after events were missed. */
  #sync(): void {
    for (const id of this.people.ids) {
      if (this.room.peers.has(id)) continue;
      this.people.remove(id);
      this.panels.files.remove(id);
    }
    for (const peer of this.room.peers.values()) {
      this.#watch(peer);
      if (peer.state === "connected") void this.#connected(peer);
    }
  }

  #appeared(peer: Peer): void {
    this.#watch(peer);
    this.#say(`${displayName(peer.id, peer.attributes)} is here`);
  }

  /** Shows a peer and, when it is a new one (a reloaded page is), waits for the end of its connection. */
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
      if (why?.code === "peer-unverified") this.#say(`Not connected to ${displayName(peer.id, peer.attributes)}: one of you could not be verified`);
    });
  }

  #changed(peer: Peer, why?: BeckonError): void {
    this.people.show(peer, why);
    if (peer.state === "connected") this.panels.files.add(peer);
    else this.panels.files.remove(peer.id);
  }

  #left(peer: Peer): void {
    this.people.remove(peer.id);
    this.panels.files.remove(peer.id);
    this.#say(`${displayName(peer.id, peer.attributes)} has left`);
  }

  /** Says which limit was met, once: while one lasts, it is told again and again. */
  #limited({ code, message }: BeckonError): void {
    if (this.#limits.has(code)) return;
    this.#limits.add(code);
    this.#say(LIMITS[code] ?? message);
  }

  /** Says what happened, where what is said is read, and to who listens. */
  #say(text: string): void {
    this.panels.chat.note(text);
    this.panels.announcer.say(text);
  }

  /** Starts what goes on with a connected peer, once. All of it ends with the peer. */
  async #connected(peer: Peer): Promise<void> {
    this.#watch(peer);
    if (this.#met.has(peer)) return;
    this.#met.add(peer);
    void this.panels.chat.attach(peer);
    this.panels.game.add(peer);
    try {
      for await (const channel of peer.channels()) this.#take(peer, channel);
    } catch {
      // The peer is closed: see #watch.
    }
  }

  #take(peer: Peer, channel: Channel): void {
    const { chat, game } = this.panels;
    if (channel.label === CHAT || channel.label === PLAIN) chat.listen(peer, channel).catch(() => {}); // its end is shown where the peer is
    else if (channel.label === GAME) game.take(peer, channel);
    else void channel.close(); // another program's; it learns by the close that nobody here reads it
  }

  /** Hands what peers ask for to who answers it. */
  async #requests(): Promise<void> {
    try {
      for await (const request of this.room.requests()) {
        if (request.name === HISTORY) this.panels.chat.answer(request);
        else if (!this.panels.files.take(request)) request.fail("no-such-request", "This page has no answer to that.").catch(() => {});
      }
    } catch {
      // The room is lost, which the notice says.
    }
  }
}
