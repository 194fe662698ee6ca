import assert from "node:assert/strict";
import { afterEach, beforeEach, test } from "node:test";
import { join, type BeckonError, type JoinOptions, type Room } from "../src/index.js";
import { Clock, settled } from "./clock.js";
import { bob, event, FakeSocket, installPage, installSocket, letIn, self, snapshot, watched, welcome } from "./server.js";
import { FakeFetch, type FakeRequest } from "./wire.js";

const random = Math.random;
const realNow = Date.now;
let clock: Clock;
let net: FakeFetch;
let server: string;
let servers = 0;
let room: Room | undefined;

beforeEach(() => {
  clock = new Clock();
  net = new FakeFetch();
  Math.random = () => 0.5;
  Date.now = () => 1_700_000_000_000 + clock.now;
  installSocket({ fetch: net.fetch });
  server = `http://127.0.0.1:${++servers}`; // what is remembered of one is no other's
  room = undefined;
});
afterEach(async () => {
  void room?.close();
  await clock.advance(60_000);
  assert.equal(clock.running, 0, "timers outlive the room");
  Math.random = random;
  Date.now = realNow;
  clock.restore();
});

type Hello = { id: number; instance: string; resume?: string; token?: string };
const hello = (request: FakeRequest) => request.lines[0] as unknown as Hello;

function joining(options: JoinOptions = {}): Promise<Room> {
  const promise = watched(join(server, "tea", { topology: "none", ...options }));
  void promise.then((joined) => (room = joined), () => {});
  return promise;
}

/** Answers the next body of frames, and returns these. */
async function sent(): Promise<object[]> {
  const request = net.take("send");
  const [head, ...frames] = request.lines;
  await request.reply(200, { type: "sent", n: head?.["n"] });
  return frames;
}

/** Plays the server's part on a stream that has been asked for, up to the room. */
async function letInByStream(more: object = {}): Promise<{ stream: FakeRequest; hello: Hello }> {
  await settled(); // the carrier is loaded
  const stream = net.take("stream");
  await stream.open();
  const asked = hello(stream);
  await stream.say({ type: "opened", carrier: "c1" }, { ...welcome, id: asked.id, ...more });
  const [frame] = (await sent()) as [{ type: string; id: number }];
  assert.equal(frame.type, "join");
  await stream.say({ ...snapshot([bob, self(asked.instance)]), id: frame.id });
  return { stream, hello: asked };
}

/** The same for polls. Returns the poll that waits for more. */
async function letInByPoll(more: object = {}): Promise<{ poll: FakeRequest; hello: Hello }> {
  await settled(); // the carrier is loaded
  const first = net.take("poll");
  const asked = hello(first);
  await first.reply(200, { type: "polled", carrier: "p1", cursor: 1 }, { ...welcome, id: asked.id, ...more });
  const [frame] = (await sent()) as [{ type: string; id: number }];
  const second = net.take("poll");
  assert.deepEqual(second.lines, [{ type: "poll", carrier: "p1", cursor: 1 }]);
  await second.reply(200, { type: "polled", cursor: 2 }, { ...snapshot([bob, self(asked.instance)]), id: frame.id });
  return { poll: net.take("poll"), hello: asked };
}

test("a WebSocket that is refused: the next is a stream, on which everything goes as before", async () => {
  const promise = joining({ token: "secret" });
  await FakeSocket.last.drop(1006);
  const asked = net.take("stream");
  assert.equal(asked.url, `${server}/v1/stream`);
  assert.equal(asked.lines.length, 1);
  assert.equal(hello(asked).token, "secret");
  assert.equal(new Headers(asked.init.headers).get("Accept"), "text/event-stream");
  assert.equal(new Headers(asked.init.headers).get("Content-Type"), null, "a plain string needs no preflight");
  await asked.open();
  await asked.say({ type: "opened", carrier: "c1" });
  await asked.say({ ...welcome, id: hello(asked).id });
  const up = net.take("send");
  assert.equal(up.url, `${server}/v1/send`);
  const [head, first] = up.lines;
  assert.deepEqual(head, { type: "send", carrier: "c1", n: 1 });
  await up.reply(200, { type: "sent", n: 1 });
  // A line in pieces, and characters too.
  const { instance } = hello(asked);
  const joined = { ...snapshot([self(instance), { peer: "zoë", instance: "00000000000000b2", joined: 1 }]), id: first?.["id"] };
  await asked.pieces(`data: ${JSON.stringify(joined)}\n\n`, 50);
  room = await promise;
  assert.deepEqual([room.carrier, room.state, [...room.peers.keys()]], ["stream", "joined", ["zoë"]]);
});

