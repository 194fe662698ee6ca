import { asBeckonError, BeckonError } from "./error.js";
import type { PeerGuard } from "./hosts.js";
import type { Link } from "./link.js";
import type { SignalData } from "./protocol_gen.js";

/** So many of the other side's may wait to be checked: a connection and its restarts take a few dozen, most of them candidates. */
const MAX_WAITING = 256;

/** What Signals tell their Peer, and ask of it. */
export interface SignalsOwner {
  /** The id of the peer. */
  readonly id: string;
  /** Whom they are about. */
  readonly link: Link;
  /** Signs and checks; undefined if nobody is verified. */
  readonly guard: PeerGuard | undefined;
  /** Sends one; resolves with its receipt. */
  say(data: SignalData): Promise<void>;
}

/**
 * The signals of the negotiation with one peer. Where peers are verified, each waits behind those before it: one without a proof does not
 * overtake one that is being signed, or checked, which may take as long as the app's trust does.
 */
export class Signals {
  readonly #owner: SignalsOwner;
  #sealed: Promise<unknown> = Promise.resolve();
  #checked: Promise<void> = Promise.resolve();
  #waiting = 0;

  constructor(owner: SignalsOwner) {
    this.#owner = owner;
  }

  /** Sends one, in turn. */
  async say(data: SignalData): Promise<void> {
    const { guard } = this.#owner;
    if (!guard) return this.#owner.say(data);
    const sealed = this.#sealed.then(() => guard.seal(data));
    this.#sealed = sealed.catch((error: unknown) => this.#refuse(error, "sign"));
    await this.#owner.say(await sealed);
  }

  /** Takes one of the other side's, in turn. With one too many the peer ends with `overflow`, and no more of them wait. */
  receive(data: SignalData): void {
    const { guard, link, id } = this.#owner;
    if (!guard) return link.receive(data);
    if (this.#waiting >= MAX_WAITING) {
      return link.giveUp(new BeckonError("overflow", `${id} sends signals faster than they can be checked: ${MAX_WAITING} wait.`));
    }
    this.#waiting++;
    this.#checked = this.#checked
      .then(() => guard.check(data))
      .then(() => link.receive(data), (error: unknown) => this.#refuse(error, "verify"))
      .finally(() => this.#waiting--);
  }

  #refuse(error: unknown, what: string): void {
    this.#owner.link.refuse(asBeckonError(error, "peer-unverified", what));
  }
}
