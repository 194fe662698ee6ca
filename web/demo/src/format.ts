// Numbers as people read them.

const UNITS = ["B", "kB", "MB", "GB", "TB"] as const;

/** A number of bytes, with three digits at most: `512 B`, `4.8 MB`. */
export function bytes(n: number): string {
  let unit = 0;
  while (n >= 999.5 && unit < UNITS.length - 1) {
    n /= 1000;
    unit++;
  }
  return `${unit === 0 || n >= 99.5 ? Math.round(n) : n.toFixed(1)} ${UNITS[unit]}`;
}

/** A time that is left, in seconds, as something to wait for. */
export function wait(seconds: number): string {
  if (!Number.isFinite(seconds)) return "";
  if (seconds < 60) return `${Math.ceil(seconds)} s left`;
  return `${Math.ceil(seconds / 60)} min left`;
}

/** A share in whole percent, never 100 before the end. */
export function percent(part: number, whole: number): number {
  return whole === 0 ? 100 : Math.floor((part / whole) * 100);
}

/** Milliseconds, for a round trip: below one there is nothing to tell apart. */
export function milliseconds(ms: number): string {
  return ms < 1 ? "<1 ms" : `${Math.round(ms)} ms`;
}

/** How fast bytes come, over about the last second: the mean from the start is wrong as soon as a network changes. */
export class Speed {
  #marks: { at: number; bytes: number }[] = [];

  /** Takes note of how many bytes there are at a time in milliseconds; returns bytes a second. */
  note(at: number, bytes: number): number {
    const marks = this.#marks;
    const last = marks[marks.length - 1];
    // Ten marks a second are enough, and keep the list short however fast the chunks are.
    if (!last || at - last.at >= 100) marks.push({ at, bytes });
    while (marks.length > 2 && at - marks[0]!.at > 1500) marks.shift();
    const first = marks[0]!;
    return at > first.at ? ((bytes - first.bytes) / (at - first.at)) * 1000 : 0;
  }
}

/** Bits a second, as lines are sold: `12 kbit/s`, `3.4 Mbit/s`. */
export function bits(n: number): string {
  const kilo = n / 1000;
  if (kilo < 999.5) return `${kilo < 9.95 && kilo >= 0.05 ? kilo.toFixed(1) : Math.round(kilo)} kbit/s`;
  return `${(kilo / 1000).toFixed(1)} Mbit/s`;
}

/** Two directions, in one unit: `↓ 0.9 ↑ 12 kbit/s`. */
export function rates(down: number, up: number): string {
  const mega = Math.max(down, up) >= 999_500;
  const text = (n: number) => (mega ? (n / 1e6).toFixed(1) : n < 50 ? "0" : n < 9950 ? (n / 1000).toFixed(1) : String(Math.round(n / 1000)));
  return `↓ ${text(down)}  ↑ ${text(up)} ${mega ? "M" : "k"}bit/s`;
}

/** A number of things: `1 restart`, `2 restarts`. */
export function count(n: number, thing: string): string {
  return `${n} ${thing}${n === 1 ? "" : "s"}`;
}
