// Names that a file system may take for one because only the case of letters differs.

import { FOLDS } from "./foldtable.js";

/**
 * Makes such names alike: each character by itself becomes the smallest of those that Unicode 15.0 folds together (CaseFolding.txt, C and S). By a
 * table, which Go's function was made into: `toLowerCase` knows a final sigma, makes two characters of "İ", and is another one in each browser.
 */
export function fold(path: string): string {
  // Most names are ASCII, and of ten thousand paths this is asked.
  if (/^[\x00-\x7f]*$/.test(path)) return path.toUpperCase();
  return Array.from(path, (char) => String.fromCodePoint(folded(char.codePointAt(0)!))).join("");
}

function folded(code: number): number {
  if (code < 0x80) return code >= 0x61 && code <= 0x7a ? code - 0x20 : code;
  // The last stretch that begins at or before it.
  let [low, high] = [0, FOLDS.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (FOLDS[middle]![0] <= code) low = middle + 1;
    else high = middle;
  }
  const [from, to, step, by] = FOLDS[low - 1] ?? [0, 0, 1, 0];
  return code <= to && (code - from) % step === 0 ? code + by : code;
}
