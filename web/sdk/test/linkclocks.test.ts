// How long a connection may take, and what stops and starts its clocks.

import assert from "node:assert/strict";
import { test } from "node:test";
import { MAX_CHURN } from "../src/churn.js";
import { settled } from "./clock.js";
import { answer, browser, fresh, Meeting, offer, pion, restart } from "./meeting.js";
import { FakePeerConnection } from "./rtc.js";
import { event, greet, FakeSocket, installPage, snapshot, watched } from "./server.js";

const at = new Meeting();

/** The other side has answered a heartbeat, so it knows of heartbeats. */
const alive = (pc: FakePeerConnection) => pc.control.receive('{"pong":1}');

test("one that is not connected in time is the end", async () => {
  const { peer } = await at.connected();
  at.pc.become("failed", "connected");
  await at.clock.advance(9999);
  assert.equal(peer.state, "reconnecting");
  const opening = watched(peer.open("x", { raw: true }));
  await at.clock.advance(1);
  assert.equal((await peer.closed)?.code, "connection-lost");
  await assert.rejects(opening, { code: "connection-lost" });
  await at.socket.drop(4505);
  const asking = await at.accepted();
  alive(asking.pc);
  asking.pc.vanish();
  await at.clock.advance(6000);
  await at.hear(pion, { description: offer, session: "p2" });
  await at.clock.advance(3999);
  assert.equal(asking.peer.state, "reconnecting");
  await at.clock.advance(1);
  assert.equal((await asking.peer.closed)?.code, "connection-lost", "a new offer does not begin a new deadline");
});

test("one that came to nothing is followed by another after a pause that grows, within the one deadline", async () => {
  const { peer } = await at.connected();
  at.pc.become("failed", "connected");
  const times: number[] = [];
  const from = at.clock.now;
  while (peer.state === "reconnecting") {
    const made = FakePeerConnection.made.length;
    at.pc.become("failed", "connected");
    while (FakePeerConnection.made.length === made && peer.state === "reconnecting") await at.clock.advance(100);
    times.push(at.clock.now - from);
  }
  assert.deepEqual(times, [1000, 3000, 7000, 10000]);
  assert.equal((await peer.closed)?.code, "connection-lost");
});

test("ICE that fails for a replacement is tried again; the first connection's failure is the end", async () => {
  const { peer } = await at.connected();
  at.pc.become("failed", "connected");
  await settled();
  at.said();
  await at.hear(browser, { description: answer, session: at.session(2) });
  at.pc.become("failed");
  await settled();
  assert.deepEqual(at.said(), [["cyd", { ...fresh(2), iceRestart: true }]]);
  assert.equal(peer.state, "reconnecting");
  await at.socket.drop(4505);
  await at.enter([browser]);
  at.pc.become("failed");
  assert.equal((await at.get("cyd").closed)?.code, "connect-failed");
});

test("a first connection that fails while the two cannot tell each other their candidates is tried again when they can", async () => {
  await at.enter([pion, browser]);
  const offering = at.pc;
  await at.hear(browser, { description: answer, session: (at.said(), at.session(1)) });
  await at.hear(pion, { description: offer, session: "p1" });
  at.said();
  await at.socket.say(event(10, "away", "cyd"), event(11, "away", "bob"));
  offering.become("failed");
  at.pc.become("failed");
  await at.clock.advance(60000);
  assert.deepEqual([at.get("cyd").state, at.get("bob").state, at.said()], ["connecting", "connecting", []]);
  await at.socket.say(event(12, "back", "cyd", { member: browser }), event(13, "back", "bob", { member: pion }));
  await at.clock.advance(0);
  assert.deepEqual(at.said(), [["cyd", restart], ["bob", { want: true, session: "p1" }]]);
  await at.hear(browser, { description: answer, session: at.session(1) });
  offering.become("connected");
  offering.control.open();
  assert.equal(at.get("cyd").state, "connected");
  at.pc.become("failed");
  assert.equal((await at.get("bob").closed)?.code, "connect-failed");
});

test("a new path is looked for with the newest ICE servers", async () => {
  const { pc } = await at.connected();
  const newest = [{ urls: ["turn:192.0.2.1"], username: "u", credential: "c" }];
  await at.socket.say({ type: "ice", iceServers: newest, iceLifetime: 0 });
  pc.become("failed");
  assert.deepEqual(pc.configuration.iceServers, newest);
  pc.become("failed", "connected");
  assert.deepEqual(at.pc.configuration.iceServers, newest);
});

