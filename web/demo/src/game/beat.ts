// The clock of the game: a tick every thirtieth of a second, on average exactly, however late timers are.

import { RATE } from "./rules.js";

/** How many ticks are made up for at once. A page that was held up for longer goes on from now, as one that was hidden does. */
const CATCH_UP = 5;

const PERIOD = 1000 / RATE;

export class Beat {
  #timer: ReturnType<typeof setTimeout> | undefined;
  #next = 0;

  constructor(private readonly tick: () => void) {}

  get running(): boolean {
    return this.#timer !== undefined;
  }

  /** How much of the time to the next tick has passed, from 0 to 1. */
  part(now: number): number {
    return Math.min(Math.max(1 - (this.#next - now) / PERIOD, 0), 1);
  }

  start(): void {
    if (this.running) return;
    this.#next = performance.now() + PERIOD;
    this.#wait();
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #wait(): void {
    this.#timer = setTimeout(() => this.#due(), this.#next - performance.now());
  }

  #due(): void {
    const now = performance.now();
    this.#next = Math.max(this.#next, now - CATCH_UP * PERIOD);
    while (this.running && this.#next <= now) {
      this.#next += PERIOD;
      this.tick();
    }
    if (this.running) this.#wait();
  }
}
