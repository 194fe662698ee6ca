// What is signed, and what is accepted: the vectors of peer/identity, which Go runs as well.

import assert from "node:assert/strict";
import { createPrivateKey } from "node:crypto";
import { afterEach, test } from "node:test";
import vectors from "../../../peer/identity/testdata/vectors.json";
import { firstUse, Identity, issued, makeLink, newSecret, parseLink, pinned, type Introduction, type KeyChange } from "../src/index.js";
import { binding, decode64, decodeKey, encode64, fingerprintIn, hex, safetyNumber, type Bytes, type End } from "../src/identitybytes.js";
import { prepare } from "../src/identitypart.js";
import { check, linkKey, prove, type Ends } from "../src/identityproof.js";
import type { Proof } from "../src/protocol_gen.js";

const realNow = Date.now;
afterEach(() => (Date.now = realNow));
const at = (seconds: number) => (Date.now = () => seconds * 1000);

type Shown = { peer: string; key: string; nonce: string };
const end = ({ peer, key, nonce }: Shown): End => ({ peer, key: decode64(key, 32) as Bytes, nonce: decode64(nonce, 16) as Bytes });
const linkOf = async (secret?: string) => (secret === undefined ? undefined : linkKey(decode64(secret, 16) as Bytes));
const typeOf = (role: number) => (role === 0 ? "offer" : "answer");

/** What a failure is about: the reason, for programs. */
const reason = async (doing: Promise<unknown>) => doing.then(() => undefined, (error: { code: string; cause: { reason: string } }) => {
  assert.equal(error.code, "peer-unverified");
  return error.cause.reason;
});

/** The identity whose private key a vector has: RFC 8410 puts so many bytes before it. */
async function identityOf(seed: string, key: string): Promise<Identity> {
  const der = Buffer.concat([Buffer.from("302e020100300506032b657004220420", "hex"), Buffer.from(seed, "hex")]);
  const jwk = createPrivateKey({ key: der, format: "der", type: "pkcs8" }).export({ format: "jwk" });
  const imported = await crypto.subtle.importKey("jwk", jwk as never, "Ed25519", false, ["sign"]);
  return { key, sign: (data) => crypto.subtle.sign("Ed25519", imported, data) };
}

test("proofs are the same bytes as in Go, and accepted", async () => {
  assert.ok(vectors.proofs.length > 5);
  for (const v of vectors.proofs) {
    at(v.now);
    const { proof, sdp, room, role } = v as typeof v & { secret?: string; proof: Proof };
    const [own, other, link] = [end(v.self), end(v.other), await linkOf((v as { secret?: string }).secret)];
    assert.equal(hex(binding(role, room, own, other, fingerprintIn(sdp), proof.notAfter)), v.binding, v.name);
    const theirs: Ends = { room, own: other, other: own };
    assert.deepEqual(await check({ type: typeOf(role), sdp }, proof, theirs, link), fingerprintIn(sdp), v.name);
    at(proof.notAfter - 600);
    const made = await prove({ type: typeOf(role), sdp }, { room, own, other }, await identityOf(v.seed, v.self.key), link);
    assert.deepEqual(made, proof, v.name);
  }
});

test("proofs that prove something else are refused, for the same reason as in Go", async () => {
  assert.ok(vectors.refused.length > 25);
  for (const v of vectors.refused) {
    at(v.now);
    const theirs: Ends = { room: v.room, own: end(v.other), other: end(v.self) };
    const link = await linkOf((v as { secret?: string }).secret);
    assert.equal(await reason(check({ type: typeOf(v.role), sdp: v.sdp }, v.proof as Proof, theirs, link)), v.reason, v.name);
  }
});

