import type { ErrorCode } from "./protocol_gen.js";

/** What a {@link BeckonError} may carry besides its code and sentence. */
export interface BeckonErrorOptions {
  /** What led to this error. */
  cause?: unknown;
  /** After how many milliseconds the server suggests to try again. */
  retryAfter?: number | undefined;
}

/**
 * The error that everything in this library throws and rejects with: `code` for programs, `message` for people, `cause` for
 * whoever looks for the reason. (Arguments that can never be right, like two options that exclude each other, are TypeErrors.)
 */
export class BeckonError extends Error {
  override readonly name = "BeckonError";
  /** One of the codes of the protocol, the same in Go. */
  readonly code: ErrorCode;
  /** After how many milliseconds it makes sense to try again; undefined if that is not known. */
  readonly retryAfter: number | undefined;

  constructor(code: ErrorCode, message?: string, options: BeckonErrorOptions = {}) {
    super(message ?? code, "cause" in options ? { cause: options.cause } : {});
    this.code = code;
    this.retryAfter = options.retryAfter;
  }
}

/** What the other side's handler of a request said by `fail`. `code` and `message` are the application's own. */
export class RequestError extends Error {
  override readonly name = "RequestError";

  constructor(
    /** A word of letters, digits and `-`. */
    readonly code: string,
    message: string,
  ) {
    super(message);
  }
}

/** Waits for a part of this library that is a file of its own in the build. Rejects with `connect-failed`. */
export function fetched<P>(part: Promise<P>): Promise<P> {
  return part.catch((error: unknown) => {
    throw asBeckonError(error, "connect-failed", "a part of this library could not be loaded");
  });
}

/** Makes a BeckonError of whatever was thrown; one that is a BeckonError already stays as it is. */
export function asBeckonError(thrown: unknown, code: ErrorCode, what: string): BeckonError {
  if (thrown instanceof BeckonError) return thrown;
  const why = thrown instanceof Error ? thrown.message : String(thrown);
  return new BeckonError(code, `${what}: ${why}`, { cause: thrown });
}
