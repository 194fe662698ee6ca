// What one player knows: its own boat, the lights, and the others as far as they are believed. The same as cmd/beckon/lights/sea.go and
// judge.go.

import { begin, type Boat, type Input, LIGHTS, lengthOf, MAX_TAKEN, place, rank, REACH, step, TOP_SPEED } from "./rules.js";
import { decode, encode, type Light, type Packet, type Point } from "./wire.js";

// There is no authority: everybody judges by the same rules what comes from each other, and holds who breaks them to what could be, so that
// one who cheats does so in its own eyes only.

/** Points per tick at most: around the island it is a little more than the top speed. */
const FAST = TOP_SPEED + TOP_SPEED / 16;
/** Packets that must say what is not seen to be right, before it is taken on trust. */
const PATIENCE = 15;
/** Thousandths of a tick that a millisecond is worth: 31 ticks a second, as clocks differ; and how many may be caught up with at once. */
const PER_MILLI = 31;
const MAX_TICKS = 150_000;
/** Milliseconds that have to pass for one thing that is taken on trust, and how many can be saved. */
const TRUST = 2000;
const MAX_TRUST = 8 * TRUST;
/** How many other players a sea has room for. */
const MAX_OTHERS = 64;

/** Another player, as far as it is believed. */
export interface Other {
  readonly number: number;
  tick: number;
  boat: Boat;
  score: number;
  paused: boolean;
  pointer: Point | undefined;
  /** Ticks in which it said to be where it could not have come, and lights that it could not have taken. */
  held: number;
  refused: number;
}

/** What an other is judged by. */
interface Record {
  at: number;
  ticks: number;
  trust: number;
  ahead: number[];
  boasts: number;
  refused: number[];
}

type Judged = Other & { readonly judge: Record };

export class Sea {
  readonly counts = { heard: 0, malformed: 0, foreign: 0, old: 0, full: 0 };
  #boat: Boat;
  #tick = 0;
  #score = 0;
  #lights: Light[] = Array.from({ length: LIGHTS }, () => ({ taken: 0, by: 0 }));
  #others = new Map<number, Judged>();
  #heard = false;

  constructor(
    private readonly seed: number,
    private self: number,
  ) {
    this.#boat = begin(self);
  }

  get boat(): Boat {
    return this.#boat;
  }

  get score(): number {
    return this.#score;
  }

  get tick(): number {
    return this.#tick;
  }

