// Progress of an offer, as a bar and as words: how much, how fast, how long still.

import { el, setText } from "../dom.js";
import { bytes, percent, Speed, wait } from "../format.js";

/** It is painted every so many milliseconds at most, however often it is told of progress. */
const PAINT = 200;

export class Meter {
  readonly bar: HTMLProgressElement;
  readonly line = el("p", { class: "transfer-line", "data-testid": "transfer-line" });
  #speed = new Speed();
  #timer: ReturnType<typeof setTimeout> | undefined;
  #painted = 0;

  constructor(
    label: string,
    private readonly size: number,
    /** Asked when it is painted: how much is there, and what is to be said before it. */
    private readonly now: () => { there: number; prefix: string },
  ) {
    this.bar = el("progress", { max: 100, value: 0, "aria-label": label });
  }

  /** Something may have changed. Also paints a moment after the last change, so that it ends with what is true. */
  touch(): void {
    if (this.#timer !== undefined) return;
    const rest = PAINT - (performance.now() - this.#painted);
    if (rest <= 0) return this.#paint();
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.#paint();
    }, rest);
  }

  /** Says how it ended, or that it waits; the bar is not shown then. */
  say(text: string, bar = false): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.bar.hidden = !bar;
    setText(this.line, text);
  }

  #paint(): void {
    const now = (this.#painted = performance.now());
    const { there, prefix } = this.now();
    const rate = this.#speed.note(now, there);
    const share = percent(there, this.size);
    this.bar.hidden = false;
    this.bar.value = share;
    const parts = [`${prefix}${share} % of ${bytes(this.size)}`];
    // Below that it is not moving, but waiting.
    if (rate > 1) parts.push(`${bytes(rate)}/s`, wait((this.size - there) / rate));
    setText(this.line, parts.join(", "));
  }
}
