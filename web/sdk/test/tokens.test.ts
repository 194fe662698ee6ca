import assert from "node:assert/strict";
import { afterEach, beforeEach, test } from "node:test";
import { join, type Room } from "../src/index.js";
import { Clock, settled } from "./clock.js";
import { FakeSocket, greet, installSocket, letIn, self, snapshot, watched } from "./server.js";

const random = Math.random;
let clock: Clock;
let room: Room | undefined;
let asked: number;

beforeEach(() => {
  clock = new Clock();
  installSocket();
  Math.random = () => 0.5;
  asked = 0;
  room = undefined;
});
afterEach(async () => {
  void room?.close();
  await clock.advance(60_000);
  assert.equal(clock.running, 0, "timers outlive the room");
  Math.random = random;
  clock.restore();
});

const token = async () => `token ${++asked}`;

/** Joins with tokens that are numbered. */
async function joined(): Promise<FakeSocket> {
  const joining = join("http://127.0.0.1", "tea", { token, carriers: ["websocket"] });
  await settled();
  const socket = FakeSocket.last;
  await letIn(socket);
  room = await joining;
  assert.equal(asked, 1);
  return socket;
}

/** Cuts the connection and waits for the next one. */
async function reconnect(code?: number): Promise<void> {
  const made = FakeSocket.made;
  await FakeSocket.last.drop(code);
  while (FakeSocket.made === made && clock.now < 1e6) await clock.advance(25);
}

/** Answers the hello and the join of a new connection; returns the hello. */
async function back() {
  const { hello, join: asking } = await greet(FakeSocket.last, { resumed: true });
  await FakeSocket.last.say({ ...snapshot([self(hello.instance)]), id: asking.id });
  return hello;
}

test("a token is asked for once, and shown to each connection", async () => {
  await joined();
  await reconnect();
  const hello = await back();
  assert.deepEqual([hello.token, hello.resume], ["token 1", "token 1"]);
  assert.equal(asked, 1);
});

test("a fresh one is handed in before the old one expires; what answers brings another resume token", async () => {
  const socket = await joined();
  socket.sent = [];
  await socket.say({ type: "expiring", within: 60_000 });
  const [frame] = socket.frames() as unknown as [{ type: string; id: number; token: string }];
  assert.deepEqual([frame.type, frame.token], ["token", "token 2"]);
  await socket.say({ type: "ice", id: frame.id, iceServers: [], resume: "renewed" });
  await reconnect();
  const hello = await back();
  assert.deepEqual([hello.token, hello.resume], ["token 2", "renewed"]);
});

test("who is closed because a token has expired comes back with a fresh one, without a loss", async () => {
  await joined();
  await reconnect(4507);
  assert.equal(room?.state, "reconnecting");
  assert.equal((await back()).token, "token 2");
  assert.equal(room?.state, "joined");
});

test("a fresh one that was not taken in the room is no end: with the old one's there is another", async () => {
  const socket = await joined();
  socket.sent = [];
  await socket.say({ type: "expiring", within: 60_000 });
  const [frame] = socket.frames() as unknown as [{ id: number }];
  await socket.say({ type: "error", id: frame.id, code: "internal", message: "the token could not be checked; try again" });
  await reconnect(4507);
  assert.equal((await back()).token, "token 3");
  assert.equal(room?.state, "joined");
});

test("a fresh one that is on its way when the old one ends is shown again", async () => {
  const socket = await joined();
  await socket.say({ type: "expiring", within: 60_000 }); // and has no answer to the token
  await reconnect(4507);
  assert.equal((await back()).token, "token 2");
  assert.equal(room?.state, "joined");
  assert.equal(asked, 2);
});

test("one that is refused of who comes back is replaced once; a fresh one that is refused ends it", async () => {
  await joined();
  await reconnect();
  FakeSocket.last.open();
  await settled();
  await FakeSocket.last.drop(4504);
  assert.equal((await back()).token, "token 2");

  await reconnect();
  for (const want of ["token 2", "token 3"]) {
    FakeSocket.last.open();
    await settled();
    assert.equal((FakeSocket.last.frames()[0] as { token?: string }).token, want);
    await FakeSocket.last.drop(4504);
  }
  assert.equal((await room?.closed)?.code, "unauthorized");
  assert.equal(asked, 3);
});

test("a token that is no function is all there is", async () => {
  const joining = join("http://127.0.0.1", "tea", { token: "x", carriers: ["websocket"] });
  const socket = FakeSocket.last;
  await letIn(socket);
  room = await joining;
  socket.sent = [];
  await socket.say({ type: "expiring", within: 60_000 });
  assert.deepEqual(socket.sent, []);
  await socket.drop(4507, "token-expired");
  const why = await room.closed;
  assert.equal(why?.code, "unauthorized");
  assert.match(why?.message ?? "", /token-expired/);
});

test("an app that has no token: join fails; who is in the room tries again", async () => {
  const cause = new Error("no backend");
  const failing = () => {
    throw cause;
  };
  await assert.rejects(join("http://127.0.0.1", "tea", { token: failing }), { code: "connect-failed", message: "get a token: no backend", cause });

  let fails = false;
  const joining = join("http://127.0.0.1", "tea", { token: () => (fails ? failing() : token()), carriers: ["websocket"] });
  await settled();
  await letIn(FakeSocket.last);
  room = await joining;
  fails = true;
  await FakeSocket.last.drop(4507);
  const made = FakeSocket.made;
  await clock.advance(1000);
  assert.equal(FakeSocket.made, made);
  assert.equal(room.state, "reconnecting");
  fails = false;
  while (FakeSocket.made === made && clock.now < 1e6) await clock.advance(25);
  const { hello } = await greet(FakeSocket.last, { resumed: true });
  assert.equal(hello.token, "token 2");
});

test("a token that takes too long is given up with the joining", async () => {
  const controller = new AbortController();
  const joining = watched(join("http://127.0.0.1", "tea", { token: () => new Promise<string>(() => {}), signal: controller.signal }));
  controller.abort();
  await assert.rejects(joining, { code: "aborted" });
});