test("who answers takes the newest ICE servers for another path, as does a connection with a new peer", async () => {
  const { pc } = await at.accepted();
  const made = FakeSocket.made;
  const newest = [{ urls: ["turn:192.0.2.1"], username: "u", credential: "c" }];
  await at.socket.say({ type: "ice", iceServers: newest, iceLifetime: 600_000 });
  await at.clock.advance(1_000_000);
  assert.notDeepEqual(pc.configuration.iceServers, newest, "what was gathered lives on");
  assert.equal(pc.connectionState, "connected");
  await at.hear(pion, { description: offer, session: "p1", iceRestart: true });
  assert.deepEqual(pc.configuration.iceServers, newest);
  await at.socket.say(event(10, "joined", "cyd", { member: { ...browser, joined: 10 } }));
  assert.notEqual(at.pc, pc);
  assert.deepEqual(at.pc.configuration.iceServers, newest);
  assert.equal(FakeSocket.made, made, "on the signaling connection that there was");
});

test("on another network a path is looked for at once, and again if an offer of the old one is out", async () => {
  const page = installPage();
  await at.enter([pion, browser]);
  const offering = at.pc;
  page.fire("online"); // while the first offer is out
  await at.hear(browser, { description: answer, session: (at.said(), at.session(1)) });
  assert.deepEqual(at.said(), [["cyd", restart]]);
  await at.hear(browser, { description: answer, session: at.session(1) });
  offering.become("connected");
  offering.control.open();
  await at.hear(pion, { description: offer, session: "p1" });
  at.said();
  page.fire("online");
  await settled();
  assert.deepEqual(at.said(), [["bob", { want: true, session: "p1" }], ["cyd", restart]]);
  assert.equal(at.get("cyd").state, "connected", "it may well be that nothing was lost");
  await at.socket.drop(4505);
  assert.equal(page.listeners, 0);
  page.remove();
});

test("the clocks stand still while the other side is away, and while this one has no server", async () => {
  const { peer, pc } = await at.connected();
  await at.socket.say(event(10, "away", "cyd"));
  pc.become("disconnected");
  await at.clock.advance(14000);
  assert.deepEqual([peer.state, at.said()], ["connected", []], "nobody could answer");
  await at.socket.say(event(11, "back", "cyd", { member: browser }));
  await at.clock.advance(2000);
  assert.equal(peer.state, "reconnecting");
  assert.deepEqual(at.said(), [["cyd", restart]]);
  await at.clock.advance(12999);
  await at.socket.drop();
  await at.clock.advance(100);
  assert.equal(FakePeerConnection.made.length, 1);
  while (FakeSocket.last === at.socket) await at.clock.advance(10);
  at.socket = FakeSocket.last;
  await at.clock.advance(3000);
  assert.equal(FakePeerConnection.made.length, 1);
  const { join } = await greet(at.socket, { resumed: true });
  await at.socket.say({ ...snapshot([], { topology: "mesh", replay: true }), id: join.id });
  await at.clock.advance(1);
  assert.equal(FakePeerConnection.made.length, 2);
  await at.socket.say(event(12, "away", "cyd"));
  await at.clock.advance(60000);
  assert.equal(peer.state, "reconnecting", "away is not its end");
  await at.socket.say(event(13, "left", "cyd", { reason: "timeout" }));
  assert.equal((await peer.closed)?.code, "connection-lost");
});

test("a side that makes or wants one connection after another is left", async () => {
  const { peer } = await at.accepted();
  for (let i = 2; i <= MAX_CHURN; i++) {
    await at.hear(pion, { description: offer, session: `p${i}` });
    at.pc.control.open();
  }
  assert.equal(peer.state, "connected");
  await at.clock.advance(60000);
  await at.hear(pion, { description: offer, session: "later" });
  at.pc.control.open();
  assert.equal(peer.state, "connected", "over a minute, that many are no churn");
  for (let i = 0; i < MAX_CHURN; i++) await at.hear(pion, { description: offer, session: `q${i}` });
  assert.equal((await peer.closed)?.code, "connection-lost");
  assert.equal(FakePeerConnection.made.length, 2 * MAX_CHURN);
  assert.ok(FakePeerConnection.made.every(({ connectionState }) => connectionState === "closed"));
  await at.socket.drop(4505);
  const offering = await at.connected();
  for (let i = 2; i <= MAX_CHURN + 1; i++) await at.hear(browser, { want: true, session: (at.said(), at.session(i - 1)), fresh: true });
  assert.equal((await offering.peer.closed)?.code, "connection-lost");
});
