import { typedEventTarget } from "./events.js";
import type { PeerEventMap } from "./happenings.js";
import type { Member } from "./protocol_gen.js";

/** What the server says of another member of a room. */
export class PeerFacts extends typedEventTarget<PeerEventMap>() {
  /** Its id, unique on the server. */
  readonly id: string;
  /** The random id of its SDK object: a page that was reloaded is another instance. */
  readonly instance: string;
  /** Who its token said it is; "" if it is anonymous. */
  readonly identity: string;
  /**
   * The Ed25519 public key that it shows, in base64url, which stays the same if its `Identity` does; undefined if it shows none. Until it is
   * `verified`, that is but the server's word.
   */
  readonly key: string | undefined;
  #attributes: Readonly<Record<string, unknown>>;
  #away: boolean;

  /** @internal */
  constructor(member: Member) {
    super();
    this.id = member.peer;
    this.instance = member.instance;
    this.identity = member.identity ?? "";
    this.key = typeof member.key === "string" ? member.key : undefined; // of the wire, and of no use to joining
    this.#attributes = attributesOf(member);
    this.#away = member.away === true;
  }

  /** What it tells the others about itself. */
  get attributes(): Readonly<Record<string, unknown>> {
    return this.#attributes;
  }

  /** Whether its connection to the server is lost; it may come back. */
  get away(): boolean {
    return this.#away;
  }

  /** @internal The room's log said something about the peer. */
  _update(member: Member): void {
    this.#attributes = attributesOf(member);
    this.#away = member.away === true;
  }
}

function attributesOf(member: Member): Readonly<Record<string, unknown>> {
  return (member.attributes ?? {}) as Record<string, unknown>;
}