test("what is no description and no proof is refused, whatever it is", async () => {
  const [v] = vectors.proofs;
  at(v?.now ?? 0);
  const ends: Ends = { room: "tea", own: end(v?.other as Shown), other: end(v?.self as Shown) };
  const [sdp, proof] = [v?.sdp as string, v?.proof as Proof];
  for (const bad of [undefined, 5, "x", [], { ...proof, notAfter: "1767226200" }, { ...proof, notAfter: 1767226200.5 }, { ...proof, signature: 5 }, { ...proof, mac: {} }]) {
    assert.match((await reason(check({ type: "offer", sdp }, bad as never, ends))) ?? "", /^(no|bad)-proof$/, JSON.stringify(bad));
  }
  for (const bad of [{ type: "offer" }, { type: "pranswer", sdp }, { type: "rollback", sdp }, { type: "offer", sdp: { toString: () => sdp } }]) {
    assert.equal(await reason(check(bad as never, proof, ends)), "bad-description");
  }
});

test("a description names one fingerprint, or is refused", () => {
  assert.ok(vectors.descriptions.length > 25);
  for (const { name, sdp, fingerprint, reason: why } of vectors.descriptions as { name: string; sdp: string; fingerprint?: string; reason?: string }[]) {
    if (why === undefined) assert.equal(hex(fingerprintIn(sdp)), fingerprint, name);
    else assert.throws(() => fingerprintIn(sdp), { code: "peer-unverified", cause: { reason: why } }, name);
  }
});

test("safety numbers", async () => {
  for (const { a, b, number } of vectors.safetyNumbers) {
    const [x, y] = [decode64(a, 32) as Bytes, decode64(b, 32) as Bytes];
    assert.deepEqual([await safetyNumber(x, y), await safetyNumber(y, x)], [number, number]);
    assert.equal(number.length, 71);
  }
});

test("keys, nonces and secrets have one spelling", async () => {
  for (const { name, kind, text, good } of vectors.texts) {
    const bytes = kind === "key" ? decodeKey(text) : decode64(text, 16);
    if (kind === "secret") {
      const link = `https://example.org/r/tea#k=${text}`;
      if (good) assert.deepEqual(parseLink(link), { server: "https://example.org", room: "tea", secret: text }, name);
      else if (!/\s/.test(text)) assert.throws(() => parseLink(link), { code: "bad-url" }, name);
      const prepared = prepare("https://example.org/v1/", "tea", { secret: text });
      if (good) await prepared;
      else await assert.rejects(prepared, TypeError, name);
    } else {
      assert.equal(bytes !== undefined, good, name);
      if (bytes) assert.equal(encode64(bytes), text, name);
      if (kind === "key" && !good) await assert.rejects(prepare("https://example.org/v1/", "tea", { trust: pinned(text) }), TypeError, name);
    }
  }
});

test("links say what is protected, and a damaged one says so", () => {
  const secret = newSecret();
  assert.notEqual(newSecret(), secret);
  const link = { server: "https://example.org/app", room: "tea", secret };
  assert.equal(makeLink(link), `https://example.org/app/r/tea#k=${secret}`);
  assert.deepEqual(parseLink(makeLink(link)), link);
  assert.equal(makeLink({ server: "ws://127.0.0.1:8080/", room: "tea" }), "http://127.0.0.1:8080/r/tea");
  assert.deepEqual(parseLink(new URL("http://127.0.0.1:8080/r/tea")), { server: "http://127.0.0.1:8080", room: "tea" });
  for (const end of ["#", "#k", "#k=", `#${secret}`, `#K=${secret}`, `#k=${secret}x`, `#k=${secret.slice(1)}`, `#k=${secret}&a`, `#a&k=${secret}`, "#top"]) {
    assert.throws(() => parseLink(`https://example.org/r/tea${end}`), { code: "bad-url" }, end);
  }
  assert.throws(() => makeLink({ ...link, secret: "short" }), { code: "bad-url" });
  assert.throws(() => makeLink({ ...link, room: "a b" }), { code: "bad-room" });
});

const who = (more: Partial<Introduction> = {}): Introduction => ({
  server: "https://example.org", room: "tea", peer: "bob", identity: "bob", key: vectors.proofs[0]?.self.key ?? "", attestation: "", attributes: {}, ...more,
});

test("attestations are accepted and refused as in Go", async () => {
  const trust = issued(vectors.issuers);
  for (const v of vectors.attestations) {
    at(v.now);
    const asked = trust(who({ identity: v.identity, key: v.key, attestation: v.attestation })) as Promise<boolean>;
    if (v.good) assert.equal(await asked, true, v.name);
    else assert.equal(await reason(asked), "bad-attestation", v.name);
  }
});

