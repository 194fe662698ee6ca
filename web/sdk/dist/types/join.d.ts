import type { JoinOptions } from "./options.js";
import { Room } from "./room.js";
/**
 * Joins a room of a server: `http(s)://HOST` or `ws(s)://HOST`, perhaps with a path. When it resolves, `room.peers` is complete;
 * connections with them are being made. `options.signal` gives up the joining, not the room. Where there is no RTCPeerConnection, as in
 * a worker, a room can be joined whose topology is `none`: say so in the options.
 *
 * Rejects with `bad-url`, `bad-room`, `unsupported` (this environment lacks something that the room needs), `connect-failed` (no server, or
 * no way to it: the message says what was tried), `unauthorized`, `forbidden`, `room-full`, `rate-limited`, `going-away` or `aborted`, and with
 * a TypeError for options that do not exist.
 */
export declare function join(url: string | URL, room: string, options?: JoinOptions): Promise<Room>;
