import { abortable, deferred, type Deferred } from "./abort.js";
import type { ChannelInfo } from "./channel.js";
import { newInstance } from "./decide.js";
import { BeckonError } from "./error.js";
import { MuxChannel, type MuxChannelOwner, type RequestHead } from "./muxchannel.js";
import { bad, CLOSED, encodeFrame } from "./muxframes.js";
import type { Head } from "./muxheads.js";
import { MuxLink, type LinkOwner } from "./muxlink.js";
import { Budget } from "./muxbudget.js";
import type { Trunk } from "./muxtrunk.js";
import type { ChannelOptions } from "./options.js";

/** The largest message that is taken, in bytes, if the application does not say. */
const MAX_MESSAGE = 256 * 1024 * 1024;
/** How many channels of each side are open at a time, and how many more the other side may open: news of an end may be on its way. */
const MAX_OPEN = 256;
const SLACK = 64;
/** And how many there are of the other side's with those that this side closes, or that are durable and not open again yet. */
const MOST = 4 * MAX_OPEN;
/** How many durable channels that were closed in order are remembered. */
const MAX_REMEMBERED = 256;
/** For how many milliseconds the other side may take to open its durable channels again. */
const FORGOTTEN = 30_000;

/** What a Mux needs from its Peer. */
export interface MuxOwner {
  /** The peer's id. */
  readonly id: string;
  /** The largest message of a data channel in bytes that the other side takes. */
  readonly maxMessageSize: number;
  /** Something came of the other side. */
  heard(): void;
  /** The connection is to end. */
  fail(error: BeckonError): void;
  /** The other side has opened a channel. Returns the code that it is refused with, if it is. */
  arrived(channel: MuxChannel): "overflow" | "closed" | undefined;
}

/** The channels with one peer that share data channels, on one connection after another. */
export class Mux implements MuxChannelOwner, LinkOwner {
  readonly budget: Budget;
  /** All channels, also those that wait for a connection. */
  readonly channels = new Set<MuxChannel>();
  readonly #owner: MuxOwner;
  #link: MuxLink | undefined;
  /** Whether this side's durable channels have been opened on it. */
  #attached = false;
  /** Names of durable channels of the other side's that were closed in order. */
  readonly #closed = new Set<string>();
  readonly #waiting: Deferred<void>[] = [];
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(owner: MuxOwner, maxMessageSize = MAX_MESSAGE) {
    this.#owner = owner;
    this.budget = new Budget(maxMessageSize);
  }

  get id(): string {
    return this.#owner.id;
  }

  get maxFrame(): number {
    return this.#owner.maxMessageSize;
  }

  /** How many bytes have left; how many the browser has that have not. */
  get taken(): number {
    return this.#link?.taken ?? 0;
  }

  get buffered(): number {
    return this.#link?.buffered ?? 0;
  }

