import { validRoom } from "./decide.js";
import { BeckonError } from "./error.js";

/** What a room link says. */
export interface RoomLink {
  /** The server's URL, the first argument of `join`. */
  server: string;
  /** The room's name, the second argument of `join`. */
  room: string;
}

/**
 * Takes a room link (`http://HOST/r/ROOM`, perhaps with a path before `/r/`) apart. Throws `bad-url` if it is none, `bad-room`
 * if the room in it has an impossible name.
 */
export function parseURL(link: string | URL): RoomLink {
  const url = httpURL(link);
  const found = /^(.*)\/r\/([^/]*)\/?$/.exec(url.pathname);
  if (!found) throw new BeckonError("bad-url", `${url.href} is no room link: it should end in /r/ROOM.`);
  const [, path = "", room = ""] = found;
  return { server: url.origin + path, room: checkRoom(room) };
}

/** Returns what the URLs of a server's carriers begin with. Throws `bad-url`. */
export function carrierURL(server: string | URL): string {
  const url = httpURL(server);
  if (/\/r\/[^/]*\/?$/.test(url.pathname)) {
    throw new BeckonError("bad-url", `${url.href} is a room link; parseURL takes it apart into server and room.`);
  }
  url.pathname = url.pathname.replace(/\/*$/, "/v1/");
  url.search = url.hash = "";
  return url.href;
}

/** Returns the name if a room can have it; throws `bad-room`. */
export function checkRoom(name: string): string {
  if (validRoom(name)) return name;
  throw new BeckonError(
    "bad-room",
    `${JSON.stringify(name.slice(0, 80))} is not a room name: 1 to 64 letters, digits and . _ ~ -, the first a letter or digit.`,
  );
}

/** Reads a URL of one of the four schemes; ws and wss are taken for the http and https of the same server. */
function httpURL(text: string | URL): URL {
  let url: URL;
  try {
    url = new URL(text);
  } catch (cause) {
    throw new BeckonError("bad-url", `${JSON.stringify(String(text))} is not a URL; use http(s)://HOST.`, { cause });
  }
  if (url.protocol === "ws:" || url.protocol === "wss:") url = new URL(url.href.replace("ws", "http"));
  if (url.protocol !== "http:" && url.protocol !== "https:") {
    throw new BeckonError("bad-url", `${url.protocol} is none of http:, https:, ws: and wss:.`);
  }
  if (url.username || url.password) {
    throw new BeckonError("bad-url", "The server's URL holds a user or password; hand in a token instead.");
  }
  return url;
}

