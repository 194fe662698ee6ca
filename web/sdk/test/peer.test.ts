import assert from "node:assert/strict";
import { test } from "node:test";
import { settled } from "./clock.js";
import { answer, browser, Meeting, offer, pion } from "./meeting.js";
import { FakeDataChannel, FakePeerConnection } from "./rtc.js";
import { event, watched } from "./server.js";

const at = new Meeting();

test("who offers offers at once; candidates follow; the answer connects", async () => {
  await at.enter([browser]);
  const pc = FakePeerConnection.last as FakePeerConnection;
  assert.deepEqual(pc.configuration, { iceServers: [{ urls: ["stun:192.0.2.1:3478"] }] });
  assert.deepEqual([pc.control.label, pc.control.options], ["beckon", { negotiated: true, id: 0, ordered: true }]);
  assert.equal(at.get("cyd").state, "connecting");
  pc.onicecandidate?.({ candidate: { candidate: "c1", toJSON: () => ({ candidate: "c1" }) } });
  pc.onicecandidate?.({ candidate: { candidate: "" } });
  pc.onicecandidate?.({ candidate: null });
  assert.deepEqual(at.said(), [
    ["cyd", { description: { type: "offer", sdp: "local offer" }, session: "s1" }],
    ["cyd", { candidate: { candidate: "c1" }, session: "s1" }],
    ["cyd", { candidate: null, session: "s1" }],
  ]);
  await at.hear(browser, { want: true });
  assert.deepEqual(at.said(), [], "the offer that is out serves this want");
  await at.hear(browser, { description: answer, session: at.session(1) });
  await at.hear(browser, { candidate: { candidate: "r1" }, session: at.session(1) });
  await at.hear(browser, { candidate: { candidate: "bad" }, session: at.session(1) });
  await at.hear(browser, { candidate: null, session: at.session(1) });
  assert.deepEqual(pc.done, ["local offer", "remote answer", "candidate r1", "candidate end"]);
  const accepted = at.room.accept();
  pc.control.open();
  assert.equal(await accepted, at.get("cyd"));
  assert.equal(at.get("cyd").state, "connected");
});

test("who is offered to keeps candidates that come first, and answers", async () => {
  await at.enter([pion]);
  assert.equal(FakePeerConnection.made.length, 0);
  assert.equal(at.get("bob").state, "connecting");
  await at.hear(pion, { candidate: { candidate: "early" }, session: "p1" });
  await at.hear(pion, { description: offer, session: "p1" });
  const pc = FakePeerConnection.last as FakePeerConnection;
  assert.deepEqual(pc.done, ["remote offer", "candidate early", "local answer"]);
  assert.deepEqual(at.said(), [["bob", { description: { type: "answer", sdp: "local answer" }, session: "p1" }]]);
});

test("one negotiation that fails ends one peer", async () => {
  await at.enter([pion, browser]);
  const other = FakePeerConnection.last as FakePeerConnection;
  await at.hear(pion, { description: answer, session: "p1" });
  const error = await at.get("bob").closed;
  assert.equal(error?.code, "connect-failed");
  assert.match(error?.message ?? "", /offer was due/);
  await assert.rejects(at.get("bob").open("x"), { code: "connect-failed" });
  await assert.rejects(at.room.connect("bob"), { code: "connect-failed" });
  other.refusal = new Error("bad SDP");
  await at.hear(browser, { description: answer, session: at.session(1) });
  assert.match((await at.get("cyd").closed)?.message ?? "", /bad SDP/);
  assert.equal(other.connectionState, "closed");
});

test("an offer that is never made, and one never answered, end with the timeout", async () => {
  await at.enter([pion, browser]);
  await at.clock.advance(10000);
  for (const id of ["bob", "cyd"]) assert.equal((await at.get(id).closed)?.code, "connect-failed");
  assert.match((await at.get("cyd").closed)?.message ?? "", /10 s.*have-local-offer/);
  assert.match((await at.get("bob").closed)?.message ?? "", /no offer/);
});

test("in a room of topology none, connecting is asked for", async () => {
  await at.enter([pion, browser], "none");
  assert.deepEqual([at.get("bob").state, at.get("cyd").state], ["waiting", "waiting"]);
  assert.deepEqual(at.said(), []);
  const offered = at.room.connect("cyd");
  const asked = watched(at.room.connect("bob"));
  await settled();
  assert.deepEqual(at.said(), [["bob", { want: true }], ["cyd", { description: { type: "offer", sdp: "local offer" }, session: "s1" }]]);
  FakePeerConnection.last?.control.open();
  assert.equal(await offered, at.get("cyd"));
  await at.socket.say(event(10, "left", "bob", { reason: "timeout" }));
  await assert.rejects(asked, { code: "connection-lost" });
});

test("a want makes the side that offers begin", async () => {
  await at.enter([browser], "none");
  await at.hear(browser, { want: true });
  assert.deepEqual(at.said(), [["cyd", { description: { type: "offer", sdp: "local offer" }, session: "s1" }]]);
});