test("a WebSocket that does not open is waited for for 4 s, and not for longer", async () => {
  const promise = joining();
  await clock.advance(3999);
  assert.equal(net.made, 0);
  await clock.advance(1);
  assert.equal(FakeSocket.last.readyState, 3);
  await letInByStream();
  assert.equal((await promise).carrier, "stream");
});

test("a WebSocket that opens and says nothing is given up after 10 s", async () => {
  const promise = joining();
  FakeSocket.last.open();
  await clock.advance(10_000);
  await letInByStream();
  assert.equal((await promise).carrier, "stream");
});

test("a stream without a heartbeat is behind a proxy that buffers: polls", async () => {
  // It holds everything back.
  const first = joining();
  await FakeSocket.last.drop();
  const silent = net.take("stream");
  await silent.open();
  await clock.advance(4999);
  assert.equal(net.maybe("poll"), undefined);
  await clock.advance(1);
  assert.ok(silent.aborted);
  await letInByPoll();
  assert.equal((await first).carrier, "poll");
  void (await first).close();
  await settled();
  await sent();
  await clock.advance(2000);

  // It lets the beginning through: the room is joined, and goes on as the same peer.
  server = `${server}/other`;
  const second = joining();
  await FakeSocket.last.drop();
  const { stream, hello: before } = await letInByStream();
  const joined = await second;
  assert.equal(joined.carrier, "stream");
  await clock.advance(5000);
  assert.ok(stream.aborted);
  assert.equal(joined.state, "reconnecting");
  assert.equal(joined.carrier, undefined);
  const { hello: after } = await letInByPoll({ resumed: true });
  assert.deepEqual([after.instance, after.resume], [before.instance, "token 1"]);
  assert.deepEqual([joined.state, joined.carrier], ["joined", "poll"]);
});

test("what a stream's heartbeats ask for: a body each, but for the first", async () => {
  const promise = joining({ carriers: ["stream"] });
  const { stream } = await letInByStream();
  await promise;
  await stream.beat();
  assert.equal(net.maybe("send"), undefined);
  // Timers are late in a hidden page, what the server says is not.
  await clock.advance(14_000);
  await stream.beat();
  assert.deepEqual(await sent(), [{ type: "ping", t: 1, acks: { tea: 9 } }]);
  await clock.advance(5000);
  assert.equal(net.maybe("send"), undefined, "the page's own ping is due an interval after that");
  await stream.say({ type: "pong", t: 1 });
});

test("a stream that falls silent, or breaks off, is lost", async () => {
  const promise = joining({ carriers: ["stream"] });
  const { stream } = await letInByStream();
  room = await promise;
  await stream.beat();
  await clock.advance(15_000);
  assert.equal((await sent()).length, 1);
  await clock.advance(10_000);
  assert.ok(stream.aborted);
  assert.equal(room.state, "reconnecting");
  await clock.advance(125);
  const { stream: next } = await letInByStream({ resumed: true });
  assert.equal(room.state, "joined");
  await next.drop();
  assert.equal(room.state, "reconnecting");
});

