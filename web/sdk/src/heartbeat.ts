/** What a Heartbeat needs from its owner. */
export interface Pulse {
  /** Milliseconds between pings. */
  interval: number;
  /** Milliseconds of silence that mean death. */
  timeout: number;
  /** Sends a ping. */
  ping(): void;
  /** Nothing answers any more. Is called again if it asks again. */
  dead(): void;
}

/** A timer that fires this many milliseconds late was held up: a hidden tab's timers are throttled, a lid was closed. */
const LATE = 1000;

/**
 * Notices a dead connection, from a place where timers cannot be trusted. Silence alone proves nothing: in a hidden tab a
 * minute can pass between two timers, in which nothing was asked. So only a ping that stays without any frame after it counts,
 * and if the timer that judges it comes late, then it is asked once more: what arrived meanwhile may not have been handed to us.
 */
export class Heartbeat {
  readonly #pulse: Pulse;
  #timer: ReturnType<typeof setInterval> | undefined;
  /** Runs from a ping to the verdict about it, unless something is heard before. */
  #judge: ReturnType<typeof setTimeout> | undefined;
  #excused = false;

  constructor(pulse: Pulse) {
    this.#pulse = pulse;
    this.#restart();
  }

  /** Pings because the server has: the next ping of this side's own is due an interval later. */
  beat(): void {
    this.#restart();
    this.#ask();
  }

  /** Any frame came. */
  heard(): void {
    clearTimeout(this.#judge);
    this.#judge = undefined;
    this.#excused = false;
  }

  /** Asks now, because the page has reason to doubt: it was asleep, or the network is another one. */
  probe(): void {
    this.#ask();
  }

  /** Stops for good. */
  stop(): void {
    clearInterval(this.#timer);
    clearTimeout(this.#judge);
  }

  #restart(): void {
    clearInterval(this.#timer);
    this.#timer = setInterval(() => this.#ask(), this.#pulse.interval);
  }

  #ask(): void {
    this.#pulse.ping();
    if (this.#judge !== undefined) return;
    // The last frame came at most an interval before a ping of the interval: so at the verdict the silence has lasted for the timeout.
    const patience = Math.max(this.#pulse.timeout - this.#pulse.interval, 1);
    const due = performance.now() + patience;
    this.#judge = setTimeout(() => {
      this.#judge = undefined;
      const late = performance.now() - due > LATE;
      if (!late || this.#excused) return this.#pulse.dead();
      this.#excused = true;
      this.#ask();
    }, patience);
  }
}
