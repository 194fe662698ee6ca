// What the server is told of connections, and what it tells of its relay.

import assert from "node:assert/strict";
import { test } from "node:test";
import { join } from "../src/index.js";
import { answer, browser, Meeting, offer, pion } from "./meeting.js";
import { FakePeerConnection } from "./rtc.js";
import { event, FakeSocket, greet, refusal, self, snapshot, welcome } from "./server.js";
import { settled } from "./clock.js";

const at = new Meeting();

/** Enters with these members a room whose server wants reports. */
async function asked(options = {}, members = [browser]) {
  const joining = join("http://127.0.0.1", "tea", { connectTimeout: 10000, ...options });
  at.socket = FakeSocket.last;
  const { hello, join: frame } = await greet(at.socket, { limits: { ...welcome.limits, reports: 60 } });
  at.instance = hello.instance;
  await at.socket.say({ ...snapshot([...members, self(hello.instance)], { topology: "mesh" }), id: frame.id });
  at.room = await joining;
  await settled();
}

/** What the library has reported since the last call. */
const reported = () => at.socket.frames().filter(({ type }) => type === "report");

/** What getStats tells of a connection whose local candidate is this one. */
function over(pc: FakePeerConnection, local: object, remote: object = { candidateType: "host" }): void {
  const entries = [
    { id: "T", type: "transport", selectedCandidatePairId: "P" },
    { id: "P", type: "candidate-pair", localCandidateId: "L", remoteCandidateId: "R", currentRoundTripTime: 0.02 },
    { id: "L", type: "local-candidate", protocol: "udp", ...local },
    { id: "R", type: "remote-candidate", ...remote },
  ];
  pc.getStats = async () => new Map(entries.map((entry) => [entry.id, entry])) as unknown as RTCStatsReport;
}

/** Connects with the browser, which we offer to, after 300 ms. */
async function meet(local: object, remote?: object): Promise<void> {
  over(at.pc, local, remote);
  const [signal] = at.socket.frames().filter(({ type }) => type === "signal");
  const { session } = (signal as { data: { session: string } }).data;
  await at.hear(browser, { description: answer, session });
  await at.clock.advance(300);
  at.pc.become("connected");
  at.pc.control.open();
  await settled();
}

test("a connection that opens is reported once: how, and after what time", async () => {
  for (const [local, remote, want] of [
    [{ candidateType: "host" }, undefined, { outcome: "direct" }],
    [{ candidateType: "srflx" }, { candidateType: "relay" }, { outcome: "relayed" }],
    [{ candidateType: "relay", relayProtocol: "tls" }, undefined, { outcome: "relayed", protocol: "tls" }],
  ] as const) {
    await asked();
    await meet(local, remote);
    assert.deepEqual(reported(), [{ type: "report", ...want, opening: 300 }]);
    const { relay } = await at.get("cyd").path();
    assert.equal(relay, "protocol" in want ? want.protocol : undefined);
    await at.clock.advance(60000);
    assert.deepEqual(reported(), []);
    await at.socket.drop(4505);
  }
});

test("a way that is found again is another report, and so is one that is not", async () => {
  await asked();
  await meet({ candidateType: "host" });
  reported();
  at.pc.become("failed");
  await at.clock.advance(1000);
  at.pc.become("connected");
  await settled();
  assert.deepEqual(reported(), [{ type: "report", outcome: "direct", opening: 1000, again: true }]);
  at.pc.become("failed");
  await at.clock.advance(25000);
  assert.equal(at.get("cyd").state, "closed");
  assert.deepEqual(reported(), [{ type: "report", outcome: "failed", opening: 25000, again: true }]);
});

test("a connection that does not open is reported as failed", async () => {
  await asked({}, [pion]);
  await at.hear(pion, { description: offer, session: "p1" });
  await at.clock.advance(10000);
  assert.deepEqual(reported(), [{ type: "report", outcome: "failed", opening: 10000 }]);
});

test("what opens while there is no server is not reported", async () => {
  await asked();
  const { pc, socket } = at;
  over(pc, { candidateType: "host" });
  const [signal] = socket.frames().filter(({ type }) => type === "signal");
  await at.hear(browser, { description: answer, session: (signal as { data: { session: string } }).data.session });
  await socket.drop(1006);
  await at.clock.advance(500);
  const next = FakeSocket.last;
  assert.notEqual(next, socket);
  pc.become("connected");
  pc.control.open();
  await settled();
  assert.equal(at.get("cyd").state, "connected");
  assert.deepEqual(next.frames(), []);
  void at.room.close();
  await at.clock.advance(10000);
});

test("a connection that is lost before anybody has looked is not reported", async () => {
  await asked();
  at.pc.getStats = () => Promise.reject(new Error("InvalidStateError"));
  at.pc.become("connected");
  at.pc.control.open();
  await settled();
  assert.deepEqual(reported(), []);
});

test("one that is ended is not", async () => {
  await asked();
  await at.socket.say(event(10, "left", "cyd", { reason: "kicked" }));
  assert.deepEqual(reported(), []);
});

test("nobody reports to a server that does not ask, nor who does not want to", async () => {
  await asked({ reports: false });
  await meet({ candidateType: "host" });
  assert.deepEqual(reported(), []);
  await at.socket.drop(4505);
  await at.connected();
  assert.deepEqual(reported(), []);
});

test("the relay's limits are events, and refuse nothing", async () => {
  await at.enter([pion], "none");
  const seen: unknown[] = [];
  at.room.addEventListener("limit", ({ error }) => seen.push([error.code, error.message]));
  const sending = at.room.send("x");
  await at.socket.say(
    { type: "error", code: "relay-bytes", message: "enough" },
    refusal("relay-bandwidth"),
    refusal("relay-allocations"),
    refusal("relay-of-tomorrow" as "relay-bytes"),
  );
  assert.deepEqual(seen.slice(0, 3), [["relay-bytes", "enough"], ["relay-bandwidth", "no: relay-bandwidth"], ["relay-allocations", "no: relay-allocations"]]);
  assert.equal(seen.length, 4);
  await at.socket.say(event(10, "message", "ada", { instance: at.instance, n: 1, data: "x" }));
  await sending;
});

test("who is kicked or revoked ends by that name, and does not come back", async () => {
  for (const [code, name] of [[4509, "kicked"], [4510, "revoked"]] as const) {
    await at.enter([pion], "none");
    const { made } = FakeSocket;
    await at.socket.drop(code, name);
    assert.equal((await at.room.closed)?.code, name);
    await at.clock.advance(60000);
    assert.equal(FakeSocket.made, made);
  }
});

test("a peer that was kicked has not ended in order", async () => {
  const { peer } = await at.accepted();
  await at.socket.say(event(10, "left", "bob", { reason: "kicked" }));
  assert.equal((await peer.closed)?.code, "connection-lost");
});

test("a revoked hello is refused by name", async () => {
  at.clock.restore();
  const joining = join("http://127.0.0.1", "tea", { token: () => "t" });
  await settled();
  at.socket = FakeSocket.last;
  at.socket.open();
  await settled();
  const [hello] = at.socket.frames();
  const refused = assert.rejects(joining, { code: "revoked" });
  await at.socket.say(refusal("revoked", { id: (hello as { id: number }).id }));
  await at.socket.drop(4510, "revoked");
  await refused;
});
