import { abortable, checkAborted, deferred } from "./abort.js";
import { Channel } from "./channel.js";
import { offers } from "./decide.js";
import { asBeckonError, BeckonError } from "./error.js";
import { typedEventTarget } from "./events.js";
import { EndEvent, LeftEvent, PeerEvent, type PeerEventMap } from "./happenings.js";
import { isNegotiation, Negotiation } from "./negotiation.js";
import { checkOptions, nextTask, opened, Opener } from "./open.js";
import type { Abortable, ChannelOptions } from "./options.js";
import { pathOf, type Path } from "./path.js";
import type { LeftReason, Member, SignalData } from "./protocol_gen.js";
import { PullQueue } from "./pull.js";

/** How many channels that the other side opened may wait to be accepted. */
const MAX_UNACCEPTED = 64;
/** For how many milliseconds a goodbye may take to be heard. */
const FAREWELL = 1000;

/**
 * How it stands between this peer and another: `waiting` (nobody connects yet), `connecting`, `connected`, `closed` (for good).
 */
export type PeerState = "waiting" | "connecting" | "connected" | "closed";

/** What a Peer needs from its Room. */
export interface PeerHost {
  /** This side, as the others see it. */
  readonly self: Member;
  /** For how many milliseconds connecting may take. */
  readonly connectTimeout: number;
  /** What a new RTCPeerConnection gets. */
  configuration(): RTCConfiguration;
  /** Sends a signal; resolves with its receipt. */
  say(peer: Peer, data: unknown): Promise<void>;
  /** The connection with the peer is open. */
  connected(peer: Peer): void;
  /** The connection with the peer is closed, or will never be made. */
  ended(peer: Peer): void;
}

/** Another member of a room, and the connection with it. */
export class Peer extends typedEventTarget<PeerEventMap>() {
  /** Its id, unique on the server. */
  readonly id: string;
  /** The random id of its SDK object: a page that was reloaded is another instance. */
  readonly instance: string;
  /** Who its token said it is; "" if it is anonymous. */
  readonly identity: string;
  /** Resolves when the connection is closed: with undefined if that was in order, by either side, else with the reason. */
  readonly closed: Promise<BeckonError | undefined>;
  readonly #host: PeerHost;
  readonly #offers: boolean;
  readonly #connected = deferred<void>();
  readonly #ended = deferred<BeckonError | undefined>();
  readonly #opener = new Opener();
  readonly #channels = new Set<Channel>();
  readonly #unaccepted: PullQueue<Channel>;
  #attributes: Readonly<Record<string, unknown>>;
  #away: boolean;
  #state: PeerState = "waiting";
  #negotiation: Negotiation | undefined;
  #deadline: ReturnType<typeof setTimeout> | undefined;
  #closing: Promise<void> | undefined;
  /** Channels of the other side that are not open yet. */
  #arriving = 0;
  #overflows = 0;

  /** @internal */
  constructor(member: Member, host: PeerHost) {
    super();
    this.id = member.peer;
    this.instance = member.instance;
    this.identity = member.identity ?? "";
    this.#attributes = attributesOf(member);
    this.#away = member.away === true;
    this.#host = host;
    this.#offers = offers(host.self, member);
    this.closed = this.#ended.promise;
    this.#unaccepted = new PullQueue(`accept from ${this.id}`);
    this.#connected.promise.catch(() => {}); // nobody need wait for it
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
    return this.#state;
  }

  /** The RTCPeerConnection, for what this library does not offer; undefined as long as there is none. */
  get connection(): RTCPeerConnection | undefined {
    return this.#negotiation?.connection;
  }

  /** How many channels were closed at once because 64 waited to be accepted already. */
  get overflows(): number {
    return this.#overflows;
  }

  /**
   * Opens a channel: waits until the peer is connected and then until the channel is open. The other side gets it from
   * `accept`. At most 16 are being opened at a time, further calls wait. Rejects with `closed`, `connect-failed`,
   * `connection-lost` or `aborted`; throws a TypeError for options that exclude each other.
   */
  async open(label: string, { signal, ...options }: ChannelOptions & Abortable = {}): Promise<Channel> {
    checkOptions(options);
    const connection = await this.#ready(`open ${JSON.stringify(label)} to ${this.id}`, signal);
    let channel!: Channel;
    try {
      await this.#opener.open(connection, label, options, signal, (dc) => (channel = this.#adopt(dc)).closed);
    } catch (error) {
      if (error instanceof TypeError) throw error;
      const reason = this.#state === "closed" ? await this.closed : undefined;
      // The browser's own is that it has no further channel to give.
      throw reason ?? asBeckonError(error, "connect-failed", `open ${JSON.stringify(label)} to ${this.id}`);
    }
    return channel;
  }

  /** Takes the next channel that the other side opened, each once, waiting for it. Rejects with `closed`, or why it ended. */
  accept({ signal }: Abortable = {}): Promise<Channel> {
    return this.#unaccepted.pull(signal);
  }

  /** All channels that the other side opens, as from `accept`, until the connection is closed in order; throws if it is lost. */
  channels(): AsyncGenerator<Channel, void, undefined> {
    return this.#unaccepted.iterate();
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
   * (272 are on their way), `message-too-large`, `aborted`, or what ended the room. Giving up does not take back what was said.
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
    await this.#negotiation?.farewell(FAREWELL);
    this._end(undefined);
  }

