import assert from "node:assert/strict";
import { afterEach, beforeEach, test } from "node:test";
import { join, type Peer, type Room } from "../src/index.js";
import type { Member } from "../src/protocol_gen.js";
import { Clock, settled } from "./clock.js";
import { FakeDataChannel, FakePeerConnection } from "./rtc.js";
import { event, FakeSocket, installPage, installSocket, letIn, watched } from "./server.js";

let clock: Clock;
let room: Room;
let socket: FakeSocket;
let instance: string;

/** Members that offer to us (they cannot roll back), and one that we offer to (the largest instance). */
const pion: Member = { peer: "bob", instance: "00000000000000b2", joined: 1 };
const browser: Member = { peer: "cyd", instance: "ffffffffffffffff", capabilities: { rollback: true }, joined: 2 };

beforeEach(() => {
  clock = new Clock();
  FakePeerConnection.made = [];
  installSocket({ RTCPeerConnection: FakePeerConnection });
});
afterEach(async () => {
  await socket.drop(4505);
  assert.equal(clock.running, 0, "timers outlive the room");
  clock.restore();
});

async function enter(members: Member[], topology: "mesh" | "none" = "mesh"): Promise<void> {
  const joining = join("http://127.0.0.1", "tea", { connectTimeout: 10000 });
  socket = FakeSocket.last;
  instance = await letIn(socket, members, topology);
  room = await joining;
}

const n = new Map<string, number>();
const hear = (from: Member, data: unknown) => {
  const key = from.instance + instance;
  n.set(key, (n.get(key) ?? 0) + 1);
  const route = { from: from.peer, fromInstance: from.instance, to: "ada", toInstance: instance };
  return socket.say({ type: "signal", room: "tea", ...route, n: n.get(key), data });
};
const said = () => socket.frames().flatMap((frame) => (frame.type === "signal" ? [[frame.to, frame.data]] : []));
const get = (id: string) => room.peers.get(id) as Peer;

test("who offers offers at once; candidates follow; the answer connects", async () => {
  await enter([browser]);
  const pc = FakePeerConnection.last as FakePeerConnection;
  assert.deepEqual(pc.configuration, { iceServers: [{ urls: ["stun:192.0.2.1:3478"] }] });
  assert.deepEqual([pc.control.label, pc.control.options], ["beckon", { negotiated: true, id: 0, ordered: true }]);
  assert.equal(get("cyd").state, "connecting");
  pc.onicecandidate?.({ candidate: { candidate: "c1", toJSON: () => ({ candidate: "c1" }) } });
  pc.onicecandidate?.({ candidate: { candidate: "" } });
  pc.onicecandidate?.({ candidate: null });
  assert.deepEqual(said(), [
    ["cyd", { description: { type: "offer", sdp: "local offer" } }],
    ["cyd", { candidate: { candidate: "c1" } }],
    ["cyd", { candidate: null }],
  ]);
  await hear(browser, { want: true });
  assert.deepEqual(said(), [], "the offer that is out serves this want");
  await hear(browser, { description: { type: "answer", sdp: "x" } });
  await hear(browser, { candidate: { candidate: "r1" } });
  await hear(browser, { candidate: { candidate: "bad" } });
  await hear(browser, { candidate: null });
  assert.deepEqual(pc.done, ["local offer", "remote answer", "candidate r1", "candidate end"]);
  const accepted = room.accept();
  pc.control.open();
  assert.equal(await accepted, get("cyd"));
  assert.equal(get("cyd").state, "connected");
  await hear(browser, { want: true });
  assert.deepEqual(said(), [["cyd", { description: { type: "offer", sdp: "local offer" } }]], "a later want gets a new offer");
});

test("who is offered to keeps candidates that come first, and answers", async () => {
  await enter([pion]);
  assert.equal(FakePeerConnection.made.length, 0);
  assert.equal(get("bob").state, "connecting");
  await hear(pion, { candidate: { candidate: "early" } });
  await hear(pion, { description: { type: "offer", sdp: "x" } });
  const pc = FakePeerConnection.last as FakePeerConnection;
  assert.deepEqual(pc.done, ["remote offer", "candidate early", "local answer"]);
  assert.deepEqual(said(), [["bob", { description: { type: "answer", sdp: "local answer" } }]]);
});

