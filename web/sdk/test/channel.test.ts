import assert from "node:assert/strict";
import { afterEach, beforeEach, test } from "node:test";
import { BeckonError } from "../src/error.js";
import { RawChannel, type ChannelOwner } from "../src/rawchannel.js";
import { Clock, settled } from "./clock.js";
import { FakeDataChannel } from "./rtc.js";
import { watched } from "./server.js";

const KiB = 1024;
const MiB = KiB * KiB;
let clock: Clock;
let dc: FakeDataChannel;
let channel: RawChannel;
let owner: ChannelOwner & { open: boolean };
let heard: number;

beforeEach(() => {
  clock = new Clock();
  dc = new FakeDataChannel("chat");
  dc.open();
  heard = 0;
  owner = { id: "bob", maxMessageSize: 256 * KiB, open: true, heard: () => heard++ };
  channel = new RawChannel(dc.asReal, owner);
});
afterEach(() => {
  assert.equal(clock.running, 0);
  clock.restore();
});

test("messages wait for the first read, strings as strings and bytes as bytes", async () => {
  assert.equal(dc.binaryType, "arraybuffer");
  dc.receive("one");
  dc.receive(new Uint8Array([1, 2]).buffer);
  assert.equal(await channel.recv(), "one");
  assert.deepEqual(await channel.recv(), new Uint8Array([1, 2]));
  dc.receive("last");
  dc.close();
  await settled();
  assert.equal(await channel.recv(), "last");
  await assert.rejects(channel.recv(), { code: "closed" });
  assert.equal(await channel.closed, undefined);
});

test("sending goes on to the high water mark and then waits for the low one", async () => {
  const chunk = new Uint8Array(256 * KiB);
  for (let i = 0; i < 4; i++) await channel.send(chunk);
  let done = 0;
  for (let i = 0; i < 10; i++) void channel.send(chunk).then(() => done++);
  await settled();
  assert.equal(dc.bufferedAmount, 5 * 256 * KiB, "one message above the mark, no more");
  assert.equal(channel.bufferedAmount, 14 * 256 * KiB);
  assert.equal(done, 0);
  dc.drain(768 * KiB);
  await settled();
  assert.equal(done, 0, "between the marks");
  for (let i = 0; i < 2; i++) {
    dc.drain(MiB + 256 * KiB);
    await settled();
    assert.equal(done, 0, "more than the low mark waits");
  }
  dc.drain(768 * KiB);
  await settled();
  assert.equal(done, 10, "the low mark");
  void channel.close();
  dc.drain(MiB);
  await settled();
  assert.equal(dc.readyState, "closed");
});

test("a message that is too large or no message never reaches the wire", async () => {
  await assert.rejects(channel.send(new Uint8Array(256 * KiB + 1)), { code: "message-too-large" });
  await assert.rejects(channel.send("ż".repeat(128 * KiB + 1)), { code: "message-too-large" });
  await assert.rejects(channel.send(new Blob([new Uint8Array(256 * KiB + 1)])), { code: "message-too-large" });
  await assert.rejects(channel.send(7 as unknown as string), TypeError);
  assert.equal(dc.sent.length, 0);
  await channel.send("ż".repeat(128 * KiB));
  dc.drain(MiB);
});

test("a Blob keeps its place", async () => {
  const sending = [channel.send("1"), channel.send(new Blob(["2"])), channel.send("3"), channel.send(new Uint8Array([4]))];
  await Promise.all(sending);
  const text = (data: unknown) => (typeof data === "string" ? data : [...new Uint8Array(data as ArrayBuffer)].join());
  assert.deepEqual(dc.sent.map(text), ["1", "50", "3", "4"]);
});

test("a message that waits can be taken back, one on its way cannot", async () => {
  await channel.send(new Uint8Array(256 * KiB));
  for (let i = 0; i < 4; i++) void channel.send(new Uint8Array(256 * KiB));
  const controller = new AbortController();
  const waiting = watched(channel.send("waits", { signal: controller.signal }));
  const next = channel.send("next");
  controller.abort();
  await assert.rejects(waiting, { code: "aborted" });
  dc.drain(2 * MiB);
  await next;
  assert.equal(dc.sent.at(-1), "next");
  assert.ok(!dc.sent.includes("waits"));
  await assert.rejects(channel.send("x", { signal: controller.signal }), { code: "aborted" });
});

