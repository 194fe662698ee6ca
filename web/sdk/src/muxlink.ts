import { asBeckonError, BeckonError } from "./error.js";
import type { MuxChannel } from "./muxchannel.js";
import { bad, BATCH, CUT, decodeFrame, encodeFrame, framesOf, MAX_HEADER, OPEN, RESET, type Frame } from "./muxframes.js";
import { readHead, writeHead, type Head } from "./muxheads.js";
import { nextTask } from "./open.js";
import { classOf, Trunk, type TrunkOwner } from "./muxtrunk.js";

/** How many trunks a side opens, and how many of these are lanes: those of ordered, reliable channels. */
const MAX_TRUNKS = 16;
const LANES = 4;
const LANE = classOf({ ordered: true });
/** The payload of a part, and the same while other channels have sent within the last RECENT milliseconds. */
const LARGE_PART = 65536;
const SMALL_PART = 16384;
const RECENT = 1000;
/** How much is handed to the browser at a time: what is there is in front of everything that is sent later. */
const ALONE = 256 * 1024;
const SHARED = 128 * 1024;
/** The same of messages that may become too old while they wait: only here can they be dropped. */
const AGING = 16 * 1024;
/** For how many milliseconds an acknowledgement may wait for more to acknowledge. */
const ACK_DELAY = 20;

/** What a link needs from its Mux. */
export interface LinkOwner {
  /** The largest frame in bytes that the other side takes. */
  readonly maxFrame: number;
  /** Something came of the other side. */
  heard(): void;
  /** The other side opens a channel. */
  opened(lane: Trunk, id: number, head: Head): void;
  /** The other side does not keep to the protocol, or its data channels are gone: the connection is to end. */
  fail(error: BeckonError): void;
}

/** One connection's trunks, and the channels that are on them now. What wants to be sent goes in turns, one frame each. */
export class MuxLink implements TrunkOwner {
  readonly connection: RTCPeerConnection;
  /** The channels that this side has opened, and the other side's, by id. */
  readonly ours = new Map<number, MuxChannel>();
  readonly theirs = new Map<number, MuxChannel>();
  readonly #owner: LinkOwner;
  readonly #trunks: Trunk[] = [];
  readonly #lanes: Trunk[] = [];
  #nextID = 0;
  /** The highest id that the other side has opened. */
  #high = -1;
  /** Those who may have something to send, in turns. */
  readonly #ready = new Set<MuxChannel>();
  #pumping = false;
  /** Who has sent last, and when, and when somebody else has. */
  #last: MuxChannel | undefined;
  #lastAt = 0;
  #otherAt = -RECENT;
  /** Those who have grants or acknowledgements to say. */
  readonly #dirty = new Set<MuxChannel>();
  #flushing = false;
  #later: ReturnType<typeof setTimeout> | undefined;
  #over = false;

  constructor(connection: RTCPeerConnection, owner: LinkOwner) {
    this.connection = connection;
    this.#owner = owner;
  }

  /** How many bytes the browser has that have not left. */
  get buffered(): number {
    return this.#trunks.reduce((sum, { dc }) => sum + dc.bufferedAmount, 0);
  }

  /** How many bytes have left. */
  get taken(): number {
    return this.#trunks.reduce((sum, { handed }) => sum + handed, -this.buffered);
  }

