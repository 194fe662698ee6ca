// Connections that are lost.

import assert from "node:assert/strict";
import { test } from "node:test";
import { settled } from "./clock.js";
import { answer, browser, channelOf, fresh, Meeting, offer, pion, restart, states } from "./meeting.js";
import { FakeDataChannel, FakePeerConnection } from "./rtc.js";
import { installPage } from "./server.js";

const at = new Meeting();

/** The other side has answered a heartbeat, so it knows of heartbeats. */
const alive = (pc: FakePeerConnection) => pc.control.receive('{"pong":1}');

test("a path on which bytes come is not silent, whatever the browser counts them by", async () => {
  const { peer, pc } = await at.connected();
  const seen = states(peer);
  alive(pc);
  for (let i = 0; i < 20; i++) {
    await at.clock.advance(1000);
    pc.bytesReceived += 20_000;
    if (i === 10) pc.getStats = async () => firefox(pc.bytesReceived);
  }
  assert.deepEqual(seen, []);
  await at.clock.advance(6250);
  assert.deepEqual(seen, ["reconnecting"]);
});

/** As before version 154: its transports count nothing. */
function firefox(bytesReceived: number): RTCStatsReport {
  const entries = [
    { id: "T", type: "transport" },
    { id: "A", type: "candidate-pair", state: "succeeded", bytesReceived: 7 },
    { id: "B", type: "candidate-pair", state: "succeeded", nominated: true, selected: true, bytesReceived },
  ];
  return new Map(entries.map((entry) => [entry.id, entry])) as unknown as RTCStatsReport;
}

test("a path that is silent is looked for after 2 s, and the channels live on", async () => {
  const { peer, pc } = await at.connected();
  const seen = states(peer);
  const channel = await channelOf(peer, pc);
  pc.become("disconnected");
  await at.clock.advance(1999);
  pc.become("connected");
  await at.clock.advance(3000);
  assert.deepEqual([seen, at.said()], [[], []], "it came back by itself");
  pc.become("disconnected");
  await at.clock.advance(2000);
  assert.deepEqual(at.said(), [["cyd", restart]]);
  assert.deepEqual(seen, ["reconnecting"]);
  await at.hear(browser, { want: true, session: at.session(1) });
  assert.deepEqual(at.said(), [], "which that offer serves");
  await at.hear(browser, { description: answer, session: at.session(1) });
  pc.become("failed");
  await at.clock.advance(0);
  assert.deepEqual(at.said(), [["cyd", restart]], "the answer led nowhere, so once more, at once");
  await at.hear(browser, { description: answer, session: at.session(1) });
  pc.become("connected");
  await at.clock.advance(60000);
  assert.deepEqual(seen, ["reconnecting", "connected"]);
  assert.deepEqual([peer.connection, FakePeerConnection.made.length, await channel.send("x")], [pc, 1, undefined]);
  assert.deepEqual(pc.done.filter((step) => step === "restart").length, 2);
});

test("ICE that has failed is looked for again, also where the browser calls it disconnected", async () => {
  for (const ice of ["failed", "disconnected"] as const) {
    const { peer, pc } = await at.connected();
    pc.become("failed", ice);
    await at.clock.advance(0);
    assert.deepEqual(at.said(), [["cyd", restart]], ice);
    await at.hear(browser, { description: answer, session: at.session(1) });
    pc.become("connected");
    assert.deepEqual([peer.state, peer.connection], ["connected", pc]);
    await at.socket.drop(4505);
  }
});

test("who does not offer asks for another path, once at a time, and takes it", async () => {
  const { peer, pc } = await at.accepted();
  pc.become("disconnected");
  at.deaf = true;
  await at.clock.advance(2000);
  const want = ["bob", { want: true, session: "p1" }];
  assert.deepEqual(at.said(), [want]);
  assert.equal(peer.state, "reconnecting");
  pc.become("failed");
  await settled();
  assert.deepEqual(at.said(), [], "the other side has no receipt for the first yet");
  await at.hear(pion, { description: offer, session: "p1", iceRestart: true });
  assert.deepEqual(at.said(), [["bob", { description: { type: "answer", sdp: "local answer" }, session: "p1" }]]);
  pc.become("connected");
  assert.equal(peer.state, "connected");
  at.deaf = false;
  await at.clock.advance(2000); // what has no receipt is said again
  pc.become("disconnected");
  await at.hear(pion, { description: offer, session: "p1", iceRestart: true });
  at.said();
  await at.clock.advance(4999);
  assert.deepEqual(at.said(), [], "the other side was faster");
  await at.clock.advance(1);
  assert.deepEqual(at.said(), [want], "but its path was none");
  await at.clock.advance(5000);
  assert.deepEqual(at.said(), [want], "and is looked for again and again");
  pc.become("connected");
  await at.clock.advance(60000);
  assert.deepEqual(at.said(), []);
  assert.equal(FakePeerConnection.made.length, 1);
});

