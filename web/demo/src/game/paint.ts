// The picture of the sea. Everything is drawn anew each time; measures are points of the rules, but for what has to be read, which is in
// pixels of the page.

import { type Colours, paintOf } from "./colours.js";
import { type Boat, HEIGHT, ISLAND, place, WIDTH } from "./rules.js";
import type { Point } from "./wire.js";

/** A boat to draw. */
export interface Shown {
  readonly number: number;
  readonly boat: Boat;
  readonly name: string;
  readonly own: boolean;
  readonly paused: boolean;
  readonly pointer: Point | undefined;
}

/** A light that was taken: where, by whom, and at what time. */
export interface Spark extends Point {
  readonly at: number;
  readonly by: number;
}

export interface Scene {
  readonly now: number;
  readonly lights: readonly Point[];
  readonly boats: readonly Shown[];
  readonly sparks: readonly Spark[];
}

/** For how long a light that was taken is seen to go, in milliseconds. */
export const SPARK = 700;

const TURN = 2 * Math.PI;

/** A boat of about 1,200 points, with its bow to the east. */
const HULL = new Path2D("M640 0C480 190 180 250 -120 250L-520 210Q-600 0 -520 -210L-120 -250C180 -250 480 -190 640 0Z");
const SAIL = new Path2D("M300 0Q-60 130 -380 90L-300 0L-380 -90Q-60 -130 300 0Z");

export class Painter {
  /** Nothing moves but what has to. */
  still = false;
  #context: CanvasRenderingContext2D;
  #pixel = 1; // points that a pixel of the page has
  #waves = waves();

  constructor(
    private readonly canvas: HTMLCanvasElement,
    public colours: Colours,
  ) {
    this.#context = canvas.getContext("2d", { alpha: false })!; // of a canvas that nobody else has asked: cannot fail
  }

  /** The canvas has another size on the page. */
  fit(): void {
    const { clientWidth } = this.canvas;
    if (clientWidth === 0) return;
    const dense = Math.min(globalThis.devicePixelRatio || 1, 3);
    this.canvas.width = Math.round(clientWidth * dense);
    this.canvas.height = Math.round((clientWidth * dense * HEIGHT) / WIDTH);
    this.#pixel = WIDTH / clientWidth;
  }

  draw({ now, lights, boats, sparks }: Scene): void {
    const c = this.#context;
    const scale = this.canvas.width / WIDTH;
    c.setTransform(scale, 0, 0, scale, 0, 0);
    const time = this.still ? 0 : now;
    this.#water(time);
    this.#island();
    for (const [i, light] of lights.entries()) this.#light(light, this.still ? 0 : Math.sin(now / 420 + i * 2));
    for (const shown of boats) this.#boat(shown);
    this.#beam(time);
    for (const spark of sparks) this.#spark(spark, now);
    for (const shown of boats) this.#label(shown);
    for (const shown of boats) if (shown.pointer && !shown.own) this.#pointer(shown.pointer, shown);
  }