test("who does not wait for sends runs into a bound", async () => {
  const chunk = new Uint8Array(256 * KiB);
  const results = Array.from({ length: 300 }, () => channel.send(chunk).then(() => "", (error) => error.code as string));
  channel._end(new BeckonError("connection-lost"));
  const codes = await Promise.all(results);
  assert.ok(codes.includes("overflow"));
  assert.ok(codes.filter((code) => code === "connection-lost").length > 200);
});

test("closing delivers first: nothing is dropped from either buffer", async () => {
  const chunk = new Uint8Array(256 * KiB);
  for (let i = 0; i < 8; i++) void channel.send(chunk);
  const closing = channel.close();
  await assert.rejects(channel.send("late"), { code: "closed" });
  await settled();
  assert.equal(dc.sent.length, 5);
  dc.drain(MiB);
  await settled();
  assert.equal(dc.sent.length, 8);
  assert.equal(dc.readyState, "open", "closing now would drop what is buffered");
  dc.drain(2 * MiB);
  await closing;
  assert.equal(await channel.closed, undefined);
  assert.equal(closing, channel.close());
});

test("closing does not wait for one who takes nothing", async () => {
  void channel.send(new Uint8Array(256 * KiB));
  const closing = channel.close();
  await clock.advance(5000);
  await closing;
  assert.equal(dc.readyState, "closed");
});

test("a slow reader's channel overflows, and what came before can be read", async () => {
  const first = channel.recv();
  for (let i = 0; i < 257; i++) dc.receive(new ArrayBuffer(256 * KiB));
  await first;
  assert.equal((await channel.closed)?.code, "overflow");
  assert.equal(dc.readyState, "closed");
  for (let i = 0; i < 256; i++) await channel.recv();
  await assert.rejects(channel.recv(), { code: "overflow" });
  await assert.rejects(channel.send("x"), { code: "overflow" });
});

test("what nobody has asked for is bounded for all channels of a peer together", async () => {
  const held = { unasked: 0 };
  const [one, two] = [new FakeDataChannel("one"), new FakeDataChannel("two")];
  const [first, second] = [one, two].map((dc) => new RawChannel(dc.asReal, owner, held)) as [RawChannel, RawChannel];
  for (const dc of [one, two]) dc.open();
  for (let i = 0; i < 60; i++) one.receive(new ArrayBuffer(256 * KiB));
  for (let i = 0; i < 5; i++) two.receive(new ArrayBuffer(256 * KiB));
  assert.equal((await second.closed)?.code, "overflow");
  await assert.rejects(second.recv(), { code: "overflow" }, "what it held is gone");
  await first.recv();
  assert.equal(held.unasked, 0);
  for (let i = 0; i < 100; i++) one.receive(new ArrayBuffer(256 * KiB));
  assert.equal(first._over, false);
});

test("a message that meets the other side's close is no loss of the connection", async () => {
  dc.receive("a");
  dc.failLate();
  assert.equal(await channel.closed, undefined);
  assert.equal(await channel.recv(), "a");
  await assert.rejects(channel.recv(), { code: "closed" });
});

test("an iteration ends with an end in order and throws with a loss", async () => {
  dc.receive("a");
  const seen: unknown[] = [];
  const reading = (async () => {
    for await (const message of channel) seen.push(message);
  })();
  await settled();
  channel._end(new BeckonError("connection-lost"));
  await assert.rejects(reading, { code: "connection-lost" });
  assert.deepEqual(seen, ["a"]);

  const other = new RawChannel(new FakeDataChannel("chat").asReal, owner);
  other._end(undefined);
  for await (const message of other) assert.fail(String(message));
});

test("the end of the association is no end of its channels in order: its owner knows what it was", async () => {
  for (const cut of [() => dc.close(), () => dc.fail(), () => dc.fail(12)]) {
    dc = new FakeDataChannel("chat");
    dc.open();
    owner.open = true;
    channel = new RawChannel(dc.asReal, owner);
    dc.addEventListener("close", () => (owner.open = false)); // the control channel's close event may be the later one
    cut();
    await settled();
    let ended = false;
    void channel.closed.then(() => (ended = true));
    await settled();
    assert.equal(ended, false);
    channel._end(new BeckonError("connection-lost"));
    assert.equal((await channel.closed)?.code, "connection-lost");
  }
});

test("whatever comes shows that the other side is there, and what leaves that it takes it", async () => {
  dc.receive("one");
  assert.equal(heard, 1);
  await channel.send("żółw");
  assert.equal(channel._moved, 0);
  dc.drain(3);
  assert.equal(channel._moved, 3);
  await channel.send("more");
  assert.equal(channel._moved, 3, "sending is not taking");
});
