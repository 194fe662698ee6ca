import { abortable } from "./abort.js";
import { asBeckonError } from "./error.js";

/** A join token, or what gets one: from the app's own backend, say. It is asked each time that a fresh one is needed. */
export type TokenSource = string | (() => string | Promise<string>);

/** The tokens of one session. */
export class Tokens {
  /** The one to show; undefined if there is none, or the last one is not good any more. */
  current: string | undefined;
  readonly #get: (() => string | Promise<string>) | undefined;
  /** Whether the current one is new, and the server has not yet said that it is good. */
  #untried = false;

  constructor(source: TokenSource | undefined) {
    if (typeof source === "function") this.#get = source;
    else this.current = source;
  }

  /** Whether a fresh one can be had. */
  get renewable(): boolean {
    return this.#get !== undefined;
  }

  /** Gets a fresh one. Rejects with `connect-failed` if the app has none, or with what `signal` was aborted with. */
  async renew(signal?: AbortSignal): Promise<string | undefined> {
    const get = this.#get;
    if (!get) return undefined;
    try {
      // An async function, because one that throws at once is no other failure than one that rejects.
      this.current = await abortable((async () => get())(), signal, "get a token");
    } catch (error) {
      throw asBeckonError(error, "connect-failed", "get a token");
    }
    this.#untried = true;
    return this.current;
  }

  /** The server has taken it, or the session has gone on without that: one that ends then is followed by another. */
  accepted(): void {
    this.#untried = false;
  }

  /** The server has refused it. Returns whether to come back with a fresh one. */
  refused(): boolean {
    return !this.#untried && this.expired();
  }

  /** The one that the server had has expired. Returns whether to come back: with a fresh one that is on its way already, or another. */
  expired(): boolean {
    if (!this.#get) return false;
    if (!this.#untried) this.current = undefined;
    return true;
  }
}