  /** Takes a trunk that the other side has opened. */
  add(dc: RTCDataChannel): void {
    if (this.#trunks.filter(({ ours }) => !ours).length < MAX_TRUNKS) this.#trunks.push(new Trunk(this.connection, dc, false, this));
    else this.broken(new BeckonError("overflow", `The other side opened more than ${MAX_TRUNKS} trunks.`));
  }

  /** Gives a channel of this side its id and lane. Throws what the browser does, or `overflow`. */
  place(channel: MuxChannel): { id: number; lane: Trunk } {
    const id = this.#nextID;
    const i = channel._numbered ? 0 : id % LANES;
    const lane = (this.#lanes[i] ??= this.#open({}));
    if (channel._numbered && !this.#find(channel)) {
      const kinds = this.#trunks.filter((trunk) => trunk.ours && !this.#lanes.includes(trunk));
      if (kinds.length >= MAX_TRUNKS - LANES) throw new BeckonError("overflow", "Channels of too many kinds of delivery are open.");
      this.#open(channel);
    }
    this.#nextID++;
    this.ours.set(id, channel);
    return { id, lane };
  }

  /** The trunk for a channel's messages, if it is there yet. */
  trunk(channel: MuxChannel): Trunk | undefined {
    return channel._numbered ? this.#find(channel) : channel.lane;
  }

  /** A channel may have something to send. */
  wake(channel: MuxChannel): void {
    this.#ready.add(channel);
    this.#pump();
  }

  /** A channel has a grant or an acknowledgement to say, soon or when there is more to it. */
  dirty(channel: MuxChannel, soon: boolean): void {
    this.#dirty.add(channel);
    if (!soon) this.#later ??= setTimeout(() => this.#flush(), ACK_DELAY);
    else if (!this.#flushing) {
      this.#flushing = true;
      void nextTask().then(() => this.#flush());
    }
  }

  /** A channel is not here any more. */
  remove(channel: MuxChannel): void {
    (channel.ours ? this.ours : this.theirs).delete(channel.id);
    this.#ready.delete(channel);
    this.#dirty.delete(channel);
  }

  /** Refuses a channel of the other side's, or says that there is one no more. */
  refuse(lane: Trunk, id: number, code: string, message: string): void {
    lane.send(encodeFrame(RESET, id, [], writeHead({ code, message })));
  }

  /** Ends all that is on it, but for what can go on on another one. */
  end(error: BeckonError | undefined): void {
    if (this.#over) return;
    this.#over = true;
    clearTimeout(this.#later);
    for (const channel of [...this.ours.values(), ...this.theirs.values()]) channel._detach(error);
  }

  received(trunk: Trunk, bytes: Uint8Array<ArrayBuffer>): void {
    if (this.#over) return;
    this.#owner.heard();
    try {
      if (bytes[0] === BATCH && trunk.class !== LANE) throw bad("a BATCH on a trunk that is no lane");
      for (const one of framesOf(bytes)) {
        const frame = decodeFrame(one);
        if (frame && !this.#over) this.#dispatch(trunk, frame);
      }
    } catch (error) {
      this.broken(asBeckonError(error, "internal", "mux"));
    }
  }

  ready(trunk: Trunk): void {
    for (const channel of [...this.ours.values(), ...this.theirs.values()]) if (this.trunk(channel) === trunk) this.#ready.add(channel);
    this.#pump();
  }

  writable(): void {
    this.#pump();
  }

  broken(error: BeckonError): void {
    if (!this.#over) this.#owner.fail(error);
  }

  #open(options: Parameters<typeof classOf>[0]): Trunk {
    const trunk = Trunk.open(this.connection, options, this);
    this.#trunks.push(trunk);
    return trunk;
  }

  #find(channel: MuxChannel): Trunk | undefined {
    const wanted = classOf(channel);
    return this.#trunks.find((trunk) => trunk.ours === channel.ours && trunk.class === wanted);
  }

  #dispatch(trunk: Trunk, frame: Frame): void {
    const { type, id } = frame;
    if (type === OPEN) {
      if (trunk.ours || trunk.class !== LANE || id <= trunk.high || this.theirs.has(id)) throw bad("OPEN where it cannot be");
      trunk.high = id;
      this.#high = Math.max(this.#high, id);
      return this.#owner.opened(trunk, id, readHead(frame));
    }
    const channel = (trunk.ours ? this.ours : this.theirs).get(id);
    if (channel) {
      if (trunk !== (type >= CUT ? this.trunk(channel) : channel.lane)) throw bad("a frame on another trunk than its channel's");
      channel._receive(frame);
    } else if (id > (trunk.ours ? this.#nextID - 1 : this.#high)) throw bad("a frame of a channel that there never was");
    // What comes for one that is gone is late.
  }

  #pump(): void {
    if (this.#pumping || this.#over) return;
    this.#pumping = true;
    let buffered = this.buffered;
    const aging: MuxChannel[] = [];
    for (const channel of this.#ready) {
      if (this.#over) break;
      const shared = this.#shared(channel);
      if (buffered >= (shared ? SHARED : ALONE)) {
        for (const lane of this.#trunks) lane.flush();
        // It goes on when half of it has left.
        for (const { dc } of this.#trunks) dc.bufferedAmountLowThreshold = dc.bufferedAmount >> 1;
        break;
      }
      this.#ready.delete(channel);
      const trunk = this.trunk(channel);
      if (trunk && channel.maxQueueAge !== undefined && trunk.dc.bufferedAmount > AGING) {
        trunk.dc.bufferedAmountLowThreshold = AGING;
        aging.push(channel);
        continue;
      }
      const part = Math.max(1, Math.min(shared ? SMALL_PART : LARGE_PART, this.#owner.maxFrame - MAX_HEADER));
      const frame = trunk?.ready ? channel._next(part) : undefined;
      if (!trunk || !frame) continue;
      this.#ready.add(channel); // behind all others
      if (this.#last !== channel) this.#otherAt = this.#last ? this.#lastAt : -RECENT;
      this.#last = channel;
      this.#lastAt = performance.now();
      if (trunk.class === LANE) trunk.gather(frame, this.#owner.maxFrame);
      else trunk.send(frame);
      buffered += frame.length;
      channel._outbox.left();
    }
    for (const lane of this.#trunks) lane.flush();
    for (const channel of aging) this.#ready.add(channel);
    this.#pumping = false;
  }

  /** Whether others than this channel have sent lately. */
  #shared(channel: MuxChannel): boolean {
    const now = performance.now();
    return (this.#last !== undefined && this.#last !== channel ? now - this.#lastAt : now - this.#otherAt) < RECENT;
  }

  #flush(): void {
    this.#flushing = false;
    clearTimeout(this.#later);
    this.#later = undefined;
    for (const channel of this.#dirty) channel._report();
    this.#dirty.clear();
  }
}
