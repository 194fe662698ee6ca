// The colours of the sea: those of the page's theme, by day and by night, and one for each boat.

/** The names are those of game.css, which says what they are in the light and in the dark. */
const NAMES = ["water", "deep", "foam", "land", "rock", "tower", "beam", "glow", "lamp", "label", "halo"] as const;

export type Colours = Readonly<Record<(typeof NAMES)[number], string>>;

/** For a page whose style is not there: a canvas throws at what is no colour. */
const MISSING = "#808080c0";

/** Reads the theme's colours as they are now. */
export function coloursOf(element: Element): Colours {
  const style = getComputedStyle(element);
  return Object.fromEntries(NAMES.map((name) => [name, style.getPropertyValue(`--sea-${name}`).trim() || MISSING])) as Colours;
}

/** Hulls and pennants: those of the signal flags. */
const PAIRS = [
  ["#d23a45", "#fdfdfb"], ["#1c4f9c", "#f6c02c"], ["#f6c02c", "#17262b"], ["#fdfdfb", "#d23a45"], ["#0c7352", "#fdfdfb"],
  ["#1f9aa8", "#fdfdfb"], ["#8a4fb0", "#fdfdfb"], ["#e07b28", "#1c4f9c"],
] as const;

/** What a boat is painted in. */
export function paintOf(number: number): readonly [hull: string, sail: string] {
  return PAIRS[(number >>> 8) % PAIRS.length]!;
}
