import type { Channel } from "./channel.js";
import { opened, sendable } from "./open.js";
import { PullQueue } from "./pull.js";

/** How many channels that the other side opened may wait to be accepted: raw ones, and all together. */
const MAX_RAW = 64;
const MAX_UNACCEPTED = 256;

/** The channels that the other side opens, until this side accepts them. */
export class Arrivals {
  readonly queue: PullQueue<Channel>;
  /** How many were closed because too many waited. */
  overflows = 0;
  /** Those that are not open yet. */
  #arriving = 0;

  constructor(peer: string) {
    this.queue = new PullQueue(`accept from ${peer}`);
  }

  /** Queues a channel that is open; whether there was room. */
  offer(channel: Channel): boolean {
    const room = this.queue.length + this.#arriving < MAX_UNACCEPTED;
    if (room) this.queue.push(channel);
    else this.overflows++;
    return room;
  }

  /** Queues a raw channel. It is adopted at once, so that no message is missed, but accepted when it can be sent on. */
  async add(connection: RTCPeerConnection, dc: RTCDataChannel, adopt: (dc: RTCDataChannel) => Channel): Promise<void> {
    if (this.queue.length + this.#arriving >= MAX_RAW) {
      this.overflows++;
      dc.close();
      return;
    }
    const channel = adopt(dc);
    this.#arriving++;
    await opened(dc, channel.closed, "accept").then(
      async () => {
        await sendable(connection, dc, channel.closed);
        this.queue.push(channel);
      },
      () => {}, // it closed before it opened: nobody has seen it
    );
    this.#arriving--;
  }
}
