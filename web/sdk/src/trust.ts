import { identityPart } from "./identity.js";

/** Who is at the other end: what a Trust decides about. The key is proven when it is asked; the rest is what the server says. */
export interface Introduction {
  /** The server's URL, without a slash at its end. */
  readonly server: string;
  /** The room's name. */
  readonly room: string;
  /** The peer's id. */
  readonly peer: string;
  /** Who the server says that it is; "" for an anonymous peer. */
  readonly identity: string;
  /** Its public key, in the form of `Identity.key`. */
  readonly key: string;
  /** What it shows of an issuer; "" without one. */
  readonly attestation: string;
  /** What it tells about itself. */
  readonly attributes: Readonly<Record<string, unknown>>;
}

/**
 * Decides whether a key is that of whom it should be. It is asked once per peer, before anything of it gets to the app. The peer is trusted
 * for `true` alone: for anything else, and for what is thrown, the connection ends with `peer-unverified`. It may take until connecting
 * takes too long. To want what two of them want, call both in a function of yours.
 */
export type Trust = (who: Introduction) => boolean | Promise<boolean>;

/** Where the keys are that a {@link firstUse} remembers. Its functions may be asynchronous. */
export interface KeyStore {
  /** Gets the key of a name; undefined or null if there is none. */
  get(name: string): string | null | undefined | Promise<string | null | undefined>;
  /** Remembers the key of a name, in the place of another one. */
  set(name: string, key: string): void | Promise<void>;
}

/** Why a peer is not verified, for programs: the same words as in Go. */
export type DoubtReason =
  | "no-key" | "no-proof" | "bad-proof" | "bad-description" | "bad-signature" | "no-mac" | "bad-mac" | "expired" | "too-far-ahead"
  | "other-certificate" | "not-pinned" | "not-trusted" | "changed" | "bad-attestation" | "refused";

/** The `cause` of an error with the code `peer-unverified`. */
export interface Doubt {
  /** `refused`: it was the other side that refused this one, for a reason of its own. With any other, this side has refused the peer. */
  readonly reason: DoubtReason;
}

/** What a {@link Doubt} of the reason `changed` says besides: the alarm of a {@link firstUse}. */
export interface KeyChange extends Doubt {
  readonly server: string;
  readonly identity: string;
  /** The key that is remembered. */
  readonly known: string;
  /** The one that was shown. */
  readonly shown: string;
  /** Remembers the new one instead: for a user who knows why it changed. This peer stays closed; who joins anew is trusted. */
  accept(): Promise<void>;
}

/** Trusts who has one of these keys. What is none makes `join` throw a TypeError. */
export function pinned(...keys: string[]): Trust {
  return later((part) => part.pinned(keys));
}

/**
 * Trusts the first key of each identity, and from then on that one alone: what it remembers is who the server says that a peer is, by
 * server. Another key is refused with `peer-unverified`, and the error's `cause` is a {@link KeyChange}: the alarm. Who has no identity is not
 * remembered, and trusted: a server that gives no identities gets no alarm. The keys are in localStorage, or where you say.
 */
export function firstUse(store?: KeyStore): Trust {
  return later((part) => part.firstUse(store));
}

/**
 * Trusts whose key somebody vouches for that you know: the peer shows an attestation, a JWS (EdDSA or ES256) of `sub` (its identity), `cnf` (its
 * key, RFC 7800), `aud` ("beckon-peer") and `exp`. `keys` is one public JWK or several, or a JWK set, each with a `kid`; what is none
 * makes `join` throw a TypeError. This alone makes an identity more than the server's word.
 */
export function issued(keys: JsonWebKey | readonly JsonWebKey[] | { readonly keys: readonly JsonWebKey[] }): Trust {
  return later((part) => part.issued(keys));
}

/** A Trust that is made of what is downloaded when it is needed. */
export interface LaterTrust extends Trust {
  _made(): Promise<Trust>;
}

function later(make: (part: Awaited<ReturnType<typeof identityPart>>) => Trust | Promise<Trust>): LaterTrust {
  let made: Promise<Trust> | undefined;
  const _made = () => (made ??= identityPart().then(make));
  return Object.assign(async (who: Introduction) => (await _made())(who), { _made });
}
