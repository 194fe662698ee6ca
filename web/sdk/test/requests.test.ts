import assert from "node:assert/strict";
import { afterEach, beforeEach, test } from "node:test";
import { deferred } from "../src/abort.js";
import { BeckonError } from "../src/error.js";
import { Inbox } from "../src/inbox.js";
import type { MuxChannel } from "../src/muxchannel.js";
import { utf8 } from "../src/muxframes.js";
import type { Peer } from "../src/peer.js";
import { ask, Request, type Answer, type Sending } from "../src/requests.js";
import { settled, type Clock } from "./clock.js";
import { eachTest, type JoinedDataChannel, type Pair } from "./mesh.js";
import { watched } from "./server.js";

const KiB = 1024;
let clock: Clock;
let pair: Pair;
let controller: AbortController;
let running: boolean;

eachTest((...given) => ([clock, pair] = given), () => pair);
beforeEach(() => {
  controller = new AbortController();
  running = true;
  // The wire runs by itself: bodies are read and written by promises of their own.
  void (async () => {
    while (running) await pair.flow(1);
  })();
});
afterEach(() => {
  running = false;
});

/** Asks b for something. */
async function request(name: string, body?: Sending, deadline?: number): Promise<Answer> {
  const channel = await pair.a.mux.open(name, {}, { request: true, deadline }, "request");
  return ask(channel, body, controller.signal, `request ${name}`);
}

/** The next request that b gets. */
async function asked(): Promise<Request> {
  while (pair.b.accepted.length === 0) await settled();
  return new Request(pair.b.accepted.shift() as MuxChannel, {} as Peer);
}

test("a request has a name, a body and an answer", async () => {
  const answering = request("add", '{"a":1}');
  const got = await asked();
  assert.equal(got.name, "add");
  assert.deepEqual(await got.json(), { a: 1 });
  const responding = got.respond(new Uint8Array([1, 2, 3]));
  const answer = await answering;
  assert.deepEqual(await answer.bytes(), new Uint8Array([1, 2, 3]));
  await responding;
  assert.equal(got.signal.aborted, false);
  await assert.rejects(got.respond(), { code: "closed" });
});

test("neither need have a body", async () => {
  const answering = request("ping");
  const got = await asked();
  assert.equal(await got.text(), "");
  void got.respond();
  assert.equal(await (await answering).text(), "");
});

test("bodies of all kinds stream, both ways, larger than any window", async () => {
  const kinds: [() => Sending, number][] = [
    [() => "ż".repeat(100_000), 200_000],
    [() => new Blob([new Uint8Array(3000 * KiB)]), 3000 * KiB],
    [() => new Uint8Array(500 * KiB).subarray(7), 500 * KiB - 7],
    [() => new ReadableStream({ start: (c) => (c.enqueue("ab"), c.enqueue(new Uint8Array(70 * KiB)), c.close()) }), 70 * KiB + 2],
    [() => (async function* () { for (let i = 0; i < 30; i++) yield new Uint8Array(60 * KiB); })(), 1800 * KiB], // prettier-ignore
  ];
  for (const [body, size] of kinds) {
    const answering = request("echo", body());
    const got = await asked();
    void got.respond(got); // before the other body has ended
    let came = 0;
    for await (const piece of await answering) came += piece.length;
    assert.equal(came, size);
  }
});

test("a handler says no by a code of its own", async () => {
  const answering = watched(request("x", new Blob([new Uint8Array(4000 * KiB)]))); // which nobody will read
  const got = await asked();
  await assert.rejects(got.fail("not found"), TypeError);
  await assert.rejects(got.fail("x".repeat(65)), TypeError);
  await assert.rejects(got.fail("x", "ż".repeat(513)), TypeError);
  await assert.rejects(got.fail(5 as unknown as string), TypeError);
  await assert.rejects(got.respond({ x: 1 } as unknown as string), { name: "TypeError", message: /^respond: the body is none of/ });
  await got.fail("no-such-file", "There is no such file.");
  await assert.rejects(answering, { name: "RequestError", code: "no-such-file", message: "There is no such file." });
});

test("who gives up is heard, before the head and in the midst of the answer", async () => {
  const answering = watched(request("slow"));
  const got = await asked();
  controller.abort();
  await assert.rejects(answering, { code: "aborted" });
  await new Promise<void>((resolve) => (got.signal.aborted ? resolve() : got.signal.addEventListener("abort", () => resolve())));
  assert.equal((got.signal.reason as { code: string }).code, "aborted");
  await assert.rejects(got.respond("late"));

  controller = new AbortController();
  const second = request("large");
  const large = await asked();
  const responding = watched(large.respond(new Blob([new Uint8Array(4000 * KiB)])));
  for await (const piece of await second) {
    assert.ok(piece.length > 0);
    break;
  }
  await assert.rejects(responding, { code: "aborted" });
  assert.equal(large.signal.aborted, true);
});

test("a handler is told that the time is over, and says so", async () => {
  const answering = watched(request("slow", undefined, 1500));
  const got = await asked();
  await clock.advance(1499);
  assert.equal(got.signal.aborted, false);
  await clock.advance(1);
  assert.equal(got.signal.aborted, true);
  await assert.rejects(answering, { code: "timeout" });
});

