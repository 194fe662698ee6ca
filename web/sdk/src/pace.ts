import { BeckonError } from "./error.js";

/** How many frames may wait for their turn. */
const MAX_WAITING = 1024;

/**
 * Sends frames no faster than the server allows (it drops what comes faster): a bucket of `burst` tokens that fills with `rate`
 * tokens a second. A tenth is left to the frames that do not wait: heartbeats and the bye.
 */
export class Pacer {
  readonly #rate: number;
  readonly #burst: number;
  readonly #send: (frame: string) => void;
  #tokens: number;
  #filled = performance.now();
  #waiting: string[] = [];
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(limits: { rate: number; burst: number }, send: (frame: string) => void) {
    this.#rate = limits.rate * 0.9;
    this.#burst = Math.max(1, Math.floor(limits.burst * 0.9));
    this.#tokens = this.#burst;
    this.#send = send;
  }

  /** Sends a frame, now or in its turn. Throws `overflow` when too many wait already. */
  push(frame: string): void {
    if (this.#waiting.length >= MAX_WAITING) {
      throw new BeckonError("overflow", `${MAX_WAITING} frames wait to be sent: the server allows ${this.#rate} a second.`);
    }
    this.#waiting.push(frame);
    this.#drain();
  }

  /** Sends all that waits now, come what may, and is not to be used again. */
  flush(): void {
    clearTimeout(this.#timer);
    for (const frame of this.#waiting.splice(0)) this.#send(frame);
  }

  /** Forgets all that waits. */
  stop(): void {
    clearTimeout(this.#timer);
    this.#waiting = [];
  }

  #drain(): void {
    const now = performance.now();
    this.#tokens = Math.min(this.#burst, this.#tokens + ((now - this.#filled) * this.#rate) / 1000);
    this.#filled = now;
    while (this.#tokens >= 1 && this.#waiting.length > 0) {
      this.#tokens--;
      this.#send(this.#waiting.shift() as string);
    }
    if (this.#waiting.length === 0) return;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#drain(), Math.ceil((1000 * (1 - this.#tokens)) / this.#rate));
  }
}
