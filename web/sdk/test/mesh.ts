// Two Muxes on two ends of connections in memory, whose data channels are joined: what one sends arrives at the other when it is
// carried, in order on each data channel.

import assert from "node:assert/strict";
import { afterEach, beforeEach } from "node:test";
import { Mux, type MuxOwner } from "../src/mux.js";
import type { MuxChannel } from "../src/muxchannel.js";
import type { BeckonError } from "../src/error.js";
import type { ChannelOptions } from "../src/options.js";
import { Clock, settled } from "./clock.js";
import { FakeDataChannel } from "./rtc.js";

/** A data channel with an other end. */
export class JoinedDataChannel extends FakeDataChannel {
  other!: JoinedDataChannel;
  /** What is on its way to the other end. */
  flying: ArrayBuffer[] = [];

  get maxRetransmits(): number | null {
    return this.options.maxRetransmits ?? null;
  }

  get maxPacketLifeTime(): number | null {
    return this.options.maxPacketLifeTime ?? null;
  }

  override send(data: Uint8Array): void {
    super.send(data);
    this.sent.length = 0;
    this.flying.push(data.slice().buffer as ArrayBuffer);
  }

  /** Brings the next message, or the i-th, or drops it; whether there was one. */
  carry(i = 0, lost = false): boolean {
    const [data] = this.flying.splice(i, 1);
    if (!data) return false;
    this.drain(data.byteLength);
    if (!lost) this.other.receive(data);
    return true;
  }
}

/** One end of a connection. */
class End {
  readonly channels: JoinedDataChannel[] = [];
  other!: End;
  mux!: Mux;

  createDataChannel(label: string, options: RTCDataChannelInit): JoinedDataChannel {
    const near = new JoinedDataChannel(label, options);
    const far = new JoinedDataChannel(label, options);
    near.other = far;
    far.other = near;
    this.channels.push(near);
    this.other.channels.push(far);
    queueMicrotask(() => {
      far.readyState = "open";
      this.other.mux.trunk(this.other.asReal, far.asReal);
      near.open();
    });
    return near;
  }

  get asReal(): RTCPeerConnection {
    return this as unknown as RTCPeerConnection;
  }
}

/** One side. */
export class Side {
  mux: Mux;
  readonly accepted: MuxChannel[] = [];
  failures: BeckonError[] = [];
  maxFrame = 256 * 1024;
  /** What arriving channels are refused with. */
  refusal: "overflow" | "closed" | undefined;
  end!: End;

  constructor(id: string, maxMessageSize?: number) {
    const side = this;
    const owner: MuxOwner = {
      id,
      get maxMessageSize() {
        return side.maxFrame;
      },
      heard: () => {},
      fail: (error) => this.failures.push(error),
      arrived: (channel) => {
        if (!this.refusal) this.accepted.push(channel);
        return this.refusal;
      },
    };
    this.mux = new Mux(owner, maxMessageSize);
  }

  open(label: string, options: ChannelOptions = {}): Promise<MuxChannel> {
    return this.mux.open(label, options, {}, `open ${label}`);
  }
}

/** Two sides. */
export class Pair {
  readonly a: Side;
  readonly b: Side;
  /** All that was carried, as the hexadecimal types of the frames. */
  seen: string[] = [];

  constructor(maxOfA?: number, maxOfB = maxOfA) {
    this.a = new Side("bob", maxOfA);
    this.b = new Side("ada", maxOfB);
    this.connect();
  }

  /** Makes a connection. */
  connect(): void {
    const [x, y] = [new End(), new End()];
    Object.assign(x, { other: y, mux: this.a.mux });
    Object.assign(y, { other: x, mux: this.b.mux });
    this.a.end = x;
    this.b.end = y;
    this.a.mux.attach(x.asReal);
    this.b.mux.attach(y.asReal);
  }

  /** Loses it, with all that is on its way. */
  cut(error: BeckonError | undefined): void {
    for (const dc of this.wires) dc.flying = [];
    this.a.mux.detach(error);
    this.b.mux.detach(error);
  }

  get wires(): JoinedDataChannel[] {
    return [...this.a.end.channels, ...this.b.end.channels];
  }

  /** Carries all there is, until nothing moves any more, or `steps` rounds. */
  async flow(steps = Infinity): Promise<void> {
    for (let moved = true, idle = 0; idle < 3 && steps-- > 0; idle = moved ? 0 : idle + 1) {
      await settled();
      moved = false;
      for (const dc of this.wires) {
        if (dc.flying[0]) this.seen.push((new Uint8Array(dc.flying[0])[0] ?? 255).toString(16).padStart(2, "0"));
        moved = dc.carry() || moved;
      }
    }
  }

  /** Opens a channel from a to b. */
  async open(label = "x", options: ChannelOptions = {}): Promise<[MuxChannel, MuxChannel]> {
    const before = this.b.accepted.length;
    const opening = this.a.open(label, options);
    await this.flow();
    return [await opening, this.b.accepted[before] as MuxChannel];
  }
}

/** Gives each test of a file a clock and a pair, and looks at what is left when it has ended: of the pair that is `current` then. */
export function eachTest(begin: (clock: Clock, pair: Pair) => void, current: () => Pair): void {
  let clock: Clock;
  beforeEach(() => begin((clock = new Clock()), new Pair()));
  afterEach(async () => {
    current().a.mux.end(undefined);
    current().b.mux.end(undefined);
    await settled();
    assert.equal(clock.running, 0, "timers outlive the connection");
    clock.restore();
  });
}
