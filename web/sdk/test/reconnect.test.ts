import assert from "node:assert/strict";
import { afterEach, beforeEach, test } from "node:test";
import { join, type Room } from "../src/index.js";
import type { ClientFrame, Member } from "../src/protocol_gen.js";
import { Clock, settled } from "./clock.js";
import { FakePeerConnection } from "./rtc.js";
import { bob, event, FakeSocket, greet, installPage, installSocket, letIn, refusal, self, snapshot, watched, welcome } from "./server.js";

const random = Math.random;
let clock: Clock;
let room: Room;
let socket: FakeSocket;
let instance: string;
/** What the room announced about its state, its members and what they said. */
let seen: string[];

/** We offer to it. */
const other: Member = { ...bob, instance: "ffffffffffffffff", capabilities: { rollback: true } };

beforeEach(async () => {
  clock = new Clock();
  Math.random = () => 0.5;
  installSocket({ RTCPeerConnection: FakePeerConnection });
  await enter();
});
afterEach(async () => {
  void room.close();
  await clock.advance(5000);
  assert.equal(clock.running, 0, "timers outlive the room");
  Math.random = random;
  clock.restore();
});

async function enter(): Promise<void> {
  const joining = join("http://127.0.0.1", "tea", { attributes: { name: "Ada" }, carriers: ["websocket"] });
  socket = FakeSocket.last;
  instance = await letIn(socket, [other], "mesh");
  room = await joining;
  await settled(); // the offer is out
  socket.sent = [];
  seen = [];
  room.addEventListener("state", () => seen.push(room.state));
  room.addEventListener("gap", () => seen.push("gap"));
  for (const type of ["peer", "away", "back", "left"] as const) {
    room.addEventListener(type, ({ peer }) => seen.push(`${type} ${peer.id}`));
  }
  room.addEventListener("message", ({ data }) => seen.push(`message ${String(data)}`));
}

/** Cuts the connection and lets the room make the next one. */
async function reconnect(): Promise<void> {
  await socket.drop();
  for (const before = socket; FakeSocket.last === before && clock.now < 1e7; ) await clock.advance(25);
  socket = FakeSocket.last;
}

/** Answers the hello and the join of a new connection. */
async function letBack(...after: object[]): Promise<void> {
  const { join: asked } = await greet(socket, { resumed: true, resume: "token 2" });
  await socket.say({ ...snapshot([], { topology: "mesh", replay: true, until: 9 + after.length }), id: asked.id }, ...after);
}

const types = (frames: ClientFrame[]) => frames.map(({ type }) => type);

test("a lost connection is made again, as the same peer, and the log goes on; channels stay", async () => {
  const peer = room.peers.get("bob");
  FakePeerConnection.last?.control.open();
  const heard: unknown[] = [];
  peer?.addEventListener("close", () => heard.push("close"));
  await reconnect();
  assert.equal(room.state, "reconnecting");
  const { hello, join: asked } = await greet(socket, { resumed: true, resume: "token 2" });
  assert.deepEqual([hello.instance, hello.resume], [instance, "token 1"]);
  const { id, ...rest } = asked;
  assert.deepEqual(rest, {
    type: "join", room: "tea", attributes: { name: "Ada" }, topology: "mesh", epoch: "00000000000000e1", position: 9,
  });
  await socket.say({ ...snapshot([], { replay: true, topology: "mesh", until: 11 }), id });
  assert.equal(room.state, "reconnecting", "what was missed is still to come");
  await socket.say(event(10, "message", "bob", { instance: other.instance, n: 1, data: "missed" }), event(11, "back", "ada", { member: self(instance) }));
  assert.deepEqual(seen, ["reconnecting", "message missed", "joined"]);
  assert.equal(room.peers.get("bob"), peer);
  assert.equal(peer?.state, "connected");
  assert.deepEqual(heard, []);
  await reconnect();
  assert.equal((await greet(socket, { resumed: true })).hello.resume, "token 2", "the newest token");
});

test("what is said while there is no connection is brought by the next one", async () => {
  await socket.drop();
  const said = room.send("x");
  const signalled = watched(room.peers.get("bob")?.signal("y") ?? Promise.reject());
  assert.deepEqual(socket.frames(), []);
  await clock.advance(125);
  socket = FakeSocket.last;
  await letBack();
  const [message, offer] = socket.frames();
  assert.deepEqual(message, { type: "message", room: "tea", n: 1, data: "x" });
  assert.ok(offer?.type === "signal" && offer.n === 1, "the oldest without a receipt asks how far the peer has got");
  await socket.say(event(10, "message", "ada", { instance, n: 1, data: "x" }));
  await said;
  const route = { room: "tea", from: "bob", fromInstance: other.instance, to: "ada", toInstance: instance };
  await socket.say({ type: "receipt", ...route, n: 1 });
  assert.deepEqual(socket.frames().map((frame) => frame.type === "signal" && frame.data), ["y"]);
  await socket.say({ type: "receipt", ...route, n: 2 });
  await signalled;
});

