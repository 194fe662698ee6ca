import { abortable, checkAborted, deferred } from "./abort.js";
import { Arrivals } from "./arrivals.js";
import { Channel } from "./channel.js";
import { offers } from "./decide.js";
import { asBeckonError, BeckonError } from "./error.js";
import { typedEventTarget } from "./events.js";
import { EndEvent, LeftEvent, PeerEvent, type PeerEventMap } from "./happenings.js";
import type { PeerHost, PeerState } from "./hosts.js";
import { Link } from "./link.js";
import { isNegotiation } from "./negotiation.js";
import { checkOptions, Opener } from "./open.js";
import type { Abortable, ChannelOptions } from "./options.js";
import { pathOf, type Path } from "./path.js";
import type { LeftReason, Member, SignalData } from "./protocol_gen.js";

/** For how many milliseconds a goodbye may take to be heard. */
const FAREWELL = 1000;

/** Another member of a room, and the connection with it, through however many RTCPeerConnections. */
export class Peer extends typedEventTarget<PeerEventMap>() {
  /** Its id, unique on the server. */
  readonly id: string;
  /** The random id of its SDK object: a page that was reloaded is another instance. */
  readonly instance: string;
  /** Who its token said it is; "" if it is anonymous. */
  readonly identity: string;
  /**
   * Resolves when the connection is closed for good: with undefined if that was in order, by either side, else with the reason. A way
   * to it that is lost and found again, or another one, is not the end.
   */
  readonly closed: Promise<BeckonError | undefined>;
  readonly #host: PeerHost;
  readonly #link: Link;
  readonly #ended = deferred<BeckonError | undefined>();
  readonly #opener = new Opener();
  readonly #channels = new Set<Channel>();
  readonly #arrivals: Arrivals;
  #attributes: Readonly<Record<string, unknown>>;
  #away: boolean;
  /** Is another one while it is reconnecting. */
  #connected = connecting();
  /** It has been connected. */
  #met = false;
  /** Since when it is not, by performance.now. */
  #since = 0;
  #closing: Promise<void> | undefined;

  /** @internal */
  constructor(member: Member, host: PeerHost) {
    super();
    this.id = member.peer;
    this.instance = member.instance;
    this.identity = member.identity ?? "";
    this.#attributes = attributesOf(member);
    this.#away = member.away === true;
    this.#host = host;
    this.closed = this.#ended.promise;
    this.#arrivals = new Arrivals(this.id);
    this.#link = this.#linked(offers(host.self, member));
    this._reach();
  }

  /** What it tells the others about itself. */
  get attributes(): Readonly<Record<string, unknown>> {
    return this.#attributes;
  }

  /** Whether its connection to the server is lost; it may come back. */
  get away(): boolean {
    return this.#away;
  }

  /** How it stands between this peer and that one. */
  get state(): PeerState {
    return this.#link.state;
  }

  /**
   * The current RTCPeerConnection, for what this library does not offer; undefined as long as there is none. One that is lost for
   * good is replaced by another one.
   */
  get connection(): RTCPeerConnection | undefined {
    return this.#link.connection;
  }

  /** How many channels were closed at once because 64 waited to be accepted already. */
  get overflows(): number {
    return this.#arrivals.overflows;
  }

