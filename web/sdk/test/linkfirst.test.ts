// Connections that end in their first moments, or under the SDK's feet, and ends that are for good.

import assert from "node:assert/strict";
import { test } from "node:test";
import { settled } from "./clock.js";
import { answer, browser, channelOf, fresh, Meeting, offer, pion, states } from "./meeting.js";
import { FakePeerConnection } from "./rtc.js";

const at = new Meeting();

/** What ends a connection that one of the two has not seen connected yet. */
const ends: Record<string, (pc: FakePeerConnection) => void> = {
  association: (pc) => pc.vanish(),
  "association, with an error": (pc) => pc.control.fail(),
  "association, on purpose": (pc) => pc.control.fail(12),
  DTLS: (pc) => pc.become("failed", "connected"),
};

test("a first connection that ends before it is connected is replaced, by the side that offers", async () => {
  for (const end of Object.values(ends)) {
    await at.enter([browser]);
    const seen = states(at.get("cyd"));
    at.said();
    await at.hear(browser, { description: answer, session: at.session(1) });
    end(at.pc);
    await at.clock.advance(1000);
    assert.deepEqual(at.said(), [["cyd", fresh(2)]]);
    await at.hear(browser, { description: answer, session: at.session(2) });
    at.pc.control.open();
    await settled();
    assert.deepEqual([seen, FakePeerConnection.made.length], [["connected"], 2]);
    await at.socket.drop(4505);
    FakePeerConnection.made = [];
  }
});

test("… by a wish of the other one, which takes what is offered meanwhile as well", async () => {
  for (const end of Object.values(ends)) {
    for (const faster of [false, true]) {
      await at.enter([pion]);
      const seen = states(at.get("bob"));
      await at.hear(pion, { description: offer, session: "p1" });
      at.said();
      end(at.pc);
      await settled();
      if (!faster) {
        await at.clock.advance(1000);
        assert.deepEqual(at.said(), [["bob", { want: true, session: "p1", fresh: true }]]);
      }
      await at.hear(pion, { description: offer, session: "p2" });
      assert.deepEqual(at.said(), [["bob", { description: { type: "answer", sdp: "local answer" }, session: "p2" }]]);
      at.pc.control.open();
      await at.clock.advance(60000);
      assert.deepEqual([seen, FakePeerConnection.made.length], [["connected"], 2]);
      await at.socket.drop(4505);
      FakePeerConnection.made = [];
    }
  }
});

test("one that ends as soon as it is open, before the other side has said anything, is lost and not closed in order", async () => {
  for (const end of Object.values(ends)) {
    const offering = await at.connected();
    end(offering.pc);
    await settled();
    assert.deepEqual([offering.peer.state, at.said()], ["reconnecting", [["cyd", fresh(2)]]]);
    await at.socket.drop(4505);
    const asking = await at.accepted();
    end(asking.pc);
    await settled();
    assert.deepEqual([asking.peer.state, at.said()], ["reconnecting", [["bob", { want: true, session: "p1", fresh: true }]]]);
    await at.socket.drop(4505);
  }
});

test("ends before it is connected share one deadline", async () => {
  await at.enter([browser]);
  const peer = at.get("cyd");
  for (let i = 0; peer.state === "connecting"; i++) {
    if (i % 2 === 0) at.pc.become("failed", "connected");
    await at.clock.advance(500);
    assert.ok(i < 20);
  }
  const error = await peer.closed;
  assert.equal(error?.code, "connect-failed");
  assert.match(String((error?.cause as Error).cause), /DTLS failed/);
  assert.deepEqual(at.said().at(-1), ["cyd", { over: true, session: "s4" }]);
});

test("a connection that the app closes is replaced, without anybody using it", async () => {
  for (const connected of [true, false]) {
    await at.enter([browser]);
    at.said();
    await at.hear(browser, { description: answer, session: at.session(1) });
    if (connected) at.pc.control.open();
    await settled();
    at.pc.close();
    await at.clock.advance(2500);
    assert.deepEqual(at.said(), [["cyd", fresh(2)]]);
    await at.hear(browser, { description: answer, session: at.session(2) });
    at.pc.control.open();
    assert.equal(at.get("cyd").state, "connected");
    await at.socket.drop(4505);
  }
});

