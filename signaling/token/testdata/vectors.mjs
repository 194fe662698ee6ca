// Makes vectors.json: tokens signed by Node's own crypto, so that what the Go code checks is not only what it has made itself.
//
//     node vectors.mjs > vectors.json
//
// The keys are fixed, and secret from nobody. ES256 signatures are random, so each run makes other ones.
import { createHmac, createPrivateKey, sign } from "node:crypto";

const keys = {
  keys: [
    // RFC 8037, appendix A.1.
    { kid: "ed", kty: "OKP", crv: "Ed25519", alg: "EdDSA", use: "sig",
      x: "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo", d: "nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A" },
    // RFC 7515, appendix A.3.
    { kid: "ec", kty: "EC", crv: "P-256", alg: "ES256", use: "sig",
      x: "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU", y: "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0",
      d: "jpsQnnGQmL-YBIffH1136cspYG6-0iY7X1fCE9-E9LI" },
    // RFC 7515, appendix A.1.
    { kid: "hs", kty: "oct", alg: "HS256", use: "sig",
      k: "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow" },
  ],
};

const now = 1767225600; // 2026-01-01T00:00:00Z
const audience = "beckon.example.org";
const issuer = "https://app.example.org";

const base64url = (x) => Buffer.from(x).toString("base64url");

function signed(alg, key, input) {
  switch (alg) {
    case "EdDSA": return sign(null, input, createPrivateKey({ key, format: "jwk" }));
    case "ES256": return sign("sha256", input, { key: createPrivateKey({ key, format: "jwk" }), dsaEncoding: "ieee-p1363" });
    case "HS256": return createHmac("sha256", Buffer.from(key.k, "base64url")).update(input).digest();
  }
}

// header and claims are objects, or text that goes in as it is.
function token(kid, claims, header = {}) {
  const key = keys.keys.find((k) => k.kid === kid);
  const text = (x) => base64url(typeof x === "string" ? x : JSON.stringify(x));
  const head = typeof header === "string" ? header : { alg: key.alg, typ: "JWT", kid, ...header };
  const input = `${text(head)}.${text(claims)}`;
  return `${input}.${base64url(signed(key.alg, key, Buffer.from(input)))}`;
}

const claims = {
  iss: issuer, sub: "ada", aud: audience, iat: now, exp: now + 3600, jti: "t-1", beckon: { rooms: ["tea", "team-*"] },
};
const ordinary = ["signal", "message", "attributes", "relay"];
const access = { identity: "ada", rooms: ["tea", "team-*"], allow: ordinary, maxPeers: 0, capacity: 0, ends: now + 3630, id: "t-1" };

const good = [
  ...["ed", "ec", "hs"].map((kid) => ({ name: `signed by ${kid}`, token: token(kid, claims), access: { ...access, key: kid } })),
  { name: "all there is",
    token: token("ed", { ...claims, aud: ["other", audience], nbf: now, exp: now + 86400,
      beckon: { rooms: ["*"], allow: ["signal", "admin", "hidden"], maxPeers: 3, capacity: 16 }, roles: { a: [1, { b: null }] } }),
    access: { ...access, rooms: ["*"], allow: ["signal", "admin", "hidden"], maxPeers: 3, capacity: 16, ends: now + 86430, key: "ed" } },
  { name: "allowed to watch", token: token("ed", { ...claims, beckon: { rooms: ["tea"], allow: [] } }),
    access: { ...access, rooms: ["tea"], allow: [], key: "ed" } },
  { name: "no typ, no iat, no jti", token: token("ed", { ...claims, iat: undefined, jti: undefined }, { typ: undefined }),
    access: { ...access, id: "", key: "ed" } },
  { name: "expired within the leeway", token: token("ed", { ...claims, exp: now - 29 }), access: { ...access, ends: now + 1, key: "ed" } },
  { name: "a fraction of a second", token: token("ed", { ...claims, exp: now + 0.5 }), access: { ...access, ends: now + 30.5, key: "ed" } },
  { name: "an identity in other letters", token: token("ed", { ...claims, sub: "Ада 🦊" }), access: { ...access, identity: "Ада 🦊", key: "ed" } },
];

const without = (name) => ({ ...claims, [name]: undefined });
const [head, body, signature] = token("ed", claims).split(".");
const refused = [
  { name: "other claims under the signature", code: "signature",
    token: [head, base64url(JSON.stringify({ ...claims, sub: "eve" })), signature].join(".") },
  { name: "signed by another key than it names", code: "signature", token: token("ed", claims, { kid: "ec", alg: "ES256" }) },
  { name: "alg of another key", code: "algorithm", token: token("hs", claims, { kid: "ed" }) },
  { name: "alg none", code: "algorithm", token: [base64url('{"alg":"none","kid":"ed"}'), body, ""].join(".") },
  { name: "no kid", code: "unknown-key", token: token("ed", claims, { kid: undefined }) },
  { name: "unknown kid", code: "unknown-key", token: token("ed", claims, { kid: "x" }) },
  { name: "crit", code: "malformed", token: token("ed", claims, { crit: ["exp"] }) },
  { name: "alg twice", code: "malformed", token: token("ed", claims, '{"alg":"EdDSA","alg":"EdDSA","kid":"ed"}') },
  { name: "another type", code: "malformed", token: token("ed", claims, { typ: "dpop+jwt" }) },
  { name: "expired", code: "expired", token: token("ed", { ...claims, iat: now - 3630, exp: now - 30 }) },
  { name: "not yet", code: "not-yet", token: token("ed", { ...claims, nbf: now + 31 }) },
  { name: "made in the future", code: "not-yet", token: token("ed", { ...claims, iat: now + 31 }) },
  { name: "lives for too long", code: "too-long", token: token("ed", { ...claims, exp: now + 86401 }) },
  { name: "for another server", code: "wrong-target", token: token("ed", { ...claims, aud: "other" }) },
  { name: "by somebody else", code: "wrong-issuer", token: token("ed", { ...claims, iss: "https://other.example.org" }) },
  ...["iss"].map((n) => ({ name: `no ${n}`, code: "wrong-issuer", token: token("ed", without(n)) })),
  ...["sub", "aud", "exp"].map((n) => ({ name: `no ${n}`, code: "bad-claims", token: token("ed", without(n)) })),
  { name: "exp as a string", code: "bad-claims", token: token("ed", { ...claims, exp: String(now + 3600) }) },
  { name: "sub twice", code: "bad-claims",
    token: token("ed", JSON.stringify(claims).replace('"sub":"ada"', '"sub":"ada","sub":"eve"')) },
  { name: "no grant", code: "bad-grant", token: token("ed", without("beckon")) },
  { name: "unknown permission", code: "bad-grant", token: token("ed", { ...claims, beckon: { rooms: ["tea"], allow: ["fly"] } }) },
  { name: "unknown restriction", code: "bad-grant", token: token("ed", { ...claims, beckon: { rooms: ["tea"], until: "noon" } }) },
  { name: "a room in the wrong place", code: "bad-grant", token: token("ed", { ...claims, beckon: { rooms: ["*-tea"] } }) },
];

console.log(JSON.stringify({ made: `Node ${process.version}`, now, audience, issuer, keys, good, refused }, null, 1));
