// What a Session asks of its owner, and the bounds that it keeps.

import type { BeckonError } from "./error.js";
import type { ClientFrame, ErrorCode, Hello, ServerFrame } from "./protocol_gen.js";

/** For how many milliseconds one carrier may take to get into the room. */
export const ATTEMPT_TIMEOUT = 10_000;

/** An attempt of so many milliseconds is begun anew when the page wakes: it may hang in a network that is gone. */
export const STALE_ATTEMPT = 3000;

/** A connection that has lasted for so many milliseconds was a success: the next attempt need not wait for long. */
export const LASTING = 1000;

/** Refusals of a rejoining that may be none the next time. */
export const PASSING: readonly ErrorCode[] = ["connect-failed", "connection-lost", "rate-limited", "going-away", "too-many-rooms", "internal", "busy"];

/** What a hello shows of a key; nothing where nobody is verified. */
export type Shown = Pick<Hello, "key" | "nonce" | "attestation">;

/** What a Session tells its owner, and asks of it. */
export interface SessionOwner {
  /** What a new instance shows of its key, so that others can verify it; in the hello of each of its connections. */
  show(): Shown;
  /** A connection has been welcomed: enter the room again. Rejects if that is refused. */
  enter(signal: AbortSignal): Promise<unknown>;
  /** The connection is lost; another one is being looked for. */
  lost(): void;
  /** A frame came that is not the session's own business. */
  frame(frame: ServerFrame): void;
  /** The next frame to be sent, if there is one. */
  next(): ClientFrame | undefined;
  /** It is time for a ping; whether the owner has sent one. */
  beat(): boolean;
  /** The session is over: undefined means that this side wanted it. Is called once. */
  ended(error: BeckonError | undefined): void;
}
