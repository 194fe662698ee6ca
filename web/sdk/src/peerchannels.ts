import { abortError, checkAborted } from "./abort.js";
import { Arrivals } from "./arrivals.js";
import type { Channel } from "./channel.js";
import { checkOptions, checkRequest } from "./check.js";
import { BeckonError } from "./error.js";
import { Faults } from "./faults.js";
import type { Inbox } from "./inbox.js";
import type { Link } from "./link.js";
import { Mux } from "./mux.js";
import type { MuxChannel } from "./muxchannel.js";
import { PROTOCOL } from "./muxframes.js";
import { Opener } from "./open.js";
import type { Abortable, ChannelOptions } from "./options.js";
import type { Peer } from "./peer.js";
import { RawChannel } from "./rawchannel.js";
import { ask, Request, type Answer, type Sending } from "./requests.js";

/** What PeerChannels need of their Peer. */
export interface PeerChannelsOwner {
  /** Whose they are. */
  readonly peer: Peer;
  /** The connections that they are on. */
  readonly link: Link;
  /** The largest message that this side takes, in bytes; undefined: what a Mux takes. */
  readonly maxMessageSize: number | undefined;
  /** Where requests wait. */
  readonly inbox: Inbox;
  /** Whether this side is closing the connection: then nothing arrives any more. */
  readonly closing: boolean;
  /** Opens something on this connection or, if that is replaced meanwhile, on the next. */
  opened<C>(what: string, signal: AbortSignal | undefined, open: (connection: RTCPeerConnection) => Promise<C>): Promise<C>;
  /** The peer has broken the protocol too often, which ends it. */
  end(error: BeckonError): void;
}

/** All channels with one peer: those of the Mux, through however many connections, and the raw ones of the connection that there is. */
export class PeerChannels {
  readonly arrivals: Arrivals;
  readonly #owner: PeerChannelsOwner;
  readonly #opener = new Opener();
  readonly #mux: Mux;
  readonly #raw = new Set<RawChannel>();
  readonly #faults: Faults;

  constructor(owner: PeerChannelsOwner) {
    this.#owner = owner;
    const { link, maxMessageSize } = owner;
    this.arrivals = new Arrivals(link.id);
    this.#faults = new Faults(link.id);
    this.#mux = new Mux({
      id: link.id,
      get maxMessageSize() {
        return link.maxMessageSize;
      },
      heard: () => link.heard(true),
      fail: (error) => this.#broken(error),
      arrived: (channel) => this.#arrived(channel),
    }, maxMessageSize);
  }

  /** How often the other side has broken the protocol. */
  get violations(): number {
    return this.#faults.violations;
  }

  /** How many bytes wait to be sent. */
  get buffered(): number {
    return this.#all.reduce((sum, channel) => sum + channel.bufferedAmount, this.#mux.buffered);
  }

  /** A number that is another one whenever the other side has taken something since. */
  get moved(): number {
    return [...this.#raw].reduce((sum, channel) => sum + channel._moved, this.#mux.taken);
  }

  /** As a Peer's. */
  async open(label: string, options: ChannelOptions & Abortable): Promise<Channel> {
    checkOptions(label, options);
    const { signal } = options;
    const what = `open ${JSON.stringify(label)} to ${this.#owner.link.id}`;
    return this.#owner.opened(what, signal, async (connection) => {
      if (!options.raw) return this.#mux.open(label, options, {}, what, signal);
      let channel!: Channel;
      await this.#opener.open(connection, label, options, signal, (dc) => (channel = this.#adopt(dc)).closed);
      return channel;
    });
  }

  /** As a Peer's. */
  async request(name: string, body: Sending | undefined, options: Abortable & { timeout?: number | undefined }): Promise<Answer> {
    checkRequest(name, body, options);
    const { signal, timeout } = options;
    const what = `request ${JSON.stringify(name)} to ${this.#owner.link.id}`;
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
      const channel = await this.#owner.opened(what, controller.signal, () => {
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

  /** There is a connection, on which they go on. */
  attach(connection: RTCPeerConnection): void {
    this.#mux.attach(connection);
  }

  /** Takes a data channel that the other side has opened on a connection. */
  offered(connection: RTCPeerConnection, dc: RTCDataChannel): void {
    if (dc.protocol === PROTOCOL) this.#mux.trunk(connection, dc);
    else if (this.#owner.closing) dc.close();
    else void this.arrivals.add(connection, dc, (arrived) => this.#adopt(arrived));
  }

  /** The connection is gone; what outlives it waits for the next. */
  drop(error: BeckonError | undefined): void {
    for (const channel of [...this.#raw]) channel._end(error);
    this.#mux.detach(error);
  }

  /** There will be no connection any more. */
  end(error: BeckonError | undefined): void {
    this.drop(error);
    this.#mux.end(error);
    this.arrivals.queue.end(error);
  }

  /** Closes all, and resolves when what was sent has been delivered. */
  async close(): Promise<void> {
    this.#mux.breakOff();
    await Promise.all(this.#all.map((channel) => channel.close()));
  }

  get #all(): Channel[] {
    return [...this.#raw, ...this.#mux.channels];
  }

  #adopt(dc: RTCDataChannel): RawChannel {
    const channel = new RawChannel(dc, this.#owner.link, this.#mux.budget);
    this.#raw.add(channel);
    void channel.closed.then(() => this.#raw.delete(channel));
    return channel;
  }

  #arrived(channel: MuxChannel): "overflow" | "closed" | undefined {
    const { closing, inbox, peer } = this.#owner;
    if (closing) return "closed";
    const taken = channel.request.request ? inbox.offer(new Request(channel, peer)) : this.arrivals.offer(channel);
    return taken ? undefined : "overflow";
  }

  /**
   * The connection is to end. It may be what the two know of each other's channels that is wrong, which begins anew on another one. One who
   * breaks the protocol again and again is given up.
   */
  #broken(error: BeckonError): void {
    const end = this.#faults.add(error);
    if (end) this.#owner.end(end);
    else this.#owner.link.fail(error);
  }
}