test("beyond the mesh nobody connects until there is room", async () => {
  const many = Array.from({ length: 15 }, (_, i) => ({ ...browser, peer: `p${i}`, instance: `fffffffffffff${100 + i}`, joined: i + 1 }));
  const late = { ...browser, peer: "late", joined: 20 };
  await at.enter(many);
  assert.equal(FakePeerConnection.made.length, 15);
  await at.socket.say(event(20, "joined", "late", { member: late }));
  assert.equal(at.get("late").state, "waiting");
  await assert.rejects(at.room.connect("late"), { code: "mesh-full" });
  await at.hear(late, { want: true });
  await at.hear(late, { candidate: null });
  assert.equal(at.get("late").state, "waiting");
  await at.socket.say(event(21, "left", "p3", { reason: "bye" }));
  assert.equal(at.get("late").state, "connecting");
});

test("at most 16 channels are opened at a time", async () => {
  const { peer, pc } = await at.connected();
  const controller = new AbortController();
  const opens = Array.from({ length: 20 }, (_, i) => peer.open(`c${i}`, { raw: true, ordered: i % 2 === 0, maxRetransmits: i }));
  const given = watched(peer.open("given up", { raw: true, signal: controller.signal }));
  await settled();
  assert.equal(pc.channels.length, 1 + 16);
  assert.deepEqual(pc.channels[4]?.options, { ordered: false, protocol: "", maxRetransmits: 3 });
  controller.abort();
  await assert.rejects(given, { code: "aborted" });
  for (let i = 1; i < pc.channels.length; i++) {
    pc.channels[i]?.open();
    await settled();
  }
  assert.deepEqual((await Promise.all(opens)).map((ch) => ch.label), Array.from({ length: 20 }, (_, i) => `c${i}`));
  await assert.rejects(peer.open("x", { maxRetransmits: 1, maxPacketLifeTime: 1 }), TypeError);
  await assert.rejects(peer.open("x", { maxRetransmits: 65536 }), TypeError);
});

test("an open that is given up or refused closes its channel", async () => {
  const { peer, pc } = await at.connected();
  const controller = new AbortController();
  const given = watched(peer.open("x", { raw: true, signal: controller.signal }));
  await settled();
  controller.abort();
  await assert.rejects(given, { code: "aborted" });
  assert.equal(pc.channels[1]?.readyState, "closed");
  const refused = watched(peer.open("y", { raw: true }));
  await settled();
  pc.channels[2]?.close();
  await assert.rejects(refused, { code: "closed" });
});

test("channels of the other side wait, 64 of them, and lose no message", async () => {
  const { peer, pc } = await at.connected();
  const theirs = Array.from({ length: 70 }, (_, i) => new FakeDataChannel(`t${i}`));
  for (const channel of theirs) {
    pc.ondatachannel?.({ channel });
    if (channel.readyState === "closed") continue;
    channel.receive("before open");
    channel.open();
    await settled();
  }
  assert.equal(peer.overflows, 6);
  assert.equal(theirs.findIndex((channel) => channel.readyState === "closed"), 64);
  const first = await peer.accept();
  assert.equal(first.label, "t0");
  assert.equal(await first.recv(), "before open");
});

test("closing closes channels first, then says goodbye, then closes the connection", async () => {
  const { peer, pc } = await at.connected();
  const opening = peer.open("x", { raw: true });
  await settled();
  pc.channels[1]?.open();
  const channel = await opening;
  void channel.send("last words");
  const closing = peer.close();
  await settled();
  assert.deepEqual([pc.channels[1]?.readyState, pc.control.readyState, pc.connectionState], ["open", "open", "connected"]);
  pc.channels[1]?.drain(100);
  await closing;
  assert.deepEqual([pc.channels[1]?.readyState, pc.control.readyState, pc.connectionState], ["closed", "closed", "closed"]);
  assert.equal(await peer.closed, undefined);
  assert.ok(at.room.peers.has("cyd"), "it is still a member");
  await assert.rejects(peer.open("y"), { code: "closed" });
  await assert.rejects(peer.accept(), { code: "closed" });
});

test("the end of a connection ends what is being opened, with or without an event", async () => {
  const { peer, pc } = await at.connected();
  const opening = watched(peer.open("x", { raw: true }));
  await settled();
  Object.assign(pc.channels[1] as FakeDataChannel, { close: () => {} });
  void peer.close();
  await at.clock.advance(10000);
  await assert.rejects(opening, { code: "closed" });
});

test("a browser that has no further channel to give says so with a code", async () => {
  const { peer, pc } = await at.connected();
  const cause = new Error("OperationError");
  pc.createDataChannel = () => {
    throw cause;
  };
  await assert.rejects(peer.open("x", { raw: true }), { code: "connect-failed", cause });
});

test("a peer that has gone is not accepted, nor kept for it", async () => {
  await at.connected();
  await at.socket.say(event(10, "left", "cyd", { reason: "bye" }));
  const back = { ...browser, joined: 11 };
  await at.socket.say(event(11, "joined", "cyd", { member: back }));
  FakePeerConnection.last?.control.open();
  assert.equal(await at.room.accept(), at.get("cyd"));
});

test("who does not offer makes no offer, whatever is said to it", async () => {
  await at.enter([pion]);
  await at.hear(pion, { description: offer, session: "p1" });
  at.said();
  await at.hear(pion, { want: true });
  await at.hear(pion, { want: false });
  await at.hear(pion, { description: null });
  assert.deepEqual(at.said(), []);
});

test("the end of the room is the end of its peers", async () => {
  const { peer, pc } = await at.connected();
  await at.socket.drop(4505);
  assert.equal((await peer.closed)?.code, "connection-lost");
  assert.equal(pc.connectionState, "closed");
});
