import { abortable, checkAborted, deferred, type Deferred } from "./abort.js";
import { BeckonError } from "./error.js";
import type { ChannelOptions } from "./options.js";

/** How many channels are opened at a time. Pion has wedged an association when some 500 were opened at once. */
const MAX_OPENING = 16;
/** For so many milliseconds the browser may take to make statistics: a channel does not wait for one that hangs. */
const STATS_TIMEOUT = 500;

/** Opens data channels on one connection, a few at a time; further ones wait. */
export class Opener {
  #opening = 0;
  readonly #waiting: Deferred<void>[] = [];

  /**
   * Opens a channel and waits until it is open; rejects with `closed` or `aborted`. `made` is given it at once, and returns a
   * promise of its end.
   */
  async open(
    connection: RTCPeerConnection,
    label: string,
    options: ChannelOptions,
    signal: AbortSignal | undefined,
    made: (dc: RTCDataChannel) => Promise<unknown>,
  ): Promise<void> {
    const what = `open ${JSON.stringify(label)}`;
    await this.#turn(signal, what);
    let dc: RTCDataChannel | undefined;
    try {
      checkAborted(signal, what);
      if (connection.connectionState === "closed") throw new BeckonError("closed", `${what}: the connection is closed`);
      dc = connection.createDataChannel(label, init(options));
      await abortable(opened(dc, made(dc), what), signal, what);
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

/**
 * Resolves when a channel is open; rejects with `closed` if it closes before, or `ended` says so: closing the connection on
 * this side closes channels without an event (WebRTC, section 4.4.1.5).
 */
export function opened(dc: RTCDataChannel, ended: Promise<unknown>, what: string): Promise<void> {
  if (dc.readyState === "open") return Promise.resolve();
  return new Promise((resolve, reject) => {
    dc.addEventListener("open", () => resolve(), { once: true });
    const closed = () => reject(new BeckonError("closed", `${what}: closed before it was open`));
    dc.addEventListener("close", closed, { once: true });
    void ended.then(closed);
  });
}

/**
 * Resolves when a channel that the other side opened can be sent on. Chromium (156) calls it open, and tells its network thread so a moment
 * later: what is sent before that thread knows is thrown away without a word, and stays in bufferedAmount for ever. Statistics come by
 * way of that thread, from behind it. Once in thousands of times it calls it `connecting` again meanwhile.
 */
export async function sendable(connection: RTCPeerConnection, dc: RTCDataChannel, ended: Promise<unknown>): Promise<void> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise((resolve) => (timer = setTimeout(resolve, STATS_TIMEOUT)));
  try {
    await Promise.race([connection.getStats?.(), late]);
  } catch {
    // A connection that is closed has none.
  }
  clearTimeout(timer);
  if (dc.readyState === "connecting") await opened(dc, ended, "accept");
}

/** Resolves in a later task of the event loop. */
export function nextTask(): Promise<void> {
  return new Promise((resolve) => {
    // Not by a timer: those of hidden tabs run once a second.
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => {
      port1.close();
      resolve();
    };
    port2.postMessage(undefined);
  });
}

/** The browser takes an undefined limit for 0, so only what is there is handed on. */
export function init({ ordered = true, maxRetransmits, maxPacketLifeTime, protocol = "" }: ChannelOptions): RTCDataChannelInit {
  return {
    ordered,
    protocol,
    ...(maxRetransmits === undefined ? {} : { maxRetransmits }),
    ...(maxPacketLifeTime === undefined ? {} : { maxPacketLifeTime }),
  };
}
