import { type RoomLink } from "./url.js";
/** What a link to a room says that nobody but its readers may enter: a capability link. */
export interface Link extends RoomLink {
    /** What those have in common who have the link, 16 bytes in base64url; for `join`. Undefined if the link has none. */
    secret?: string | undefined;
}
/** Makes a secret for a link, of 128 random bits. */
export declare function newSecret(): string;
/**
 * Takes a link apart: `https://HOST/r/ROOM#k=SECRET`, perhaps with a path before `/r/`. What is behind the `#` no browser sends to a
 * server. Throws `bad-url` if it is none, or what is there is not a secret: a link that was cut off must not lead into the same room
 * unprotected. Throws `bad-room` if the room has an impossible name.
 */
export declare function parseLink(link: string | URL): Link;
/** Makes a link. Without a secret it is one for everybody who knows or guesses the room's name. Throws what `parseLink` does. */
export declare function makeLink({ server, room, secret }: Link): string;