test("an issuer's keys that cannot be used are refused before anybody is asked", async () => {
  const [ed] = vectors.issuers.keys as unknown as [JsonWebKey];
  const { kid: _, ...nameless } = ed as JsonWebKey & { kid: string };
  for (const keys of [[], {}, nameless, [ed, ed], { ...ed, d: "x" }, { kid: "k", kty: "oct", k: "x" }, { ...ed, x: "short" }, { kid: "k", kty: "RSA" }]) {
    await assert.rejects(prepare("https://example.org/v1/", "tea", { trust: issued(keys as never) }), TypeError, JSON.stringify(keys));
  }
  await prepare("https://example.org/v1/", "tea", { trust: issued([ed]) });
});

test("the first key of an identity is the one that counts, until the change is accepted", async () => {
  const kept = new Map<string, string>();
  const store = { get: async (name: string) => kept.get(name), set: async (name: string, key: string) => void kept.set(name, key) };
  const trust = firstUse(store);
  const [one, two] = [who(), who({ key: vectors.proofs[0]?.other.key ?? "" })];
  const both = await Promise.allSettled([trust(one), trust(two)]);
  assert.deepEqual(both.map(({ status }) => status), ["fulfilled", "rejected"], "at once, the second finds what the first has left");
  assert.deepEqual([await trust(one), await trust({ ...two, identity: "cyd" }), await trust({ ...two, server: "https://example.net" })], [true, true, true]);
  assert.deepEqual([await trust({ ...one, identity: "" }), await trust({ ...two, identity: "" })], [true, true]);
  assert.deepEqual([...kept.keys()], ["https://example.org bob", "https://example.org cyd", "https://example.net bob"]);
  const alarm = await (trust(two) as Promise<boolean>).catch((error: { message: string; cause: KeyChange }) => error);
  assert.ok(typeof alarm === "object");
  const { reason: why, server, identity, known, shown } = alarm.cause;
  assert.deepEqual([why, server, identity, known, shown], ["changed", one.server, "bob", one.key, two.key]);
  assert.ok(alarm.message.includes(one.key) && alarm.message.includes(two.key));
  await alarm.cause.accept();
  assert.equal(await trust(two), true);
  assert.equal(await reason(trust(one) as Promise<boolean>), "changed");
});

test("options that cannot be meant are refused by name", async () => {
  const identity = await Identity.create();
  for (const [what, options] of [
    ["identity", { identity: {} }],
    ["identity", { identity: { key: identity.key } }],
    ["identity", { identity: { ...identity, key: "x" } }],
    ["identity", { identity: null, secret: newSecret() }],
    ["trust", { trust: "anybody" }],
    ["secret", { secret: 5 }],
    ["attestation", { attestation: "a.b" }],
    ["attestation", { attestation: `a.b.${"c".repeat(2048)}` }],
  ] as const) {
    await assert.rejects(prepare("https://example.org/v1/", "tea", options as never), (error: Error) => error instanceof TypeError && error.message.includes(what), what);
  }
});

test("what is missing is named, with a hint", async () => {
  const secret = newSecret();
  const real = Object.getOwnPropertyDescriptor(globalThis, "crypto") as PropertyDescriptor;
  await assert.rejects(Identity.load(), { code: "unsupported", message: /IndexedDB.*Identity\.create/ });
  Object.defineProperty(globalThis, "crypto", { value: { getRandomValues: () => {} }, configurable: true });
  Object.defineProperty(globalThis, "isSecureContext", { value: false, configurable: true });
  try {
    await assert.rejects(Identity.create(), { code: "unsupported", message: /https, or from localhost/ });
    await assert.rejects(prepare("http://192.0.2.1/v1/", "tea", { secret }), { code: "unsupported", message: /join tea.*https/ });
  } finally {
    Object.defineProperty(globalThis, "crypto", real);
    delete (globalThis as { isSecureContext?: boolean }).isSecureContext;
  }
});