  /** A connection is open: durable channels go on on it. May be called again. */
  attach(connection: RTCPeerConnection): void {
    const link = this.#on(connection);
    if (this.#attached) return;
    this.#attached = true;
    for (const channel of [...this.channels]) if (channel.ours && !channel.link) this.#open(channel, link);
    const forgotten = [...this.channels].filter((channel) => !channel.link);
    if (forgotten.length === 0) return;
    this.#timer = setTimeout(() => {
      for (const channel of forgotten) {
        // The news of its end may have been lost, and if this side was closing it, it can be no other.
        if (!channel.link) channel._end(channel._closing ? undefined : new BeckonError("connection-lost", "The other side has forgotten the channel."));
      }
    }, FORGOTTEN);
  }

  /** The other side has opened a trunk. */
  trunk(connection: RTCPeerConnection, dc: RTCDataChannel): void {
    this.#on(connection).add(dc);
  }

  /** The connection is over: with it all channels but durable ones, because of `error` or in order. */
  detach(error: BeckonError | undefined): void {
    clearTimeout(this.#timer);
    const link = this.#link;
    this.#link = undefined;
    this.#attached = false;
    link?.end(error);
    this.#turn();
  }

  /** The peer is being closed: requests that are not answered yet end. */
  breakOff(): void {
    for (const channel of [...this.channels]) channel._breakOff();
  }

  /** There will be no other connection. */
  end(error: BeckonError | undefined): void {
    this.detach(error);
    for (const channel of [...this.channels]) channel._end(error);
  }

  /**
   * Opens a channel on the connection, which is open. One that is ordered and reliable is there at once, another one when the other
   * side has taken it. Rejects with `aborted`, or what ended the channel.
   */
  async open(label: string, options: ChannelOptions, request: RequestHead, what: string, signal?: AbortSignal): Promise<MuxChannel> {
    const link = this.#link as MuxLink;
    while (link.ours.size >= MAX_OPEN) {
      const turn = deferred<void>();
      this.#waiting.push(turn);
      await abortable(turn.promise, signal, what);
      if (this.#link !== link) throw new BeckonError("connection-lost", `${what}: the connection was lost`);
    }
    const { ordered = true, protocol = "", durable = false, maxRetransmits, maxPacketLifeTime, maxQueueAge } = options;
    const info: ChannelInfo = { label, protocol, ordered, durable, raw: false, maxRetransmits, maxPacketLifeTime, maxQueueAge };
    const channel = new MuxChannel(info, true, durable ? newInstance() : undefined, request, this);
    this.channels.add(channel);
    try {
      channel.open(link);
      // The connection may have turned out to be closed.
      if (channel._numbered || channel._over) await abortable(channel.opened.promise, signal, what);
    } catch (error) {
      channel._fail(new BeckonError("aborted", "The opener gave up."));
      throw error;
    }
    return channel;
  }

  gone(channel: MuxChannel, inOrder: boolean): void {
    this.channels.delete(channel);
    if (channel.ours) return this.#turn();
    if (!channel.name || !inOrder) return;
    this.#closed.add(channel.name);
    if (this.#closed.size > MAX_REMEMBERED) this.#closed.delete(this.#closed.values().next().value as string);
  }

  heard(): void {
    this.#owner.heard();
  }

  fail(error: BeckonError): void {
    this.#owner.fail(error);
  }

  opened(lane: Trunk, id: number, head: Head): void {
    const link = this.#link as MuxLink;
    const { label = "", protocol = "", unordered, maxRetransmits, maxPacketLifeTime, durable, received, request, deadline } = head;
    const known = durable && [...this.channels].find(({ ours, name }) => !ours && name === durable);
    if (known) {
      if (known.link) throw bad("OPEN of a channel that is open");
      return known.take(link, id, lane, head);
    }
    if (durable && this.#closed.has(durable)) return lane.send(encodeFrame(CLOSED, id));
    if (received !== undefined) return link.refuse(lane, id, "connection-lost", "There is no such channel here any more.");
    const info = { label, protocol, ordered: !unordered, maxRetransmits, maxPacketLifeTime, durable: durable !== undefined, raw: false };
    const channel = new MuxChannel(info, false, durable, request ? { request, deadline } : {}, this);
    const theirs = [...this.channels].filter(({ ours }) => !ours);
    const open = theirs.filter(({ link, _closing }) => link && !_closing).length;
    const code = open >= MAX_OPEN + SLACK || theirs.length >= MOST ? "overflow" : this.#owner.arrived(channel);
    if (code) return link.refuse(lane, id, code, code === "closed" ? "The peer is closing." : "Too many channels are open or wait.");
    this.channels.add(channel);
    channel.take(link, id, lane, head);
  }

  #turn(): void {
    for (const waiter of this.#waiting.splice(0)) waiter.resolve();
  }

  #on(connection: RTCPeerConnection): MuxLink {
    if (this.#link?.connection !== connection) {
      this.detach(undefined);
      this.#link = new MuxLink(connection, this);
    }
    return this.#link as MuxLink;
  }

  #open(channel: MuxChannel, link: MuxLink): void {
    try {
      channel.open(link);
    } catch (cause) {
      channel._end(new BeckonError("connection-lost", "The channel could not be opened again.", { cause }));
    }
  }
}
