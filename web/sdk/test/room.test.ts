import assert from "node:assert/strict";
import { afterEach, beforeEach, test } from "node:test";
import { join } from "../src/join.js";
import type { Room } from "../src/room.js";
import { Clock, settled } from "./clock.js";
import { bob, event, FakeSocket, greet, installPage, installSocket, letIn, refusal, self, snapshot, watched } from "./server.js";

let clock: Clock;
let room: Room;
let socket: FakeSocket;
let instance: string;

beforeEach(async () => {
  clock = new Clock();
  installSocket();
  const joining = join("http://127.0.0.1", "tea");
  socket = FakeSocket.last;
  instance = await letIn(socket, [bob]);
  room = await joining;
});
afterEach(async () => {
  await socket.drop(4505);
  assert.equal(clock.running, 0, "timers outlive the room");
  clock.restore();
});

const signal = (n: number, data: unknown, from = bob) => {
  const route = { from: from.peer, fromInstance: from.instance, to: "ada", toInstance: instance };
  return { type: "signal", room: "tea", ...route, n, data };
};

test("the peers are there when join resolves", () => {
  assert.equal(room.name, "tea");
  assert.equal(room.id, "ada");
  assert.deepEqual([...room.peers.keys()], ["bob"]);
  const peer = room.peers.get("bob");
  assert.deepEqual([peer?.instance, peer?.identity, peer?.attributes, peer?.away, peer?.state, peer?.connection], [
    bob.instance, "", { name: "Bob" }, false, "waiting", undefined,
  ]);
});

test("events announce what can be read already", async () => {
  const seen: unknown[] = [];
  for (const type of ["peer", "away", "back", "updated", "left"] as const) {
    room.addEventListener(type, ({ peer }) => seen.push([type, peer.id, peer.away, peer.attributes, room.peers.has(peer.id)]));
  }
  room.peers.get("bob")?.addEventListener("updated", () => seen.push("on the peer"));
  const cyd = { peer: "cyd", instance: "00000000000000c3", joined: 10 };
  await socket.say(
    event(10, "joined", "cyd", { member: cyd }),
    event(11, "away", "cyd"),
    event(12, "back", "cyd", { member: cyd }),
    event(13, "updated", "bob", { attributes: { x: 1 } }),
    event(14, "left", "cyd", { reason: "leave" }),
    event(14, "left", "bob", { reason: "leave" }),
  );
  assert.deepEqual(seen, [
    ["peer", "cyd", false, {}, true],
    ["away", "cyd", true, {}, true],
    ["back", "cyd", false, {}, true],
    "on the peer",
    ["updated", "bob", false, { x: 1 }, true],
    ["left", "cyd", false, {}, false],
  ]);
});

test("a listener that was removed hears nothing more, the others do", async () => {
  const heard: string[] = [];
  const first = () => heard.push("first");
  room.addEventListener("away", first);
  room.addEventListener("away", { handleEvent: () => heard.push("second") });
  await socket.say(event(10, "away", "bob"));
  room.removeEventListener("away", first);
  await socket.say(event(11, "back", "bob", { member: bob }), event(12, "away", "bob"));
  assert.deepEqual(heard, ["first", "second", "second"]);
});

test("send resolves with its echo, which is no event; others' messages are", async () => {
  const heard: unknown[] = [];
  room.addEventListener("message", ({ peer, data }) => heard.push([peer.id, data]));
  const sending = room.send({ hi: 1 });
  assert.deepEqual(socket.frames(), [{ type: "message", room: "tea", n: 1, data: { hi: 1 } }]);
  let done = false;
  void sending.then(() => (done = true));
  await socket.say(event(10, "message", "bob", { instance: bob.instance, n: 1, data: "b" }));
  assert.equal(done, false, "another's message of the same number");
  await socket.say(event(11, "message", "ada", { instance, n: 1, data: { hi: 1 } }));
  await sending;
  assert.deepEqual(heard, [["bob", "b"]]);
});

