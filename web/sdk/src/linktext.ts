import { BeckonError } from "./error.js";
import { parseURL, type RoomLink } from "./url.js";

/** What a link to a room says that nobody but its readers may enter: a capability link. */
export interface Link extends RoomLink {
  /** What those have in common who have the link, 16 bytes in base64url; for `join`. Undefined if the link has none. */
  secret?: string | undefined;
}

/** Makes a secret for a link, of 128 random bits. */
export function newSecret(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return btoa(String.fromCharCode(...bytes)).replace(/\+/g, "-").replace(/\//g, "_").slice(0, 22);
}

/**
 * Takes a link apart: `https://HOST/r/ROOM#k=SECRET`, perhaps with a path before `/r/`. What is behind the `#` no browser sends to a
 * server. Throws `bad-url` if it is none, or what is there is not a secret: a link that was cut off must not lead into the same room
 * unprotected. Throws `bad-room` if the room has an impossible name.
 */
export function parseLink(link: string | URL): Link {
  const found = parseURL(link);
  const fragment = /#(?:k=((?!A{22})[\w-]{21}[AQgw])$)?/.exec(new URL(link).href);
  if (!fragment) return found;
  if (fragment[1]) return { ...found, secret: fragment[1] };
  throw new BeckonError("bad-url", "The end of the link is damaged: #k= is followed by 22 letters, digits, - or _.");
}

/** Makes a link. Without a secret it is one for everybody who knows or guesses the room's name. Throws what `parseLink` does. */
export function makeLink({ server, room, secret }: Link): string {
  const fragment = secret === undefined ? "" : `#k=${secret}`;
  const made = parseLink(`${server.replace(/\/*$/, "")}/r/${room}${fragment}`);
  return `${made.server}/r/${made.room}${fragment}`;
}