test("a body that fails ends the request, and an answer that fails is no whole one", async () => {
  const cause = new Error("disk");
  const failing = async function* () {
    yield "some";
    throw cause;
  };
  const answering = watched(request("x", failing()));
  const got = await asked();
  await assert.rejects(answering, cause);
  await assert.rejects(got.bytes(), ({ code, message }: BeckonError) => code === "aborted" && !message.includes("disk")); // which is the app's own
  await assert.rejects(watched(request("z", (async function* () { yield 5; })() as unknown as Sending)), TypeError); // prettier-ignore
  await asked();
  const second = request("y");
  const other = await asked();
  const responding = watched(other.respond(failing()));
  await assert.rejects(async () => (await second).bytes(), { code: "aborted" });
  await assert.rejects(responding, cause);
});

test("an answer without a head is none", async () => {
  // As Go has it, in TestAnswersOfNonsense.
  for (const head of [
    ...["", "null", "{}", "ok", '{"ok":false}', '{"ok":"true"}', '{"ok":true,"error":{"code":"x"}}', '{"error":{}}', '{"error":{"code":"no word"}}'],
    ...[`{"error":{"code":"${"x".repeat(65)}"}}`, '{"error":{"code":"x","message":1}}', `{"ok":true,"more":"${"x".repeat(65536)}"}`, utf8('{"ok":true}')],
  ]) {
    const answering = watched(request("x"));
    while (pair.b.accepted.length === 0) await settled();
    void pair.b.accepted.shift()?.send(head);
    await assert.rejects(answering, { code: "bad-frame" }, String(head).slice(0, 40));
  }
  for (const head of ['{"ok":true,"later":1}', '{"ok":true,"error":null}']) {
    const answering = request("x");
    while (pair.b.accepted.length === 0) await settled();
    const channel = pair.b.accepted.shift() as MuxChannel;
    void channel.send(head);
    void channel.close();
    assert.equal(await (await answering).text(), "");
  }
});

test("the first piece of a body waits for no answer", async () => {
  running = false;
  await settled();
  void request("x", new Uint8Array(200 * KiB)).catch(() => {});
  for (let i = 0; i < 5; i++) await settled();
  const [lane] = pair.a.end.channels as JoinedDataChannel[];
  assert.deepEqual(lane?.flying.map((frame) => new Uint8Array(frame)[0]), [0x01, 0x10]);
});

test("requests are taken once, those that have ended meanwhile by nobody", async () => {
  const inbox = new Inbox();
  const [ada, cyd] = [{}, {}] as [Peer, Peer];
  const put = async (name: string, peer: Peer) => {
    void watched(request(name));
    while (pair.b.accepted.length === 0) await settled();
    assert.equal(inbox.offer(new Request(pair.b.accepted.shift() as MuxChannel, peer)), true);
  };
  const closed = deferred<BeckonError | undefined>();
  const all = inbox.take(closed.promise);
  const waiting = all.next();
  await put("first", ada);
  assert.equal(((await waiting).value as Request).name, "first");
  await put("gone", cyd);
  controller.abort();
  while (pair.b.mux.channels.size > 0) await settled();
  controller = new AbortController();
  await put("hers", cyd);
  await put("his", ada);
  const hers = inbox.take(closed.promise, cyd);
  assert.equal(((await hers.next()).value as Request).name, "hers");
  assert.equal(((await all.next()).value as Request).name, "his");
  const many = Array.from({ length: 65 }, () => inbox.offer({ peer: ada, signal: controller.signal } as unknown as Request));
  assert.deepEqual(many, [...Array<boolean>(64).fill(true), false], "64 of a peer wait, as in Go");
  for (let i = 0; i < 64; i++) await all.next();
  const ends = [all.next(), hers.next()];
  closed.resolve(undefined);
  for (const { done } of await Promise.all(ends)) assert.equal(done, true);
  await assert.rejects(inbox.take(Promise.resolve(new BeckonError("connection-lost"))).next(), { code: "connection-lost" });
});

test("an answer that is not whole when the peer is closed does not look as if it were", async () => {
  for (const end of [
    () => pair.b.mux.breakOff(), // and then the channels are closed, as of all peers
    () => pair.a.mux.detach(undefined), // the other side said goodbye
  ]) {
    const answering = request("half");
    const got = await asked();
    async function* endless(): AsyncGenerator<Uint8Array<ArrayBuffer>> {
      yield new Uint8Array(10);
      await deferred<void>().promise;
    }
    got.respond(endless()).catch(() => {});
    const answer = await answering;
    const reading = watched(answer.bytes());
    for (let i = 0; i < 20; i++) await settled();
    end();
    await assert.rejects(reading, { code: "closed" });
    await assert.rejects(watched(answer._channel.closed.then((error) => Promise.reject(error))), { code: "closed" });
    pair.cut(undefined);
    pair.connect();
  }
});

test("a handler is told of a deadline that has passed at who asked by that name", async () => {
  const answering = watched(request("late"));
  const got = await asked();
  controller.abort(new BeckonError("timeout", "too late"));
  await assert.rejects(answering, { code: "timeout", message: "too late" });
  while (!got.signal.aborted) await settled();
  const { code, message } = got.signal.reason as BeckonError;
  assert.deepEqual([code, message], ["timeout", 'channel "late" with ada: The time for the answer is over.']);
});
