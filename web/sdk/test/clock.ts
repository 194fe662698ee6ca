// A clock that stands still until a test moves it, in the place of the timers that the library finds in the global scope.

interface Timer {
  at: number;
  every: number | undefined;
  run: () => void;
}

/** Lets all promises that can go on do so: real I/O callbacks come after all microtasks. */
const realImmediate = setImmediate;
export const settled = () => new Promise<void>((resolve) => realImmediate(resolve));

export class Clock {
  now = 0;
  #timers = new Map<number, Timer>();
  #last = 0;
  #real = { setTimeout, clearTimeout, setInterval, clearInterval, performance };

  /** Takes the place of the real timers, until `restore`. */
  constructor() {
    const start = (every: boolean) => (run: () => void, ms = 0) => {
      this.#timers.set(++this.#last, { at: this.now + ms, every: every ? ms : undefined, run });
      return this.#last;
    };
    const stop = (id: number) => this.#timers.delete(id);
    this.#install({
      setTimeout: start(false),
      clearTimeout: stop,
      setInterval: start(true),
      clearInterval: stop,
      performance: { now: () => this.now },
    });
  }

  /** Moves the time, running what is due in its order. */
  async advance(ms: number): Promise<void> {
    const end = this.now + ms;
    await settled();
    for (;;) {
      const next = [...this.#timers].sort(([a, x], [b, y]) => x.at - y.at || a - b)[0];
      if (!next || next[1].at > end) break;
      this.#fire(...next);
      await settled();
    }
    this.now = end;
  }

  /** Moves the time as a suspended machine does: timers fire late, all at the end. */
  async sleep(ms: number): Promise<void> {
    this.now += ms;
    for (const [id, timer] of [...this.#timers]) if (timer.at <= this.now && this.#timers.has(id)) this.#fire(id, timer);
    await settled();
  }

  /** How many timers run: after everything is closed it must be none. */
  get running(): number {
    return this.#timers.size;
  }

  restore(): void {
    this.#install(this.#real);
  }

  #install(globals: object): void {
    for (const [name, value] of Object.entries(globals)) {
      Object.defineProperty(globalThis, name, { value, configurable: true, writable: true });
    }
  }

  #fire(id: number, timer: Timer): void {
    this.now = Math.max(this.now, timer.at);
    if (timer.every === undefined) this.#timers.delete(id);
    else timer.at = this.now + timer.every;
    timer.run();
  }
}
