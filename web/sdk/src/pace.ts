/** What a Pacer needs from its owner. */
export interface Paced {
  /** Sends a frame. */
  send(frame: string): void;
  /** Whether a frame that is sent now goes out now. When that becomes so, the pacer is woken. */
  free(): boolean;
  /** Gives the next frame, if there is one. */
  next(): string | undefined;
}

/**
 * Sends frames no faster than the server allows (it drops what comes faster): a bucket of `burst` tokens that fills with `rate`
 * tokens a second. A tenth is left to the frames that do not wait: heartbeats and the bye.
 *
 * Few frames are handed in, requests: one of each kind at a time. All others are asked for at the moment at which one can go,
 * so that none gets old here.
 */
export class Pacer {
  readonly #rate: number;
  readonly #burst: number;
  readonly #paced: Paced;
  #tokens: number;
  #filled = performance.now();
  readonly #requests: string[] = [];
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(limits: { rate: number; burst: number }, paced: Paced) {
    this.#rate = limits.rate * 0.9;
    this.#burst = Math.max(1, Math.floor(limits.burst * 0.9));
    this.#tokens = this.#burst;
    this.#paced = paced;
  }

  /** Sends a frame, now or in its turn, which is before those that `next` gives. */
  push(frame: string): void {
    this.#requests.push(frame);
    this.wake();
  }

  /** Sends what there is, now or in its turn. */
  wake(): void {
    if (this.#timer === undefined) this.#drain();
  }

  /** Sends all that waits now, come what may, and is not to be used again. */
  flush(): void {
    this.stop();
    for (let frame = this.#take(); frame !== undefined; frame = this.#take()) this.#paced.send(frame);
  }

  /** Sends no more. */
  stop(): void {
    clearTimeout(this.#timer);
  }

  #take(): string | undefined {
    return this.#requests.shift() ?? this.#paced.next();
  }

  #drain(): void {
    this.#timer = undefined;
    const now = performance.now();
    this.#tokens = Math.min(this.#burst, this.#tokens + ((now - this.#filled) * this.#rate) / 1000);
    this.#filled = now;
    while (this.#tokens >= 1) {
      if (!this.#paced.free()) return;
      const frame = this.#take();
      if (frame === undefined) return;
      this.#tokens--;
      this.#paced.send(frame);
    }
    this.#timer = setTimeout(() => this.#drain(), Math.ceil((1000 * (1 - this.#tokens)) / this.#rate));
  }
}
