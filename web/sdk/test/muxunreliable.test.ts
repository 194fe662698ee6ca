import assert from "node:assert/strict";
import { test } from "node:test";
import type { Message } from "../src/channel.js";
import { settled, type Clock } from "./clock.js";
import { eachTest, type Pair } from "./mesh.js";
import { pattern, same } from "./muxmessages.js";

const KiB = 1024;
const MiB = KiB * KiB;
let clock: Clock;
let pair: Pair;

eachTest((...given) => ([clock, pair] = given), () => pair);

test("unordered messages are put together however their parts come", async () => {
  const [near, far] = await pair.open("x", { ordered: false });
  const messages = [100 * KiB, 3, 150 * KiB, 0].map((size, i) => pattern(size, i));
  for (const message of messages) void near.send(message);
  await settled();
  const trunk = pair.a.end.channels[1] as (typeof pair.wires)[0];
  while (trunk.flying.length > 0) trunk.carry(trunk.flying.length - 1);
  await pair.flow();
  const got = new Set<number>();
  for (let i = 0; i < 4; i++) got.add(((await far.recv()) as Uint8Array).length);
  assert.deepEqual([...got].sort((x, y) => x - y), [0, 3, 100 * KiB, 150 * KiB]);
  assert.deepEqual(pair.b.failures, []);
});

test("a large message goes on when what was sent before it comes late", async () => {
  const [near, far] = await pair.open("x", { ordered: false });
  void near.send(pattern(10 * KiB));
  void near.send(pattern(3 * MiB));
  await settled();
  const reading = [far.recv(), far.recv()];
  const trunk = pair.a.end.channels[1] as (typeof pair.wires)[0];
  const [late] = trunk.flying.splice(0, 1);
  await pair.flow();
  trunk.other.receive(late as ArrayBuffer);
  await pair.flow();
  same((await reading[0]) as Message, pattern(10 * KiB));
  same((await reading[1]) as Message, pattern(3 * MiB));
});

test("an unreliable channel drops what waited for too long, and what nobody reads, and counts both", async () => {
  const [near, far] = await pair.open("x", { maxRetransmits: 0, maxQueueAge: 50 });
  const wire = pair.a.end.channels[1] as (typeof pair.wires)[0];
  for (let i = 0; i < 40; i++) void near.send(pattern(32 * KiB));
  const before = near.bufferedAmount;
  assert.ok(before > 0);
  clock.now += 40;
  void near.send("new");
  clock.now += 20;
  assert.equal(near.bufferedAmount, 3);
  assert.equal(near.stats().dropped, Math.ceil(before / (32 * KiB)));
  assert.equal(near.stats().queueAge, 20);
  await pair.flow();
  const { dropped } = near.stats();
  assert.equal(far.stats().messagesReceived, 41 - dropped);
  let missed = 0;
  for (let i = 0; i < 60; i++) {
    void near.send(pattern(32 * KiB, i));
    await pair.flow();
    missed = far.stats().missed;
  }
  assert.ok(missed > 0 && far._unread.weight <= MiB);
  await assert.rejects(near.send(new Uint8Array(MiB + 1)), { code: "message-too-large", message: /a channel that may lose messages takes 1048576 at most/ });
  // A part is lost: that message is not delivered, and does not keep the channel from closing.
  while (far._unread.length > 0) await far.recv();
  void near.send(pattern(100 * KiB));
  await settled();
  wire.carry(0, true);
  void near.send("after");
  void near.close();
  await pair.flow();
  assert.equal(await far.recv(), "after");
  assert.equal(far._over, false);
  await clock.advance(1000);
  await pair.flow();
  assert.equal(await near.closed, undefined);
});

test("what may become too old waits here, and not in the browser's buffer, where nothing can be dropped", async () => {
  const [near, far] = await pair.open("x", { maxRetransmits: 0, maxQueueAge: 50 });
  const wire = pair.a.end.channels[1] as (typeof pair.wires)[0];
  for (let i = 0; i < 100; i++) void near.send(pattern(4 * KiB, i));
  await settled();
  assert.ok(wire.bufferedAmount <= 24 * KiB, `${wire.bufferedAmount} bytes cannot be dropped any more`);
  const [other, taken] = await pair.open("y"); // which is not held up
  void other.send("z");
  for (let i = 0; i < 10 && taken._unread.length === 0; i++) {
    await settled();
    for (const lane of pair.a.end.channels) if (lane !== wire) lane.carry();
  }
  assert.equal(await taken.recv(), "z");
  await pair.flow();
  assert.equal(far.stats().messagesReceived, 100);
  assert.equal(near.stats().dropped, 0);
});

test("who waits because much is waiting to be sent goes on when all of that has been dropped", async () => {
  const [near] = await pair.open("x", { maxRetransmits: 0, maxQueueAge: 50 });
  const sent = Promise.all(Array.from({ length: 60 }, () => near.send(pattern(32 * KiB))));
  let resolved = false;
  void sent.then(() => (resolved = true));
  await settled();
  assert.equal(resolved, false);
  clock.now += 51;
  await pair.flow();
  assert.equal(near.bufferedAmount, 0);
  assert.equal(resolved, true);
});

test("what an unreliable channel keeps of incomplete messages is bounded", async () => {
  const [near, far] = await pair.open("x", { maxRetransmits: 0, ordered: false });
  const trunk = pair.a.end.channels[1] as (typeof pair.wires)[0];
  for (let i = 0; i < 40; i++) {
    void near.send(pattern(100 * KiB, i));
    await settled();
    while (trunk.flying.length > 1) trunk.carry();
    trunk.carry(0, true);
    await pair.flow();
  }
  void near.send("whole");
  await pair.flow();
  assert.equal(await far.recv(), "whole");
  assert.equal(far.stats().messagesReceived, 1);
});
