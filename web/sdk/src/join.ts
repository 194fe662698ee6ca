import { checkAborted, deadline } from "./abort.js";
import { BeckonError } from "./error.js";
import type { JoinOptions } from "./options.js";
import { Room } from "./room.js";
import { carrierURL, checkRoom } from "./url.js";

/** What must be there, and is not in every environment that runs JavaScript. */
const NEEDED = ["RTCPeerConnection", "crypto"] as const;

/**
 * Joins a room of a server: `http(s)://HOST` or `ws(s)://HOST`, perhaps with a path. When it resolves, `room.peers` is complete;
 * connections with them are being made. `options.signal` gives up the joining, not the room.
 *
 * Rejects with `bad-url`, `bad-room`, `unsupported` (this environment lacks something), `connect-failed` (no server, or
 * no way to it: the message says what was tried), `unauthorized`, `forbidden`, `room-full`, `rate-limited`, `going-away` or `aborted`.
 */
export async function join(url: string | URL, room: string, options: JoinOptions = {}): Promise<Room> {
  const missing = NEEDED.filter((name) => !(name in globalThis));
  if (missing.length > 0) {
    throw new BeckonError("unsupported", `This environment has no ${missing.join(" and no ")}, which connecting to peers needs.`);
  }
  const base = carrierURL(url);
  checkRoom(room);
  checkAborted(options.signal, `join ${room}`);
  const { connectTimeout = 30_000 } = options;
  const late = () => new BeckonError("connect-failed", `join ${room}: no answer from ${base} in ${connectTimeout / 1000} s`);
  const joining = new Room(base, room, options);
  const limit = deadline(options.signal, connectTimeout, late);
  try {
    await joining._enter(limit.signal);
    return joining;
  } catch (error) {
    joining._abandon();
    throw error;
  } finally {
    limit.clear();
  }
}
