import { abortable, checkAborted, deadline } from "./abort.js";
import { checkConnects } from "./connects.js";
import { BeckonError } from "./error.js";
import { identityPart } from "./identity.js";
import type { JoinOptions } from "./options.js";
import { Room } from "./room.js";
import { carrierURL, checkRoom } from "./url.js";


/**
 * Joins a room of a server: `http(s)://HOST` or `ws(s)://HOST`, perhaps with a path. When it resolves, `room.peers` is complete;
 * connections with them are being made. `options.signal` gives up the joining, not the room. Where there is no RTCPeerConnection, as in
 * a worker, a room can be joined whose topology is `none`: say so in the options.
 *
 * Rejects with `bad-url`, `bad-room`, `unsupported` (this environment lacks something that the room needs), `connect-failed` (no server, or
 * no way to it: the message says what was tried), `unauthorized`, `forbidden`, `room-full`, `rate-limited`, `going-away` or `aborted`.
 */
export async function join(url: string | URL, room: string, options: JoinOptions = {}): Promise<Room> {
  if (!("crypto" in globalThis)) throw new BeckonError("unsupported", "This environment has no crypto, which joining needs.");
  if (options.topology !== "none") checkConnects(`join ${room}`);
  const base = carrierURL(url);
  checkRoom(room);
  checkAborted(options.signal, `join ${room}`);
  const { connectTimeout = 30_000, identity, trust, secret, attestation } = options;
  const late = () => new BeckonError("connect-failed", `join ${room}: no answer from ${base} in ${connectTimeout / 1000} s`);
  let joining: Room | undefined;
  const limit = deadline(options.signal, connectTimeout, late);
  try {
    const verifies = (identity ?? trust ?? secret ?? attestation) !== undefined;
    const preparing = verifies ? identityPart().then((part) => part.prepare(base, room, options)) : undefined;
    joining = new Room(base, room, options, preparing && (await abortable(preparing, limit.signal, `join ${room}`)));
    await joining._enter(limit.signal);
    return joining;
  } catch (error) {
    joining?._abandon();
    throw error;
  } finally {
    limit.clear();
  }
}
