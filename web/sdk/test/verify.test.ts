// Two ends that verify each other: this library's, and one whose part the test plays, with connections in memory.

import assert from "node:assert/strict";
import { test } from "node:test";
import { Identity, newSecret, pinned, type JoinOptions, type Peer, type Trust, type UnverifiedEvent } from "../src/index.js";
import { decode64, encode64, joined, type Bytes } from "../src/identitybytes.js";
import { check, linkKey, prove, type Ends } from "../src/identityproof.js";
import type { Member, Proof, SignalData } from "../src/protocol_gen.js";
import { settled } from "./clock.js";
import { browser, Meeting, pion } from "./meeting.js";
import { FakeDataChannel, FakePeerConnection } from "./rtc.js";
import { FakeSocket, installSocket } from "./server.js";

const fingerprintOf = async (certificate: string): Promise<string> => {
  const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", joined(certificate)));
  return Array.from(hash, (byte) => byte.toString(16).padStart(2, "0")).join(":").toUpperCase();
};
const sdpOf = (fingerprint: string) => `v=0\r\ns=-\r\na=fingerprint:sha-256 ${fingerprint}\r\nm=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\n`;

/** Those of the test's side, of this library's, and of somebody in between. */
const CERTIFICATES = { theirs: "the other's", ours: "ours", false: "somebody's in between" };
const THEIRS = await fingerprintOf(CERTIFICATES.theirs);
const OURS = await fingerprintOf(CERTIFICATES.ours);
const FALSE = await fingerprintOf(CERTIFICATES.false);

/** A connection that has certificates. */
class CertifiedConnection extends FakePeerConnection {
  /** What DTLS uses, once it is there. */
  static used: string | undefined;
  readonly transport = Object.assign(new EventTarget(), {
    getRemoteCertificates: () => (CertifiedConnection.used === undefined ? [] : [joined(CertifiedConnection.used).buffer]),
  });
  override sctp = { maxMessageSize: 262144, transport: this.transport };

  override async setLocalDescription(): Promise<void> {
    await super.setLocalDescription();
    this.localDescription = { type: this.localDescription?.type ?? "offer", sdp: sdpOf(OURS) };
  }
}

/** The other side: who it is, and what it says. */
class Other {
  readonly member: Member;
  ends!: Ends;

  constructor(
    readonly at: VerifiedMeeting,
    readonly identity: Identity,
    kind: Member,
    readonly link?: CryptoKey,
  ) {
    this.member = { ...kind, key: identity.key, nonce: encode64(crypto.getRandomValues(new Uint8Array(16))) };
  }

  /** Says a description, with its proof or what is made of it. */
  async describe(type: "offer" | "answer", session: string, change: (data: SignalData) => SignalData = (data) => data, sdp = sdpOf(THEIRS)): Promise<void> {
    const description = { type, sdp };
    const proof = await prove(description, this.ends, this.identity, this.link);
    await this.at.hear(this.member, change({ description, proof, session }));
  }
}

class VerifiedMeeting extends Meeting {
  /** What the library has said, less what was asked for. */
  all: [string, SignalData][] = [];

  /** Joins a room in which is that other. */
  async verify(other: Other | Member, options: JoinOptions): Promise<Peer> {
    installSocket({ RTCPeerConnection: CertifiedConnection });
    CertifiedConnection.used = CERTIFICATES.theirs;
    const hello: { key?: string; nonce?: string }[] = [];
    const { listener } = FakeSocket;
    FakeSocket.listener = (socket, frame) => {
      if (frame.type === "hello") hello.push(frame);
      listener?.(socket, frame);
    };
    const member = other instanceof Other ? other.member : other;
    await this.enter([member], "mesh", options);
    const [{ key, nonce } = {}] = hello;
    if (other instanceof Other && key !== undefined) {
      const [own, theirs] = [endOf("ada", key, nonce), endOf(member.peer, other.member.key, other.member.nonce)];
      other.ends = { room: "tea", own: theirs, other: own };
    }
    this.all = [];
    return this.get(member.peer);
  }

  /** Waits until the library says something of the kind. */
  async heard(kind: keyof SignalData): Promise<SignalData> {
    let found: SignalData | undefined;
    await until(() => {
      this.all.push(...this.said().map(([to, data]): [string, SignalData] => [to, data]));
      found = this.all.find(([, data]) => kind in data)?.[1];
      return found !== undefined;
    });
    this.all = [];
    return found as SignalData;
  }
}

