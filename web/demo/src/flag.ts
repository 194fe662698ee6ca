// A peer's picture: a signal flag, as ships fly them, drawn from a hash of the id. Everybody sees the same flag for the
// same peer, and nothing has to be uploaded for it.

import { svg } from "./dom.js";
import { hash } from "./hash.js";

/** Pairs of ground and figure. The colours are those of the signal flags, for they were chosen to be told apart from afar. */
const PAIRS = [
  ["yellow", "blue"], ["blue", "yellow"], ["red", "white"], ["white", "red"], ["blue", "white"], ["white", "blue"],
  ["yellow", "black"], ["red", "yellow"], ["yellow", "red"], ["black", "white"], ["blue", "red"], ["white", "black"],
] as const;

/** Figures as path data in a field of 12 by 9. */
const FIGURES = [
  "M6 0h6v9H6z", // halves, side by side
  "M0 4.5h12v4.5H0z", // halves, one above the other
  "M4 0h4v9H4z", // a pale
  "M0 3h12v3H0z", // a fess
  "M0 0h6v4.5H0zM6 4.5h6V9H6z", // quarters
  "M0 0h2.2L6 2.9 9.8 0H12v1.6L8.2 4.5 12 7.4V9H9.8L6 6.1 2.2 9H0V7.4l3.8-2.9L0 1.6z", // a saltire
  "M4.6 0h2.8v3.1H12v2.8H7.4V9H4.6V5.9H0V3.1h4.6z", // a cross
  "M6 .8 11 4.5 6 8.2 1 4.5z", // a lozenge
  "M3.5 2.6h5v3.8h-5z", // a square
  "M6 1.7a2.8 2.8 0 1 1 0 5.6 2.8 2.8 0 0 1 0-5.6z", // a disc
  "M0 0h12L0 9z", // cut across
  "M0 0v9l7-4.5z", // a triangle at the hoist
  "M0 0h12v9H0zM2 2v5h8V2z", // a border
] as const;

/** Draws the flag of an id (or of a room's name). It says nothing that the name beside it does not, so it is not read out. */
export function flag(id: string): SVGSVGElement {
  const h = hash(id);
  const [ground, figure] = PAIRS[h % PAIRS.length]!;
  const shape = FIGURES[Math.floor(h / PAIRS.length) % FIGURES.length]!;
  return svg(
    "svg",
    { class: "flag", viewBox: "0 0 12 9", "aria-hidden": "true", focusable: "false" },
    svg("rect", { class: `flag-${ground}`, width: 12, height: 9 }),
    svg("path", { class: `flag-${figure}`, d: shape, "fill-rule": "evenodd" }),
    svg("rect", { class: "flag-edge", width: 12, height: 9 }),
  );
}

/** The hoist of a room: three flags of its name. Who compares them by eye knows whether it is the same room. */
export function hoist(room: string): SVGSVGElement[] {
  return [0, 1, 2].map((i) => flag(`${i}${room}${i}`));
}
