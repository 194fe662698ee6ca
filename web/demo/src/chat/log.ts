// What was said in a room, as far as this page knows: each line once, in the order that all pages show. Without any view.

import { type Line, order, type Said, TOLD } from "./wire.js";

/** How many lines are kept. */
const KEPT = 500;

/** What became of a line that came: it is new, or it was known from others and this is what its author says. */
export type Taken = { line: Line; new: boolean };

interface Held {
  line: Line;
  /** Its author said it to us; another one only told us that it did. */
  firsthand: boolean;
}

export class ChatLog {
  #held: Held[] = []; // sorted
  #byKey = new Map<string, Held>();
  /** Who speaks as which author: an instance, as the server and the channel know it. */
  #voices = new Map<string, string>();
  #own: Set<string>;
  #clock = 0;
  #n = 0;

  constructor(
    /** What this page's lines go by. */
    readonly author: string,
    /** Whether this instance is in the room. */
    private readonly present: (instance: string) => boolean,
    /** What this page's lines went by before it was reloaded. */
    earlier: readonly string[] = [],
  ) {
    this.#own = new Set([...earlier, author]);
  }

  /** The highest clock that was seen. */
  get clock(): number {
    return this.#clock;
  }

  /** What this page's lines go by, and went by before. */
  get authors(): string[] {
    return Array.from(this.#own);
  }

  /** The last lines, the oldest first: what others are told, and what is kept over a reload. */
  get last(): Line[] {
    return this.#held.slice(-TOLD).map(({ line }) => line);
  }

  /** Whether this page said the line, perhaps before it was reloaded. */
  isOwn({ author }: Said): boolean {
    return this.#own.has(author);
  }

  /** Says something as this page. */
  say(text: string, at: number, peer: string, name: string): Line {
    const line = { author: this.author, n: ++this.#n, clock: this.#clock + 1, at, text, peer, name };
    this.#put(line, true);
    return line;
  }

  /** Takes what an instance said on its channel; undefined if that was known. */
  hear(said: Said, instance: string, peer: string, name: string): Taken | undefined {
    const author = this.#voice(said.author, instance);
    const clock = author === said.author ? said.clock : this.#clock + 1; // an echo has the clock of what it repeats, and is later
    return this.#put({ ...said, author, clock, peer, name }, true);
  }

  /**
   * Takes what an instance tells that was said before, by itself if `authors` says so, or by others. Nobody tells this page what it said
   * itself: that it knows, but for what it said before a reload and could not keep.
   *
   * Anybody can tell anything, in anybody's name. So a line of others says by whom it is told, and what a teller says of itself is said in the
   * name that it has: `teller`.
   */
  told({ by: _, ...line }: Line, instance: string, authors: readonly string[], teller: string): Taken | undefined {
    const own = authors.includes(line.author) && !this.#own.has(line.author) && this.#voice(line.author, instance) === line.author;
    if (line.author === this.author) return undefined;
    const firsthand = own && line.name === teller;
    return this.#put(firsthand ? line : { ...line, by: teller }, own);
  }

  /** Takes up what this page knew before it was reloaded. */
  restore(lines: readonly Line[]): Line[] {
    return lines.flatMap((line) => this.#put(line, line.by === undefined)?.line ?? []);
  }

  /**
   * By what an instance's lines go. An author that is somebody else's, who is here, is not taken over: who answers by saying the same again, as an
   * echo does, says it as itself, and nobody can say first what another is about to.
   */
  #voice(author: string, instance: string): string {
    if (this.#own.has(author)) return instance;
    const whose = this.#voices.get(author);
    if (whose !== undefined && whose !== instance && this.present(whose)) return instance;
    this.#voices.set(author, instance);
    return author;
  }

  #put(line: Line, firsthand: boolean): Taken | undefined {
    this.#clock = Math.max(this.#clock, line.clock);
    const key = `${line.author}/${line.n}`;
    const known = this.#byKey.get(key);
    if (known && (known.firsthand || !firsthand)) return undefined;
    if (known) this.#remove(known); // what others said that it said is worth less than what it says
    const held = { line, firsthand };
    const at = this.#place(line);
    if (at === 0 && this.#held.length >= KEPT) return undefined; // older than all that is kept
    this.#held.splice(at, 0, held);
    this.#byKey.set(key, held);
    if (this.#held.length > KEPT) this.#remove(this.#held[0]!);
    return { line, new: !known };
  }

  #remove(held: Held): void {
    this.#held.splice(this.#held.indexOf(held), 1);
    this.#byKey.delete(`${held.line.author}/${held.line.n}`);
  }

  /** Before which of those that are held the line belongs; most belong to the end. */
  #place(line: Line): number {
    let at = this.#held.length;
    while (at > 0 && order(line, this.#held[at - 1]!.line) < 0) at--;
    return at;
  }
}