  #water(time: number): void {
    const c = this.#context;
    const { water, deep, foam } = this.colours;
    const shade = c.createRadialGradient(ISLAND.x, ISLAND.y, ISLAND.radius, ISLAND.x, ISLAND.y, WIDTH * 0.6);
    shade.addColorStop(0, water);
    shade.addColorStop(1, deep);
    c.fillStyle = shade;
    c.fillRect(0, 0, WIDTH, HEIGHT);
    c.strokeStyle = foam;
    c.lineWidth = 1.2 * this.#pixel;
    c.lineCap = "round";
    c.globalAlpha = 0.5;
    c.beginPath();
    for (const { x, y, size, pace } of this.#waves) {
      const at = (x + time * pace) % (WIDTH + 2 * size) - size;
      c.moveTo(at - size, y);
      c.quadraticCurveTo(at - size / 2, y - size / 3, at, y);
      c.quadraticCurveTo(at + size / 2, y - size / 3, at + size, y);
    }
    c.stroke();
    c.globalAlpha = 1;
  }

  #island(): void {
    const c = this.#context;
    const { x, y, radius } = ISLAND;
    const { foam, land, rock } = this.colours;
    for (const [size, colour, alpha] of [[1.12, foam, 0.45], [1, rock, 1], [0.8, land, 1]] as const) {
      c.globalAlpha = alpha;
      c.fillStyle = colour;
      c.beginPath();
      for (let i = 0; i <= 48; i++) {
        const angle = (i / 48) * TURN;
        const r = radius * size * (0.95 + 0.05 * Math.sin(5 * angle + 1) * Math.cos(3 * angle));
        c.lineTo(x + r * Math.cos(angle), y + r * Math.sin(angle));
      }
      c.fill();
    }
    c.globalAlpha = 1;
  }

  /** The lighthouse and what it throws: over everything, as a light is. */
  #beam(time: number): void {
    const c = this.#context;
    const { x, y, radius } = ISLAND;
    const { beam, tower, lamp } = this.colours;
    const angle = ((time / 9000) % 1) * TURN - 0.6;
    const far = WIDTH * 0.62;
    const shine = c.createRadialGradient(x, y, 0, x, y, far);
    shine.addColorStop(0, beam);
    shine.addColorStop(1, faded(beam));
    c.fillStyle = shine;
    for (const side of [0, TURN / 2]) {
      c.beginPath();
      c.moveTo(x, y);
      c.arc(x, y, far, angle + side - 0.13, angle + side + 0.13);
      c.fill();
    }
    for (const [size, colour] of [[0.42, tower], [0.3, "#d23a45"], [0.2, lamp]] as const) {
      c.fillStyle = colour;
      c.beginPath();
      c.arc(x, y, radius * size, 0, TURN);
      c.fill();
    }
  }

  #light({ x, y }: Point, swell: number): void {
    const c = this.#context;
    const { glow, lamp, rock } = this.colours;
    const size = Math.max(1700, 12 * this.#pixel) * (1 + 0.08 * swell);
    const halo = c.createRadialGradient(x, y, 0, x, y, size);
    halo.addColorStop(0, glow);
    halo.addColorStop(1, faded(glow));
    c.fillStyle = halo;
    c.beginPath();
    c.arc(x, y, size, 0, TURN);
    c.fill();
    const core = Math.max(420, 4 * this.#pixel);
    c.fillStyle = lamp;
    c.strokeStyle = rock;
    c.lineWidth = core / 3.5;
    c.beginPath();
    c.arc(x, y, core, 0, TURN);
    c.fill();
    c.stroke();
  }

  #boat({ boat, number, own, paused }: Shown): void {
    const c = this.#context;
    const [hull, sail] = paintOf(number);
    const size = Math.max(1, (15 * this.#pixel) / 1200); // on a phone a boat is larger than it is
    c.save();
    c.globalAlpha = paused ? 0.45 : 1;
    c.translate(boat.x, boat.y);
    c.rotate((boat.heading / 65536) * TURN);
    c.scale(size, size);
    if (boat.speed > 30) {
      c.fillStyle = this.colours.foam;
      c.globalAlpha *= 0.35;
      c.beginPath();
      c.moveTo(-400, 0);
      c.lineTo(-500 - 6 * boat.speed, 420);
      c.quadraticCurveTo(-450 - 3 * boat.speed, 0, -500 - 6 * boat.speed, -420);
      c.fill();
      c.globalAlpha = paused ? 0.45 : 1;
    }
    c.fillStyle = hull;
    c.strokeStyle = own ? this.colours.lamp : this.colours.halo;
    c.lineWidth = own ? 130 : 70;
    c.stroke(HULL);
    c.fill(HULL);
    c.fillStyle = sail;
    c.fill(SAIL);
    c.restore();
  }

  #label({ boat, name, own }: Shown): void {
    if (own) return; // who plays looks at that boat all the time
    this.#text(name, boat.x, Math.min(boat.y + 14 * this.#pixel + 700, HEIGHT - 8 * this.#pixel));
  }

  #text(text: string, x: number, y: number): void {
    const c = this.#context;
    c.font = `600 ${11.5 * this.#pixel}px system-ui, sans-serif`;
    c.textAlign = "center";
    c.textBaseline = "middle";
    const half = c.measureText(text).width / 2;
    const at = Math.min(Math.max(x, half + 4 * this.#pixel), WIDTH - half - 4 * this.#pixel);
    c.lineJoin = "round";
    c.lineWidth = 3 * this.#pixel;
    c.strokeStyle = this.colours.halo;
    c.strokeText(text, at, y);
    c.fillStyle = this.colours.label;
    c.fillText(text, at, y);
  }

  #pointer({ x, y }: Point, { number, name }: Shown): void {
    const c = this.#context;
    c.save();
    c.translate(x, y);
    c.scale(this.#pixel, this.#pixel);
    c.fillStyle = paintOf(number)[0];
    c.strokeStyle = this.colours.halo;
    c.lineWidth = 1.5;
    c.lineJoin = "round";
    c.beginPath();
    for (const [dx, dy] of [[0, 0], [0, 14], [3.6, 10.8], [9.6, 10.8]] as const) c.lineTo(dx, dy);
    c.closePath();
    c.fill();
    c.stroke();
    c.restore();
    this.#text(name, x + 6 * this.#pixel, y + 22 * this.#pixel);
  }

  #spark({ x, y, at, by }: Spark, now: number): void {
    const c = this.#context;
    const part = Math.min(Math.max((now - at) / SPARK, 0), 1);
    c.globalAlpha = 1 - part;
    c.strokeStyle = by === 0 ? this.colours.lamp : paintOf(by)[0];
    c.lineWidth = 3 * this.#pixel;
    c.beginPath();
    c.arc(x, y, this.still ? 1200 : 500 + 2200 * part, 0, TURN);
    c.stroke();
    c.globalAlpha = 1;
  }
}

/** A colour `#rrggbbaa` without any of it: `transparent` is black, and some browsers let that be seen on the way. */
function faded(colour: string): string {
  return `${colour.slice(0, 7)}00`;
}

/** Crests here and there, the same in every window. */
function waves(): { x: number; y: number; size: number; pace: number }[] {
  return Array.from({ length: 40 }, (_, i) => {
    const { x, y } = place(7, i, 0);
    return { x, y, size: 380 + ((i * 137) % 5) * 90, pace: 0.25 + ((i * 61) % 7) * 0.06 };
  });
}