test("a heartbeat without an answer is a lost path, and anything that is heard a found one", async () => {
  const { peer, pc } = await at.connected();
  const seen = states(peer);
  const channel = await channelOf(peer, pc);
  alive(pc);
  await at.clock.advance(4000);
  pc.channels[1]?.receive("any message");
  await at.clock.advance(4999);
  assert.equal(peer.state, "connected");
  void channel.send("x");
  pc.channels[1]?.drain(1); // progress, while a ping waits
  pc.control.bufferedAmount = 12;
  await at.clock.advance(1);
  pc.control.bufferedAmount = 0;
  await at.clock.advance(4999);
  assert.deepEqual([seen, at.said()], [[], []]);
  await at.clock.advance(1);
  assert.deepEqual(seen, ["reconnecting"]);
  assert.deepEqual(at.said(), [["cyd", restart]]);
  pc.become("connected"); // what ICE thinks of it does not count
  assert.deepEqual(seen, ["reconnecting"]);
  alive(pc);
  assert.deepEqual(seen, ["reconnecting", "connected"]);
});

test("when there is no path for 15 s, another connection takes the place; its channels end, the peer does not", async () => {
  const { peer, pc } = await at.connected();
  const seen = states(peer);
  const channel = await channelOf(peer, pc);
  void channel.send("lost");
  const accepting = peer.accept();
  const half = peer.open("half", { raw: true }); // its channel is made, and not open yet
  await settled();
  pc.become("disconnected");
  await at.clock.advance(14999);
  assert.equal(FakePeerConnection.made.length, 1);
  at.said();
  await at.clock.advance(1);
  assert.deepEqual(at.said(), [["cyd", fresh(2)]]);
  assert.deepEqual([pc.connectionState, seen, peer.connection], ["closed", ["reconnecting"], at.pc]);
  assert.equal((await channel.closed)?.code, "connection-lost");
  await assert.rejects(channel.recv(), { code: "connection-lost" });
  // What is late about the one before does no harm.
  const { done } = at.pc;
  await at.hear(browser, { description: answer, session: at.session(1) });
  await at.hear(browser, { candidate: { candidate: "old" }, session: at.session(1) });
  await at.hear(browser, { want: true, session: at.session(1), fresh: true });
  await at.hear(browser, { want: true, session: at.session(1) });
  assert.deepEqual([done, at.said()], [["local offer"], []]);
  await at.hear(browser, { description: answer, session: at.session(2) });
  await at.hear(browser, { candidate: { candidate: "new" }, session: at.session(2) });
  assert.deepEqual(done, ["local offer", "remote answer", "candidate new"]);
  const opening = peer.open("again", { raw: true });
  at.pc.control.open();
  assert.deepEqual(seen, ["reconnecting", "connected"]);
  await settled();
  assert.deepEqual(at.pc.channels.slice(1).map(({ label }) => label), ["half", "again"]);
  for (const made of at.pc.channels.slice(1)) made.open();
  assert.equal((await opening).label, "again");
  assert.equal((await half).label, "half", "it was never open, so nobody can tell");
  const theirs = new FakeDataChannel("theirs");
  at.pc.ondatachannel?.({ channel: theirs });
  theirs.open();
  assert.equal((await accepting).label, "theirs");
  await at.clock.advance(60000);
  assert.equal(peer.state, "connected");
});