test("a refused message, one without a JSON form, and one too large", async () => {
  const refused = watched(room.send("x"));
  await socket.say(refusal("forbidden", { room: "tea", n: 1 }));
  await assert.rejects(refused, { code: "forbidden" });
  await assert.rejects(room.send(undefined), TypeError);
  await assert.rejects(room.send("ż".repeat(33000)), { code: "message-too-large" });
  socket.sent = [];
  watched(room.send("y"));
  assert.deepEqual(socket.frames(), [{ type: "message", room: "tea", n: 2, data: "y" }]);
  await socket.say(refusal("rate-limited", { room: "tea", n: 2, retryAfter: 70 }));
  assert.deepEqual(socket.frames(), []);
  await clock.advance(70);
  assert.deepEqual(socket.frames(), [{ type: "message", room: "tea", n: 2, data: "y" }], "said again when there is room");
});

test("updates go one after another, and each is answered by its own event", async () => {
  const first = watched(room.update({ a: 1 }));
  const second = room.update({ a: 2 });
  await settled();
  assert.deepEqual(socket.frames(), [{ type: "update", room: "tea", attributes: { a: 1 }, id: 3 }]);
  await socket.say(refusal("rate-limited", { id: 3 }));
  await assert.rejects(first, { code: "rate-limited" });
  assert.deepEqual(socket.frames(), [{ type: "update", room: "tea", attributes: { a: 2 }, id: 4 }]);
  await socket.say(event(10, "updated", "ada", { attributes: { a: 2 } }));
  await second;
});

test("apps' signals come in order, once, on the peer and the room; receipts answer them", async () => {
  const heard: unknown[] = [];
  room.addEventListener("signal", ({ peer, data }) => heard.push([peer.id, data]));
  room.peers.get("bob")?.addEventListener("signal", ({ data }) => heard.push(data));
  await socket.say(signal(1, "one"), signal(1, "one"), { ...signal(3, "three"), after: 2 }, signal(2, null));
  assert.deepEqual(heard, ["one", ["bob", "one"], null, ["bob", null]]);
  await clock.advance(25);
  const receipts = socket.frames();
  assert.deepEqual(receipts.at(-1), { type: "receipt", room: "tea", to: "bob", toInstance: bob.instance, n: 2 });
});

test("a signal of a stranger, or of an instance that is gone, is nobody's", async () => {
  room.addEventListener("signal", () => assert.fail("heard"));
  await socket.say(signal(1, "x", { ...bob, peer: "zoe" }), signal(1, "x", { ...bob, instance: "00000000000000b3" }));
  await clock.advance(100);
  assert.deepEqual(socket.frames(), []);
});

test("signals to a peer: receipt, refusal, leaving", async () => {
  const peer = room.peers.get("bob");
  assert.ok(peer);
  await assert.rejects(peer.signal({ want: 1 }), TypeError);
  await assert.rejects(peer.signal(undefined), TypeError);
  const [one, two, three] = [peer.signal(1), watched(peer.signal(2)), watched(peer.signal(3))];
  assert.deepEqual(socket.frames().map((frame) => frame.type === "signal" && [frame.toInstance, frame.n, frame.data]), [
    [bob.instance, 1, 1], [bob.instance, 2, 2], [bob.instance, 3, 3],
  ]);
  const route = { room: "tea", from: "bob", fromInstance: bob.instance, to: "ada", toInstance: instance };
  await socket.say({ type: "receipt", ...route, n: 1 });
  await one;
  await socket.say(refusal("forbidden", { room: "tea", to: "bob", toInstance: bob.instance, n: 2 }));
  await assert.rejects(two, { code: "forbidden" });
  socket.sent = [];
  await socket.say(event(10, "left", "bob", { reason: "bye" }));
  await assert.rejects(three, { code: "closed" });
  assert.equal(await peer.closed, undefined);
  assert.equal(peer.state, "closed");
  await assert.rejects(peer.signal(4), { code: "unknown-peer" });
  assert.deepEqual(socket.frames(), [], "to one who has left, nothing is sent");
});

test("the log is acknowledged every few entries", async () => {
  await clock.advance(15000);
  assert.deepEqual(socket.frames(), [{ type: "ping", t: 1, acks: { tea: 9 } }]);
  await socket.say({ type: "pong" });
  for (let i = 10; i <= 40; i++) await socket.say(event(i, "away", "bob"));
  assert.deepEqual(socket.frames(), [{ type: "ack", room: "tea", position: 25 }]);
});