test("attempts are put off at random, longer and longer, until one works", async () => {
  const delays: number[] = [];
  for (let i = 0; i < 9; i++) {
    const [made, from] = [FakeSocket.made, clock.now];
    await FakeSocket.last.drop();
    while (FakeSocket.made === made) await clock.advance(5);
    delays.push(clock.now - from);
  }
  assert.deepEqual(delays, [125, 250, 500, 1000, 2000, 4000, 8000, 15000, 15000]);
  socket = FakeSocket.last;
  await letBack();
  // A server that lets everybody in and dies of it is no success.
  const made = FakeSocket.made;
  await socket.drop();
  await clock.advance(14999);
  assert.equal(FakeSocket.made, made, "the delay is as long as before");
  await clock.advance(1);
  socket = FakeSocket.last;
  await letBack();
  await clock.advance(10000);
  await reconnect();
  assert.notEqual(socket.readyState, 3, "after a success the first delay is short again");
});

test("a page that gets its network or its user back tries at once, or asks whether the server lives", async () => {
  void room.close();
  await clock.advance(5000);
  const page = installPage();
  await enter();
  for (const type of ["online", "pageshow", "visibilitychange"]) {
    await socket.drop();
    Object.assign(globalThis.document, { visibilityState: "hidden" });
    page.fire("visibilitychange");
    assert.equal(FakeSocket.last, socket);
    Object.assign(globalThis.document, { visibilityState: "visible" });
    page.fire(type);
    assert.notEqual(FakeSocket.last, socket);
    socket = FakeSocket.last;
    await letBack();
  }
  socket.sent = [];
  page.fire("online");
  assert.deepEqual(types(socket.frames()), ["ping"]);
  await clock.advance(10000);
  assert.equal(room.state, "reconnecting", "it did not answer");
  await room.close();
  assert.equal(page.listeners, 0);
  page.remove();
});

test("a server that does not know the session any more gets a new peer and instance, and the app a gap", async () => {
  const connection = FakePeerConnection.last;
  const lost = watched(room.send("x"));
  await reconnect();
  socket.open();
  await settled();
  const [hello] = socket.frames();
  await socket.say({ ...welcome, id: (hello as { id: number }).id, peer: "eve" });
  assert.deepEqual(types(socket.frames()), ["bye"]);
  assert.notEqual(FakeSocket.last, socket);
  socket = FakeSocket.last;
  const again = await greet(socket, { peer: "eve" });
  assert.equal(again.hello.resume, undefined);
  assert.notEqual(again.hello.instance, instance);
  assert.equal(again.join.epoch, undefined);
  assert.deepEqual(again.join.attributes, { name: "Ada" });
  await assert.rejects(lost, { code: "connection-lost" });
  assert.equal(connection?.connectionState, "closed", "to the others, that peer is gone");
  const eve = { ...self(again.hello.instance), peer: "eve" };
  await socket.say({ ...snapshot([other, eve], { topology: "mesh" }), id: again.join.id });
  assert.deepEqual(seen, ["reconnecting", "gap", "left bob", "peer bob", "joined"]);
  assert.equal(room.id, "eve");
  assert.equal(room.peers.get("bob")?.state, "connecting");
});

test("a restarted server knows the session, but not yet all members: they are away until the grace has passed", async () => {
  await reconnect();
  const { join: asked } = await greet(socket, { resumed: true });
  await socket.say({ ...snapshot([self(instance)], { topology: "mesh", epoch: "00000000000000e2", position: 1 }), id: asked.id });
  assert.deepEqual(seen, ["reconnecting", "away bob", "joined"]);
  socket.sent = [];
  await clock.advance(15000);
  assert.deepEqual(seen.length, 3, "the server is asked first");
  const pings = socket.frames().flatMap((frame) => (frame.type === "ping" ? [frame.t ?? 0] : []));
  await socket.say({ type: "pong", t: Math.max(...pings) });
  assert.deepEqual(seen.at(-1), "left bob");
});

test("who has left meanwhile connects anew, because the others have ended their connections", async () => {
  const peer = room.peers.get("bob");
  const connection = FakePeerConnection.last;
  connection?.control.open();
  await reconnect();
  const { join: asked } = await greet(socket, { resumed: true });
  const anew = snapshot([other, { ...self(instance), joined: 40 }], { topology: "mesh", position: 40, gap: true });
  await socket.say({ ...anew, id: asked.id });
  assert.deepEqual(seen, ["reconnecting", "gap", "left bob", "peer bob", "joined"]);
  assert.equal((await peer?.closed)?.code, "connection-lost");
  assert.equal(connection?.connectionState, "closed");
  assert.notEqual(room.peers.get("bob"), peer);
  assert.notEqual(FakePeerConnection.last, connection);
  assert.equal(room.peers.get("bob")?.state, "connecting");
  await reconnect();
  const second = await greet(socket, { resumed: true });
  await socket.say({ ...anew, id: second.join.id });
  assert.deepEqual(seen.slice(5), ["reconnecting", "gap", "joined"], "with a gap, but as the member that it was");
});

