// What chats say to each other.
//
//   a line that is said      a durable channel "beckon.chat.v1" to each peer, one JSON text for each line:
//                            {"author", "n", "clock", "at", "text"}
//   what was said before     the request "beckon.chat.v1/history", which everybody answers with
//                            {"authors": [own], "lines": [{"author", "n", "clock", "at", "peer", "name", "text"}]}, the last 200
//
// `author` is a random word for each load of a page, and n counts its lines from 1: together they name a line, so that one that is told by
// several is there once. `clock` is a Lamport clock: one more than all that the author had seen. Sorted by clock, author, n, all pages show
// one order, and an answer stands below what it answers, whatever the clocks on the walls say; `at` is only shown.
//
// Programs that write plain text to a channel "chat" are heard as well. Their lines have no number, and are not told to who comes later.

/** The labels and the name of what is above. */
export const CHAT = "beckon.chat.v1";
export const PLAIN = "chat";
export const HISTORY = "beckon.chat.v1/history";

/** The longest line, in UTF-16 units; a longer one is cut. */
export const MAX_TEXT = 4000;
/** How many lines who comes later is told. */
export const TOLD = 200;
/** The longest history that is read, in bytes: 200 lines of the longest, in the longest characters, and what is around them. */
export const MAX_HISTORY = TOLD * (MAX_TEXT * 3 + 1000);

/** How far ahead of all that was seen a clock may be: nobody says a billion lines, and nobody may use up the numbers. */
const MAX_AHEAD = 1e9;

/** What is said, as it is sent. */
export interface Said {
  author: string;
  n: number;
  clock: number;
  /** When it was said, in milliseconds since 1970 by the clock of who said it. */
  at: number;
  text: string;
}

/** A line of the chat. */
export interface Line extends Said {
  /** Who said it: the peer's id then, for the flag, and the name then. */
  peer: string;
  name: string;
  /** Who told this page that it was said, if that was not who said it: such a line is as true as its teller. */
  by?: string;
}

/** Which of two lines stands above the other: negative for the first. The same on every page. */
export function order(a: Said, b: Said): number {
  return a.clock - b.clock || (a.author < b.author ? -1 : a.author > b.author ? 1 : a.n - b.n);
}

/** Reads what came on a channel; undefined if it is nothing that a chat says. `clock` is the highest that was seen. */
export function parseSaid(message: string, clock: number): Said | undefined {
  return said(parse(message), clock);
}

/** Reads an answer: its lines, without those that cannot be, and whose of them the answerer says are its own. */
export function parseHistory(text: string, clock: number): { authors: string[]; lines: Line[] } {
  const answer = parse(text);
  const authors = list(answer.authors).filter(isAuthor).slice(0, TOLD);
  const lines: Line[] = [];
  for (const value of list(answer.lines).slice(0, TOLD)) {
    const line = Object(value) as Record<string, unknown>;
    const base = said(line, clock);
    const { peer, name, by } = line;
    if (!base || typeof peer !== "string" || typeof name !== "string") continue;
    lines.push({ ...base, peer: peer.slice(0, 64), name, ...(typeof by === "string" ? { by } : {}) });
  }
  return { authors, lines };
}

function said(value: Record<string, unknown>, seen: number): Said | undefined {
  const { author, n, clock, at, text } = value;
  if (!isAuthor(author) || !isCount(n) || !isCount(clock) || clock > seen + MAX_AHEAD || typeof text !== "string" || text === "") return undefined;
  // 8.64e15 is the last moment that a Date can be.
  const when = typeof at === "number" && Math.abs(at) <= 8.64e15 ? at : 0;
  return { author, n, clock, at: when, text: text.length > MAX_TEXT ? `${text.slice(0, MAX_TEXT)}…` : text };
}

function isAuthor(value: unknown): value is string {
  return typeof value === "string" && /^[\w-]{1,64}$/.test(value);
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) > 0;
}

function list(value: unknown): unknown[] {
  return Array.isArray(value) ? value : [];
}

function parse(text: string): Record<string, unknown> {
  try {
    return Object(JSON.parse(text)) as Record<string, unknown>;
  } catch {
    return {};
  }
}
