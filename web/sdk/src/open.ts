import { abortable, checkAborted, deferred, type Deferred } from "./abort.js";
import { BeckonError } from "./error.js";
import type { ChannelOptions } from "./options.js";

/** How many channels are opened at a time. Pion has wedged an association when some 500 were opened at once. */
const MAX_OPENING = 16;

/** Opens data channels on one connection, a few at a time; further ones wait. */
export class Opener {
  #opening = 0;
  readonly #waiting: Deferred<void>[] = [];

  /** Opens a channel and waits until it is open; rejects with `closed` or `aborted`. `made` is given it at once. */
  async open(
    connection: RTCPeerConnection,
    label: string,
    options: ChannelOptions,
    signal: AbortSignal | undefined,
    made: (dc: RTCDataChannel) => void,
  ): Promise<void> {
    const what = `open ${JSON.stringify(label)}`;
    await this.#turn(signal, what);
    let dc: RTCDataChannel | undefined;
    try {
      checkAborted(signal, what);
      if (connection.connectionState === "closed") throw new BeckonError("closed", `${what}: the connection is closed`);
      dc = connection.createDataChannel(label, init(options));
      made(dc);
      await abortable(opened(dc, what), signal, what);
    } catch (error) {
      dc?.close();
      throw error;
    } finally {
      this.#opening--;
      this.#waiting.shift()?.resolve();
    }
  }

  async #turn(signal: AbortSignal | undefined, what: string): Promise<void> {
    while (this.#opening >= MAX_OPENING) {
      const turn = deferred<void>();
      this.#waiting.push(turn);
      await abortable(turn.promise, signal, what, () => {
        const index = this.#waiting.indexOf(turn);
        // A turn that was given already goes to the next.
        if (index < 0) this.#waiting.shift()?.resolve();
        else this.#waiting.splice(index, 1);
      });
    }
    this.#opening++;
  }
}

/** Resolves when a channel is open; rejects with `closed` if it closes before. */
export function opened(dc: RTCDataChannel, what: string): Promise<void> {
  if (dc.readyState === "open") return Promise.resolve();
  return new Promise((resolve, reject) => {
    dc.addEventListener("open", () => resolve(), { once: true });
    dc.addEventListener("close", () => reject(new BeckonError("closed", `${what}: closed before it was open`)), { once: true });
  });
}

/** Throws a TypeError for options that cannot be meant. */
export function checkOptions({ maxRetransmits, maxPacketLifeTime }: ChannelOptions): void {
  if (maxRetransmits !== undefined && maxPacketLifeTime !== undefined) {
    throw new TypeError("open: maxRetransmits and maxPacketLifeTime exclude each other; give one");
  }
  for (const [name, value] of Object.entries({ maxRetransmits, maxPacketLifeTime })) {
    if (value !== undefined && !(Number.isInteger(value) && value >= 0 && value <= 65535)) {
      throw new TypeError(`open: ${name} is a whole number from 0 to 65535`);
    }
  }
}

/** The browser takes an undefined limit for 0, so only what is there is handed on. */
function init({ ordered = true, maxRetransmits, maxPacketLifeTime, protocol = "" }: ChannelOptions): RTCDataChannelInit {
  return {
    ordered,
    protocol,
    ...(maxRetransmits === undefined ? {} : { maxRetransmits }),
    ...(maxPacketLifeTime === undefined ? {} : { maxPacketLifeTime }),
  };
}