const endOf = (peer: string, key?: string, nonce?: string) => ({ peer, key: decode64(key, 32) as Bytes, nonce: decode64(nonce, 16) as Bytes });

/** What takes turns of the event loop, as signing does. */
async function until(done: () => boolean): Promise<void> {
  for (let i = 0; !done(); i++) {
    assert.ok(i < 20_000, "it never came to that");
    await settled();
  }
}

const at = new VerifiedMeeting();
const ended = async (peer: Peer) => {
  const error = await peer.closed;
  return [error?.code, (error?.cause as { reason?: string } | undefined)?.reason];
};

test("two that verify each other: all is signed, and nobody is told before the certificate is looked at", async () => {
  const secret = newSecret();
  const link = await linkKey(decode64(secret, 16) as Bytes);
  const asked: unknown[] = [];
  const trust: Trust = (who) => asked.push(who) > 0;
  const other = new Other(at, await Identity.create(), browser, link);
  const identity = await Identity.create();
  const peer = await at.verify(other, { secret, trust, identity });
  assert.deepEqual([peer.key, peer.verified, await peer.safetyNumber()], [other.identity.key, false, ""]);
  const { description, proof } = await at.heard("description");
  assert.ok(description);
  await check(description, proof, other.ends, link);
  const events: string[] = [];
  peer.addEventListener("state", () => events.push(peer.state));
  await other.describe("answer", at.session(1));
  await until(() => at.pc.done.includes("remote answer"));
  at.pc.become("connected");
  CertifiedConnection.used = undefined;
  at.pc.control.open();
  const early = new FakeDataChannel("early");
  at.pc.ondatachannel?.({ channel: early });
  early.open();
  early.receive("a byte");
  for (let i = 0; i < 50; i++) await settled();
  assert.deepEqual([peer.state, peer.verified, events], ["connecting", false, []]);
  CertifiedConnection.used = CERTIFICATES.theirs;
  (at.pc as CertifiedConnection).transport.dispatchEvent(new Event("statechange"));
  await until(() => peer.state === "connected");
  assert.deepEqual([peer.verified, events], [true, ["connected"]]);
  const channel = await peer.accept();
  assert.deepEqual([channel.label, await channel.recv()], ["early", "a byte"], "what came meanwhile has waited");
  assert.match(await peer.safetyNumber(), /^(\d{5} ){11}\d{5}$/);
  assert.deepEqual(asked, [
    { server: "http://127.0.0.1", room: "tea", peer: "cyd", identity: "", key: other.identity.key, attestation: "", attributes: {} },
  ]);
  // A restart is signed anew, and trusted already.
  at.pc.become("failed");
  const restart = await at.heard("description");
  await check(restart.description ?? { type: "", sdp: "" }, restart.proof, other.ends, link);
  await other.describe("answer", at.session(1));
  await until(() => at.pc.done.filter((step) => step === "remote answer").length === 2);
  at.pc.become("connected");
  assert.deepEqual([peer.state, asked.length, FakePeerConnection.made.length], ["connected", 1, 1]);
});

test("candidates do not overtake the description that is being signed", async () => {
  const other = new Other(at, await Identity.create(), browser);
  await at.verify(other, { trust: () => true });
  at.pc.onicecandidate?.({ candidate: null });
  await until(() => (at.all.push(...at.said()), at.all.length > 1));
  assert.deepEqual(at.all.map(([, data]) => Object.keys(data)[0]), ["description", "candidate"]);
});

/** What somebody in between, or another end than it should be, may say in the place of a good answer. */
const wrong: { [name: string]: [reason: string, change: (data: SignalData, other: Other) => SignalData | Promise<SignalData>] } = {
  "the fingerprint of somebody in between": ["bad-signature", (data) => ({ ...data, description: { type: "answer", sdp: sdpOf(FALSE) } })],
  "a proof that is missing": ["no-proof", ({ proof: _, ...data }) => data],
  "a proof that is garbage": ["bad-proof", (data) => ({ ...data, proof: { notAfter: 5, signature: "x" } })],
  "a second fingerprint": ["bad-description", (data) => ({ ...data, description: { type: "answer", sdp: sdpOf(THEIRS) + `a=fingerprint:sha-256 ${FALSE}\r\n` } })],
  "the proof of an hour ago": ["expired", async (data, other) => ({ ...data, proof: await proofAt(other, -3600) })],
  "a proof without the secret": ["no-mac", (data) => ({ ...data, proof: without(data.proof) })],
  "our own proof, sent back": ["bad-signature", (data) => ({ ...data, proof: at.mirrored, description: { type: "answer", sdp: sdpOf(OURS) } })],
};

