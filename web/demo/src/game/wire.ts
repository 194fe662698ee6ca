// The packet, as in cmd/beckon/lights/README.md.

import { type Boat, HEIGHT, LIGHTS, MAX_TAKEN, TOP_SPEED, WIDTH } from "./rules.js";

/** The label of the channels on which a player says where it is. Each player opens one to each other. */
export const GAME = "beckon.lights.v1";

const VERSION = 1;
const HEAD = 26;
/** How many bytes a packet has. */
export const SIZE = HEAD + 8 * LIGHTS;

const PAUSED = 1;
const POINTER = 2;

/** How often a light was taken, and by whom last: 0 is nobody that is known. */
export interface Light {
  readonly taken: number;
  readonly by: number;
}

export interface Point {
  readonly x: number;
  readonly y: number;
}

/** What a player says in a tick: everything, so that nothing has to be said again of one that is lost. */
export interface Packet {
  readonly number: number;
  readonly tick: number;
  readonly boat: Boat;
  readonly score: number;
  readonly paused: boolean;
  /** Where the player points, if anywhere. */
  readonly pointer: Point | undefined;
  readonly lights: readonly Light[];
}

export function encode({ number, tick, boat, score, paused, pointer, lights }: Packet): Uint8Array<ArrayBuffer> {
  const data = new Uint8Array(SIZE);
  const view = new DataView(data.buffer);
  view.setUint8(0, VERSION);
  view.setUint8(1, (paused ? PAUSED : 0) | (pointer ? POINTER : 0));
  view.setUint32(2, number);
  view.setUint32(6, tick);
  [boat.x, boat.y, boat.heading, boat.speed].forEach((n, i) => view.setUint16(10 + 2 * i, n));
  view.setUint32(18, score);
  view.setUint16(22, pointer?.x ?? 0);
  view.setUint16(24, pointer?.y ?? 0);
  lights.forEach(({ taken, by }, i) => {
    view.setUint32(HEAD + 8 * i, taken);
    view.setUint32(HEAD + 4 + 8 * i, by);
  });
  return data;
}

/** Reads a packet; undefined for what is not one of this version, or says what no player of it can. */
export function decode(data: Uint8Array): Packet | undefined {
  if (data.length !== SIZE || data[0] !== VERSION) return undefined;
  const view = new DataView(data.buffer, data.byteOffset, data.length);
  const flags = view.getUint8(1);
  const number = view.getUint32(2);
  const boat = { x: view.getUint16(10), y: view.getUint16(12), heading: view.getUint16(14), speed: view.getUint16(16) };
  const score = view.getUint32(18);
  const pointer = flags & POINTER ? { x: view.getUint16(22), y: view.getUint16(24) } : undefined;
  const inside = ({ x, y }: Point) => x <= WIDTH && y <= HEIGHT;
  if (number === 0 || !inside(boat) || (pointer && !inside(pointer)) || boat.speed > TOP_SPEED || score > MAX_TAKEN) return undefined;
  const lights: Light[] = [];
  for (let at = HEAD; at < SIZE; at += 8) {
    const light = { taken: view.getUint32(at), by: view.getUint32(at + 4) };
    if (light.taken > MAX_TAKEN || (light.taken === 0 && light.by !== 0)) return undefined;
    lights.push(light);
  }
  return { number, tick: view.getUint32(6), boat, score, paused: (flags & PAUSED) !== 0, pointer, lights };
}