test("a gap is announced when the room is whole again", async () => {
  const heard: unknown[] = [];
  room.addEventListener("gap", () => heard.push(["gap", [...room.peers.keys()]]));
  room.addEventListener("left", ({ peer, reason }) => heard.push([peer.id, reason]));
  const cyd = { peer: "cyd", instance: "00000000000000c3", joined: 10 };
  await socket.say(snapshot([self(instance), cyd], { position: 90, gap: true }));
  assert.deepEqual(heard, [["gap", ["cyd"]], ["bob", "timeout"]]);
});

test("a peer that nobody knows cannot be connected to, and a room that put us out is over", async () => {
  await assert.rejects(room.connect("zoe"), { code: "unknown-peer" });
  await socket.say(event(10, "left", "ada", { reason: "timeout" }));
  assert.equal((await room.closed)?.code, "connection-lost");
  await clock.advance(2000);
  assert.equal(socket.readyState, 3);
});

test("a page that goes away for good says bye", async () => {
  await socket.drop(4505);
  const page = installPage();
  const joining = join("http://127.0.0.1", "tea");
  socket = FakeSocket.last;
  await letIn(socket);
  room = await joining;
  page.fire("pagehide", { persisted: false });
  assert.deepEqual(socket.frames(), [{ type: "bye" }]);
  assert.equal(await room.closed, undefined);
  assert.equal(page.listeners, 0);
  page.remove();
});

test("a page that is kept says bye, too, and joins anew as another instance when it comes back", async () => {
  await socket.drop(4505);
  const page = installPage();
  const joining = join("http://127.0.0.1", "tea");
  socket = FakeSocket.last;
  const first = await letIn(socket, [bob]);
  room = await joining;
  const { made } = FakeSocket;
  const heard: unknown[] = [];
  for (const type of ["gap", "state"] as const) room.addEventListener(type, () => heard.push(type === "gap" ? type : room.state));
  for (const type of ["left", "peer"] as const) room.addEventListener(type, ({ peer }) => heard.push(`${type} ${peer.id}`));
  const old = room.peers.get("bob");
  page.fire("pagehide", { persisted: true });
  assert.deepEqual(socket.frames(), [{ type: "bye" }]);
  assert.deepEqual([room.state, old?.state], ["reconnecting", "closed"]);
  const saying = watched(room.send("while it is away"));
  await socket.drop(1000);
  await clock.advance(60_000);
  assert.equal(FakeSocket.made, made, "a page that is not there does not come back by itself");
  page.fire("pageshow", { persisted: true });
  assert.equal(FakeSocket.made, made + 1);
  socket = FakeSocket.last;
  const { hello, join: again } = await greet(socket, { peer: "ada2", resume: "token 2" });
  assert.deepEqual([hello.resume, hello.instance === first], [undefined, false]);
  await socket.say({ ...snapshot([bob, { ...self(hello.instance), peer: "ada2" }]), id: again.id });
  await assert.rejects(saying, { code: "connection-lost" });
  assert.deepEqual(heard, ["reconnecting", "gap", "left bob", "peer bob", "joined"]);
  assert.deepEqual([room.id, room.state, room.peers.get("bob") === old], ["ada2", "joined", false]);
  watched(room.send("back"));
  await settled();
  assert.equal(socket.frames().at(-1)?.type, "message");
  await socket.drop(4505);
  assert.equal(page.listeners, 0);
  page.remove();
});

test("a page that is kept while it looks for its server looks for it again when it is back", async () => {
  await socket.drop(4505);
  const page = installPage();
  const joining = join("http://127.0.0.1", "tea");
  socket = FakeSocket.last;
  await letIn(socket, [bob]);
  room = await joining;
  for (const open of [false, true]) {
    await socket.drop();
    while (FakeSocket.last === socket) await clock.advance(100);
    socket = FakeSocket.last;
    if (open) socket.open();
    await settled();
    page.fire("pagehide", { persisted: true });
    await settled();
    assert.equal(room.state, "reconnecting");
    const { made } = FakeSocket;
    page.fire("pageshow", { persisted: true });
    assert.equal(FakeSocket.made, made + 1, "once");
    socket = FakeSocket.last;
    await letIn(socket, [bob]);
    assert.equal(room.state, "joined");
  }
  page.remove();
});
