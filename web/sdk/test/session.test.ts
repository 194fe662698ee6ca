import assert from "node:assert/strict";
import { afterEach, beforeEach, test } from "node:test";
import type { BeckonError } from "../src/error.js";
import { join } from "../src/join.js";
import type { Room } from "../src/room.js";
import { Clock, settled } from "./clock.js";
import { FakeSocket, installSocket, letIn, refusal, watched, welcome } from "./server.js";

let clock: Clock;

beforeEach(() => {
  clock = new Clock();
  installSocket();
});
afterEach(() => clock.restore());

/** Joins a room of topology `none`; returns it with its socket. */
async function joined(): Promise<{ room: Room; socket: FakeSocket }> {
  const joining = join("http://127.0.0.1", "tea");
  const socket = FakeSocket.last;
  await letIn(socket);
  return { room: await joining, socket };
}

test("the way in: subprotocol, hello, join", async () => {
  const options = { token: "t", attributes: { name: "Ada" }, topology: "none" } as const;
  const joining = watched(join("http://127.0.0.1:1/x", "tea", options));
  const socket = FakeSocket.last;
  assert.equal(socket.url, "ws://127.0.0.1:1/x/v1/ws");
  assert.equal(socket.protocol, "beckon.v1");
  socket.open();
  await settled();
  assert.match(
    socket.sent[0] ?? "",
    /^\{"type":"hello","versions":\["beckon.v1"\],"token":"t","instance":"[0-9a-f]{16}","capabilities":\{"rollback":true\},"id":1\}$/,
  );
  socket.sent = [];
  await socket.say({ ...welcome, id: 1 });
  assert.deepEqual(socket.sent, ['{"type":"join","room":"tea","attributes":{"name":"Ada"},"topology":"none","id":2}']);
  await socket.say(refusal("room-full", { id: 2, retryAfter: 7 }));
  await assert.rejects(joining, { code: "room-full", retryAfter: 7 });
  assert.deepEqual(socket.frames().map((frame) => frame.type), ["join", "bye"]);
  assert.equal(socket.readyState, 1, "the server is to close it");
  await clock.advance(2000);
  assert.equal(socket.readyState, 3, "but is not waited for for ever");
  assert.equal(clock.running, 0);
});

test("a server that is not there, does not let in, or does not answer", async () => {
  for (const [code, want] of [[1006, "connect-failed"], [4504, "unauthorized"], [4503, "unsupported"], [4508, "too-many-peers"], [4003, "connect-failed"]] as const) {
    const joining = watched(join("http://127.0.0.1", "tea"));
    FakeSocket.last.open();
    await settled();
    void FakeSocket.last.drop(code);
    await assert.rejects(joining, { code: want }, String(code));
  }
  const unanswered = assert.rejects(join("http://127.0.0.1", "tea", { connectTimeout: 5000 }), { code: "connect-failed" });
  await clock.advance(5000);
  await unanswered;
  assert.equal(FakeSocket.last.readyState, 3);
  assert.equal(clock.running, 0);
});

test("a connection that never opens: what it may be", async () => {
  const tried = "Cannot connect to http://127.0.0.1:1/v1/. websocket: it did not open; stream: no network; poll: no network. Is a Beckon server there";
  const pages = [
    [undefined, "?"],
    [{ host: "127.0.0.1:1", origin: "http://127.0.0.1:1" }, "?"],
    [
      { host: "localhost:8000", origin: "http://localhost:8000" },
      ", does it allow pages of http://localhost:8000 (--allow-origin), and does the page's Content-Security-Policy (connect-src) allow the server?",
    ],
  ] as const;
  for (const [location, question] of pages) {
    installSocket({ location });
    const joining = join("http://127.0.0.1:1", "tea");
    void FakeSocket.last.drop(1006);
    await assert.rejects(joining, { code: "connect-failed", message: tried + question });
  }
  installSocket({ location: undefined });
  assert.equal(clock.running, 0);
});

test("a URL that the browser refuses at once is an error of ours", async () => {
  const cause = new Error("SecurityError");
  const refusing = function () {
    throw cause;
  };
  installSocket({ WebSocket: refusing });
  await assert.rejects(join("http://127.0.0.1", "tea"), (error: BeckonError) => {
    assert.match(error.message, /websocket: SecurityError; stream: no network/);
    assert.equal((error.cause as Error[])[0]?.cause, cause);
    return error.code === "connect-failed";
  });
  assert.equal(clock.running, 0);
  installSocket();
});

