import { BeckonError } from "./error.js";
import type { PeerGuard } from "./hosts.js";
import type { Identity } from "./identity.js";
import { decode64, decodeKey, hex, safetyNumber, unverified, type End } from "./identitybytes.js";
import { check, prove, type Ends } from "./identityproof.js";
import type { Member, SignalData } from "./protocol_gen.js";
import type { Trust } from "./trust.js";

/** For so many connections with a peer the certificate is remembered: one is in use, and those before it are late. */
const MAX_SESSIONS = 8;

/** What all guards of a room have in common. */
export interface Duty {
  readonly identity: Identity;
  readonly trust: Trust | undefined;
  /** The key for HMACs, of a capability link. */
  readonly link: CryptoKey | undefined;
  readonly server: string;
  readonly room: string;
}

/**
 * Sees that nobody is between this peer and one other. What each says of itself was in its hello, so that the first description is signed
 * already; the server, which passes all of it on, can make the two fail, and no more.
 */
export class Guard implements PeerGuard {
  readonly #duty: Duty;
  readonly #member: Member;
  readonly #ends: Ends | undefined;
  /** By session, the fingerprint that the other side has signed. */
  readonly #signed = new Map<string, string>();
  #trusted: Promise<void> | undefined;
  #verified = false;

  constructor(duty: Duty, self: Member, member: Member) {
    this.#duty = duty;
    this.#member = member;
    const own = endOf(self);
    const other = endOf(member);
    this.#ends = own && other && { room: duty.room, own, other };
  }

  get verified(): boolean {
    return this.#verified;
  }

  async seal(data: SignalData): Promise<SignalData> {
    const { description } = data;
    if (!description) return data;
    return { ...data, proof: await prove(description, this.#known(), this.#duty.identity, this.#duty.link) };
  }

  async check({ description, proof, session = "" }: SignalData): Promise<void> {
    if (!description) return;
    const fingerprint = hex(await check(description, proof, this.#known(), this.#duty.link));
    await (this.#trusted ??= this.#ask());
    // A restart goes on with the same DTLS association, so with the same certificate.
    const before = this.#signed.get(session);
    if (before !== undefined && before !== fingerprint) throw unverified("other-certificate", "The peer has signed another certificate for the same connection.");
    this.#signed.set(session, fingerprint);
    const [oldest] = this.#signed.keys();
    if (this.#signed.size > MAX_SESSIONS) this.#signed.delete(oldest as string);
  }

  async confirm(session: string, connection: RTCPeerConnection): Promise<void> {
    const certificate = await certificateOf(connection);
    const used = certificate && hex(new Uint8Array(await crypto.subtle.digest("SHA-256", certificate)));
    const signed = this.#signed.get(session);
    if (signed === undefined || (used !== undefined && used !== signed)) {
      throw unverified("other-certificate", "The connection uses another certificate than the one that the peer has signed.");
    }
    this.#verified = true;
  }

  async safetyNumber(): Promise<string> {
    return this.#verified && this.#ends ? safetyNumber(this.#ends.own.key, this.#ends.other.key) : "";
  }

  #known(): Ends {
    if (this.#ends) return this.#ends;
    throw unverified("no-key", "The peer shows no key, so it can prove nothing: it joined without a link's secret, an identity or trust.");
  }

  async #ask(): Promise<void> {
    const { trust, server, room } = this.#duty;
    const { peer, identity = "", key = "", attestation = "", attributes } = this.#member;
    if (!trust) return;
    let trusted: unknown;
    try {
      trusted = await trust({ server, room, peer, identity, key, attestation, attributes: (attributes ?? {}) as Record<string, unknown> });
    } catch (error) {
      if (error instanceof BeckonError && error.code === "peer-unverified") throw error;
      throw unverified("not-trusted", `trust: ${error instanceof Error ? error.message : String(error)}`, { thrown: error });
    }
    if (trusted !== true) throw unverified("not-pinned", `The key ${key} is none of those that are trusted.`);
  }
}

/** The end that a member's entry names; undefined if it shows no key. The server has written it, so it may be anything. */
function endOf({ peer, key, nonce }: Member): End | undefined {
  const [bytes, random] = [decodeKey(key), decode64(nonce, 16)];
  return bytes && random && { peer, key: bytes, nonce: random };
}

/**
 * The certificate that the other side's DTLS really uses, in DER. Every browser tells it. Some WebRTC for Node does not; undefined then: of that
 * there is its own comparison with the description alone, which each has to make (RFC 8827, section 6.5).
 */
async function certificateOf({ sctp }: RTCPeerConnection): Promise<ArrayBuffer | undefined> {
  const transport = sctp?.transport;
  if (!transport?.getRemoteCertificates) return undefined;
  for (;;) {
    const [certificate] = transport.getRemoteCertificates();
    if (certificate) return certificate.byteLength > 0 ? certificate : undefined;
    await new Promise((resolve) => transport.addEventListener("statechange", resolve, { once: true }));
  }
}