  /** Waits for the connection. */
  async #ready(what: string, signal: AbortSignal | undefined): Promise<RTCPeerConnection> {
    checkAborted(signal, what);
    await abortable(this.#connected.promise, signal, what);
    const reason = this.#state === "closed" ? await this.closed : undefined;
    if (this.#closing || this.#state === "closed") throw reason ?? new BeckonError("closed", `${what}: closed`);
    return this.connection as RTCPeerConnection;
  }

  /** @internal Begins to connect; `ask` tells the other side so if that is the one that offers. */
  _start(ask = false): void {
    if (this.#state !== "waiting") return;
    this.#state = "connecting";
    const { connectTimeout } = this.#host;
    this.#deadline = setTimeout(() => this._end(this.#late(connectTimeout)), connectTimeout);
    if (this.#offers) this.#negotiate();
    else if (ask) this.#say({ want: true });
  }

  /** @internal Resolves when it is connected. */
  async _connect(signal: AbortSignal | undefined): Promise<void> {
    const what = `connect to ${this.id}`;
    this._start(true);
    await this.#ready(what, signal);
  }

  /** @internal Takes a signal of the negotiation. */
  _receive(data: SignalData): void {
    if (this.#state === "closed" || (data.want && !this.#offers)) return;
    const first = this.#state === "waiting";
    this._start();
    if (!this.#negotiation) this.#negotiate();
    // The want that starts a connection has got its offer by that.
    if (!(first && data.want)) this.#negotiation?.receive(data);
  }

  /** @internal This side's network is another one. */
  _restart(): void {
    this.#negotiation?.restart();
  }

  /** @internal The room's log said something about the peer. */
  _update(member: Member): void {
    this.#attributes = attributesOf(member);
    this.#away = member.away === true;
  }

  /** @internal The peer left the room. */
  _left(reason: LeftReason): void {
    this.dispatchEvent(new LeftEvent(this, reason));
    this._end(reason === "timeout" ? new BeckonError("connection-lost", `${this.id} left the room: ${reason}`) : undefined);
  }

  /** @internal Ends the connection now, because of `error` or in order. */
  _end(error: BeckonError | undefined): void {
    if (this.#state === "closed") return;
    this.#state = "closed";
    clearTimeout(this.#deadline);
    const closed = error ?? new BeckonError("closed", `The connection with ${this.id} is closed.`);
    this.#connected.reject(closed);
    for (const channel of [...this.#channels]) channel._end(error);
    this.#unaccepted.end(error);
    this.#negotiation?.close();
    this.#ended.resolve(error);
    this.#host.ended(this);
    this.dispatchEvent(new EndEvent(error));
  }

  #negotiate(): void {
    try {
      this.#negotiation = new Negotiation(this.#host.configuration(), {
        offers: this.#offers,
        patience: this.#host.connectTimeout,
        say: (data) => this.#say(data),
        connected: () => this.#open(),
        channel: (dc) => void this.#offered(dc),
        over: (error) => this.#over(error),
      });
    } catch (error) {
      // An ICE server that the browser does not understand, for one.
      this._end(asBeckonError(error, "connect-failed", `connect to ${this.id}`));
    }
  }

  /** Sends a signal of the negotiation. Without it there can be no connection. */
  #say(data: SignalData): void {
    this.#host.say(this, data).catch((cause: unknown) => {
      if (this.#state !== "connecting") return;
      this._end(new BeckonError("connect-failed", `connect to ${this.id}: a signal was refused`, { cause }));
    });
  }

  #open(): void {
    if (this.#state !== "connecting") return;
    this.#state = "connected";
    clearTimeout(this.#deadline);
    this.#connected.resolve();
    this.#host.connected(this);
    this.dispatchEvent(new PeerEvent("connected", this));
  }

  /** The negotiation is over; before it has connected, that is a failure whatever the reason. */
  #over(error: BeckonError | undefined): void {
    if (this.#state === "connected") return this._end(error);
    this._end(new BeckonError("connect-failed", `connect to ${this.id}: ${error?.message ?? "the peer gave up"}`, { cause: error }));
  }

  #late(ms: number): BeckonError {
    const pc = this.connection;
    const how = pc ? `ICE is ${pc.iceConnectionState}, signaling ${pc.signalingState}` : "it made no offer";
    return new BeckonError("connect-failed", `connect to ${this.id}: not connected after ${ms / 1000} s (${how})`);
  }

  #adopt(dc: RTCDataChannel): Channel {
    const channel = new Channel(dc, { id: this.id, maxMessageSize: () => this.#negotiation?.maxMessageSize ?? 0 });
    this.#channels.add(channel);
    void channel.closed.then(() => this.#channels.delete(channel));
    return channel;
  }

  /** Queues a channel of the other side. It is adopted at once, so that no message is missed, but accepted when it is open. */
  async #offered(dc: RTCDataChannel): Promise<void> {
    if (this.#unaccepted.length + this.#arriving >= MAX_UNACCEPTED || this.#closing) {
      if (!this.#closing) this.#overflows++;
      dc.close();
      return;
    }
    const channel = this.#adopt(dc);
    this.#arriving++;
    await opened(dc, channel.closed, "accept").then(
      async () => {
        await nextTask();
        this.#unaccepted.push(channel);
      },
      () => {}, // it closed before it opened: nobody has seen it
    );
    this.#arriving--;
  }
}

function attributesOf(member: Member): Readonly<Record<string, unknown>> {
  return (member.attributes ?? {}) as Record<string, unknown>;
}
