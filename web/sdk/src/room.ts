import { abortable, checkAborted, deferred } from "./abort.js";
import type { CarrierName } from "./carrier.js";
import { checkConnects } from "./connects.js";
import { Delivery, type Happening } from "./delivery.js";
import { BeckonError, fetched } from "./error.js";
import { typedEventTarget } from "./events.js";
import { EndEvent, LimitEvent, PeerEvent, type RoomEventMap } from "./happenings.js";
import type { Credentials } from "./identitypart.js";
import type { PeerHost } from "./hosts.js";
import type { Members } from "./members.js";
import { listenForNetwork } from "./network.js";
import type { Abortable, JoinOptions } from "./options.js";
import { loadMembers } from "./parts.js";
import type { Peer } from "./peer.js";
import { CAPABILITY_ROLLBACK, type Member, type Report, type ServerFrame, type Topology } from "./protocol_gen.js";
import { PullQueue } from "./pull.js";
import type { Request } from "./requests.js";
import { Session } from "./session.js";
import { Updates } from "./updates.js";

/**
 * How it stands between a room and its server: `joined`; `reconnecting` (the connection is lost; data channels do not notice, what is
 * said waits); `closed` (for good).
 */
export type RoomState = "joined" | "reconnecting" | "closed";

/** A room that this peer is in: who else is, the connections with them, and what is said to all. */
export class Room extends typedEventTarget<RoomEventMap>() implements AsyncIterable<Peer> {
  /** The room's name. */
  readonly name: string;
  /** Resolves when the room is closed: with undefined if `close` did it, else with the reason. */
  readonly closed: Promise<BeckonError | undefined>;
  readonly #options: JoinOptions;
  readonly #session: Session;
  #members: Members | undefined;
  readonly #connected = new PullQueue<Peer>("accept");
  readonly #ended = deferred<BeckonError | undefined>();
  readonly #updates: Updates;
  #state: RoomState = "joined";
  #topology: Topology | undefined;
  #closing: Promise<void> | undefined;
  #unlisten = () => {};
  #delivery: Delivery | undefined;
  #host!: PeerHost;
  /** What connects to peers is a file of its own in the build: it is on its way while the server is asked. */
  readonly #loading = fetched(loadMembers());
  /** What it shows and demands where peers are verified. */
  readonly #credentials: Credentials | undefined;

