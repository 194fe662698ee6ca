// The list of messages: in order, in runs of one author, at its end unless somebody reads further up.

import { el, find, setText } from "../dom.js";
import { flag } from "../flag.js";
import { Follow } from "../follow.js";
import { type Line, order } from "./wire.js";

/** How many things the list has. */
const SHOWN = 600;

/** One thing in the list. */
interface Item {
  element: HTMLLIElement;
  /** Behind what it stands: notes come after all that was said by then. */
  clock: number;
  /** What was said; undefined for a note. */
  line: Line | undefined;
  head: HTMLElement | undefined;
}

export class ChatView {
  #list = find("#messages");
  #follow = new Follow(this.#list);
  #items: Item[] = [];

  constructor() {
    this.#list.onscroll = () => this.#follow.scrolled();
    new ResizeObserver(() => this.#follow.keep()).observe(this.#list);
  }

  /** Shows a line at its place; returns where its fate can be told. */
  line(line: Line, own: boolean): HTMLElement {
    const fate = el("p", { class: "fate" });
    const head = el(
      "p",
      { class: "message-head" },
      el("span", { class: "picture" }, flag(line.peer)),
      el("span", { class: "message-name", "data-testid": "message-name" }, own ? "You" : line.name),
      ...(line.by === undefined || own ? [] : [el("span", { class: "message-by", "data-testid": "message-by" }, `as ${line.by} has it`)]),
      el("time", { datetime: new Date(line.at).toISOString() }, moment(line.at)),
    );
    const body = el("p", { class: "message-text", "data-testid": "message-text", dir: "auto" }, line.text);
    const element = el(
      "li",
      { class: own ? "message own" : "message", "data-testid": "message", "data-from": line.peer, "data-own": own },
      head,
      body,
      fate,
    );
    const old = this.#items.find((item) => item.line?.author === line.author && item.line.n === line.n);
    if (old) this.#drop(old);
    this.#add({ element, clock: line.clock, line, head });
    if (own) this.#follow.toEnd();
    return fate;
  }

  /** Writes a line that nobody said, after all that was said up to `clock`. */
  note(text: string, clock: number, kind: "happened" | "before" = "happened"): void {
    const element = el("li", { class: `aside ${kind}`, "data-testid": kind === "happened" ? "chat-note" : "chat-before" }, text);
    this.#add({ element, clock, line: undefined, head: undefined });
  }

  /** Tells what became of an own line. */
  fate(place: HTMLElement, text: string): void {
    setText(place, text);
    this.#follow.keep();
  }

  /** Something about the size of the list has changed, which nothing else tells. */
  shown(): void {
    this.#follow.keep();
  }

  #add(item: Item): void {
    this.#follow.scrolled();
    let at = this.#items.length;
    while (at > 0 && before(item, this.#items[at - 1]!)) at--;
    this.#list.insertBefore(item.element, this.#items[at]?.element ?? null);
    this.#items.splice(at, 0, item);
    if (this.#items.length > SHOWN) this.#drop(this.#items[0]!);
    this.#heads(at);
    this.#heads(at + 1);
    if (item.line) find("#quiet").hidden = true;
    this.#follow.keep();
  }

  #drop(item: Item): void {
    const at = this.#items.indexOf(item);
    this.#items.splice(at, 1);
    item.element.remove();
    this.#heads(at);
  }

  /** Shows who said a message unless that is who said the one above; for who does not see, it is there in any case. */
  #heads(at: number): void {
    const item = this.#items[at];
    const above = this.#items[at - 1]?.line;
    const run = above !== undefined && above.author === item?.line?.author && above.name === item.line.name && above.by === item.line.by;
    item?.head?.classList.toggle("hidden", run);
    item?.element.classList.toggle("run", run);
  }
}

function before(a: Item, b: Item): boolean {
  if (a.line && b.line) return order(a.line, b.line) < 0;
  // A note that says what happened stands where it happened: behind what was said by then.
  return a.line ? a.clock <= b.clock : a.clock < b.clock;
}

/** The time of a message, with the day if that was another one. */
function moment(at: number): string {
  const when = new Date(at);
  const time: Intl.DateTimeFormatOptions = { hour: "2-digit", minute: "2-digit" };
  const today = when.toDateString() === new Date().toDateString();
  return today ? when.toLocaleTimeString([], time) : when.toLocaleString([], { ...time, day: "numeric", month: "short" });
}
