// The rules of the game: boats, lights and numbers. The same as cmd/beckon/lights/rules.go, whose README says them; the vectors there bind
// the two. All is integers, so that every program comes to the same.

import { hash } from "../hash.js";

/** How many ticks a second has. */
export const RATE = 30;

// The sea's measures, in points. x grows to the east and y to the south.
export const WIDTH = 51_200;
export const HEIGHT = 28_800;
const MARGIN = 800;
export const ISLAND = { x: WIDTH / 2, y: HEIGHT / 2, radius: 2240 } as const;

// A boat's measures, in points and per tick; angles are parts of a turn of 65,536.
export const TOP_SPEED = 256;
const SPEED_UP = 8;
const SLOW_DOWN = 6;
const TURN = 728;

/** How many lights there are at any time, how near a boat must come to one, and how often one can be taken. */
export const LIGHTS = 8;
export const REACH = 1280;
export const MAX_TAKEN = 0x7fffffff;

/** Where a boat is, and how it moves. */
export interface Boat {
  readonly x: number;
  readonly y: number;
  readonly heading: number;
  readonly speed: number;
}

/** What a player wants of its boat in a tick: the heading, and whether to sail there; a boat that does not go turns, too, and loses speed. */
export interface Input {
  readonly want: number;
  readonly go: boolean;
}

/** What a player is called in packets: a hash of its peer id, which is never 0. */
export function numberOf(peer: string): number {
  return Math.max(hash(peer), 1);
}

/** What a room's lights are placed by. */
export function seedOf(room: string): number {
  return hash(room);
}

/** Spreads the bits of a number over all others: the finalizer of MurmurHash3. */
function mix(n: number): number {
  let h = Math.imul(n ^ (n >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}

/** The cosines of 256 directions, times 16,384. */
const DIRECTIONS = Array.from({ length: 256 }, (_, i) => Math.round(16384 * Math.cos((2 * Math.PI * i) / 256)));

/** How far a way of that length in that direction leads. Of the direction its nearest 256th of a turn counts. */
function toward(heading: number, length: number): [dx: number, dy: number] {
  const i = (heading + 128) >> 8;
  return [(DIRECTIONS[i & 255]! * length) >> 14, (DIRECTIONS[(i - 64) & 255]! * length) >> 14];
}

/** The length of a way, rounded down. */
export function lengthOf(dx: number, dy: number): number {
  return Math.floor(Math.sqrt(dx * dx + dy * dy));
}

/** How far it is from one heading to another, in parts of a turn: from -32,768 (to the left) to 32,767. */
export function turnTo(from: number, to: number): number {
  return ((to - from) << 16) >> 16;
}

/** Where the boat of that number begins: around the island, and away from it. */
export function begin(number: number): Boat {
  const heading = (number & 255) << 8;
  const [dx, dy] = toward(heading, 4 * ISLAND.radius);
  return { x: ISLAND.x + dx, y: ISLAND.y + dy, heading, speed: 0 };
}

/** The boat a tick later. */
export function step({ x, y, heading, speed }: Boat, { want, go }: Input): Boat {
  heading = (heading + clamp(turnTo(heading, want), -TURN, TURN)) & 0xffff;
  speed = go ? Math.min(speed + SPEED_UP, TOP_SPEED) : Math.max(speed - SLOW_DOWN, 0);
  const [dx, dy] = toward(heading, speed);
  [x, y] = ashore(x + dx, y + dy);
  return { x, y, heading, speed };
}

function clamp(n: number, least: number, most: number): number {
  return Math.min(Math.max(n, least), most);
}

/** The nearest water, roughly: a boat slides along the edge of the sea and around the island. */
function ashore(atX: number, atY: number): [x: number, y: number] {
  const x = clamp(atX, MARGIN, WIDTH - MARGIN);
  const y = clamp(atY, MARGIN, HEIGHT - MARGIN);
  const dx = x - ISLAND.x;
  const dy = y - ISLAND.y;
  const { radius } = ISLAND;
  if (dx * dx + dy * dy >= radius * radius) return [x, y];
  const d = lengthOf(dx, dy);
  if (d === 0) return [ISLAND.x + radius, ISLAND.y];
  return [ISLAND.x + Math.trunc((dx * radius) / d), ISLAND.y + Math.trunc((dy * radius) / d)];
}

/** Where a light is that was taken so many times: anywhere but on the island and near it. */
export function place(seed: number, light: number, taken: number): { x: number; y: number } {
  for (let attempt = 0; ; attempt++) {
    const h = mix(seed ^ mix(Math.imul(light, 0x9e3779b1) ^ mix((taken + Math.imul(attempt, 0xc2b2ae35)) >>> 0)));
    const x = MARGIN + Math.floor(((h & 0xffff) * (WIDTH - 2 * MARGIN)) / 65536);
    const y = MARGIN + Math.floor(((h >>> 16) * (HEIGHT - 2 * MARGIN)) / 65536);
    if (lengthOf(x - ISLAND.x, y - ISLAND.y) >= ISLAND.radius + REACH) return { x, y };
  }
}

/** Orders those who say that they took the same light the same time: the smallest has it. */
export function rank(number: number, taken: number): number {
  return mix(number ^ Math.imul(taken, 0x9e3779b1));
}
