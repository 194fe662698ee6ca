// Names of peers: what they say of themselves, and something to call those who do not.

import { hash } from "./hash.js";

/** The longest own name, in characters. The server bounds the attributes as a whole, this bounds a line of the page. */
export const MAX_NAME = 32;

const QUALITIES = [
  "amber", "bold", "brisk", "calm", "clear", "copper", "coral", "distant", "early", "easy", "even", "fair", "gentle",
  "golden", "green", "grey", "high", "keen", "late", "light", "lunar", "mild", "misty", "neat", "north", "open", "pale",
  "plain", "quick", "quiet", "rapid", "red", "silver", "slow", "small", "south", "still", "sunny", "tidal", "warm",
  "west", "white", "wide", "wild",
] as const;

const PLACES = [
  "anchor", "bay", "beacon", "bell", "boat", "bridge", "buoy", "canal", "cape", "cove", "current", "deck", "delta",
  "dock", "drift", "dune", "ferry", "fjord", "gull", "harbor", "haven", "heron", "inlet", "island", "jetty", "keel",
  "lagoon", "lamp", "lantern", "mast", "mole", "oar", "pier", "quay", "reef", "ridge", "river", "sail", "shoal", "shore",
  "sound", "strait", "surf", "tern", "tide", "wharf",
] as const;

/** What a peer is called that has said no name: two words from its id, so that everybody calls it the same. */
export function nickname(id: string): string {
  const h = hash(id);
  const quality = QUALITIES[h % QUALITIES.length]!;
  const place = PLACES[Math.floor(h / QUALITIES.length) % PLACES.length]!;
  return `${quality[0]!.toUpperCase()}${quality.slice(1)} ${place[0]!.toUpperCase()}${place.slice(1)}`;
}

/** Makes one line of at most MAX_NAME characters of what somebody typed or sent; "" if nothing is left. */
export function cleanName(text: unknown): string {
  if (typeof text !== "string") return "";
  // Control and formatting characters: a name may not turn the text around it to run from right to left.
  const line = text.slice(0, 4 * MAX_NAME).replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, " ").replace(/\s+/g, " ").trim();
  return Array.from(line).slice(0, MAX_NAME).join("").trim();
}

/** The name of a peer: what it says in its attributes, else its nickname. */
export function displayName(id: string, attributes: unknown): string {
  const said = attributes && typeof attributes === "object" ? (attributes as { name?: unknown }).name : undefined;
  return cleanName(said) || nickname(id);
}
