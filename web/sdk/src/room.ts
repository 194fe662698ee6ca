import { abortable, checkAborted, deferred } from "./abort.js";
import { meshed, newInstance } from "./decide.js";
import { Delivery } from "./delivery.js";
import { BeckonError } from "./error.js";
import { typedEventTarget } from "./events.js";
import { EndEvent, LeftEvent, PeerEvent, RoomMessageEvent, SignalEvent, type RoomEventMap } from "./happenings.js";
import { isNegotiation } from "./negotiation.js";
import type { Abortable, JoinOptions } from "./options.js";
import { Peer, type PeerHost } from "./peer.js";
import { CAPABILITY_ROLLBACK, type Member, type ServerFrame, type Signal } from "./protocol_gen.js";
import { PullQueue } from "./pull.js";
import { Roster, type Change } from "./roster.js";
import { Session } from "./session.js";

/** After how many entries of the log an acknowledgement does not wait for the next heartbeat. */
const ACK_EVERY = 16;

/** A room that this peer is in: who else is, the connections with them, and what is said to all. */
export class Room extends typedEventTarget<RoomEventMap>() implements AsyncIterable<Peer> {
  /** The room's name. */
  readonly name: string;
  /** Resolves when the room is closed: with undefined if `close` did it, else with the reason. */
  readonly closed: Promise<BeckonError | undefined>;
  readonly #options: JoinOptions;
  readonly #instance = newInstance();
  readonly #session: Session;
  readonly #roster = new Roster();
  readonly #peers = new Map<string, Peer>();
  readonly #connected = new PullQueue<Peer>("accept");
  readonly #ended = deferred<BeckonError | undefined>();
  /** Requests that are answered by an event: of `send` by n, and the one of `update`. */
  readonly #echoes = new Map<number, number>();
  #updating = 0;
  #updates: Promise<unknown> = Promise.resolve();
  #said = 0;
  #acked = 0;
  #closing: Promise<void> | undefined;
  #over = false;
  #delivery!: Delivery;
  #host!: PeerHost;

