// Which room this page is for, and the secret in its link. The secret stands behind the #, which no browser sends to a server: who has the
// link can prove it to the others who have it, and the server in between cannot pretend to be one of them.

import { BeckonError, makeLink, newSecret, parseLink } from "/sdk/beckon.js";

/** What / leads to ends in this: the server names a room that is open, and the page makes the secret. */
const NEW = "#new";

export interface Entry {
  room: string;
  /** 22 characters; undefined if the link has none, and then nobody is verified. */
  secret: string | undefined;
  /** The link to send to others. */
  link: string;
  /** The fragment is there but is no secret: the link was cut or changed on its way. */
  broken: boolean;
  /** Whether browsers let this page do cryptography: over plain http only at an address of this machine. */
  capable: boolean;
}

/** Reads the page's address, and completes it where / has led here. */
export function enterBy(at: Location): Entry {
  const capable = globalThis.crypto?.subtle !== undefined;
  if (at.hash === NEW) {
    // Replaced, so that going back does not make yet another room.
    history.replaceState(null, "", at.pathname + (capable ? `#k=${newSecret()}` : ""));
  }
  const room = pageRoom(at);
  const plain = { room, secret: undefined, link: `${at.origin}/r/${room}`, broken: false, capable };
  if (at.hash === "") return plain;
  try {
    const { server, secret } = parseLink(at.href);
    if (secret === undefined) return plain;
    return { ...plain, secret, link: makeLink({ server, room, secret }) };
  } catch (error) {
    return { ...plain, broken: error instanceof BeckonError && error.code === "bad-url" }; // a bad name is the SDK's to refuse
  }
}

/** The name of the room that this page is for: the server sends the page for /r/ROOM only. */
function pageRoom(at: Location): string {
  const name = at.pathname.slice("/r/".length);
  try {
    return decodeURIComponent(name);
  } catch {
    return name; // a stray %: no room has such a name, as the SDK will say
  }
}

/** Whether the link leads somewhere from this machine only. */
export function onlyHere({ hostname }: Location): boolean {
  return /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/.test(hostname);
}