declare module "./meeting.js" {
  interface Meeting {
    mirrored: Proof;
  }
}

async function proofAt(other: Other, seconds: number): Promise<Proof> {
  const { now } = Date;
  Date.now = () => now() + seconds * 1000;
  try {
    return await prove({ type: "answer", sdp: sdpOf(THEIRS) }, other.ends, other.identity, other.link);
  } finally {
    Date.now = now;
  }
}

const without = ({ notAfter, signature }: Proof = { notAfter: 0, signature: "" }): Proof => ({ notAfter, signature });

for (const [name, [reason, change]] of Object.entries(wrong)) {
  test(`refused: ${name}`, async () => {
    const secret = newSecret();
    const other = new Other(at, await Identity.create(), browser, await linkKey(decode64(secret, 16) as Bytes));
    const peer = await at.verify(other, { secret });
    at.mirrored = (await at.heard("description")).proof as Proof;
    const good = { type: "answer", sdp: sdpOf(THEIRS) };
    const proof = await prove(good, other.ends, other.identity, other.link);
    await at.hear(other.member, await change({ description: good, proof, session: at.session(1) }, other));
    assert.deepEqual(await ended(peer), ["peer-unverified", reason]);
    assert.deepEqual(await at.heard("unverified"), { unverified: true, session: "s1" });
    assert.deepEqual(at.pc.done, ["local offer", "close"], "the description never got to the browser");
    await assert.rejects(peer.open("x"), { code: "peer-unverified" });
    assert.deepEqual([peer.verified, await peer.safetyNumber()], [false, ""]);
  });
}

test("refused: a certificate in use that is not the one that was signed", async () => {
  const other = new Other(at, await Identity.create(), browser);
  const peer = await at.verify(other, { trust: pinned(other.identity.key) });
  await at.heard("description");
  await other.describe("answer", at.session(1));
  await until(() => at.pc.done.includes("remote answer"));
  CertifiedConnection.used = CERTIFICATES.false;
  at.pc.become("connected");
  at.pc.control.open();
  const early = new FakeDataChannel("early");
  at.pc.ondatachannel?.({ channel: early });
  early.receive("a byte");
  const seen: string[] = [];
  peer.addEventListener("connected", () => seen.push("connected"));
  assert.deepEqual(await ended(peer), ["peer-unverified", "other-certificate"]);
  await assert.rejects(peer.accept(), { code: "peer-unverified" });
  assert.deepEqual(seen, []);
  await at.heard("unverified");
});

test("where WebRTC does not tell the certificate, its own comparison has to do", async () => {
  const other = new Other(at, await Identity.create(), pion);
  const peer = await at.verify(other, { trust: () => true });
  CertifiedConnection.used = "";
  await other.describe("offer", "p1");
  await at.heard("description");
  at.pc.become("connected");
  at.pc.control.open();
  await until(() => peer.state === "connected");
  assert.equal(peer.verified, true);
});

test("refused: a restart with another certificate", async () => {
  const other = new Other(at, await Identity.create(), pion);
  const peer = await at.verify(other, { trust: () => true });
  await other.describe("offer", "p1");
  await at.heard("description");
  at.pc.become("connected");
  at.pc.control.open();
  await until(() => peer.state === "connected");
  await other.describe("offer", "p1", (data) => ({ ...data, iceRestart: true }), sdpOf(FALSE));
  assert.deepEqual(await ended(peer), ["peer-unverified", "other-certificate"]);
});

test("another connection takes the place of one, with a certificate and a proof of its own", async () => {
  const other = new Other(at, await Identity.create(), pion);
  const peer = await at.verify(other, { trust: () => true });
  for (const [session, certificate, fingerprint] of [["p1", CERTIFICATES.theirs, THEIRS], ["p2", CERTIFICATES.false, FALSE]] as const) {
    CertifiedConnection.used = certificate;
    await other.describe("offer", session, undefined, sdpOf(fingerprint));
    await at.heard("description");
    at.pc.become("connected");
    at.pc.control.open();
    await until(() => peer.state === "connected");
  }
  assert.deepEqual([peer.verified, FakePeerConnection.made.length], [true, 2]);
});