  /** @internal Begins to connect; `_enter` does the rest. */
  constructor(socketURL: string, name: string, options: JoinOptions) {
    super();
    this.name = name;
    this.closed = this.#ended.promise;
    this.#options = options;
    this.#session = new Session(socketURL, {
      frame: (frame) => this.#handle(frame),
      refused: (frame, error) => this.#delivery?.refused(frame, error),
      acks: () => this.#acks(),
      ended: (error) => this.#end(error),
    });
  }

  /** This peer's own id. */
  get id(): string {
    return this.#session.welcome.peer;
  }

  /** The other members by id, in the order of their joining; connected or not. It changes as they come and go. */
  get peers(): ReadonlyMap<string, Peer> {
    return this.#peers;
  }

  /** Takes the next peer that is connected, each once, waiting for it. Rejects with `closed`, or with why the room ended. */
  async accept({ signal }: Abortable = {}): Promise<Peer> {
    return this.#connected.pull(signal);
  }

  /** All peers as they get connected, as from `accept`, until the room is closed in order; throws if it is lost. */
  [Symbol.asyncIterator](): AsyncGenerator<Peer, void, undefined> {
    return this.#connected.iterate();
  }

  /**
   * Says something to all other members, connected or not: any JSON value. Resolves when it has its place in the room's log, which
   * all see in the same order. Rejects with `rate-limited`, `message-too-large`, `closed`, `aborted`, or what ended the room.
   */
  async send(data: unknown, { signal }: Abortable = {}): Promise<void> {
    this.#checkOpen();
    if (JSON.stringify(data) === undefined) throw new TypeError("send: the data has no JSON form");
    const n = this.#said + 1;
    const sent = (id: number) => {
      this.#said = n;
      this.#echoes.set(n, id);
    };
    try {
      await this.#session.request({ type: "message", room: this.name, n, data }, `send to ${this.name}`, signal, sent);
    } finally {
      if (this.#said >= n) this.#echoes.delete(n);
    }
  }

  /** Replaces this peer's attributes. Resolves when the others see them. Rejects as `send` does. */
  async update(attributes: Readonly<Record<string, unknown>>, { signal }: Abortable = {}): Promise<void> {
    const what = `update in ${this.name}`;
    checkAborted(signal, what);
    this.#checkOpen();
    // One at a time: the event that answers does not say which update it answers.
    const run = this.#updates.then(() => {
      checkAborted(signal, what);
      const frame = { type: "update", room: this.name, attributes } as const;
      return this.#session.request(frame, what, undefined, (id) => (this.#updating = id));
    });
    this.#updates = run.catch(() => {});
    await abortable(run, signal, what);
  }

  /**
   * Connects to a peer and resolves when that is done. In a room of topology `none` this is how connections are made; in a mesh
   * it waits for the one that is being made. Rejects with `unknown-peer`, `mesh-full`, `connect-failed`, `closed` (a connection
   * that has ended is not made again) or `aborted`.
   */
  async connect(id: string, { signal }: Abortable = {}): Promise<Peer> {
    checkAborted(signal, `connect to ${id}`);
    this.#checkOpen();
    const peer = this.#peers.get(id);
    if (!peer) throw new BeckonError("unknown-peer", `connect to ${id}: no such peer is in ${this.name}`);
    if (peer.state === "waiting" && this.#roster.topology === "mesh") {
      throw new BeckonError("mesh-full", `connect to ${id}: the first ${this.#meshLimit} members of ${this.name} connect`);
    }
    await peer._connect(signal);
    return peer;
  }

  /**
   * Leaves the room: what was sent on channels is delivered, connections are closed, the others see that this peer left. Resolves
   * when all is done. May be called again.
   */
  close(): Promise<void> {
    return (this.#closing ??= this.#shut());
  }

  async #shut(): Promise<void> {
    await Promise.all([...this.#peers.values()].map((peer) => peer.close()));
    await this.#session.close();
  }

  /** @internal Says hello and joins. */
  async _enter(signal: AbortSignal): Promise<void> {
    const { token, attributes, topology } = this.#options;
    await this.#session.open({ instance: this.#instance, token }, signal);
    const { welcome } = this.#session;
    this.#delivery = new Delivery(this.name, welcome.limits.window, (frame) => this.#session.send(frame));
    this.#host = {
      self: {
        peer: welcome.peer,
        instance: this.#instance,
        capabilities: { [CAPABILITY_ROLLBACK]: true },
        joined: 0,
      },
      connectTimeout: this.#options.connectTimeout ?? 30_000,
      configuration: () => this.#configuration(),
      say: (peer, data) => this.#say(peer, data),
      connected: (peer) => {
        this.#connected.push(peer);
        this.dispatchEvent(new PeerEvent("connected", peer));
      },
      // An app that listens to events never accepts: those who come and go must not pile up, each with its RTCPeerConnection.
      ended: (peer) => this.#connected.remove(peer),
    };
    await this.#session.request(
      {
        type: "join",
        room: this.name,
        ...(attributes === undefined ? {} : { attributes }),
        ...(topology === undefined ? {} : { topology }),
      },
      `join ${this.name}`,
      signal,
    );
    globalThis.addEventListener?.("pagehide", this.#pageHidden);
  }

  /** @internal Gives up an attempt to join. */
  _abandon(): void {
    void this.#session.close();
    this.#end(undefined);
  }

  /** A page that goes away has no time for manners, but a goodbye spares the others the wait for a timeout. */
  readonly #pageHidden = (event: PageTransitionEvent) => {
    if (!event.persisted) this._abandon();
  };

  get #meshLimit(): number {
    return this.#session.welcome.limits.mesh;
  }

  #checkOpen(): void {
    if (this.#closing || this.#over) throw new BeckonError("closed", `The room ${this.name} is closed.`);
  }

  #configuration(): RTCConfiguration {
    const { iceServers, iceTransportPolicy } = this.#options;
    return {
      iceServers: iceServers ?? this.#session.iceServers,
      ...(iceTransportPolicy === undefined ? {} : { iceTransportPolicy }),
    };
  }

  #acks(): Record<string, number> {
    this.#acked = this.#roster.position;
    return this.#acked > 0 ? { [this.name]: this.#acked } : {};
  }

  #handle(frame: ServerFrame): void {
    if (!("room" in frame) || frame.room !== this.name || this.#over) return;
    switch (frame.type) {
      case "joined":
        this.#apply(this.#roster.snapshot(frame));
        break;
      case "event":
        this.#apply(this.#roster.apply(frame));
        break;
      case "signal":
        this.#signalled(frame);
        break;
      case "receipt":
        this.#delivery.received(frame);
        break;
    }
    if (this.#roster.position - this.#acked < ACK_EVERY || this.#closing || this.#over) return;
    try {
      this.#session.send({ type: "ack", room: this.name, position: this.#roster.position });
      this.#acked = this.#roster.position;
    } catch {
      // Too much waits to be sent: the next entry tries again, and every ping says it, too.
    }
  }

  #apply(changes: Change[]): void {
    // First all members, then all events: a listener finds a room that is whole.
    const events = changes.flatMap((change) => this.#change(change) ?? []);
    // A joining brings one more into the mesh, a leaving may move others into it.
    if (changes.some(({ kind }) => kind === "joined" || kind === "left")) this.#mesh();
    for (const event of events) event();
  }

  /** Starts the connections that the room makes by itself and that are not there yet. */
  #mesh(): void {
    const { topology, members } = this.#roster;
    const all = meshed(topology, this.#meshLimit, members.values());
    if (all.has(this.id)) for (const id of all) this.#peers.get(id)?._start();
  }

  /** Does what a change asks for, and returns what announces it. */
  #change(change: Change): (() => void) | undefined {
    if (change.kind === "gap") return () => this.dispatchEvent(new Event("gap"));
    if (change.kind === "message") return this.#message(change);
    const { member } = change;
    if (member.peer === this.id) return this.#own(change.kind);
    const peer = this.#peers.get(member.peer);
    switch (change.kind) {
      case "joined": {
        const added = this.#add(member);
        return () => this.dispatchEvent(new PeerEvent("peer", added));
      }
      case "left":
        this.#peers.delete(member.peer);
        if (!peer) return undefined;
        this.#delivery.forget(peer.instance, new BeckonError("unknown-peer", `${peer.id} left the room.`));
        return () => {
          peer._left(change.reason);
          this.dispatchEvent(new LeftEvent(peer, change.reason));
        };
      case "away":
      case "back":
      case "updated":
        if (!peer) return undefined;
        peer._update(member);
        return () => {
          peer.dispatchEvent(new PeerEvent(change.kind, peer));
          this.dispatchEvent(new PeerEvent(change.kind, peer));
        };
    }
  }

  /** What the log says of this peer itself are answers; but for `left`, which it did not ask for. */
  #own(kind: Change["kind"]): (() => void) | undefined {
    if (kind === "updated") this.#session.settle(this.#updating);
    if (kind !== "left" || this.#closing) return undefined;
    return () => {
      void this.#session.close();
      this.#end(new BeckonError("connection-lost", `The server took this peer out of ${this.name}.`));
    };
  }

  #add(member: Member): Peer {
    const peer = new Peer(member, this.#host);
    this.#peers.set(peer.id, peer);
    return peer;
  }

  #message({ from, instance, n, data }: Extract<Change, { kind: "message" }>): (() => void) | undefined {
    if (instance === this.#instance) {
      const id = this.#echoes.get(n);
      if (id !== undefined) this.#session.settle(id);
      return undefined;
    }
    const peer = this.#peers.get(from);
    return peer && (() => this.dispatchEvent(new RoomMessageEvent(peer, data)));
  }

  /** Sends a signal; one who has left is told nothing any more, and must not be remembered for it. */
  #say(peer: Peer, data: unknown): Promise<void> {
    if (this.#peers.get(peer.id) !== peer || this.#over) {
      return Promise.reject(new BeckonError(this.#over ? "closed" : "unknown-peer", `${peer.id} is not in ${this.name} any more.`));
    }
    return this.#delivery.send({ peer: peer.id, instance: peer.instance }, data);
  }

  #signalled(frame: Signal): void {
    const peer = this.#peers.get(frame.from ?? "");
    // A signal never overtakes the event that brings its sender, so one of a stranger is of somebody who is gone.
    if (!peer || peer.instance !== frame.fromInstance || !this.#delivery.accept(frame)) return;
    const { data } = frame;
    if (!isNegotiation(data)) {
      peer.dispatchEvent(new SignalEvent(peer, data));
      this.dispatchEvent(new SignalEvent(peer, data));
      return;
    }
    // Who asks from beyond the mesh gets neither offer nor answer; its own library tells it so. A signal never overtakes an
    // event, so whoever saw room for itself in the mesh is in it for us, too.
    const beyond = peer.state === "waiting" && this.#roster.topology === "mesh";
    if (!beyond) peer._receive(data);
  }

  #end(error: BeckonError | undefined): void {
    if (this.#over) return;
    this.#over = true;
    globalThis.removeEventListener?.("pagehide", this.#pageHidden);
    for (const peer of this.#peers.values()) peer._end(error);
    this.#connected.end(error);
    this.#delivery?.close(error ?? new BeckonError("closed", `The room ${this.name} is closed.`));
    this.#ended.resolve(error);
    this.dispatchEvent(new EndEvent(error));
  }
}
