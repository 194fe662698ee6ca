// The proof beside a description: made, and checked.

import type { Identity } from "./identity.js";
import { ANSWERER, binding, decode64, encode64, fingerprintIn, joined, OFFERER, smallOrder, unverified, type Bytes, type End } from "./identitybytes.js";
import type { Description, Proof } from "./protocol_gen.js";

/** For how many seconds a proof is good. */
const LIFE = 600;
/** By how many seconds the clocks of the two sides may differ. */
export const SKEW = 120;

/** The time in seconds since 1970. */
export const now = (): number => Date.now() / 1000;

/** The two ends of a connection, in a room. */
export interface Ends {
  readonly room: string;
  readonly own: End;
  readonly other: End;
}

/** Makes of a link's secret the key for its HMACs. */
export async function linkKey(secret: Bytes): Promise<CryptoKey> {
  const material = await crypto.subtle.importKey("raw", secret, "HKDF", false, ["deriveKey"]);
  const hkdf = { name: "HKDF", hash: "SHA-256", salt: new Uint8Array(), info: joined("beckon/1 capability-link\0") };
  return crypto.subtle.deriveKey(hkdf, material, { name: "HMAC", hash: "SHA-256", length: 256 }, false, ["sign", "verify"]);
}

/** Makes the proof for a description of this side's. */
export async function prove({ type, sdp }: Description, { room, own, other }: Ends, identity: Identity, link?: CryptoKey): Promise<Proof> {
  const notAfter = Math.floor(now()) + LIFE;
  const bytes = binding(type === "offer" ? OFFERER : ANSWERER, room, own, other, fingerprintIn(sdp), notAfter);
  const signature = encode64(octets(await identity.sign(bytes)));
  const mac = link && { mac: encode64(octets(await crypto.subtle.sign("HMAC", link, bytes))) };
  return { notAfter, signature, ...mac };
}

/**
 * Checks the proof that came with a description of the other side's, and resolves with the fingerprint that it is about. Rejects with
 * `peer-unverified`. What it gets is of the wire, and may be anything.
 */
export async function check(description: Description, proof: Proof | undefined, { room, own, other }: Ends, link?: CryptoKey): Promise<Bytes> {
  const { type, sdp } = description;
  if (typeof sdp !== "string" || (type !== "offer" && type !== "answer")) throw unverified("bad-description", "The peer sent a description that is none.");
  if (typeof proof !== "object" || proof === null) throw unverified("no-proof", "The peer's description comes without a proof.");
  const fingerprint = fingerprintIn(sdp);
  const { notAfter } = proof;
  const signature = decode64(proof.signature, 64);
  const mac = decode64(proof.mac, 32);
  if (!Number.isSafeInteger(notAfter) || notAfter < 0 || !signature || (proof.mac && !mac)) {
    throw unverified("bad-proof", "The peer's proof is not of the documented form.");
  }
  const left = notAfter - Math.floor(now());
  if (left < -SKEW) throw unverified("expired", `The peer's proof ended ${-left} s ago: it is an old one, or one of the two clocks is wrong.`);
  if (left > LIFE + SKEW) throw unverified("too-far-ahead", `The peer's proof is good for another ${left} s: one of the two clocks is wrong.`);
  const bytes = binding(type === "offer" ? OFFERER : ANSWERER, room, other, own, fingerprint, notAfter);
  if (!(await signedBy(other.key, signature, bytes))) {
    throw unverified("bad-signature", "The key that the peer shows has not signed this connection: somebody is between the two, or it is not who it says.");
  }
  if (!link) return fingerprint;
  if (!mac) throw unverified("no-mac", "The peer does not know the secret of the link: it joined without it.");
  if (!(await crypto.subtle.verify("HMAC", link, mac, bytes))) {
    throw unverified("bad-mac", "The peer has another link: the secret behind the # differs, or somebody is between the two.");
  }
  return fingerprint;
}

async function signedBy(key: Bytes, signature: Bytes, bytes: Bytes): Promise<boolean> {
  if (smallOrder(key)) return false;
  try {
    const imported = await crypto.subtle.importKey("raw", key, "Ed25519", false, ["verify"]);
    return await crypto.subtle.verify("Ed25519", imported, signature, bytes);
  } catch {
    return false; // not every 32 bytes are a key
  }
}

/** The bytes of a buffer, or of a view of one. */
function octets(data: BufferSource): Uint8Array {
  return ArrayBuffer.isView(data) ? new Uint8Array(data.buffer, data.byteOffset, data.byteLength) : new Uint8Array(data);
}
