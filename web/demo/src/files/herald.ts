// What a screen reader is told, not more often than somebody can listen.

/** Between two announcements, in milliseconds. */
const PAUSE = 4000;

export class Herald {
  #waiting: string[] = [];
  #last = -PAUSE;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(private readonly announce: (text: string) => void) {}

  /** Says it now or, together with what else there is to say by then, a little later. */
  say(text: string): void {
    this.#waiting.push(text.replace(/\.$/, "")); // sentences are put together below
    if (this.#timer !== undefined) return;
    const rest = this.#last + PAUSE - performance.now();
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.#last = performance.now();
      const said = this.#waiting;
      this.#waiting = [];
      // More than three nobody remembers.
      this.announce(said.length > 3 ? `${said.slice(0, 2).join(". ")}. And ${said.length - 2} more about files` : said.join(". "));
    }, Math.max(0, rest));
  }
}
