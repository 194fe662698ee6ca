import { abortable, abortError, checkAborted, deferred } from "./abort.js";
import { Arrivals } from "./arrivals.js";
import type { Channel } from "./channel.js";
import { checkOptions, checkRequest } from "./check.js";
import { offers } from "./decide.js";
import { asBeckonError, BeckonError } from "./error.js";
import { typedEventTarget } from "./events.js";
import { Faults } from "./faults.js";
import { EndEvent, LeftEvent, PeerEvent, type PeerEventMap } from "./happenings.js";
import type { PeerGuard, PeerHost, PeerState } from "./hosts.js";
import { Link } from "./link.js";
import { Mux } from "./mux.js";
import type { MuxChannel } from "./muxchannel.js";
import { PROTOCOL } from "./muxframes.js";
import type { Inbox } from "./inbox.js";
import { isNegotiation } from "./negotiation.js";
import { Opener } from "./open.js";
import type { Abortable, ChannelOptions } from "./options.js";
import { addressesOn, bytesOn, pathOf, reportOf, type Path, type PeerStats } from "./path.js";
import type { LeftReason, Member, SignalData } from "./protocol_gen.js";
import { RawChannel } from "./rawchannel.js";
import { ask, Request, type Answer, type Sending } from "./requests.js";

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
   * The Ed25519 public key that it shows, in base64url, which stays the same if its `Identity` does; undefined if it shows none. Until it is
   * `verified`, that is but the server's word.
   */
  readonly key: string | undefined;
  /**
   * Resolves when the connection is closed for good: with undefined if that was in order, by either side, else with the reason. A way
   * to it that is lost and found again, or another one, is not the end.
   */
  readonly closed: Promise<BeckonError | undefined>;
  readonly #host: PeerHost;
  readonly #link: Link;
  readonly #guard: PeerGuard | undefined;
  /** What was said before, in either direction, is signed or checked. */
  #sealed: Promise<unknown> = Promise.resolve();
  #checked: Promise<void> = Promise.resolve();
  readonly #ended = deferred<BeckonError | undefined>();
  readonly #opener = new Opener();
  readonly #mux: Mux;
  readonly #raw = new Set<RawChannel>();
  readonly #arrivals: Arrivals;
  readonly #inbox: Inbox;
  readonly #faults: Faults;
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
  constructor(member: Member, host: PeerHost, inbox: Inbox) {
    super();
    this.id = member.peer;
    this.instance = member.instance;
    this.identity = member.identity ?? "";
    this.key = typeof member.key === "string" ? member.key : undefined; // of the wire, and of no use to joining
    this.#attributes = attributesOf(member);
    this.#away = member.away === true;
    this.#host = host;
    this.#guard = host.guard(member);
    this.closed = this.#ended.promise;
    this.#arrivals = new Arrivals(this.id);
    this.#inbox = inbox;
    this.#faults = new Faults(this.id);
    const link = (this.#link = this.#linked(offers(host.self, member)));
    this.#mux = new Mux({
      id: this.id,
      get maxMessageSize() {
        return link.maxMessageSize;
      },
      heard: () => link.heard(true),
      fail: (error) => this.#broken(error),
      arrived: (channel) => this.#arrived(channel),
    }, host.maxMessageSize);
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

  /**
   * Whether it has proven that it has its `key`, to what `join`'s options demand, and that nobody is between the two. Where peers are verified, no peer
   * is `connected` that is not.
   */
  get verified(): boolean {
    return this.#guard?.verified ?? false;
  }

  /**
   * Sixty digits, in groups of five, which are the same on both sides if each has the other's key: for two people to read to each other, when neither
   * knows the other's key otherwise. They change with either key. Resolves with "" if the peer is not `verified`.
   */
  async safetyNumber(): Promise<string> {
    return (await this.#guard?.safetyNumber()) ?? "";
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

  /** How many channels were refused because 256 waited to be accepted already; of raw ones, 64. */
  get overflows(): number {
    return this.#arrivals.overflows;
  }

  /**
   * Opens a channel, waiting until the peer is connected, perhaps again. One that is ordered and reliable is there at once then, another
   * one when the other side has taken it, which gets it from `accept`. 256 channels, and 16 raw ones that are being opened, are open
   * at a time: further calls wait. Rejects with `closed`, `connect-failed`, `connection-lost`, `overflow` (too many channels wait
   * there to be accepted, or channels of more than 12 kinds of delivery were opened) or `aborted`, and with a TypeError for options
   * that exclude each other or do not exist.
   */
  async open(label: string, options: ChannelOptions & Abortable = {}): Promise<Channel> {
    checkOptions(label, options);
    const { signal } = options;
    const what = `open ${JSON.stringify(label)} to ${this.id}`;
    return this.#opened(what, signal, async (connection) => {
      if (!options.raw) return this.#mux.open(label, options, {}, what, signal);
      let channel!: Channel;
      await this.#opener.open(connection, label, options, signal, (dc) => (channel = this.#adopt(dc)).closed);
      return channel;
    });
  }

  /** Opens a channel on this connection or, if that is replaced meanwhile, on the next. */
  async #opened<C>(what: string, signal: AbortSignal | undefined, open: (connection: RTCPeerConnection) => Promise<C>): Promise<C> {
    for (;;) {
      const connection = await this.#ready(what, signal);
      try {
        return await open(connection);
      } catch (error) {
        if (error instanceof TypeError || signal?.aborted) throw error;
        this.#link.check();
        const reason = this.state === "closed" ? await this.closed : undefined;
        // Nobody has got a channel of a connection that was replaced meanwhile, so it is opened on the next one.
        if (this.state !== "closed" && !this.#closing && this.connection !== connection) continue;
        // The browser's own is that it has no further channel to give.
        throw reason ?? asBeckonError(error, "connect-failed", what);
      }
    }
  }

  /**
   * Asks the peer for something, and resolves with its answer, whose body may still be coming. `name` says what for, in up to 1,024
   * bytes; `body` is sent along. `timeout` bounds all of it in milliseconds, the answer's body included, and the other side is told of
   * it. Without it the wait is for as long as the connection lasts. Rejects with a RequestError (its handler's own), `timeout`,
   * `aborted`, what `open` does, what ended the connection, what the body throws, and a TypeError for a body that is none.
   */
  async request(name: string, body?: Sending, options: Abortable & { timeout?: number | undefined } = {}): Promise<Answer> {
    checkRequest(name, body, options);
    const { signal, timeout } = options;
    const what = `request ${JSON.stringify(name)} to ${this.id}`;
    checkAborted(signal, what);
    const controller = new AbortController();
    const until = performance.now() + (timeout ?? 0);
    const stop = () => controller.abort(abortError(signal as AbortSignal, what));
    const late = () => controller.abort(new BeckonError("timeout", `${what}: no answer in ${timeout} ms`));
    const timer = timeout === undefined ? undefined : setTimeout(late, timeout);
    signal?.addEventListener("abort", stop, { once: true });
    const clear = () => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", stop);
    };
    try {
      const channel = await this.#opened(what, controller.signal, () => {
        const deadline = timeout === undefined ? undefined : Math.max(1, Math.ceil(until - performance.now()));
        return this.#mux.open(name, {}, { request: true, deadline }, what, controller.signal);
      });
      void channel.closed.then(clear);
      return await ask(channel, body, controller.signal, what);
    } catch (error) {
      clear();
      throw error;
    }
  }

  /**
   * The requests of the peer, each once, until the connection is closed in order; throws if it is lost. 64 wait for it, further ones are
   * refused with `overflow`. (See `room.requests` for those of all peers.)
   */
  requests(): AsyncGenerator<Request, void, undefined> {
    return this.#inbox.take(this.closed, this);
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

  /** Tells what has gone through the connection, and where it goes; addresses only if asked for. Rejects with nothing. */
  async stats({ addresses = false }: { addresses?: boolean } = {}): Promise<PeerStats> {
    const { restarts, connections } = this.#link;
    const { violations } = this.#faults;
    const { connection } = this;
    const report = this.state === "connected" && connection ? await reportOf(connection) : undefined;
    const { bytesSent = 0, bytesReceived = 0 } = report ? bytesOn(report) : {};
    const buffered = this.#all.reduce((sum, channel) => sum + channel.bufferedAmount, this.#mux.buffered);
    const path = report && pathOf(report);
    return { path, bytesSent, bytesReceived, buffered, restarts, connections, violations, ...(addresses && report && addressesOn(report)) };
  }

  /**
   * Says something to the peer through the server, connected or not; it gets a `signal` event. Any JSON value, but for objects
   * with a key `description`, `candidate`, `want`, `over` or `unverified`. Resolves when it has arrived, once and in the order of the calls; it waits for a
   * peer that is away, or for the server. Rejects with `closed` (the peer left), `stale-instance` (its page was reloaded), `overflow`
   * (272 are on their way), `message-too-large`, `aborted`, `connection-lost` (the server does not know this peer any more: whether
   * it has arrived is not known), or what ended the room. Giving up does not take back what was said.
   */
  async signal(data: unknown, { signal }: Abortable = {}): Promise<void> {
    const what = `signal to ${this.id}`;
    checkAborted(signal, what);
    if (isNegotiation(data)) throw new TypeError("signal: the keys description, candidate, want, over and unverified are the library's own");
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
    this.#mux.breakOff();
    await Promise.all(this.#all.map((channel) => channel.close()));
    await this.#link.farewell(FAREWELL);
    this._end(undefined);
  }

  /** Waits for the connection. */
  async #ready(what: string, signal: AbortSignal | undefined): Promise<RTCPeerConnection> {
    checkAborted(signal, what);
    this.#link.check();
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
    const guard = this.#guard;
    if (!guard) return this.#link.receive(data);
    this.#checked = this.#checked
      .then(() => guard.check(data))
      .then(() => this.#link.receive(data), (error: unknown) => this.#link.refuse(asBeckonError(error, "peer-unverified", "verify")));
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
      guard: this.#guard,
      configuration: () => this.#host.configuration(),
      say: (data) => this.#say(data),
      channel: (dc) => this.#offered(dc),
      progress: () => [...this.#raw].reduce((sum, channel) => sum + channel._moved, this.#mux.taken),
      changed: () => this.#changed(),
      failed: () => void this.#report(),
      replaced: (error) => this.#drop(error),
      ended: (error) => this.#over(error),
    });
  }

  /** Sends a signal of the negotiation, in turn: one without a proof does not overtake one that is being signed. */
  async #say(data: SignalData): Promise<void> {
    const guard = this.#guard;
    if (!guard) return this.#host.say(this, data);
    const sealed = this.#sealed.then(() => guard.seal(data));
    this.#sealed = sealed.catch((error: unknown) => this.#link.refuse(asBeckonError(error, "peer-unverified", "sign")));
    await this.#host.say(this, await sealed);
  }

  #changed(): void {
    if (this.state === "connected") void this.#report(this.connection);
    else this.#since = performance.now();
    if (this.state === "reconnecting") this.#connected = connecting();
    else if (this.state === "connected") {
      this.#mux.attach(this.connection as RTCPeerConnection);
      this.#connected.resolve();
    }
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
    const stats = await reportOf(connection);
    const path = stats && pathOf(stats);
    if (!path) return; // it is lost already
    const protocol = path.relay ? { protocol: path.relay } : {};
    report({ outcome: path.relayed ? "relayed" : "direct", ...protocol, opening, ...again });
  }

  #drop(error: BeckonError | undefined): void {
    for (const channel of [...this.#raw]) channel._end(error);
    this.#mux.detach(error);
  }

  /**
   * The connection is to end. It may be what the two know of each other's channels that is wrong, which begins anew on another one. One who
   * breaks the protocol again and again is given up.
   */
  #broken(error: BeckonError): void {
    const end = this.#faults.add(error);
    if (end) this._end(end);
    else this.#link.fail(error);
  }

  #over(error: BeckonError | undefined): void {
    this.#connected.reject(error ?? new BeckonError("closed", `The connection with ${this.id} is closed.`));
    this.#drop(error);
    this.#mux.end(error);
    this.#arrivals.queue.end(error);
    this.#ended.resolve(error);
    this.#host.ended(this);
    this.dispatchEvent(new EndEvent(error));
  }

  get #all(): Channel[] {
    return [...this.#raw, ...this.#mux.channels];
  }

  #adopt(dc: RTCDataChannel): RawChannel {
    const channel = new RawChannel(dc, this.#link, this.#mux.budget);
    this.#raw.add(channel);
    void channel.closed.then(() => this.#raw.delete(channel));
    return channel;
  }

  #offered(dc: RTCDataChannel): void {
    const connection = this.connection as RTCPeerConnection;
    if (dc.protocol === PROTOCOL) this.#mux.trunk(connection, dc);
    else if (this.#closing) dc.close();
    else void this.#arrivals.add(connection, dc, (arrived) => this.#adopt(arrived));
  }

  #arrived(channel: MuxChannel): "overflow" | "closed" | undefined {
    if (this.#closing) return "closed";
    const taken = channel.request.request ? this.#inbox.offer(new Request(channel, this)) : this.#arrivals.offer(channel);
    return taken ? undefined : "overflow";
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