  /** @internal `_enter` connects. Throws a TypeError for options that cannot be meant. */
  constructor(url: string, name: string, options: JoinOptions, credentials: Credentials | undefined) {
    super();
    this.name = name;
    this.closed = this.#ended.promise;
    this.#options = options;
    this.#credentials = credentials;
    this.#topology = options.topology;
    this.#loading.catch(() => {}); // who joins is told
    const session = (this.#session = new Session(url, options, {
      show: () => this.#credentials?.show() ?? {},
      enter: (signal) => this.#enter(signal),
      lost: () => this.#lost(),
      frame: (frame) => this.#handle(frame),
      next: () => this.#delivery?.next(),
      beat: () => this.#delivery?.beat() ?? false,
      ended: (error) => this.#end(error),
    }));
    this.#updates = new Updates(name, options.attributes, {
      request: async (...args) => {
        if (this.#state === "reconnecting") throw new BeckonError("connection-lost", `${args[1]}: reconnecting`);
        return this.#session.request(...args);
      },
      settle: (id) => this.#session.settle(id),
      get limit() {
        return session.welcome.limits.attributes;
      },
    });
  }

  /** This peer's own id. It is another one if the server had to take this peer for a new one after a lost connection. */
  get id(): string {
    return this.#delivery?.peer ?? "";
  }

  /** How it stands with the server. */
  get state(): RoomState {
    return this.#state;
  }

  /** What carries what is said to the server and back; undefined while there is no connection to it. */
  get carrier(): CarrierName | undefined {
    return this.#state === "joined" ? this.#session.carrier : undefined;
  }

  /** The other members by id, in the order of their joining; connected or not. It changes as they come and go. */
  get peers(): ReadonlyMap<string, Peer> {
    return this.#members?.peers ?? new Map<string, Peer>();
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
   * The requests of all peers, each once, until the room is closed in order; throws if it is lost. Who takes them by `peer.requests` or
   * here first, has them. 64 of each peer wait, further ones are refused with `overflow`.
   */
  requests(): AsyncGenerator<Request, void, undefined> {
    return (this.#members as Members).inbox.take(this.closed);
  }

  /**
   * Says something to all other members, connected or not: any JSON value. Resolves when it has its place in the room's log, which
   * all see in the same order; it waits for the server if that is out of reach. Rejects with `message-too-large`, `overflow` (512 are
   * on their way), `forbidden`, `closed`, `aborted`, `connection-lost` (the server does not know this peer any more, and nobody
   * whether it has arrived), or what ended the room. Giving up does not take back what was said.
   */
  async send(data: unknown, { signal }: Abortable = {}): Promise<void> {
    const what = `send to ${this.name}`;
    checkAborted(signal, what);
    this.#checkOpen();
    if (JSON.stringify(data) === undefined) throw new TypeError("send: the data has no JSON form");
    await abortable((this.#delivery as Delivery).say(data), signal, what);
  }

  /**
   * Replaces this peer's attributes. Resolves when the others see them. Rejects with `rate-limited`, `message-too-large` (the server's
   * limit for attributes), `overflow` (64 wait already), `closed`, `aborted`, or what ended the room.
   */
  async update(attributes: Readonly<Record<string, unknown>>, { signal }: Abortable = {}): Promise<void> {
    checkAborted(signal, `update in ${this.name}`);
    this.#checkOpen();
    await this.#updates.add(attributes, signal);
  }

  /**
   * Connects to a peer and resolves when that is done. In a room of topology `none` this is how connections are made; in a mesh
   * it waits for the one that is being made. Rejects with `unknown-peer`, `mesh-full`, `unsupported` (there is no RTCPeerConnection here),
   * `connect-failed`, `closed` (a connection that has ended is not made again) or `aborted`.
   */
  async connect(id: string, { signal }: Abortable = {}): Promise<Peer> {
    checkAborted(signal, `connect to ${id}`);
    this.#checkOpen();
    const peer = this.peers.get(id);
    checkConnects(`connect to ${id}`);
    if (!peer) throw new BeckonError("unknown-peer", `connect to ${id}: no such peer is in ${this.name}`);
    if (peer.state === "waiting" && this.#topology === "mesh" && !this.#members?.meshed(id)) {
      throw new BeckonError("mesh-full", `connect to ${id}: the first ${this.#session.welcome.limits.mesh} members of ${this.name} connect`);
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
    await Promise.all([...this.peers.values()].map((peer) => peer.close()));
    await this.#session.close();
  }

  /** @internal Says hello and joins. */
  async _enter(signal: AbortSignal): Promise<void> {
    await this.#session.open(signal);
    globalThis.addEventListener?.("pagehide", this.#pageHidden);
    // Paths of the old network lead nowhere, and ICE would need seconds to see it.
    this.#unlisten = listenForNetwork(() => this.peers.forEach((peer) => peer._moved()));
  }

  /** @internal Gives up an attempt to join. */
  _abandon(hurry = false): void {
    void this.#session.close(hurry);
    this.#end(undefined);
  }

  /**
   * A page that goes away has no time for manners, but a goodbye spares the others the wait for a timeout. One that is kept may come back,
   * and never need: meanwhile it is no peer, and joins anew then.
   */
  readonly #pageHidden = ({ persisted }: PageTransitionEvent) => {
    for (const peer of this.peers.values()) peer._bye();
    if (!persisted) return this._abandon(true);
    for (const peer of this.peers.values()) peer._end(new BeckonError("connection-lost", "The page was put aside."));
    this.#session.hide();
  };

  #checkOpen(): void {
    if (this.#closing || this.#state === "closed") throw new BeckonError("closed", `The room ${this.name} is closed.`);
  }

  /** Joins, for the first time or again. */
  async #enter(signal: AbortSignal): Promise<void> {
    await this.#loaded(signal);
    const { welcome, instance } = this.#session;
    if (this.#delivery?.peer !== welcome.peer || this.#delivery.instance !== instance) this.#begin();
    await this.#session.request(
      {
        type: "join",
        room: this.name,
        ...this.#updates.join(),
        ...(this.#topology === undefined ? {} : { topology: this.#topology }),
        ...this.#delivery?.place,
      },
      `join ${this.name}`,
      signal,
    );
    if (this.#topology === "mesh") checkConnects(`join ${this.name}, which is a mesh`);
  }

  /** Has what connects to peers. */
  async #loaded(signal: AbortSignal): Promise<void> {
    const { Members } = await abortable(this.#loading, signal, `join ${this.name}`);
    this.#members ??= this.#gathered(Members);
  }

  /** Begins as the peer that the server's welcome names. To all others it is a new one, so they are to it. */
  #begin(): void {
    const { welcome, instance, shown } = this.#session;
    const before = this.#delivery;
    this.#delivery = new Delivery(this.name, instance, welcome, {
      wake: () => this.#session.wake(),
      urgent: (frame) => this.#session.urgent(frame),
      happened: (happenings) => this.#members?.apply(happenings),
    });
    this.#host = this.#hostAs({ peer: welcome.peer, instance, capabilities: { [CAPABILITY_ROLLBACK]: true }, joined: 0, ...shown });
    if (!before) return;
    before.close(new BeckonError("connection-lost", `The server of ${this.name} does not know this peer any more.`));
    this.#members?.forget();
  }

  #hostAs(self: Member): PeerHost {
    const room = this;
    const { connectTimeout = 30_000, iceServers, iceTransportPolicy, reports = true, maxMessageSize } = this.#options;
    return {
      self,
      connectTimeout,
      maxMessageSize,
      guard: (member) => this.#credentials?.guard(self, member),
      get joined() {
        return room.#state === "joined";
      },
      configuration: () => ({
        iceServers: iceServers ?? this.#session.iceServers,
        ...(iceTransportPolicy === undefined ? {} : { iceTransportPolicy }),
      }),
      get report() {
        if (!reports || !room.#session.welcome.limits.reports) return undefined;
        return (report: Omit<Report, "type">) => {
          if (room.#state === "joined") room.#session.urgent({ type: "report", ...report });
        };
      },
      say: (peer, data) => this.#say(peer, data),
      connected: (peer) => {
        this.#connected.push(peer);
        this.dispatchEvent(new PeerEvent("connected", peer));
      },
      // An app that listens to events never accepts: those who come and go must not pile up, each with its RTCPeerConnection.
      ended: (peer) => this.#connected.remove(peer),
    };
  }

  #lost(): void {
    this.#members?.behind();
    this.#delivery?.lost();
    this.#become("reconnecting");
  }

  #become(state: "joined" | "reconnecting"): void {
    if (this.#state === state || this.#state === "closed") return;
    this.#state = state;
    for (const peer of this.peers.values()) peer._reach();
    this.dispatchEvent(new Event("state"));
  }

  #handle(frame: ServerFrame): void {
    if (this.#state === "closed") return;
    if (frame.type === "joined" && frame.room === this.name) {
      this.#topology = frame.topology;
      this.#members?.behind();
    }
    if (frame.type === "error" && frame.code.startsWith("relay-")) {
      this.dispatchEvent(new LimitEvent(new BeckonError(frame.code, frame.message)));
    } else this.#delivery?.received(frame);
  }

  #gathered(Them: typeof Members): Members {
    const room = this;
    return new Them({
      get host() {
        return room.#host;
      },
      get delivery() {
        return room.#delivery as Delivery;
      },
      get topology() {
        return room.#topology ?? "mesh";
      },
      get meshLimit() {
        return room.#session.welcome.limits.mesh;
      },
      dispatchEvent: (event) => this.dispatchEvent(event),
      own: (happening) => this.#own(happening),
      synced: () => {
        this.#updates.shown(this.#delivery?.members.find(({ peer }) => peer === this.id)?.attributes);
        this.#updates.rejoined();
        return () => this.#become("joined");
      },
    });
  }

  /** What the log says of this peer itself are answers; but for `left`, which it did not ask for. */
  #own(happening: Happening): (() => void) | undefined {
    if (happening.effect === "updated") this.#updates.shown(happening.member.attributes);
    if (happening.effect !== "left" || this.#closing) return undefined;
    return () => {
      void this.#session.close();
      this.#end(new BeckonError("connection-lost", `The server took this peer out of ${this.name}.`));
    };
  }

  /** Sends a signal; one who has left is told nothing any more. */
  async #say(peer: Peer, data: unknown): Promise<void> {
    if (this.#state === "closed") throw new BeckonError("closed", `signal to ${peer.id}: the room ${this.name} is closed`);
    await (this.#delivery as Delivery).send({ peer: peer.id, instance: peer.instance }, data);
  }

  #end(error: BeckonError | undefined): void {
    if (this.#state === "closed") return;
    this.#state = "closed";
    globalThis.removeEventListener?.("pagehide", this.#pageHidden);
    this.#unlisten();
    for (const peer of this.peers.values()) peer._end(error);
    this.#connected.end(error);
    const closed = error ?? new BeckonError("closed", `The room ${this.name} is closed.`);
    this.#updates.end(closed);
    this.#delivery?.close(closed);
    this.#ended.resolve(error);
    this.dispatchEvent(new EndEvent(error));
  }
}