test("what meets a connection that the app has closed makes a new one", async () => {
  const { peer, pc } = await at.connected();
  pc.close();
  await at.hear(browser, { want: true, session: at.session(1) });
  assert.deepEqual(at.said(), [["cyd", fresh(2)]], "of another path there can be none");
  at.pc.close();
  await at.hear(browser, { want: true, session: at.session(2), fresh: true });
  await at.clock.advance(1000);
  assert.deepEqual(at.said(), [["cyd", fresh(3)]], "and one is enough");
  assert.equal(peer.state, "reconnecting");
  await at.socket.drop(4505);
  for (const session of ["p1", "p2"]) {
    const asking = await at.accepted();
    asking.pc.close();
    await at.hear(pion, { description: offer, session, ...(session === "p1" ? { iceRestart: true } : {}) });
    const said = at.said();
    assert.deepEqual(said[0], ["bob", { want: true, session: "p1", fresh: true }]);
    assert.equal(said.length, session === "p1" ? 1 : 2, "a new one is answered");
    await at.hear(pion, { description: offer, session: "p3" });
    at.pc.control.open();
    assert.equal(asking.peer.state, "connected");
    await at.socket.drop(4505);
  }
  const used = await at.connected();
  await channelOf(used.peer, used.pc);
  used.pc.close();
  const opening = used.peer.open("x", { raw: true });
  await settled();
  assert.deepEqual(at.said(), [["cyd", fresh(2)]]);
  at.pc.control.open();
  await settled();
  at.pc.channels.at(-1)?.open();
  assert.equal((await opening).label, "x");
});

test("another path is looked for on a connection that the app has closed: then there is another connection", async () => {
  const { pc } = await at.connected();
  pc.become("disconnected");
  pc.setConfiguration = () => assert.fail("InvalidStateError");
  pc.close();
  await at.clock.advance(2000);
  assert.deepEqual(at.said(), [["cyd", fresh(2)]]);
});

test("a path without an association is given up after a while", async () => {
  await at.enter([pion]);
  await at.hear(pion, { description: offer, session: "p1" });
  at.said();
  at.pc.become("connected");
  await at.clock.advance(8499);
  assert.deepEqual(at.said(), []);
  await at.clock.advance(1);
  assert.deepEqual(at.said(), [["bob", { want: true, session: "p1", fresh: true }]]);
});

test("an end for good is told, and again to who does not know it yet", async () => {
  await at.enter([browser]);
  at.said();
  const peer = at.get("cyd");
  const session = at.session(1);
  await peer.close();
  assert.deepEqual(at.said(), [["cyd", { over: true, session: "s1" }]]);
  await at.hear(browser, { description: answer, session });
  await at.hear(browser, { want: true });
  await at.hear(browser, { candidate: null, session });
  await at.hear(browser, { over: true, session });
  assert.deepEqual(at.said(), [["cyd", { over: true, session: "s1" }], ["cyd", { over: true }]]);
  await at.socket.drop(4505);
  const heard = await at.connected();
  heard.pc.control.receive('{"bye":true}');
  await settled();
  assert.deepEqual(at.said(), [], "who has said goodbye knows");
});

test("the other side's end is this one's", async () => {
  await at.enter([pion, browser]);
  at.said();
  await at.hear(browser, { over: true, session: "another" });
  await at.hear(browser, { over: true });
  assert.equal(at.get("cyd").state, "connecting", "that was of another one");
  await at.hear(browser, { over: true, session: at.session(1) });
  assert.equal((await at.get("cyd").closed)?.code, "connect-failed");
  await at.hear(pion, { over: true, session: "p0" }); // that this side has asked for
  assert.equal((await at.get("bob").closed)?.code, "connect-failed");
  assert.deepEqual(at.said(), [], "which needs no answer");
  await at.socket.drop(4505);
  const { peer } = await at.accepted();
  await at.hear(pion, { over: true, session: "p0" });
  assert.equal(peer.state, "connected");
  await at.hear(pion, { over: true, session: "p1" });
  assert.equal((await peer.closed)?.code, "connection-lost");
});