test("one negotiation that fails ends one peer", async () => {
  await enter([pion, browser]);
  const other = FakePeerConnection.last as FakePeerConnection;
  await hear(pion, { description: { type: "answer", sdp: "x" } });
  const error = await get("bob").closed;
  assert.equal(error?.code, "connect-failed");
  assert.match(error?.message ?? "", /offer was due/);
  await assert.rejects(get("bob").open("x"), { code: "connect-failed" });
  await assert.rejects(room.connect("bob"), { code: "connect-failed" });
  other.refusal = new Error("bad SDP");
  await hear(browser, { description: { type: "answer", sdp: "x" } });
  assert.match((await get("cyd").closed)?.message ?? "", /bad SDP/);
  assert.equal(other.connectionState, "closed");
});

test("an offer that is never made, and one never answered, end with the timeout", async () => {
  await enter([pion, browser]);
  await clock.advance(10000);
  for (const id of ["bob", "cyd"]) assert.equal((await get(id).closed)?.code, "connect-failed");
  assert.match((await get("cyd").closed)?.message ?? "", /10 s.*have-local-offer/);
  assert.match((await get("bob").closed)?.message ?? "", /no offer/);
});

test("in a room of topology none, connecting is asked for", async () => {
  await enter([pion, browser], "none");
  assert.deepEqual([get("bob").state, get("cyd").state], ["waiting", "waiting"]);
  assert.deepEqual(said(), []);
  const offered = room.connect("cyd");
  const asked = watched(room.connect("bob"));
  await settled();
  assert.deepEqual(said(), [["bob", { want: true }], ["cyd", { description: { type: "offer", sdp: "local offer" } }]]);
  FakePeerConnection.last?.control.open();
  assert.equal(await offered, get("cyd"));
  await socket.say(event(10, "left", "bob", { reason: "timeout" }));
  await assert.rejects(asked, { code: "connection-lost" });
});

test("a want makes the side that offers begin", async () => {
  await enter([browser], "none");
  await hear(browser, { want: true });
  assert.deepEqual(said(), [["cyd", { description: { type: "offer", sdp: "local offer" } }]]);
});

test("beyond the mesh nobody connects until there is room", async () => {
  const many = Array.from({ length: 15 }, (_, i) => ({ ...browser, peer: `p${i}`, instance: `fffffffffffff${100 + i}`, joined: i + 1 }));
  const late = { ...browser, peer: "late", joined: 20 };
  await enter(many);
  assert.equal(FakePeerConnection.made.length, 15);
  await socket.say(event(20, "joined", "late", { member: late }));
  assert.equal(get("late").state, "waiting");
  await assert.rejects(room.connect("late"), { code: "mesh-full" });
  await hear(late, { want: true });
  await hear(late, { candidate: null });
  assert.equal(get("late").state, "waiting");
  await socket.say(event(21, "left", "p3", { reason: "bye" }));
  assert.equal(get("late").state, "connecting");
});

/** A room with one connected peer. */
async function connected(): Promise<{ peer: Peer; pc: FakePeerConnection }> {
  await enter([browser]);
  const pc = FakePeerConnection.last as FakePeerConnection;
  pc.control.open();
  return { peer: get("cyd"), pc };
}

test("at most 16 channels are opened at a time", async () => {
  const { peer, pc } = await connected();
  const controller = new AbortController();
  const opens = Array.from({ length: 20 }, (_, i) => peer.open(`c${i}`, { ordered: i % 2 === 0, maxRetransmits: i }));
  const given = watched(peer.open("given up", { signal: controller.signal }));
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
  const { peer, pc } = await connected();
  const controller = new AbortController();
  const given = watched(peer.open("x", { signal: controller.signal }));
  await settled();
  controller.abort();
  await assert.rejects(given, { code: "aborted" });
  assert.equal(pc.channels[1]?.readyState, "closed");
  const refused = watched(peer.open("y"));
  await settled();
  pc.channels[2]?.close();
  await assert.rejects(refused, { code: "closed" });
});

test("channels of the other side wait, 64 of them, and lose no message", async () => {
  const { peer, pc } = await connected();
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
  const { peer, pc } = await connected();
  const opening = peer.open("x");
  await settled();
  pc.channels[1]?.open();
  const channel = await opening;
  void channel.send("last words");
  const closing = peer.close();
  await settled();
  assert.deepEqual([pc.channels[1]?.readyState, pc.control.readyState, pc.connectionState], ["open", "open", "new"]);
  pc.channels[1]?.drain(100);
  await closing;
  assert.deepEqual([pc.channels[1]?.readyState, pc.control.readyState, pc.connectionState], ["closed", "closed", "closed"]);
  assert.equal(await peer.closed, undefined);
  assert.ok(room.peers.has("cyd"), "it is still a member");
  await assert.rejects(peer.open("y"), { code: "closed" });
  await assert.rejects(peer.accept(), { code: "closed" });
});