test("who is told that the server is going connects elsewhere within the window", async () => {
  await socket.say({ type: "goaway", within: 5000 });
  await clock.advance(2499);
  assert.equal(FakeSocket.last, socket);
  assert.equal(room.state, "joined");
  await clock.advance(1);
  assert.notEqual(FakeSocket.last, socket);
  assert.equal(socket.readyState, 3);
  assert.ok(!types(socket.frames()).includes("bye"));
  socket = FakeSocket.last;
  await letBack();
  assert.deepEqual(seen, ["reconnecting", "joined"]);
  await socket.say({ type: "goaway", within: 5000 });
  await reconnect();
  await letBack();
  await clock.advance(5000);
  assert.equal(FakeSocket.last, socket, "a server that was faster is not left twice");
});

test("codes after which there is no use end the room, whenever they come", async () => {
  for (const [code, want] of [[4505, "connection-lost"], [4504, "unauthorized"], [4503, "unsupported"], [1000, "connection-lost"]] as const) {
    await socket.drop(code);
    assert.equal((await room.closed)?.code, want);
    assert.equal(room.state, "closed");
    assert.equal(clock.running, 0);
    await enter();
  }
  await reconnect();
  socket.open();
  await socket.drop(4504);
  assert.equal((await room.closed)?.code, "unauthorized");
  assert.deepEqual(seen, ["reconnecting"]);
});

test("a rejoining that is refused for now is tried again, one that is refused ends the room", async () => {
  await reconnect();
  const first = await greet(socket, { resumed: true });
  await socket.say({ ...refusal("rate-limited", { retryAfter: 3000 }), id: first.join.id });
  assert.equal(socket.readyState, 3);
  await clock.advance(2999);
  assert.equal(FakeSocket.last, socket);
  await clock.advance(1);
  socket = FakeSocket.last;
  const second = await greet(socket, { resumed: true });
  await socket.say({ ...refusal("forbidden"), id: second.join.id });
  assert.equal((await room.closed)?.code, "forbidden");
  assert.deepEqual(types(socket.frames()), ["bye"]);
});

test("a server that does not answer is tried again", async () => {
  await reconnect();
  socket.open();
  await clock.advance(10000);
  assert.equal(socket.readyState, 3);
  await clock.advance(250);
  assert.notEqual(FakeSocket.last, socket);
  socket = FakeSocket.last;
  await letBack();
  assert.equal(room.state, "joined");
  const made = FakeSocket.made;
  await clock.advance(15000);
  await socket.say({ type: "pong" });
  assert.equal(FakeSocket.made, made, "the deadline was the attempt's");
});

test("closing while there is no connection is done at once", async () => {
  const said = watched(room.send("x"));
  await socket.drop();
  await room.close();
  await assert.rejects(said, { code: "closed" });
  assert.equal(await room.closed, undefined);
  await clock.advance(60000);
  assert.equal(FakeSocket.last, socket);
});

test("an update that meets a lost connection comes with the next join", async () => {
  const during = room.update({ name: "A" });
  await settled();
  assert.deepEqual(types(socket.frames()), ["update"]);
  await reconnect();
  const after = room.update({ name: "B" });
  const { join: asked } = await greet(socket, { resumed: true });
  assert.deepEqual(asked.attributes, { name: "A" });
  await socket.say({ ...snapshot([], { topology: "mesh", replay: true }), id: asked.id });
  await during;
  await settled();
  assert.deepEqual(socket.frames().flatMap((frame) => (frame.type === "update" ? [frame.attributes] : [])), [{ name: "B" }]);
  await socket.say(event(10, "updated", "ada", { attributes: { name: "B" } }));
  await after;
  const never = watched(room.update({ name: "C" }));
  await settled();
  await socket.drop();
  await socket.drop(4505);
  void room.close();
  await assert.rejects(never, { code: "closed" });
});

test("closing while a hello is on its way joins no more, whatever it is answered", async () => {
  for (const resumed of [false, true]) {
    await reconnect();
    socket.open();
    await settled();
    const [hello] = socket.frames();
    const made = FakeSocket.made;
    const closing = room.close();
    await settled();
    await socket.say({ ...welcome, id: (hello as { id: number }).id, resumed });
    assert.deepEqual(types(socket.frames()), ["bye"]);
    await socket.drop(1000);
    await closing;
    await clock.advance(60000);
    assert.equal(FakeSocket.made, made, "a join would leave a ghost");
    await enter();
  }
});

test("a server that asks for patience gets it, also from a page that comes back", async () => {
  void room.close();
  await clock.advance(5000);
  const page = installPage();
  await enter();
  await reconnect();
  const { join: asked } = await greet(socket, { resumed: true });
  await socket.say({ ...refusal("rate-limited", { retryAfter: 3000 }), id: asked.id });
  await clock.advance(1000);
  page.fire("online");
  await clock.advance(1999);
  assert.equal(FakeSocket.last, socket);
  await clock.advance(1);
  assert.notEqual(FakeSocket.last, socket);
  await room.close();
  page.remove();
});
