import { abortable, checkAborted, deferred } from "./abort.js";
import type { Channel } from "./channel.js";
import { offers } from "./decide.js";
import { asBeckonError, BeckonError } from "./error.js";
import { EndEvent, LeftEvent, PeerEvent } from "./happenings.js";
import type { PeerGuard, PeerHost, PeerState } from "./hosts.js";
import type { Inbox } from "./inbox.js";
import { Link } from "./link.js";
import { isNegotiation } from "./negotiation.js";
import type { Abortable, ChannelOptions } from "./options.js";
import { addressesOn, bytesOn, outcomeOf, pathOf, reportOf, type Path, type PeerStats } from "./path.js";
import { PeerChannels } from "./peerchannels.js";
import { PeerFacts } from "./peerfacts.js";
import type { LeftReason, Member, SignalData } from "./protocol_gen.js";
import type { Answer, Request, Sending } from "./requests.js";
import { Signals } from "./signals.js";

/** For how many milliseconds a goodbye may take to be heard. */
const FAREWELL = 1000;

/** Another member of a room, and the connection with it, through however many RTCPeerConnections. */
export class Peer extends PeerFacts {
  /**
   * Resolves when the connection is closed for good: with undefined if that was in order, by either side, else with the reason. A way
   * to it that is lost and found again, or another one, is not the end.
   */
  readonly closed: Promise<BeckonError | undefined>;
  readonly #host: PeerHost;
  readonly #link: Link;
  readonly #guard: PeerGuard | undefined;
  readonly #ended = deferred<BeckonError | undefined>();
  readonly #inbox: Inbox;
  readonly #channels: PeerChannels;
  readonly #signals: Signals;
  /** Is another one while it is reconnecting. */
  #connected = connecting();
  /** It has been connected. */
  #met = false;
  /** Since when it is not, by performance.now. */
  #since = 0;
  #closing: Promise<void> | undefined;

  /** @internal */
  constructor(member: Member, host: PeerHost, inbox: Inbox) {
    super(member);
    this.#host = host;
    this.#guard = host.guard(member);
    this.closed = this.#ended.promise;
    this.#inbox = inbox;
    const link = (this.#link = this.#linked(offers(host.self, member)));
    const peer = this;
    this.#signals = new Signals({ id: this.id, link, guard: this.#guard, say: (data) => host.say(this, data) });
    this.#channels = new PeerChannels({
      peer,
      link,
      inbox,
      maxMessageSize: host.maxMessageSize,
      get closing() {
        return peer.#closing !== undefined;
      },
      opened: (...args) => this.#opened(...args),
      end: (error) => this._end(error),
    });
    this._reach();
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
    return this.#channels.arrivals.overflows;
  }

  /**
   * Opens a channel, waiting until the peer is connected, perhaps again. One that is ordered and reliable is there at once then, another
   * one when the other side has taken it, which gets it from `accept`. 256 channels, and 16 raw ones that are being opened, are open
   * at a time: further calls wait. Rejects with `closed`, `connect-failed`, `connection-lost`, `overflow` (too many channels wait
   * there to be accepted, or channels of more than 12 kinds of delivery were opened) or `aborted`, and with a TypeError for options
   * that exclude each other or do not exist.
   */
  open(label: string, options: ChannelOptions & Abortable = {}): Promise<Channel> {
    return this.#channels.open(label, options);
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
  request(name: string, body?: Sending, options: Abortable & { timeout?: number | undefined } = {}): Promise<Answer> {
    return this.#channels.request(name, body, options);
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
    return this.#channels.arrivals.queue.pull(signal);
  }

  /** All channels that the other side opens, as from `accept`, until the connection is closed in order; throws if it is lost. */
  channels(): AsyncGenerator<Channel, void, undefined> {
    return this.#channels.arrivals.queue.iterate();
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
    const { violations, buffered } = this.#channels;
    const { connection } = this;
    const report = this.state === "connected" && connection ? await reportOf(connection) : undefined;
    const { bytesSent = 0, bytesReceived = 0 } = report ? bytesOn(report) : {};
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
    await this.#channels.close();
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
    this.#signals.receive(data);
  }

  /** @internal This side's network is another one. */
  _moved(): void {
    this.#link.moved();
  }

  /** @internal The server, or the other side's connection to it, is lost or back. */
  _reach(): void {
    this.#link.reach(this.#host.joined && !this.away);
  }

  /** @internal */
  override _update(member: Member): void {
    super._update(member);
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
      say: (data) => this.#signals.say(data),
      channel: (dc) => this.#channels.offered(this.connection as RTCPeerConnection, dc),
      progress: () => this.#channels.moved,
      changed: () => this.#changed(),
      failed: () => void this.#report(),
      replaced: (error) => this.#channels.drop(error),
      ended: (error) => this.#over(error),
    });
  }

  #changed(): void {
    if (this.state === "connected") void this.#report(this.connection);
    else this.#since = performance.now();
    if (this.state === "reconnecting") this.#connected = connecting();
    else if (this.state === "connected") {
      this.#channels.attach(this.connection as RTCPeerConnection);
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
    const outcome = outcomeOf(await reportOf(connection));
    if (outcome) report({ ...outcome, opening, ...again }); // else it is lost already
  }

  #over(error: BeckonError | undefined): void {
    this.#connected.reject(error ?? new BeckonError("closed", `The connection with ${this.id} is closed.`));
    this.#channels.end(error);
    this.#ended.resolve(error);
    this.#host.ended(this);
    this.dispatchEvent(new EndEvent(error));
  }
}

/** What those wait for who need the connection; nobody need wait for it. */
function connecting() {
  const connected = deferred<void>();
  connected.promise.catch(() => {});
  return connected;
}
