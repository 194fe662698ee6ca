// The round trips of the last minute as a line. What it shows is in its label, too, for who does not see it; that changes seldom, so that a
// screen reader that stands on it is not interrupted every second.

import { setAttribute, svg } from "../dom.js";
import { milliseconds } from "../format.js";
import { type Meter, MINUTE } from "./meter.js";

const HEIGHT = 24;
/** The line ends before the edge, where its dot has room. */
const WIDTH = MINUTE + 4;
/** The least that the height stands for, in milliseconds: between neighbours, a jitter of a fraction is no mountain. */
const LEAST = 8;
/** How many seconds pass between two labels. */
const RELABEL = 10;

export class Plot {
  #line = svg("path", { class: "plot-line", "vector-effect": "non-scaling-stroke" });
  #area = svg("path", { class: "plot-area" });
  #dot = svg("path", { class: "plot-dot", "vector-effect": "non-scaling-stroke" });
  #painted = 0;
  readonly element = svg(
    "svg",
    { class: "plot", viewBox: `0 0 ${WIDTH} ${HEIGHT}`, preserveAspectRatio: "none", role: "img", "data-testid": "peer-plot" },
    svg("path", { class: "plot-floor", d: `M0 ${HEIGHT - 0.5}H${WIDTH}`, "vector-effect": "non-scaling-stroke" }),
    this.#area,
    this.#line,
    this.#dot,
  );

  paint(meter: Meter): void {
    const { range, trips } = meter;
    const top = Math.max(LEAST, (range?.high ?? 0) * 1.2);
    const y = (trip: number) => (HEIGHT - 2 - (trip / top) * (HEIGHT - 4)).toFixed(1);
    let line = "";
    let area = "";
    let last = "";
    let open: number | undefined; // where the piece that is being drawn began
    const close = (to: number) => {
      if (open !== undefined) area += `L${to} ${HEIGHT}L${open} ${HEIGHT}Z`;
      open = undefined;
    };
    trips.forEach((trip, i) => {
      const x = MINUTE - trips.length + i + 1;
      if (trip === undefined) return close(x - 1);
      const point = `${x} ${y(trip)}`;
      line += open === undefined ? `M${point}` : `L${point}`;
      area += open === undefined ? `M${x} ${HEIGHT}L${point}` : `L${point}`;
      open ??= x;
      last = point;
    });
    close(MINUTE);
    setAttribute(this.#line, "d", line);
    setAttribute(this.#area, "d", area);
    setAttribute(this.#dot, "d", trips[trips.length - 1] === undefined ? "" : `M${last}h0`);
    if (this.#painted++ % RELABEL === 0 || !range) setAttribute(this.element, "aria-label", describe(meter));
  }
}

/** The plot in words. */
export function describe({ range }: Meter): string {
  if (!range) return "Round trips of the last minute: none measured yet";
  const { now, low, high } = range;
  const spread = milliseconds(low) === milliseconds(high) ? "steady" : `between ${milliseconds(low)} and ${milliseconds(high)}`;
  return `Round trips of the last minute: ${milliseconds(now)} at last, ${spread}`;
}
