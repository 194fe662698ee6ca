// Attestations: a compact JWS (RFC 7515) by which an issuer says whose key it is.

import { decode64, unverified, type Bytes } from "./identitybytes.js";
import { now, SKEW } from "./identityproof.js";
import type { Introduction, Trust } from "./trust.js";

/** What the attestation must be for. */
const AUDIENCE = "beckon-peer";

type Keys = JsonWebKey | readonly JsonWebKey[] | { readonly keys: readonly JsonWebKey[] };

/** A key of the issuer's. */
interface IssuerKey {
  readonly id: string | undefined;
  /** The one algorithm that it is for, as the header names it. */
  readonly name: "EdDSA" | "ES256";
  readonly key: CryptoKey;
}

/** Makes the Trust: see trust.ts. */
export async function issued(keys: Keys): Promise<Trust> {
  const list = "keys" in keys ? (keys.keys as readonly JsonWebKey[]) : Array.isArray(keys) ? (keys as JsonWebKey[]) : [keys as JsonWebKey];
  const imported = await Promise.all(list.map(importIssuer));
  return async (who) => {
    checkClaims(await opened(who.attestation, imported), who);
    return true;
  };
}

async function importIssuer(jwk: JsonWebKey & { kid?: unknown }): Promise<IssuerKey> {
  const { kty, crv, x, y, kid } = jwk;
  const id = typeof kid === "string" ? kid : undefined;
  // No more of the JWK than what is needed: a private key is taken for its public half.
  if (kty === "OKP" && crv === "Ed25519" && x !== undefined) {
    return { id, name: "EdDSA", key: await crypto.subtle.importKey("jwk", { kty, crv, x }, "Ed25519", false, ["verify"]) };
  }
  if (kty === "EC" && crv === "P-256" && x !== undefined && y !== undefined) {
    const algorithm = { name: "ECDSA", namedCurve: "P-256" };
    return { id, name: "ES256", key: await crypto.subtle.importKey("jwk", { kty, crv, x, y }, algorithm, false, ["verify"]) };
  }
  throw new TypeError("issued: a key is neither Ed25519 (EdDSA) nor P-256 (ES256)");
}

/** Resolves with the claims of an attestation that one of the keys has signed. */
async function opened(attestation: string, keys: readonly IssuerKey[]): Promise<Record<string, unknown>> {
  if (attestation === "") throw unverified("bad-attestation", "The peer shows no attestation.");
  const parts = attestation.split(".");
  const [head, payload, signature] = parts.map((part) => decode64(part));
  if (parts.length !== 3 || !head || !payload || !signature) throw unverified("bad-attestation", "The peer's attestation is no compact JWS.");
  const { alg, kid, crit, b64 } = parse(head);
  if (crit !== undefined || b64 !== undefined) throw unverified("bad-attestation", "The peer's attestation wants something that is not understood.");
  const signed = new TextEncoder().encode(attestation.slice(0, attestation.lastIndexOf(".")));
  for (const { id, name, key } of keys) {
    // The header chooses among the keys, and never the algorithm of one (RFC 8725, section 3.1).
    if (name !== alg || (kid !== undefined && id !== undefined && kid !== id)) continue;
    const algorithm = name === "EdDSA" ? "Ed25519" : { name: "ECDSA", hash: "SHA-256" };
    if (await crypto.subtle.verify(algorithm, key, signature, signed)) return parse(payload);
  }
  throw unverified("bad-attestation", "The peer's attestation is signed by nobody who is trusted.");
}

function checkClaims({ sub, aud, exp, nbf, cnf }: Record<string, unknown>, { identity, key }: Introduction): void {
  const refuse = (why: string): never => {
    throw unverified("bad-attestation", `The peer's attestation ${why}.`);
  };
  if (identity === "" || sub !== identity) refuse(`is for ${JSON.stringify(sub)}, and the server says that it is ${JSON.stringify(identity)}`);
  if (!(Array.isArray(aud) ? aud : [aud]).includes(AUDIENCE)) refuse(`is not for ${AUDIENCE}`);
  if (typeof exp !== "number" || now() > exp + SKEW) refuse("has expired");
  if (nbf !== undefined && (typeof nbf !== "number" || now() < nbf - SKEW)) refuse("is not good yet");
  const { jwk } = Object(cnf) as { jwk?: unknown };
  const { kty, crv, x } = Object(jwk) as JsonWebKey;
  if (kty !== "OKP" || crv !== "Ed25519" || x !== key) refuse("is for another key");
}

/** Reads an object; what is none has nothing in it. */
function parse(bytes: Bytes): Record<string, unknown> {
  try {
    return Object(JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes))) as Record<string, unknown>;
  } catch {
    return {};
  }
}
