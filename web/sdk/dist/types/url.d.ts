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
export declare function parseURL(link: string | URL): RoomLink;
/** Returns what the URLs of a server's carriers begin with. Throws `bad-url`. */
export declare function carrierURL(server: string | URL): string;
/** Returns the name if a room can have it; throws `bad-room`. */
export declare function checkRoom(name: string): string;