  /**
   * Opens a channel: waits until the peer is connected, perhaps again, and then until the channel is open. The other side gets it
   * from `accept`. At most 16 are being opened at a time, further calls wait. Rejects with `closed`, `connect-failed`,
   * `connection-lost` or `aborted`; throws a TypeError for options that exclude each other.
   */
  async open(label: string, { signal, ...options }: ChannelOptions & Abortable = {}): Promise<Channel> {
    checkOptions(options);
    const what = `open ${JSON.stringify(label)} to ${this.id}`;
    for (;;) {
      const connection = await this.#ready(what, signal);
      let channel!: Channel;
      try {
        await this.#opener.open(connection, label, options, signal, (dc) => (channel = this.#adopt(dc)).closed);
        return channel;
      } catch (error) {
        if (error instanceof TypeError || signal?.aborted) throw error;
        const reason = this.state === "closed" ? await this.closed : undefined;
        // Nobody has got a channel of a connection that was replaced meanwhile, so it is opened on the next one.
        if (this.state !== "closed" && !this.#closing && this.connection !== connection) continue;
        // The browser's own is that it has no further channel to give.
        throw reason ?? asBeckonError(error, "connect-failed", what);
      }
    }
  }

  /** Takes the next channel that the other side opened, each once, waiting for it. Rejects with `closed`, or why it ended. */
  accept({ signal }: Abortable = {}): Promise<Channel> {
    return this.#arrivals.queue.pull(signal);
  }

  /** All channels that the other side opens, as from `accept`, until the connection is closed in order; throws if it is lost. */
  channels(): AsyncGenerator<Channel, void, undefined> {
    return this.#arrivals.queue.iterate();
  }

  /** Tells how the two are connected, waiting until they are. */
  async path({ signal }: Abortable = {}): Promise<Path> {
    const what = `path to ${this.id}`;
    const connection = await this.#ready(what, signal);
    const path = pathOf(await abortable(connection.getStats(), signal, what));
    if (!path) throw new BeckonError("connection-lost", `${what}: no candidate pair is selected`);
    return path;
  }

  /**
   * Says something to the peer through the server, connected or not; it gets a `signal` event. Any JSON value, but for objects
   * with a key `description`, `candidate` or `want`. Resolves when it has arrived, once and in the order of the calls; it waits for a
   * peer that is away, or for the server. Rejects with `closed` (the peer left), `stale-instance` (its page was reloaded), `overflow`
   * (272 are on their way), `message-too-large`, `aborted`, `connection-lost` (the server does not know this peer any more: whether
   * it has arrived is not known), or what ended the room. Giving up does not take back what was said.
   */
  async signal(data: unknown, { signal }: Abortable = {}): Promise<void> {
    const what = `signal to ${this.id}`;
    checkAborted(signal, what);
    if (isNegotiation(data)) throw new TypeError("signal: the keys description, candidate and want are the library's own");
    if (JSON.stringify(data) === undefined) throw new TypeError("signal: the data has no JSON form");
    await abortable(this.#host.say(this, data), signal, what);
  }

  /**
   * Closes the connection, after what was sent on its channels has been delivered. The peer stays a member of the room. May be
   * called again.
   */
  close(): Promise<void> {
    return (this.#closing ??= this.#shut());
  }

  async #shut(): Promise<void> {
    await Promise.all([...this.#channels].map((channel) => channel.close()));
    await this.#link.farewell(FAREWELL);
    this._end(undefined);
  }

  /** Waits for the connection. */
  async #ready(what: string, signal: AbortSignal | undefined): Promise<RTCPeerConnection> {
    checkAborted(signal, what);
    do await abortable(this.#connected.promise, signal, what);
    while (this.state === "reconnecting"); // it was lost again in the moment in which we were told
    const reason = this.state === "closed" ? await this.closed : undefined;
    if (this.#closing || this.state === "closed") throw reason ?? new BeckonError("closed", `${what}: closed`);
    return this.connection as RTCPeerConnection;
  }

  /** @internal Begins to connect; `ask` tells the other side so if that is the one that offers. */
  _start(ask = false): void {
    this.#link.start(ask);
  }

  /** @internal Resolves when it is connected. */
  async _connect(signal: AbortSignal | undefined): Promise<void> {
    const what = `connect to ${this.id}`;
    this._start(true);
    await this.#ready(what, signal);
  }

  /** @internal Takes a signal of the negotiation. */
  _receive(data: SignalData): void {
    this.#link.receive(data);
  }

  /** @internal This side's network is another one. */
  _moved(): void {
    this.#link.moved();
  }

  /** @internal The server, or the other side's connection to it, is lost or back. */
  _reach(): void {
    this.#link.reach(this.#host.joined && !this.#away);
  }

  /** @internal The room's log said something about the peer. */
  _update(member: Member): void {
    this.#attributes = attributesOf(member);
    this.#away = member.away === true;
    this._reach();
  }

  /** @internal The peer left the room. */
  _left(reason: LeftReason): void {
    this.dispatchEvent(new LeftEvent(this, reason));
    this._end(reason === "timeout" || reason === "kicked" ? new BeckonError("connection-lost", `${this.id} left the room: ${reason}`) : undefined);
  }

  /** @internal Says goodbye in passing, because the page ends. */
  _bye(): void {
    this.#link.bye();
  }

  /** @internal Ends the connection now, because of `error` or in order. */
  _end(error: BeckonError | undefined): void {
    this.#link.end(error);
  }

  #linked(offers: boolean): Link {
    const peer = this;
    return new Link({
      id: this.id,
      offers,
      connectTimeout: this.#host.connectTimeout,
      get closing() {
        return peer.#closing !== undefined;
      },
      configuration: () => this.#host.configuration(),
      say: (data) => this.#host.say(this, data),
      channel: (dc) => this.#offered(dc),
      progress: () => [...this.#channels].reduce((sum, channel) => sum + channel._taken, 0),
      changed: () => this.#changed(),
      failed: () => void this.#report(),
      replaced: (error) => this.#drop(error),
      ended: (error) => this.#over(error),
    });
  }

  #changed(): void {
    if (this.state === "connected") void this.#report(this.connection);
    else this.#since = performance.now();
    if (this.state === "reconnecting") this.#connected = connecting();
    else if (this.state === "connected") this.#connected.resolve();
    this.dispatchEvent(new PeerEvent("state", this));
    if (this.state !== "connected" || this.#met) return;
    this.#met = true;
    this.#host.connected(this);
    this.dispatchEvent(new PeerEvent("connected", this));
  }

  /** Tells the server what has come of connecting: this connection, or none. */
  async #report(connection?: RTCPeerConnection): Promise<void> {
    const { report } = this.#host;
    if (!report) return;
    const opening = Math.round(performance.now() - this.#since);
    const again = this.#met ? { again: true } : {};
    if (!connection) return report({ outcome: "failed", opening, ...again });
    const stats = await connection.getStats().catch(() => undefined);
    const path = stats && pathOf(stats);
    if (!path) return; // it is lost already
    const protocol = path.relay ? { protocol: path.relay } : {};
    report({ outcome: path.relayed ? "relayed" : "direct", ...protocol, opening, ...again });
  }

  #drop(error: BeckonError | undefined): void {
    for (const channel of [...this.#channels]) channel._end(error);
  }

  #over(error: BeckonError | undefined): void {
    this.#connected.reject(error ?? new BeckonError("closed", `The connection with ${this.id} is closed.`));
    this.#drop(error);
    this.#arrivals.queue.end(error);
    this.#ended.resolve(error);
    this.#host.ended(this);
    this.dispatchEvent(new EndEvent(error));
  }

  #adopt(dc: RTCDataChannel): Channel {
    const channel = new Channel(dc, this.#link);
    this.#channels.add(channel);
    void channel.closed.then(() => this.#channels.delete(channel));
    return channel;
  }

  #offered(dc: RTCDataChannel): void {
    if (this.#closing) dc.close();
    else void this.#arrivals.add(dc, (arrived) => this.#adopt(arrived));
  }
}

/** What those wait for who need the connection; nobody need wait for it. */
function connecting() {
  const connected = deferred<void>();
  connected.promise.catch(() => {});
  return connected;
}

function attributesOf(member: Member): Readonly<Record<string, unknown>> {
  return (member.attributes ?? {}) as Record<string, unknown>;
}