test("bodies go one at a time, each with all that there is", async () => {
  const promise = joining({ carriers: ["stream"] });
  const { stream, hello: { instance } } = await letInByStream();
  room = await promise;
  await stream.beat();
  const said = Array.from({ length: 100 }, (_, i) => (room as Room).send(i));
  await settled();
  const first = net.take("send");
  assert.deepEqual([first.lines.length, first.lines[0]?.["n"]], [65, 2]);
  assert.equal(net.maybe("send"), undefined);
  await clock.advance(1000);
  assert.equal(net.maybe("send"), undefined, "one at a time");
  await first.reply(200, { type: "sent", n: 2 });
  const second = net.take("send");
  assert.deepEqual([second.lines.length, second.lines[0]?.["n"]], [37, 3]);
  await second.reply(200, { type: "sent", n: 3 });
  await stream.say(...Array.from({ length: 100 }, (_, i) => event(10 + i, "message", "ada", { instance, n: i + 1, data: i })));
  await Promise.all(said);
});

test("a body whose answer is lost is posted again, the same; not for ever", async () => {
  const promise = joining({ carriers: ["stream"] });
  const { stream } = await letInByStream();
  room = await promise;
  await stream.beat();
  watched(room.send("x"));
  await settled();
  const first = net.take("send");
  await clock.advance(10_000);
  assert.ok(first.aborted, "it was not answered in time");
  watched(room.send("later"));
  await clock.advance(250);
  const second = net.take("send");
  assert.equal(second.body, first.body);
  await second.reply(200, "<html>a page of somebody else's</html>");
  await clock.advance(1000);
  const third = net.take("send");
  assert.equal(third.body, first.body);
  await third.fail();
  assert.equal(room.state, "reconnecting");
});

test("a body that is too large is posted in parts; one that came too soon, later", async () => {
  const promise = joining({ carriers: ["stream"] });
  const { stream } = await letInByStream();
  room = await promise;
  await stream.beat();
  for (let i = 0; i < 8; i++) watched(room.send(i));
  await settled();
  const refuse = (code: string, more: object = {}) => ({ type: "error", code, message: "no", ...more });
  await net.take("send").reply(413, refuse("body-too-large"));
  await clock.advance(0);
  const part = net.take("send");
  assert.deepEqual([part.lines.length, part.lines[0]?.["n"]], [5, 2]);
  await part.reply(429, refuse("rate-limited", { retryAfter: 3000 }));
  await clock.advance(2999);
  assert.equal(net.maybe("send"), undefined);
  await clock.advance(1);
  assert.equal((await sent()).length, 4);
  assert.equal((await sent()).length, 4);
  watched(room.send("x"));
  await settled();
  await net.take("send").reply(404, refuse("unknown-carrier"));
  assert.equal(room.state, "reconnecting", "there is no such carrier any more");
});

test("polls: the cursor says what has arrived, and a lost answer loses nothing", async () => {
  const promise = joining({ carriers: ["poll"] });
  const { poll } = await letInByPoll();
  room = await promise;
  const heard: unknown[] = [];
  room.addEventListener("message", ({ data }) => heard.push(data));
  const message = (position: number) => event(position, "message", "bob", { instance: bob.instance, n: position - 9, data: position });
  await poll.fail();
  await clock.advance(250);
  const again = net.take("poll");
  assert.equal(again.body, poll.body);
  await again.reply(200, { type: "polled", cursor: 4 }, "", message(10), message(11));
  assert.deepEqual(heard, [10, 11]);
  assert.deepEqual(net.take("poll").lines, [{ type: "poll", carrier: "p1", cursor: 4 }]);
});

test("a poll that nothing answers is asked once more, and then given up", async () => {
  const promise = joining({ carriers: ["poll"] });
  const { poll } = await letInByPoll();
  room = await promise;
  await clock.advance(25_000);
  const again = net.take("poll");
  assert.equal(again.body, poll.body);
  assert.equal(poll.aborted, false, "the server would take that for the end of this page");
  await sent();
  await poll.reply(409, { type: "error", code: "stale-request", message: "no" });
  assert.equal(room.state, "joined", "what was asked before has no say");
  await clock.advance(10_000);
  assert.ok(again.aborted);
  assert.equal(room.state, "reconnecting");
});

