// Where the others were a moment ago. What comes from them comes unevenly and not all of it; drawn a little late and between two packets,
// their boats move as evenly as the own one.

import { type Boat, RATE, turnTo } from "./rules.js";

/** How late others are drawn, in milliseconds: three packets, so that two may be lost on end. */
const DELAY = 100;
/** For how many ticks a boat of which nothing is heard is drawn as if it went on. */
const BLIND = 6;
/** How many packets are looked at. */
const KEPT = 30;
/** After a silence of so many milliseconds it is begun anew. */
const SILENCE = 600;

interface Sample {
  tick: number;
  at: number;
  boat: Boat;
}

export class Past {
  #samples: Sample[] = [];

  /** Notes where a boat was in a tick of its own, of which we heard at that time. */
  note(tick: number, at: number, boat: Boat): void {
    const last = this.#samples.at(-1);
    if (last && at - last.at > SILENCE) this.#samples.length = 0;
    this.#samples.push({ tick, at, boat });
    if (this.#samples.length > KEPT) this.#samples.shift();
  }

  /** Where to draw it now; undefined if nothing was ever heard. */
  at(now: number): Boat | undefined {
    const samples = this.#samples;
    if (samples.length === 0) return undefined;
    // The packet that was the quickest on its way says best how its player's ticks and our clock go together.
    const zero = Math.min(...samples.map(({ tick, at }) => at - (tick * 1000) / RATE));
    const tick = ((now - DELAY - zero) * RATE) / 1000;
    const next = samples.findIndex((sample) => sample.tick >= tick);
    if (next === 0) return samples[0]!.boat;
    if (next > 0) {
      const [a, b] = [samples[next - 1]!, samples[next]!];
      return between(a.boat, b.boat, (tick - a.tick) / (b.tick - a.tick));
    }
    const { boat, tick: newest } = samples.at(-1)!;
    const angle = (boat.heading / 65536) * 2 * Math.PI;
    const way = boat.speed * Math.min(tick - newest, BLIND);
    return { ...boat, x: boat.x + way * Math.cos(angle), y: boat.y + way * Math.sin(angle) };
  }
}

/** A boat on its way from a to b. */
export function between(a: Boat, b: Boat, part: number): Boat {
  return {
    x: a.x + (b.x - a.x) * part,
    y: a.y + (b.y - a.y) * part,
    heading: a.heading + turnTo(a.heading, b.heading) * part,
    speed: b.speed,
  };
}
