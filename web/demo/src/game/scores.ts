// The list of who plays and how many lights each has.

import { el, setAttribute, setText, svg } from "../dom.js";
import { paintOf } from "./colours.js";

export interface Score {
  readonly number: number;
  readonly score: number;
  readonly paused: boolean;
}

interface Line {
  item: HTMLLIElement;
  name: HTMLElement;
  score: HTMLElement;
}

export class ScoreList {
  readonly list = el("ul", { class: "game-scores", role: "list", "aria-label": "Lights", "data-testid": "game-scores" });
  #lines = new Map<number, Line>();

  constructor(private readonly nameOf: (number: number) => string) {}

  /** Shows the scores as they are now, the own one first, if one plays. */
  show(own: Score | undefined, others: readonly Score[]): void {
    const shown = own ? [own, ...others] : others;
    for (const [number, { item }] of this.#lines) {
      if (shown.some((score) => score.number === number)) continue;
      item.remove();
      this.#lines.delete(number);
    }
    for (const { number, score, paused } of shown) {
      let line = this.#lines.get(number);
      if (!line) this.#lines.set(number, (line = this.#line(number, number === own?.number)));
      setText(line.name, own?.number === number ? "You" : this.nameOf(number));
      setText(line.score, String(score));
      setAttribute(line.score, "data-testid", own?.number === number ? "game-score" : "game-other-score");
      setAttribute(line.item, "data-paused", String(paused));
    }
  }

  #line(number: number, own: boolean): Line {
    const name = el("span");
    const score = el("strong");
    const [hull, sail] = paintOf(number);
    const picture = svg(
      "svg",
      { viewBox: "-700 -300 1400 600", "aria-hidden": "true", focusable: "false" },
      svg("path", { d: "M640 0C480 190 180 250-120 250L-520 210-520-210-120-250C180-250 480-190 640 0Z", fill: hull, stroke: "currentColor", "stroke-width": 50 }),
      svg("path", { d: "M300 0L-380 110-380-110Z", fill: sail }),
    );
    const item = el("li", {}, picture, name, score);
    if (own) this.list.prepend(item);
    else this.list.append(item);
    return { item, name, score };
  }
}