test("the end of a connection ends what is being opened, with or without an event", async () => {
  const { peer, pc } = await connected();
  const opening = watched(peer.open("x"));
  await settled();
  Object.assign(pc.channels[1] as FakeDataChannel, { close: () => {} });
  void peer.close();
  await clock.advance(10000);
  await assert.rejects(opening, { code: "closed" });
});

test("a browser that has no further channel to give says so with a code", async () => {
  const { peer, pc } = await connected();
  const cause = new Error("OperationError");
  pc.createDataChannel = () => {
    throw cause;
  };
  await assert.rejects(peer.open("x"), { code: "connect-failed", cause });
});

test("a peer that has gone is not accepted, nor kept for it", async () => {
  await connected();
  await socket.say(event(10, "left", "cyd", { reason: "bye" }));
  const back = { ...browser, joined: 11 };
  await socket.say(event(11, "joined", "cyd", { member: back }));
  FakePeerConnection.last?.control.open();
  assert.equal(await room.accept(), get("cyd"));
});

test("who does not offer makes no offer, whatever is said to it", async () => {
  await enter([pion]);
  await hear(pion, { description: { type: "offer", sdp: "x" } });
  said();
  await hear(pion, { want: true });
  await hear(pion, { want: false });
  await hear(pion, { description: null });
  assert.deepEqual(said(), []);
});

test("the other side's goodbye is an end in order; a lost association and a failed connection are not", async () => {
  for (const [end, want] of [
    [(pc: FakePeerConnection) => pc.control.close(), undefined],
    [(pc: FakePeerConnection) => pc.control.fail(12), undefined],
    [(pc: FakePeerConnection) => pc.control.fail(), "connection-lost"],
    [
      (pc: FakePeerConnection) => {
        pc.connectionState = "failed";
        pc.onconnectionstatechange?.();
      },
      "connection-lost",
    ],
  ] as const) {
    const { peer, pc } = await connected();
    end(pc);
    assert.equal((await peer.closed)?.code, want);
    await assert.rejects(peer.open("x"), { code: want ?? "closed" });
    await socket.drop(4505);
  }
});

test("a path that stays silent is looked for again, and the channels live on", async () => {
  const { peer, pc } = await connected();
  await hear(browser, { description: { type: "answer", sdp: "x" } });
  said();
  pc.become("disconnected");
  await clock.advance(1999);
  pc.become("connected");
  await clock.advance(3000);
  assert.ok(!pc.done.includes("restart"), "it came back by itself");
  pc.become("disconnected");
  await clock.advance(2000);
  assert.deepEqual(pc.done.slice(-2), ["restart", "local offer"]);
  await hear(browser, { want: true }); // which that offer serves
  await hear(browser, { description: { type: "answer", sdp: "x" } });
  pc.become("failed");
  await clock.advance(0);
  assert.equal(pc.done.filter((step) => step === "restart").length, 2, "the answer led nowhere, so once more");
  pc.become("connected");
  await clock.advance(10000);
  assert.equal(peer.state, "connected");
});

test("a path that is not found in time is the end; a failure of DTLS is at once", async () => {
  const { peer, pc } = await connected();
  pc.become("disconnected");
  await clock.advance(9999);
  assert.equal(peer.state, "connected");
  await clock.advance(1);
  assert.equal((await peer.closed)?.code, "connection-lost");
  await socket.drop(4505);
  const second = await connected();
  second.pc.become("failed", "connected");
  assert.equal((await second.peer.closed)?.code, "connection-lost");
});

test("on another network a path is looked for at once; who does not offer asks for it", async () => {
  const page = installPage();
  await enter([pion, browser]);
  const offering = FakePeerConnection.last as FakePeerConnection;
  await hear(browser, { description: { type: "answer", sdp: "x" } });
  page.fire("online");
  await settled();
  assert.deepEqual(offering.done.slice(-2), ["restart", "local offer"]);
  await hear(pion, { description: { type: "offer", sdp: "x" } });
  said();
  page.fire("online");
  await settled();
  assert.deepEqual(said(), [["bob", { want: true }]], "the other offer is out already");
  await socket.drop(4505);
  assert.equal(page.listeners, 0);
  page.remove();
});

test("the end of the room is the end of its peers", async () => {
  const { peer, pc } = await connected();
  await socket.drop(4505);
  assert.equal((await peer.closed)?.code, "connection-lost");
  assert.equal(pc.connectionState, "closed");
});