test("joining can be given up, at every stage", async () => {
  const controller = new AbortController();
  const joining = join("http://127.0.0.1", "tea", { signal: controller.signal });
  FakeSocket.last.open();
  controller.abort("why");
  await assert.rejects(joining, { code: "aborted", cause: "why" });
  await assert.rejects(join("http://127.0.0.1", "tea", { signal: controller.signal }), { code: "aborted" });
  await clock.advance(2000);
  assert.equal(FakeSocket.last.readyState, 3);
  assert.equal(clock.running, 0);

  const { room, socket } = await joined();
  assert.equal(socket.readyState, 1, "after that, the signal is not the room's");
  void room.close();
});

test("a ping every interval, and the end after the timeout of silence", async () => {
  const { room, socket } = await joined();
  await clock.advance(15000);
  assert.deepEqual(socket.frames(), [{ type: "ping", t: 1, acks: { tea: 9 } }]);
  await clock.advance(9000);
  await socket.say({ type: "pong" });
  await clock.advance(6000);
  assert.deepEqual(socket.frames().map((frame) => frame.type), ["ping"]);
  await clock.advance(10000);
  assert.equal(room.state, "reconnecting");
  assert.equal(socket.readyState, 3);
  await room.close();
  assert.equal(clock.running, 0);
});

test("a throttled timer is no silence of the server's", async () => {
  const { room, socket } = await joined();
  const over = () => room.state !== "joined";
  await clock.sleep(60000);
  assert.deepEqual(socket.frames().map((frame) => frame.type), ["ping"], "nothing was asked before");
  await clock.sleep(60000);
  assert.equal(over(), false, "the answer may wait to be handed over");
  await socket.say({ type: "pong" });
  for (let i = 0; i < 5; i++) {
    await clock.sleep(60000);
    await socket.say({ type: "pong" });
  }
  assert.equal(over(), false);
  await clock.sleep(60000);
  await clock.sleep(60000);
  await clock.sleep(60000);
  assert.equal(over(), true, "but asked twice, it is dead");
  await room.close();
});

test("the server's pings are answered; what it says that is newer than this is ignored", async () => {
  const { room, socket } = await joined();
  await socket.say({ type: "ping", t: 7 }, { type: "teleport" }, { type: "goaway", within: 100 });
  assert.deepEqual(socket.frames(), [{ type: "pong", t: 7 }]);
  assert.equal(room.state, "joined");
  void room.close();
  await clock.advance(2000);
});

test("a connection that the server will not have again ends the room, and says why", async () => {
  const { room, socket } = await joined();
  const sending = watched(room.send("x"));
  const ended = new Promise<Event>((resolve) => room.addEventListener("close", resolve));
  await socket.drop(4505, "replaced");
  await assert.rejects(sending, { code: "connection-lost", message: /closed the connection: replaced.*will not help/ });
  assert.equal((await room.closed)?.code, "connection-lost");
  await ended;
  await assert.rejects(room.accept(), { code: "connection-lost" });
  await assert.rejects(room.send("x"), { code: "closed" });
  await room.close();
  assert.equal(clock.running, 0);
});

test("frames go no faster than the server allows, and a bye sends the rest", async () => {
  const { room, socket } = await joined();
  for (let i = 0; i < 256; i++) room.send(i).catch(() => {});
  const burst = socket.frames().length;
  assert.ok(burst >= 170 && burst <= 180, `${burst} at once`);
  await clock.advance(1000);
  const second = socket.frames().length;
  assert.ok(second >= 44 && second <= 46, `${second} in a second`);
  void room.close();
  await settled();
  const rest = socket.frames();
  assert.equal(rest.at(-1)?.type, "bye");
  assert.equal(burst + second + rest.length - 1, 256);
});

test("more than can wait is refused by name", async () => {
  const { room } = await joined();
  const results = Array.from({ length: 2000 }, (_, i) => room.send(i).then(() => "", (error) => error.code));
  await clock.advance(0);
  void room.close();
  await clock.advance(3000);
  const codes = await Promise.all(results);
  assert.equal(codes.filter((code) => code === "overflow").length, 2000 - 512);
  assert.equal(codes.filter((code) => code === "closed").length, 512);
});

test("closing waits for the server's close, but not for ever", async () => {
  const first = await joined();
  const closing = first.room.close();
  assert.equal(closing, first.room.close());
  await settled();
  assert.deepEqual(first.socket.sent, ['{"type":"bye"}']);
  await first.socket.drop(1000);
  await closing;
  assert.equal(await first.room.closed, undefined);

  const second = await joined();
  const slow = second.room.close();
  await clock.advance(2000);
  await slow;
  assert.equal(clock.running, 0);
});
