/** A clock that has been started. */
interface Running {
  /** How many milliseconds are left of it, as of `since`. */
  left: number;
  since: number;
  timer: ReturnType<typeof setTimeout> | undefined;
  run: () => void;
}

/**
 * Timers by name that can be stopped all together and go on where they were: what is waited for can come only while the other side
 * is within reach, so only that time counts.
 */
export class Clocks<N extends string> {
  readonly #running = new Map<N, Running>();
  #going = true;

  /** Starts a clock of `ms` milliseconds, anew if it runs. */
  start(name: N, ms: number, run: () => void): void {
    this.stop(name);
    const clock = { left: ms, since: 0, timer: undefined, run };
    this.#running.set(name, clock);
    if (this.#going) this.#resume(name, clock);
  }

  /** Starts it unless it runs already. */
  begin(name: N, ms: number, run: () => void): void {
    if (!this.#running.has(name)) this.start(name, ms, run);
  }

  /** Stops clocks; without a name, all of them. */
  stop(...names: N[]): void {
    for (const name of names.length > 0 ? names : [...this.#running.keys()]) {
      clearTimeout(this.#running.get(name)?.timer);
      this.#running.delete(name);
    }
  }

  /** Whether a clock has been started and has not run out. */
  runs(name: N): boolean {
    return this.#running.has(name);
  }

  /** Whether the time goes on. */
  get going(): boolean {
    return this.#going;
  }

  /** Lets the time go on, or not. */
  go(going: boolean): void {
    if (going === this.#going) return;
    this.#going = going;
    for (const [name, clock] of this.#running) {
      if (going) this.#resume(name, clock);
      else {
        clearTimeout(clock.timer);
        clock.left -= performance.now() - clock.since;
      }
    }
  }

  #resume(name: N, clock: Running): void {
    clock.since = performance.now();
    clock.timer = setTimeout(() => {
      this.#running.delete(name);
      clock.run();
    }, Math.max(0, clock.left));
  }
}
