// What is measured of a connection, once a second, for a minute. Without any view.

import type { PeerStats } from "/sdk/beckon.js";

/** How many seconds are remembered. */
export const MINUTE = 60;

/** What the meter takes of the statistics. */
type Measured = Pick<PeerStats, "path" | "bytesSent" | "bytesReceived" | "restarts" | "connections">;

export class Meter {
  /** Round trips in milliseconds, the newest last; undefined for a second in which there was none. */
  readonly trips: (number | undefined)[] = [];
  /** The last statistics; undefined before the first. */
  stats: Measured | undefined;
  /** Bits a second over the last interval; undefined until there are two. */
  down: number | undefined;
  up: number | undefined;
  #at = 0;

  /** Takes what was measured at a time in milliseconds. */
  note(stats: Measured, at: number): void {
    const last = this.stats;
    const seconds = (at - this.#at) / 1000;
    // Another connection counts from 0 again.
    const same = last?.connections === stats.connections && stats.bytesReceived >= last.bytesReceived && stats.bytesSent >= last.bytesSent;
    this.down = same && seconds > 0 ? ((stats.bytesReceived - last.bytesReceived) * 8) / seconds : undefined;
    this.up = same && seconds > 0 ? ((stats.bytesSent - last.bytesSent) * 8) / seconds : undefined;
    this.stats = stats;
    this.#at = at;
    this.trips.push(stats.path?.rtt);
    if (this.trips.length > MINUTE) this.trips.shift();
  }

  /** The shortest and the longest round trip of the minute, and the last; undefined if there was none. */
  get range(): { now: number; low: number; high: number } | undefined {
    const known = this.trips.filter((trip) => trip !== undefined);
    const now = known[known.length - 1];
    return now === undefined ? undefined : { now, low: Math.min(...known), high: Math.max(...known) };
  }
}