test("refused: a key that is not trusted, by what the trust says, and nothing is asked twice", async () => {
  for (const [trust, reason] of [
    [pinned((await Identity.create()).key), "not-pinned"],
    [() => undefined as never, "not-pinned"],
    [async () => "yes" as never, "not-pinned"],
    [() => { throw new Error("I do not like it"); }, "not-trusted"],
  ] as [Trust, string][]) {
    const other = new Other(at, await Identity.create(), pion);
    const peer = await at.verify(other, { trust });
    const told = new Promise<UnverifiedEvent>((resolve) => at.room.addEventListener("unverified", resolve));
    await other.describe("offer", "p1");
    assert.deepEqual(await ended(peer), ["peer-unverified", reason]);
    const event = await told;
    assert.deepEqual([event.peer, event.error, at.room.peers.get(peer.id)], [peer, await peer.closed, peer]);
    assert.equal(FakePeerConnection.made.length, 0, "no connection was made for it");
    await at.socket.drop(4505);
  }
});

test("what waits while a key is thought about is bounded, and one too many ends the peer with overflow", async () => {
  const other = new Other(at, await Identity.create(), pion);
  let answer = (_: boolean) => {};
  const peer = await at.verify(other, { trust: () => new Promise((resolve) => (answer = resolve)) });
  await other.describe("offer", "p1");
  for (let i = 1; i < 256; i++) await at.hear(other.member, { candidate: null, session: "p1" });
  assert.equal(peer.state, "connecting", "as many as may wait");
  await at.hear(other.member, { candidate: null, session: "p1" });
  assert.equal((await peer.closed)?.code, "overflow");
  assert.match((await peer.closed)?.message ?? "", /256 wait/);
  answer(true);
  for (let i = 0; i < 50; i++) await settled();
  assert.equal(FakePeerConnection.made.length, 0, "no connection was made for it");
});

test("who shows no key, or one that is none, is refused without a word about a connection", async () => {
  const { key } = await Identity.create();
  for (const shown of [{}, { key: 5, nonce: {} }, { key, nonce: "short" }, { key: `${key}=`, nonce: "AAAAAAAAAAAAAAAAAAAAAA" }]) {
    const peer = await at.verify({ ...browser, ...shown } as Member, { secret: newSecret() });
    assert.deepEqual(await ended(peer), ["peer-unverified", "no-key"]);
    const { session: _, ...data } = await at.heard("unverified");
    assert.deepEqual(data, { unverified: true });
    await at.socket.drop(4505);
  }
});

test("who verifies nobody is told that the other side wants to, and ends it", async () => {
  for (const options of [{}, { secret: newSecret() }]) {
    const other = new Other(at, await Identity.create(), browser);
    const peer = await at.verify(other, options);
    const seen: unknown[] = [];
    at.room.addEventListener("unverified", (event) => seen.push([event.peer, event.error]));
    assert.deepEqual([peer.key, peer.verified], [other.identity.key, false]);
    const { proof } = await at.heard("description");
    assert.equal(proof === undefined, !("secret" in options));
    await at.hear(other.member, { unverified: true, session: at.session(1) });
    assert.deepEqual(await ended(peer), ["peer-unverified", "refused"]);
    await settled();
    assert.deepEqual(seen, [[peer, await peer.closed]]);
    assert.deepEqual(at.said(), [], "and says nothing back");
    await assert.rejects(at.room.connect("cyd"), { code: "peer-unverified" });
    await at.socket.drop(4505);
  }
});

test("a hello shows the key and a nonce of its own, again after a lost connection, and a new one as a new instance", async () => {
  const hellos: { key?: string; nonce?: string; attestation?: string; instance: string }[] = [];
  const listener = FakeSocket.listener;
  FakeSocket.listener = (socket, frame) => {
    if (frame.type === "hello") hellos.push(frame);
    listener?.(socket, frame);
  };
  const identity = await Identity.create();
  await at.verify(browser, { identity, attestation: "a.b.c" });
  const lost = at.socket;
  await lost.drop();
  while (FakeSocket.last === lost) await at.clock.advance(100);
  at.socket = FakeSocket.last;
  at.socket.open();
  await settled();
  const [first, second] = hellos;
  assert.deepEqual([first?.key, first?.attestation], [identity.key, "a.b.c"]);
  assert.deepEqual([second?.key, second?.nonce, second?.instance], [identity.key, first?.nonce, first?.instance]);
});
