import { abortable, checkAborted, deadline } from "./abort.js";
import { checkConnects } from "./connects.js";
import { BeckonError } from "./error.js";
import { identityPart } from "./identity.js";
import type { JoinOptions } from "./options.js";
import { Room } from "./room.js";
import { carrierURL, checkRoom } from "./url.js";

/** All options that there are. */
const OPTIONS =
  "token attributes topology iceTransportPolicy iceServers carriers reports maxMessageSize connectTimeout signal identity trust secret attestation".split(" ");
/** What the numbers among them are at most: setTimeout counts up to that. */
const MOST = 2 ** 31 - 1;

/** Throws a TypeError for options that there are not, and for numbers that are none: others would be told of them. */
function check(options: JoinOptions): void {
  const { connectTimeout = 1, maxMessageSize = MOST } = options;
  const unknown = Object.keys(options).find((name) => !OPTIONS.includes(name));
  if (unknown) throw new TypeError(`join: there is no option ${unknown}, but ${OPTIONS}`);
  // All may send 65,536 before they are told.
  if (!(connectTimeout > 0 && connectTimeout <= MOST && maxMessageSize > 65535 && maxMessageSize <= MOST && maxMessageSize % 1 === 0)) {
    throw new TypeError(`join: connectTimeout is from 1 to ${MOST}, maxMessageSize from 65536`);
  }
}

/**
 * Joins a room of a server: `http(s)://HOST` or `ws(s)://HOST`, perhaps with a path. When it resolves, `room.peers` is complete;
 * connections with them are being made. `options.signal` gives up the joining, not the room. Where there is no RTCPeerConnection, as in
 * a worker, a room can be joined whose topology is `none`: say so in the options.
 *
 * Rejects with `bad-url`, `bad-room`, `unsupported` (this environment lacks something that the room needs), `connect-failed` (no server, or
 * no way to it: the message says what was tried), `unauthorized`, `forbidden`, `room-full`, `rate-limited`, `going-away` or `aborted`, and with
 * a TypeError for options that do not exist.
 */
export async function join(url: string | URL, room: string, options: JoinOptions = {}): Promise<Room> {
  check(options);
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