test("a poll that fails twice in a row is lost, and so is one that is refused", async () => {
  const promise = joining({ carriers: ["poll"] });
  const { poll } = await letInByPoll();
  room = await promise;
  await poll.fail();
  await clock.advance(250);
  await net.take("poll").fail();
  assert.equal(room.state, "reconnecting");
  await clock.advance(125);
  const { poll: next } = await letInByPoll({ resumed: true });
  assert.equal(room.state, "joined");
  await next.reply(404, { type: "error", code: "unknown-carrier", message: "no" });
  assert.equal(room.state, "reconnecting");
});

test("what our server refuses by name is no reason to try another way; what somebody else says is", async () => {
  const refuse = (code: string, more: object = {}) => ({ type: "error", code, message: `no: ${code}`, ...more });
  for (const [status, code] of [[403, "forbidden"], [429, "rate-limited"], [503, "going-away"]] as const) {
    const promise = joining();
    await FakeSocket.last.drop();
    await net.take("stream").reply(status, refuse(code, { retryAfter: 5000 }));
    await assert.rejects(promise, { code, retryAfter: 5000, message: `no: ${code}` });
    assert.equal(net.maybe("poll"), undefined);
  }
  const closed = joining();
  await FakeSocket.last.drop();
  const stream = net.take("stream");
  await stream.open();
  await stream.say({ type: "opened", carrier: "c1" }, { type: "close", code: 4504, reason: "unauthorized" });
  await assert.rejects(closed, { code: "unauthorized" });

  const strange = joining();
  await FakeSocket.last.drop();
  await net.take("stream").reply(403, "<html>ask your administrator</html>");
  await net.take("poll").reply(200, "<html>sign in</html>");
  await assert.rejects(strange, {
    code: "connect-failed",
    message: /websocket: it did not open; stream: status 403; poll: what answers is no Beckon server\. Something answers: is it/,
  });
});

test("what is remembered: the way that worked, for a while", async () => {
  const promise = joining();
  await FakeSocket.last.drop();
  const { stream } = await letInByStream();
  room = await promise;
  const before = FakeSocket.made;
  await stream.beat(); // before that, it has not shown that it works
  void room.close();
  await settled();
  await sent();
  await stream.say({ type: "close", code: 1000, reason: "normal" });
  assert.equal(await room.closed, undefined);

  await clock.advance(300_000);
  const again = joining();
  const second = await letInByStream();
  room = await again;
  assert.equal(FakeSocket.made, before);
  await second.stream.beat();
  void room.close();
  await clock.advance(300_000);
  void joining();
  assert.equal(FakeSocket.made, before + 1, "that it worked again does not make it younger");
  await letIn(FakeSocket.last);
  await settled();
  assert.equal(room.carrier, "websocket");
});

test("what is remembered and does not work any more: the others, from the top", async () => {
  const entries = new Map<string, string>([[`beckon-carrier ${server}/v1/`, `poll ${Date.now()}`]]);
  const localStorage = {
    getItem: (key: string) => entries.get(key) ?? null,
    setItem: (key: string, value: string) => entries.set(key, value),
  };
  installSocket({ fetch: net.fetch, localStorage });
  const made = FakeSocket.made;
  const promise = joining();
  assert.equal(FakeSocket.made, made);
  await settled();
  await net.take("poll").fail();
  assert.equal(FakeSocket.made, made + 1);
  await letIn(FakeSocket.last);
  room = await promise;
  assert.equal(room.carrier, "websocket");
  assert.equal([...entries.values()][0], `websocket ${Date.now()}`);
  Reflect.deleteProperty(globalThis, "localStorage");
});

