import type { BeckonError } from "./error.js";
import type { Peer } from "./peer.js";
import type { Request } from "./requests.js";

/** How many requests of a peer may wait to be taken. */
const MAX_WAITING = 64;

/** The requests of a room's peers that nobody has taken: one for all, because whoever takes them may want those of one peer or of any. */
export class Inbox {
  /** In the order in which they came. */
  #waiting: Request[] = [];
  /** Those who wait for the next. */
  readonly #idle = new Set<() => void>();

  /** Adds a request; whether there was room. */
  offer(request: Request): boolean {
    this.#waiting = this.#waiting.filter(({ signal }) => !signal.aborted); // nobody waits for their answers any more
    if (this.#waiting.filter(({ peer }) => peer === request.peer).length >= MAX_WAITING) return false;
    this.#waiting.push(request);
    for (const wake of this.#idle) wake();
    this.#idle.clear();
    return true;
  }

  /** The requests of a peer, or of any, each once, until `closed` says that there will be no more; throws its error if it has one. */
  async *take(closed: Promise<BeckonError | undefined>, of?: Peer): AsyncGenerator<Request, void, undefined> {
    let end: { error: BeckonError | undefined } | undefined;
    let wake = () => {};
    void closed.then((error) => {
      end = { error };
      wake();
    });
    for (;;) {
      const i = this.#waiting.findIndex(({ peer, signal }) => (!of || peer === of) && !signal.aborted);
      const [next] = i < 0 ? [] : this.#waiting.splice(i, 1);
      if (next) yield next;
      else if (end?.error) throw end.error;
      else if (end) return;
      else await new Promise<void>((resolve) => this.#idle.add((wake = resolve)));
    }
  }
}
