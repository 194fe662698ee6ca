// What the two sides say of their connections, row by row of the protocol's table.

import assert from "node:assert/strict";
import { test } from "node:test";
import { answer, browser, channelOf, fresh, Meeting, offer, pion, restart, states } from "./meeting.js";
import { FakePeerConnection } from "./rtc.js";

const at = new Meeting();

test("a candidate alone begins nothing, and of those that are early some are kept", async () => {
  await at.enter([pion], "none");
  for (let i = 0; i < 100; i++) await at.hear(pion, { candidate: { candidate: `c${i}` }, session: "p1" });
  await at.clock.advance(60000);
  assert.equal(at.get("bob").state, "waiting", "it may be a late one, and no offer follow");
  await at.hear(pion, { description: offer, session: "p1" });
  assert.equal(at.pc.done.filter((step) => step.startsWith("candidate")).length, 64);
});

test("wants: of a connection that there is none of, of this one, and of others", async () => {
  await at.enter([browser]);
  at.said();
  await at.hear(browser, { want: true, session: at.session(1) });
  await at.hear(browser, { want: true });
  await at.hear(browser, { description: answer, session: at.session(1) });
  assert.deepEqual(at.said(), [], "the first offer serves them all");
  await at.socket.drop(4505);
  const { peer, pc } = await at.connected();
  at.said();
  await at.hear(browser, { want: true, session: "other" });
  await at.hear(browser, { want: true, session: "other", fresh: true });
  assert.deepEqual(at.said(), []);
  await at.hear(browser, { want: true, session: at.session(1) });
  assert.deepEqual(at.said(), [["cyd", restart]]);
  await at.hear(browser, { want: true, session: at.session(1) });
  assert.deepEqual([at.said(), peer.connection], [[], pc], "an offer is out");
  await at.hear(browser, { want: true });
  assert.deepEqual(at.said(), [["cyd", fresh(2)]], "who has no connection cannot answer one for another path");
  assert.equal(peer.state, "reconnecting");
  await at.hear(browser, { want: true, session: at.session(2), fresh: true });
  assert.deepEqual(at.said(), [["cyd", fresh(3)]], "even though an offer is out");
  assert.equal(FakePeerConnection.made.filter(({ connectionState }) => connectionState !== "closed").length, 1);
});

test("an offer of a new connection ends the one that there is; one for another path of an unknown one asks for a new one", async () => {
  const { peer, pc } = await at.accepted();
  const seen = states(peer);
  const channel = await channelOf(peer, pc);
  at.deaf = true;
  await at.hear(pion, { description: offer, session: "p0", iceRestart: true });
  await at.hear(pion, { description: offer, session: "p0", iceRestart: true });
  assert.deepEqual(at.said(), [["bob", { want: true }]], "once, as long as that is on its way");
  at.deaf = false;
  await at.clock.advance(2000); // what has no receipt is said again
  at.said();
  assert.deepEqual([peer.state, peer.connection], ["connected", pc]);
  await at.hear(pion, { description: offer, session: "p1" });
  assert.deepEqual(pc.done, ["remote offer", "local answer", "remote offer", "local answer"], "a negotiation of the same one");
  await at.hear(pion, { description: offer, session: "p2" });
  assert.equal((await channel.closed)?.code, "connection-lost");
  assert.deepEqual([pc.connectionState, at.pc.done, seen], ["closed", ["remote offer", "local answer"], ["reconnecting"]]);
  at.pc.control.open();
  assert.deepEqual(seen, ["reconnecting", "connected"]);
  await at.socket.drop(4505);
  await at.enter([pion], "none");
  await at.hear(pion, { description: offer, session: "p2", iceRestart: true });
  assert.deepEqual(at.said(), [["bob", { want: true }]]);
  assert.equal(at.get("bob").connection, undefined);
});

test("signals without a usable session, or none, do no harm", async () => {
  const { peer, pc } = await at.accepted();
  for (const session of [7, null, {}, "x".repeat(65)]) {
    await at.hear(pion, { description: offer, session });
    await at.hear(pion, { candidate: { candidate: "x" }, session });
  }
  assert.deepEqual([peer.connection, pc.done], [pc, ["remote offer", "local answer"]]);
  await at.socket.drop(4505);
  // One that gives no names: all that it says is about its only connection.
  await at.enter([pion]);
  await at.hear(pion, { candidate: { candidate: "early" } });
  await at.hear(pion, { description: offer });
  await at.hear(pion, { description: offer });
  assert.deepEqual(at.pc.done, ["remote offer", "candidate early", "local answer", "remote offer", "local answer"]);
  const described = ["bob", { description: { type: "answer", sdp: "local answer" } }];
  assert.deepEqual(at.said(), [described, described]);
});

test("candidates of a generation that is yet to come are kept, those of one that is over do no harm", async () => {
  const { pc } = await at.accepted();
  await at.hear(pion, { candidate: { candidate: "next", usernameFragment: "gen2" }, session: "p1" });
  await at.hear(pion, { candidate: { candidate: "never", usernameFragment: "gen0" }, session: "p1" });
  await at.hear(pion, { description: { type: "offer", sdp: "gen2" }, session: "p1", iceRestart: true });
  await at.hear(pion, { description: { type: "offer", sdp: "gen3" }, session: "p1", iceRestart: true });
  assert.deepEqual(pc.done.slice(2), ["remote offer", "candidate next", "local answer", "remote offer", "local answer"]);
});
