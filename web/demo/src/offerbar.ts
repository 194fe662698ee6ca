// The bar that says that somebody offers files, for as long as the answers to that are out of sight in the panel: below the fold, or behind another tab.

import { find, setText } from "./dom.js";
import { choose } from "./tabs.js";

/** A line of the panel that waits for an answer. */
export interface Asking {
  /** Its answers. Only they have to be in view: in a low window the whole line may be taller than its panel. */
  readonly answers: HTMLElement;
  /** What is offered, and by whom. */
  readonly question: string;
  /** Brings the line into view, and the keyboard to it. */
  focus(): void;
}

export class OfferBar {
  #bar = find("#offers");
  #waiting: Asking[] = [];
  /** Whether the answers of the oldest line that waits are in view. The bar takes room of the panels, so what is out of view without it is so with it, too. */
  #view = new IntersectionObserver((seen) => this.#paint(seen.at(-1)!.intersectionRatio < 1), { threshold: [0.99, 1] });

  constructor() {
    find("#offers-show").onclick = () => {
      choose("files");
      this.#waiting[0]?.focus();
    };
  }

  /** Takes the lines that wait, the oldest first. */
  readonly show = (waiting: Asking[]): void => {
    this.#waiting = waiting;
    this.#view.disconnect();
    if (waiting[0]) this.#view.observe(waiting[0].answers); // which says at once how it stands
    else this.#bar.hidden = true;
  };

  #paint(hidden: boolean): void {
    const [first, ...others] = this.#waiting;
    this.#bar.hidden = !first || !hidden;
    if (first) setText(find("#offers-title"), `${first.question}${others.length > 0 ? `, and there ${others.length === 1 ? "is 1 more offer" : `are ${others.length} more offers`}` : ""}.`);
  }
}