test("a WebSocket that opens and dies twice within 10 s makes room for a stream; one that lasted longer does not", async () => {
  const promise = joining();
  await letIn(FakeSocket.last);
  room = await promise;
  const back = async (ms: number) => {
    const made = FakeSocket.made;
    await FakeSocket.last.drop();
    await clock.advance(ms);
    if (FakeSocket.made === made) return false;
    await letInAgain(FakeSocket.last);
    return true;
  };
  for (let i = 0; i < 4; i++) {
    await clock.advance(10_000);
    await FakeSocket.last.say({ type: "pong" });
    assert.ok(await back(500), "it lasted");
  }
  await clock.advance(5000);
  assert.ok(await back(500), "once may be chance");
  await clock.advance(5000);
  assert.equal(await back(500), false);
  await letInByStream({ resumed: true });
  assert.equal(room.carrier, "stream");
});

/** Plays the server's part in a resume. */
async function letInAgain(socket: FakeSocket): Promise<void> {
  socket.open();
  await settled();
  const first = socket.frames()[0] as unknown as Hello;
  await socket.say({ ...welcome, id: first.id, resumed: true });
  const asked = socket.frames().find((frame) => frame.type === "join") as unknown as Hello;
  await socket.say({ ...snapshot([], { replay: true, until: 9 }), id: asked.id });
}

test("one that has worked is not left because of one failure: it may be the server", async () => {
  const promise = joining();
  await letIn(FakeSocket.last);
  room = await promise;
  await clock.advance(10_000);
  await FakeSocket.last.drop();
  await clock.advance(125);
  const second = FakeSocket.last;
  await second.drop();
  assert.equal(net.made, 0);
  await clock.advance(250);
  assert.notEqual(FakeSocket.last, second);
  await FakeSocket.last.drop();
  await letInByStream({ resumed: true });
  assert.deepEqual([room.state, room.carrier], ["joined", "stream"]);
});

test("a page that ends says bye in a body that outlives it, behind the one that is under way", async () => {
  for (const busy of [false, true]) {
    const page = installPage();
    const promise = joining({ carriers: ["stream"] });
    const { stream } = await letInByStream();
    room = await promise;
    await stream.beat();
    if (busy) {
      watched(room.send("x"));
      await settled();
      assert.equal(net.take("send").lines.length, 2);
    }
    page.fire("pagehide", { persisted: false });
    const last = net.take("send"); // at once: a page that ends waits for nothing
    assert.deepEqual(last.lines, [{ type: "send", carrier: "c1", n: busy ? 3 : 2 }, { type: "bye" }]);
    assert.equal(last.init.keepalive, true);
    page.remove();
    await clock.advance(2000);
  }
});

test("closing waits for the server's close, on every carrier", async () => {
  const promise = joining({ carriers: ["poll"] });
  const { poll } = await letInByPoll();
  room = await promise;
  const closing = room.close();
  await settled();
  assert.deepEqual(await sent(), [{ type: "bye" }]);
  await poll.reply(200, { type: "polled", cursor: 3 }, { type: "close", code: 1000, reason: "normal" });
  await closing;
  assert.equal(await room.closed, undefined);
});

test("a close that comes down says the same as a WebSocket's", async () => {
  const promise = joining({ carriers: ["poll"] });
  const { poll } = await letInByPoll();
  room = await promise;
  await poll.reply(200, { type: "polled", cursor: 3 }, { type: "close", code: 4505, reason: "replaced" });
  assert.equal((await room.closed)?.code, "connection-lost");
  assert.match((await room.closed)?.message ?? "", /closed the connection: replaced.*will not help/);
});

test("which carriers there may be", async () => {
  for (const carriers of [[], ["pigeon"]] as never[]) await assert.rejects(join(server, "tea", { carriers }), TypeError);
  const made = FakeSocket.made;
  const promise = joining({ carriers: ["poll", "stream"] });
  await settled();
  await net.take("poll").fail();
  await settled();
  await net.take("stream").fail();
  await assert.rejects(promise, (error: BeckonError) => /poll: no network; stream: no network/.test(error.message));
  assert.equal(FakeSocket.made, made);
});

test("without a WebSocket there are the others", async () => {
  installSocket({ fetch: net.fetch });
  Reflect.deleteProperty(globalThis, "WebSocket");
  const promise = joining();
  await settled();
  await letInByStream();
  assert.equal((await promise).carrier, "stream");
});
