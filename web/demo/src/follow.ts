// A list that stays at its end while things are added there and its size changes, unless somebody has scrolled up to read.

/** What of the list's element it takes. */
export type Scroller = Pick<HTMLElement, "scrollTop" | "scrollHeight" | "clientHeight">;

/** This many pixels from the end still count as the end. */
const NEAR = 80;

export class Follow {
  #following = true;
  #top = 0;

  constructor(private readonly list: Scroller) {}

  /** To be called when the list was scrolled, by whom ever, and before anything is added. */
  scrolled(): void {
    const { scrollTop, scrollHeight, clientHeight } = this.list;
    if (scrollHeight - scrollTop - clientHeight < NEAR) this.#following = true;
    // Being far from the end says nothing by itself: the list may have become smaller, of which nobody has told us yet.
    else if (scrollTop < this.#top) this.#following = false;
    this.#top = scrollTop;
  }

  /** To be called when something was added or the size has changed: stays at the end if it was there. */
  keep(): void {
    if (this.#following) this.toEnd();
  }

  toEnd(): void {
    this.#following = true;
    this.list.scrollTop = this.list.scrollHeight; // the browser makes it the possible maximum
    this.#top = this.list.scrollTop;
  }
}
