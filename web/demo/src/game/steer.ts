// What a player wants of the boat: arrow keys or WASD while the canvas has the focus, or a pointer that is held down on it.

import { type Boat, HEIGHT, type Input, WIDTH } from "./rules.js";
import type { Point } from "./wire.js";

/** Which way a key leads, by its place on the keyboard, so that WASD is the same four keys everywhere. */
const KEYS: Partial<Record<string, readonly [dx: number, dy: number]>> = {
  ArrowUp: [0, -1], ArrowDown: [0, 1], ArrowLeft: [-1, 0], ArrowRight: [1, 0],
  KeyW: [0, -1], KeyS: [0, 1], KeyA: [-1, 0], KeyD: [1, 0],
};

/** A boat that is so near to where the pointer holds it, in points, is there. */
const THERE = 400;

export class Steering {
  /** Where the pointer is, for the others to see; of a mouse only, for a finger is nowhere when it does not press. */
  pointer: Point | undefined;
  /** Whether it listens: else keys and fingers are the page's, to scroll with. */
  active = false;
  #held = new Set<string>();
  #goal: Point | undefined;

  constructor(
    private readonly canvas: HTMLCanvasElement,
    private readonly ask: () => void,
  ) {
    canvas.addEventListener("keydown", (event) => this.#key(event));
    canvas.addEventListener("keyup", (event) => void this.#held.delete(event.code));
    canvas.addEventListener("blur", () => this.#held.clear());
    canvas.addEventListener("pointerdown", (event) => this.#press(event));
    canvas.addEventListener("pointermove", (event) => this.#move(event));
    for (const type of ["pointerup", "pointercancel"] as const) canvas.addEventListener(type, () => (this.#goal = undefined));
    canvas.addEventListener("pointerleave", () => (this.pointer = undefined));
  }

  /** What is wanted of a boat now. Who wants nothing lets it lose speed. */
  input({ x, y, heading }: Boat): Input {
    let dx = 0;
    let dy = 0;
    for (const code of this.#held) {
      dx += KEYS[code]?.[0] ?? 0;
      dy += KEYS[code]?.[1] ?? 0;
    }
    if (dx === 0 && dy === 0 && this.#goal) {
      dx = this.#goal.x - x;
      dy = this.#goal.y - y;
      if (Math.hypot(dx, dy) < THERE) return { want: heading, go: false };
    }
    if (dx === 0 && dy === 0) return { want: heading, go: false };
    return { want: Math.round((Math.atan2(dy, dx) / (2 * Math.PI)) * 65536) & 0xffff, go: true };
  }

  /** Lets go of everything. */
  rest(): void {
    this.#held.clear();
    this.#goal = undefined;
    this.pointer = undefined;
  }

  #key(event: KeyboardEvent): void {
    if (!this.active || event.ctrlKey || event.altKey || event.metaKey) return;
    if (event.code === "Space") this.ask();
    else if (KEYS[event.code]) this.#held.add(event.code);
    else return;
    event.preventDefault(); // or the page would scroll
  }

  #press(event: PointerEvent): void {
    if (!this.active || event.button !== 0) return;
    this.canvas.setPointerCapture(event.pointerId);
    this.#goal = this.#point(event);
  }

  #move(event: PointerEvent): void {
    if (!this.active) return;
    const point = this.#point(event);
    if (this.#goal) this.#goal = point;
    if (event.pointerType === "mouse") this.pointer = point;
  }

  /** Where in the sea an event is. */
  #point(event: PointerEvent): Point {
    const { left, top, width, height } = this.canvas.getBoundingClientRect();
    const within = (part: number, size: number) => Math.round(Math.min(Math.max(part, 0), 1) * size);
    return { x: within((event.clientX - left) / width, WIDTH), y: within((event.clientY - top) / height, HEIGHT) };
  }
}
