import { asBeckonError, BeckonError } from "./error.js";
import { bad, encodeBatch, MAX_HEADER, PROTOCOL } from "./muxframes.js";
import { init, nextTask, opened, sendable } from "./open.js";
import type { ChannelOptions } from "./options.js";

/** More than so many bytes do not wait for an other side that takes nothing: only answers can be so many, to one who floods. */
const MAX_BACKLOG = 8 * 1024 * 1024;
/** How large a BATCH is at most, and a frame that goes into one: of larger ones too few fit to be worth the copy. */
const MAX_BATCH = 16 * 1024;
const SMALL = 4 * 1024 + MAX_HEADER;

/** What a Trunk tells its link. */
export interface TrunkOwner {
  /** A frame came. */
  received(trunk: Trunk, frame: Uint8Array<ArrayBuffer>): void;
  /** It can be sent on now. */
  ready(trunk: Trunk): void;
  /** Some of what was sent has left. */
  writable(): void;
  /** It is broken, and so is the connection if that is not over anyway. */
  broken(error: BeckonError): void;
}

/** Which channels share a trunk that is no lane: those of the same delivery. */
export function classOf({ ordered, maxRetransmits, maxPacketLifeTime }: ChannelOptions): string {
  return [ordered, maxRetransmits ?? "", maxPacketLifeTime ?? ""].join();
}

/** A data channel that channels share. */
export class Trunk {
  readonly dc: RTCDataChannel;
  /** Whether this side has opened it, and so all channels on it. */
  readonly ours: boolean;
  /** What its channels have in common. */
  readonly class: string;
  /** It can be sent on. */
  ready = false;
  /** The highest id that was opened on it. */
  high = -1;
  /** What was handed to the browser, in bytes. */
  handed = 0;
  readonly #owner: TrunkOwner;
  /** What was sent before it was ready. */
  #early: Uint8Array<ArrayBuffer>[] = [];
  /** What is to be sent as one, and how large that is at most. */
  #gathered: Uint8Array<ArrayBuffer>[] = [];
  #size = 0;

  constructor(connection: RTCPeerConnection, dc: RTCDataChannel, ours: boolean, owner: TrunkOwner) {
    this.dc = dc;
    this.ours = ours;
    this.#owner = owner;
    const { ordered, maxRetransmits, maxPacketLifeTime } = dc;
    this.class = classOf({ ordered, maxRetransmits: maxRetransmits ?? undefined, maxPacketLifeTime: maxPacketLifeTime ?? undefined });
    dc.binaryType = "arraybuffer";
    dc.addEventListener("message", ({ data }: MessageEvent<string | ArrayBuffer>) => {
      if (typeof data === "string") owner.broken(bad("a text"));
      else owner.received(this, new Uint8Array(data)); // of Node's Buffers, too, which some WebRTC outside of browsers hands over
    });
    dc.addEventListener("bufferedamountlow", () => owner.writable());
    const gone = new Promise<void>((resolve) => dc.addEventListener("close", () => resolve(), { once: true }));
    void gone.then(nextTask).then(() => owner.broken(new BeckonError("connection-lost", "The other side closed what all channels go on.")));
    opened(dc, gone, "trunk").then(
      async () => {
        if (!ours) await sendable(connection, dc, gone);
        this.ready = true;
        for (const frame of this.#early.splice(0)) this.send(frame);
        owner.ready(this);
      },
      () => {}, // the connection is over
    );
  }

  /** Opens one. */
  static open(connection: RTCPeerConnection, options: ChannelOptions, owner: TrunkOwner): Trunk {
    return new Trunk(connection, connection.createDataChannel("beckon", init({ ...options, protocol: PROTOCOL })), true, owner);
  }

  /** Sends a frame, if it is small together with others: `flush` says that there are no more. `max` bytes are what the other side takes. */
  gather(frame: Uint8Array<ArrayBuffer>, max: number): void {
    if (frame.length > SMALL) return this.send(frame);
    const size = frame.length + 2; // with its length
    if (this.#size + size >= Math.min(max, MAX_BATCH)) this.flush();
    this.#gathered.push(frame);
    this.#size += size;
  }

  /** Sends what was gathered. */
  flush(): void {
    if (this.#gathered.length === 0) return;
    const batch = encodeBatch(this.#gathered);
    this.#gathered = [];
    this.#size = 0;
    this.#hand(batch);
  }

  /** Sends a frame. */
  send(frame: Uint8Array<ArrayBuffer>): void {
    if (!this.ready) {
      this.#early.push(frame);
      return;
    }
    this.flush();
    this.#hand(frame);
  }

  #hand(frame: Uint8Array<ArrayBuffer>): void {
    try {
      if (this.dc.bufferedAmount > MAX_BACKLOG) throw new BeckonError("overflow", "The other side asks for answers and does not take them.");
      this.dc.send(frame);
      this.handed += frame.length;
    } catch (error) {
      this.#owner.broken(asBeckonError(error, "connection-lost", "trunk"));
    }
  }
}
