// The game in words, for who does not see it, and for who looks at the score.

import { type Boat, lengthOf } from "./rules.js";
import type { Sea } from "./sea.js";

const POINTS = ["east", "south-east", "south", "south-west", "west", "north-west", "north", "north-east"] as const;

/** A boat's length in points, which distances are told in. */
const BOAT_LENGTH = 1200;

/** Where something is, seen from a boat: "north-east, 12 boat lengths away". */
export function whereabouts({ x, y }: Boat, to: { x: number; y: number }): string {
  const angle = Math.atan2(to.y - y, to.x - x);
  const point = POINTS[Math.round((angle / (2 * Math.PI)) * 8 + 8) % 8]!;
  const lengths = Math.max(Math.round(lengthOf(to.x - x, to.y - y) / BOAT_LENGTH), 1);
  return `${point}, ${lengths} boat ${lengths === 1 ? "length" : "lengths"} away`;
}

/** Where the nearest light is. */
export function nearest(sea: Sea): string {
  const { x, y } = sea.boat;
  const lights = sea.lights.map((_, i) => sea.light(i));
  const [first] = lights.sort((a, b) => lengthOf(a.x - x, a.y - y) - lengthOf(b.x - x, b.y - y));
  return `The nearest light is ${whereabouts(sea.boat, first!)}.`;
}

/** A number of lights. */
export function lightsOf(n: number): string {
  return n === 1 ? "1 light" : `${n} lights`;
}

/** How it stands for the own boat among the others. */
export function standing(sea: Sea, name: (number: number) => string): string {
  const best = sea.others.reduce<{ number: number; score: number } | undefined>(
    (best, other) => (!best || other.score > best.score ? other : best),
    undefined,
  );
  const own = `You have ${lightsOf(sea.score)}.`;
  if (!best) return own;
  if (best.score > sea.score) return `${own} ${name(best.number)} leads with ${best.score}.`;
  return best.score === sea.score ? `${own} So has ${name(best.number)}.` : `${own} You lead.`;
}
