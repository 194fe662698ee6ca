// Attestations: a compact JWS (RFC 7515) by which an issuer says whose key it is.

import type { BeckonError } from "./error.js";
import { decode64, decodeKey, unverified, type Bytes } from "./identitybytes.js";
import { now, SKEW } from "./identityproof.js";
import { MAX_ATTESTATION } from "./protocol_gen.js";
import type { Introduction, Trust } from "./trust.js";

/** What the attestation must be for. */
const AUDIENCE = "beckon-peer";

type Keys = JsonWebKey | readonly JsonWebKey[] | { readonly keys: readonly JsonWebKey[] };

/** A key of the issuer's. */
interface IssuerKey {
  /** The one algorithm that it is for, as the header names it. */
  readonly alg: "EdDSA" | "ES256";
  readonly key: CryptoKey;
}

/** Makes the Trust: see trust.ts. Rejects with a TypeError for keys that cannot be used. */
export async function issued(keys: Keys): Promise<Trust> {
  const set = "keys" in keys && !Array.isArray(keys) ? (keys.keys as readonly JsonWebKey[]) : (keys as JsonWebKey | readonly JsonWebKey[]);
  const list: readonly JsonWebKey[] = Array.isArray(set) ? set : [set as JsonWebKey];
  if (list.length === 0) throw new TypeError("issued: there is no key");
  const issuers = new Map<string, IssuerKey>();
  for (const jwk of list) issuers.set(...(await imported(jwk, issuers)));
  return async (who) => {
    checkClaims(await opened(who.attestation, issuers), who);
    return true;
  };
}

async function imported(jwk: JsonWebKey & { kid?: unknown }, others: ReadonlyMap<string, unknown>): Promise<[string, IssuerKey]> {
  const { kty, crv, x = "", y = "", kid } = jwk;
  if (typeof kid !== "string" || kid === "" || others.has(kid)) throw new TypeError("issued: a key has no kid, or that of another one");
  if ("d" in jwk || "k" in jwk) throw new TypeError(`issued: the key ${kid} is not public: with it, whoever checks attestations could make them`);
  try {
    if (kty === "OKP" && crv === "Ed25519" && decodeKey(x)) {
      return [kid, { alg: "EdDSA", key: await crypto.subtle.importKey("jwk", { kty, crv, x }, "Ed25519", false, ["verify"]) }];
    }
    if (kty === "EC" && crv === "P-256") {
      const algorithm = { name: "ECDSA", namedCurve: "P-256" };
      return [kid, { alg: "ES256", key: await crypto.subtle.importKey("jwk", { kty, crv, x, y }, algorithm, false, ["verify"]) }];
    }
  } catch {}
  throw new TypeError(`issued: the key ${kid} is neither of Ed25519 nor of P-256`);
}

/** Resolves with the claims of an attestation that one of the keys has signed. */
async function opened(attestation: string, issuers: ReadonlyMap<string, IssuerKey>): Promise<Record<string, unknown>> {
  if (attestation === "") throw refused("The peer shows no attestation.");
  const parts = attestation.split(".");
  const [head, payload, signature] = parts.map((part) => decode64(part));
  if (parts.length !== 3 || attestation.length > MAX_ATTESTATION || !head || !payload || !signature) {
    throw refused(`The peer's attestation is no compact JWS of up to ${MAX_ATTESTATION} bytes.`);
  }
  const { alg, kid, crit, b64 } = parse(head);
  // RFC 7515, section 4.1.11: what is critical and not understood must be refused.
  if (crit !== undefined || b64 !== undefined) throw refused("The peer's attestation wants something that is not understood.");
  const issuer = issuers.get(String(kid));
  if (!issuer) throw refused(`The peer's attestation is by the key ${JSON.stringify(kid)}, which is no issuer's.`);
  // The header chooses the key, and never its algorithm (RFC 8725, section 3.1).
  if (issuer.alg !== alg) throw refused(`The peer's attestation says that it is signed with ${JSON.stringify(alg)}, and the issuer's key is for ${issuer.alg}.`);
  const algorithm = alg === "EdDSA" ? "Ed25519" : { name: "ECDSA", hash: "SHA-256" };
  const signed = new TextEncoder().encode(attestation.slice(0, attestation.lastIndexOf(".")));
  if (await crypto.subtle.verify(algorithm, issuer.key, signature, signed)) return parse(payload);
  throw refused("The issuer's key has not signed the peer's attestation.");
}

function refused(why: string): BeckonError {
  return unverified("bad-attestation", why);
}

function checkClaims({ sub, aud, exp, nbf, cnf }: Record<string, unknown>, { identity, key }: Introduction): void {
  const refuse = (why: string): never => {
    throw refused(`The peer's attestation ${why}.`);
  };
  if (identity === "" || sub !== identity) refuse(`is for ${JSON.stringify(sub)}, and the server says that it is ${JSON.stringify(identity)}`);
  if (!(Array.isArray(aud) ? aud : [aud]).includes(AUDIENCE)) refuse(`is not for ${AUDIENCE}`);
  if (typeof exp !== "number" || now() >= exp + SKEW) refuse("has expired");
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
