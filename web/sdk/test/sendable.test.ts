// Channels that the other side opens, on which Chromium cannot send in the first moments.

import assert from "node:assert/strict";
import { test } from "node:test";
import { deferred } from "../src/abort.js";
import { Trunk } from "../src/muxtrunk.js";
import { Clock, settled } from "./clock.js";
import { Meeting } from "./meeting.js";
import { FakeDataChannel, FakePeerConnection } from "./rtc.js";

const at = new Meeting();

test("a raw channel is accepted when it can be sent on, with what came before", async () => {
  const { peer, pc } = await at.connected();
  const asked = deferred<RTCStatsReport>();
  pc.getStats = () => asked.promise;
  let accepted = false;
  const accepting = peer.accept().then((channel) => ((accepted = true), channel));
  const theirs = new FakeDataChannel("theirs");
  pc.ondatachannel?.({ channel: theirs });
  theirs.open();
  theirs.receive("early");
  await at.clock.advance(499);
  assert.equal(accepted, false);
  asked.resolve(new Map() as unknown as RTCStatsReport);
  assert.equal(await (await accepting).recv(), "early");
});

test("… and does not wait for statistics that do not come, or of a connection that has none", async () => {
  const { peer, pc } = await at.connected();
  for (const getStats of [() => new Promise<never>(() => {}), () => Promise.reject(new Error("InvalidStateError")), undefined]) {
    pc.getStats = getStats as typeof pc.getStats;
    const theirs = new FakeDataChannel("theirs");
    pc.ondatachannel?.({ channel: theirs });
    theirs.open();
    await at.clock.advance(500);
    assert.equal((await peer.accept()).label, "theirs");
  }
});

test("… and not while it is called connecting again; what is sent then goes when it is open", async () => {
  const { peer, pc } = await at.connected();
  const theirs = new FakeDataChannel("theirs");
  pc.ondatachannel?.({ channel: theirs });
  theirs.open();
  theirs.readyState = "connecting";
  let accepted = false;
  const accepting = peer.accept().then((channel) => ((accepted = true), channel));
  await settled();
  assert.equal(accepted, false);
  theirs.open();
  const channel = await accepting;
  theirs.readyState = "connecting";
  void channel.send("x");
  await settled();
  theirs.open();
  assert.deepEqual(theirs.sent, ["x"]);
});

test("what is to be sent on a trunk of the other side's waits, in its order", async () => {
  const clock = new Clock();
  const pc = new FakePeerConnection({});
  const asked = deferred<RTCStatsReport>();
  pc.getStats = () => asked.promise;
  const dc = new FakeDataChannel("beckon");
  let ready = 0;
  const owner = { received: () => {}, ready: () => ready++, writable: () => {}, broken: () => assert.fail("broken") };
  const trunk = new Trunk(pc as unknown as RTCPeerConnection, dc.asReal, false, owner);
  dc.open();
  for (const byte of [1, 2]) trunk.send(Uint8Array.of(byte));
  await settled();
  assert.deepEqual([dc.sent, ready], [[], 0]);
  asked.resolve(new Map() as unknown as RTCStatsReport);
  await settled();
  trunk.send(Uint8Array.of(3));
  assert.deepEqual([dc.sent, ready], [[1, 2, 3].map((byte) => Uint8Array.of(byte)), 1]);
  clock.restore();
});