  /** The other players, in the order of their numbers. */
  get others(): Other[] {
    return Array.from(this.#others.values()).sort((a, b) => a.number - b.number);
  }

  get lights(): readonly Light[] {
    return this.#lights;
  }

  /** Where a light is now. */
  light(i: number): Point {
    return place(this.seed, i, this.#lights[i]!.taken);
  }

  /** Where a light was before it was taken the last time. */
  lightBefore(i: number): Point {
    return place(this.seed, i, Math.max(this.#lights[i]!.taken - 1, 0));
  }

  /** Gives the player another number: a peer that its server has forgotten is another one. */
  be(number: number): void {
    this.self = number;
  }

  /** Is instead of `sail` before a packet that only says that the player is still there. */
  pause(): void {
    this.#tick++;
  }

  /** One tick of the own boat: it moves, and takes the lights that it reaches. */
  sail(input: Input): void {
    this.#tick++;
    this.#boat = step(this.#boat, input);
    for (const [i, { taken }] of this.#lights.entries()) {
      const { x, y } = this.light(i);
      if (taken >= MAX_TAKEN || lengthOf(this.#boat.x - x, this.#boat.y - y) > REACH) continue;
      this.#lights[i] = { taken: taken + 1, by: this.self };
      this.#score++;
    }
  }

  /** What to say now. */
  packet(paused = false, pointer?: Point): Uint8Array<ArrayBuffer> {
    return encode({
      number: this.self, tick: this.#tick, boat: this.#boat, score: this.#score, paused, pointer, lights: this.#lights,
    });
  }

  /** For a player who is gone. What it took stays taken. */
  forget(number: number): void {
    this.#others.delete(number);
  }

  /** Takes in what came from a player, at that time in milliseconds; returns whether it did. What cannot be is held to what can be. */
  hear(from: number, data: Uint8Array, at: number): boolean {
    const packet = decode(data);
    const other = this.#others.get(from);
    if (!packet) this.counts.malformed++;
    else if (packet.number !== from || from === this.self) this.counts.foreign++; // said again by an echo, say
    else if (!other && this.#others.size >= MAX_OTHERS) this.counts.full++;
    else if (other && packet.tick <= other.tick) this.counts.old++;
    else {
      this.counts.heard++;
      if (other) this.#follow(other, packet, at);
      else this.#meet(packet, at);
      return true;
    }
    return false;
  }

  /**
   * Takes in the first packet of a player, whose past nobody here knows: where it is and its score are taken as they are. So are the lights,
   * by who has heard nobody yet.
   */
  #meet({ number, tick, boat, score, paused, pointer, lights }: Packet, at: number): void {
    const judge: Record = { at, ticks: MAX_TICKS, trust: MAX_TRUST, ahead: Array(LIGHTS).fill(0), boasts: 0, refused: Array(LIGHTS).fill(0) };
    this.#others.set(number, { number, tick, boat, score, paused, pointer, held: 0, refused: 0, judge });
    if (this.#heard) return;
    this.#heard = true;
    lights.forEach((said, i) => {
      if (said.taken > this.#lights[i]!.taken) this.#lights[i] = said;
    });
  }

  #follow(o: Judged, { tick, boat, score, paused, pointer, lights }: Packet, at: number): void {
    pass(o.judge, at);
    const before = o.boat;
    const most = FAST * sailed(o.judge, tick - o.tick);
    Object.assign(o, { tick, paused, pointer });
    move(o, boat, most);
    lights.forEach((said, i) => this.#claim(o, i, said, before, most));
    boast(o, score);
  }

  /** Judges what a player says of a light; it was at `before`, and can have sailed `most` points since. */
  #claim(o: Judged, i: number, said: Light, before: Boat, most: number): void {
    const light = this.#lights[i]!;
    const own = said.by === o.number;
    const { ahead } = o.judge;
    if (said.taken < light.taken || (said.taken === light.taken && (said.by === light.by || !own))) {
      ahead[i] = 0;
    } else if (said.taken === light.taken) {
      // Two have taken it at the same time, before they heard of each other.
      ahead[i] = 0;
      if (rank(o.number, said.taken) < rank(light.by, said.taken) && this.#reaches(o, i, said.taken, before, most)) {
        this.#deduct(light.by);
        this.#lights[i] = said;
        o.score++;
      }
    } else if (own && said.taken === light.taken + 1) {
      if (!this.#reaches(o, i, said.taken, before, most)) return;
      this.#lights[i] = said;
      o.score++;
    } else {
      // It knows of somebody of whom nothing came through, or makes it up.
      const times = ahead[i]! + 1;
      const adopt = times > PATIENCE && trusted(o.judge);
      if (adopt) this.#lights[i] = said;
      ahead[i] = adopt ? 0 : times;
    }
  }

  /** Whether a boat can have been at a light, when that was taken for the time that is said, on its way from `before`. */
  #reaches(o: Judged, i: number, taken: number, before: Boat, most: number): boolean {
    const { x, y } = place(this.seed, i, taken - 1);
    if (lengthOf(before.x - x, before.y - y) + lengthOf(o.boat.x - x, o.boat.y - y) <= most + 2 * REACH) return true;
    if (o.judge.refused[i] !== taken) {
      o.judge.refused[i] = taken;
      o.refused++;
    }
    return false;
  }

  /** Takes a light from a player, who may be gone. */
  #deduct(number: number): void {
    const o = this.#others.get(number);
    if (o) o.score = Math.max(o.score - 1, 0);
    else if (number === this.self) this.#score = Math.max(this.#score - 1, 0);
  }
}

/** Lets time pass. */
function pass(judge: Record, at: number): void {
  const passed = at - judge.at;
  if (passed <= 0) return;
  judge.at = at;
  judge.ticks = Math.min(judge.ticks + PER_MILLI * Math.min(passed, MAX_TICKS), MAX_TICKS);
  judge.trust = Math.min(judge.trust + Math.min(passed, MAX_TRUST), MAX_TRUST);
}

/** For how many of the ticks that it says have passed a boat may have sailed. */
function sailed(judge: Record, said: number): number {
  const ticks = Math.min(said, Math.floor(judge.ticks / 1000));
  judge.ticks -= 1000 * ticks;
  return ticks;
}

/** Whether one more thing is taken on trust. */
function trusted(judge: Record): boolean {
  if (judge.trust < TRUST) return false;
  judge.trust -= TRUST;
  return true;
}

/** Moves the boat to where it is said to be, or as far as it can have come. */
function move(o: Judged, said: Boat, most: number): void {
  const dx = said.x - o.boat.x;
  const dy = said.y - o.boat.y;
  const d = lengthOf(dx, dy);
  if (d <= most) {
    o.boat = said;
    return;
  }
  o.held++;
  o.boat = { ...said, x: o.boat.x + Math.trunc((dx * most) / d), y: o.boat.y + Math.trunc((dy * most) / d) };
}

/** Judges the score that a player says it has. Nobody makes it too small. */
function boast(o: Judged, score: number): void {
  if (score < o.score) o.score = score;
  else if (score === o.score) o.judge.boasts = 0;
  else if (++o.judge.boasts > PATIENCE && trusted(o.judge)) o.score++;
}