test("who does not offer asks for another connection, and drops what is about the one before", async () => {
  const { peer, pc } = await at.accepted();
  const channel = await channelOf(peer, pc);
  pc.become("disconnected");
  await at.clock.advance(15000);
  const want = ["bob", { want: true, session: "p1" }];
  assert.deepEqual(at.said(), [want, want, want, ["bob", { want: true, session: "p1", fresh: true }]], "after 2, 7, 12 and 15 s");
  assert.deepEqual([pc.connectionState, peer.connection, peer.state], ["closed", undefined, "reconnecting"]);
  assert.equal((await channel.closed)?.code, "connection-lost");
  await at.hear(pion, { description: offer, session: "p1", iceRestart: true });
  await at.hear(pion, { candidate: { candidate: "old" }, session: "p1" });
  assert.deepEqual([at.said(), FakePeerConnection.made.length], [[], 1]);
  await at.hear(pion, { candidate: { candidate: "early" }, session: "p2" });
  await at.hear(pion, { description: offer, session: "p2" });
  assert.deepEqual(at.pc.done, ["remote offer", "candidate early", "local answer"]);
  assert.deepEqual(at.said(), [["bob", { description: { type: "answer", sdp: "local answer" }, session: "p2" }]]);
  at.pc.control.open();
  assert.equal(peer.state, "connected");
});

test("an association that ends without a goodbye is replaced at once, on either side", async () => {
  for (const end of [(pc: FakePeerConnection) => pc.vanish(), (pc: FakePeerConnection) => pc.control.fail(), (pc: FakePeerConnection) => pc.become("failed", "connected")]) {
    const offering = await at.connected();
    const channel = await channelOf(offering.peer, offering.pc);
    alive(offering.pc);
    end(offering.pc);
    await settled();
    assert.deepEqual(at.said(), [["cyd", fresh(2)]]);
    assert.equal(offering.peer.state, "reconnecting");
    assert.equal((await channel.closed)?.code, "connection-lost");
    await at.socket.drop(4505);
    const asking = await at.accepted();
    alive(asking.pc);
    end(asking.pc);
    await settled();
    assert.deepEqual(at.said(), [["bob", { want: true, session: "p1", fresh: true }]]);
    await at.socket.drop(4505);
  }
});

test("a goodbye is the end, in order, and with it that of the channels", async () => {
  const { peer, pc } = await at.connected();
  const channel = await channelOf(peer, pc);
  pc.control.receive('{"bye":true}');
  pc.vanish();
  assert.equal(await peer.closed, undefined);
  assert.equal(await channel.closed, undefined);
  assert.deepEqual([peer.state, pc.connectionState, FakePeerConnection.made.length], ["closed", "closed", 1]);
  assert.deepEqual(at.said(), []);
  await at.hear(browser, { want: true });
  assert.deepEqual(at.said(), [["cyd", { over: true }]]);
});

test("closing says goodbye after what was sent has been delivered, and is not undone by a loss", async () => {
  const { peer, pc } = await at.connected();
  const channel = await channelOf(peer, pc);
  void channel.send("last words");
  const closing = peer.close();
  await settled();
  assert.ok(!pc.control.sent.includes('{"bye":true}'));
  pc.channels[1]?.drain(100);
  await closing;
  assert.equal(pc.control.sent.at(-1), '{"bye":true}');
  await at.socket.drop(4505);
  const second = await at.connected();
  const slow = await channelOf(second.peer, second.pc);
  void slow.send("never taken");
  const ending = second.peer.close();
  alive(second.pc);
  second.pc.control.fail();
  await at.clock.advance(5000);
  await ending;
  assert.equal(await second.peer.closed, undefined);
  assert.equal(FakePeerConnection.last, second.pc);
  await at.socket.drop(4505);
  const third = await at.accepted();
  const dead = await channelOf(third.peer, third.pc);
  third.pc.become("disconnected");
  await at.clock.advance(12000);
  void dead.send("never taken");
  at.said();
  const parting = third.peer.close();
  await at.clock.advance(5000);
  await parting;
  const over = ["bob", { over: true, session: "p1" }];
  assert.deepEqual([await third.peer.closed, at.said()], [undefined, [over]], "no other is asked for");
});

test("a page that ends says goodbye to its peers, and so does one that is kept, which may never come back", async () => {
  for (const persisted of [false, true]) {
    const page = installPage();
    const { peer, pc } = await at.connected();
    page.fire("pagehide", { persisted });
    assert.equal(pc.control.sent.at(-1), '{"bye":true}');
    assert.equal((await peer.closed)?.code, persisted ? "connection-lost" : undefined);
    assert.equal(pc.connectionState, "closed");
    page.remove();
    await at.socket.drop(4505);
  }
});
