import assert from "node:assert/strict";
import { test } from "node:test";
import type { Message } from "../src/channel.js";
import type { MuxChannel } from "../src/muxchannel.js";
import type { ChannelOptions } from "../src/options.js";
import type { Clock } from "./clock.js";
import { eachTest, Pair } from "./mesh.js";
import { pattern, same } from "./muxmessages.js";

const KiB = 1024;
const MiB = KiB * KiB;
let clock: Clock;
let pair: Pair;

eachTest((...given) => ([clock, pair] = given), () => pair);

test("messages go both ways at once, without a round trip, on a lane that is found again", async () => {
  const ours = await pair.a.open("chat", { protocol: "p/1" });
  void ours.send("one");
  void ours.send(new Uint8Array([1, 2]));
  await pair.flow(4);
  const theirs = pair.b.accepted[0] as MuxChannel;
  assert.deepEqual([theirs.label, theirs.protocol, theirs.ordered, theirs.durable, theirs.raw], ["chat", "p/1", true, false, false]);
  assert.equal(await theirs.recv(), "one");
  assert.deepEqual(await theirs.recv(), new Uint8Array([1, 2]));
  void theirs.send("two");
  await pair.flow();
  assert.equal(await ours.recv(), "two");
  assert.equal(ours.maxMessageSize, 256 * MiB);
  for (let i = 0; i < 9; i++) await pair.a.open(`${i}`);
  assert.equal(pair.a.end.channels.length, 4, "lanes are few");
  assert.deepEqual(pair.a.end.channels.map((dc) => [dc.label, dc.protocol, dc.ordered]), Array(4).fill(["beckon", "beckon.v1", true]));
});

for (const options of [{}, { ordered: false }, { durable: true }, { maxRetransmits: 0 }, { ordered: false, maxPacketLifeTime: 100 }] as ChannelOptions[]) {
  test(`messages of all sizes arrive as they were: ${JSON.stringify(options)}`, async () => {
    pair.b.maxFrame = 65536; // Pion's
    const sizes = [0, 1, 16383, 16384, 16385, 65471, 65472, 65473, 65506, 65535, 65536, 65537, 200 * KiB, 256 * KiB - 64, 256 * KiB, 256 * KiB + 1, MiB];
    if (options.maxRetransmits === undefined && !options.maxPacketLifeTime) sizes.push(MiB + 1, 5 * MiB);
    for (const from of ["a", "b"] as const) {
      const [a, b] = await pair.open("sizes", options);
      const [near, far] = from === "a" ? [a, b] : [b, a];
      for (const [i, size] of sizes.entries()) {
        const message = i % 3 === 2 ? "ż".repeat(size / 2) : pattern(size, i);
        void near.send(message);
        const reading = far.recv();
        await pair.flow();
        same(await reading, message, `${size} bytes`);
      }
      const { messagesReceived, bytesReceived } = far.stats();
      assert.equal(messagesReceived, sizes.length);
      assert.equal(near.stats().bytesSent, bytesReceived);
      assert.equal(near.bufferedAmount, 0);
    }
    assert.deepEqual([...pair.a.failures, ...pair.b.failures], []);
  });
}

test("a reader who does not read stops the sender, and nobody else", async () => {
  const [slow, unread] = await pair.open("slow");
  const [quick, read] = await pair.open("quick");
  let done = 0;
  for (let i = 0; i < 200; i++) void slow.send(pattern(64 * KiB, i)).then(() => done++);
  for (let i = 0; i < 100; i++) {
    void quick.send(`${i}`);
    await pair.flow();
    assert.equal(await read.recv(), `${i}`);
  }
  assert.equal(done, 3 + 15, "those that have left, and those below the mark");
  assert.ok(unread._unread.weight <= 256 * KiB);
  assert.equal(slow.bufferedAmount, 200 * 64 * KiB - unread.stats().bytesReceived);
  for (let i = 0; i < 200; i++) {
    await pair.flow();
    assert.ok(unread._unread.weight <= MiB + 64 * KiB);
    same(await unread.recv(), pattern(64 * KiB, i));
  }
  assert.equal(done, 200);
});

test("a large message waits for its room, and those of all channels together have no more than the largest", async () => {
  pair = new Pair(4 * MiB);
  const channels = [await pair.open("0"), await pair.open("1"), await pair.open("2")];
  const size = 3 * MiB;
  for (const [near, far] of channels) {
    void near.send(pattern(size));
    void near.send("next");
    assert.equal(far.stats().messagesReceived, 0);
  }
  await pair.flow();
  assert.deepEqual(channels.map(([, far]) => far.stats().messagesReceived), [1, 0, 0], "the first has it, whole and untaken");
  for (const [, far] of channels) {
    const reading = [far.recv(), far.recv()];
    await pair.flow();
    same((await reading[0]) as Message, pattern(size));
    assert.equal(await reading[1], "next");
  }
  await assert.rejects((channels[0]?.[0] as MuxChannel).send(new Uint8Array(4 * MiB + 1)), { code: "message-too-large" });
});

test("a bulk transfer does not delay small messages of others", async () => {
  const [bulk, sink] = await pair.open("bulk");
  const [chat, reader] = await pair.open("chat");
  void (async () => {
    for await (const _ of sink);
  })().catch(() => {});
  for (let i = 0; i < 8; i++) void bulk.send(pattern(4 * MiB)).catch(() => {});
  void chat.send("warm");
  await pair.flow(20);
  await reader.recv();
  let most = 0;
  for (let i = 0; i < 20; i++) {
    clock.now += 10;
    const before = sink.stats().bytesReceived;
    void chat.send(`${i}`);
    while (reader.stats().messagesReceived < i + 2) await pair.flow(1);
    most = Math.max(most, sink.stats().bytesReceived - before);
    await reader.recv();
    assert.ok(pair.a.mux.buffered <= 128 * KiB + 32 * KiB, "little is in front of what comes next");
  }
  assert.ok(most <= 256 * KiB, `${most} bytes went first`);
});

test("the last of many channels gets its turn, and a 257th waits", async () => {
  const opens: Promise<MuxChannel>[] = [];
  for (let i = 0; i < 257; i++) opens.push(pair.a.open(`${i}`));
  await pair.flow();
  assert.equal(pair.b.accepted.length, 256);
  const channels = await Promise.all(opens.slice(0, 256));
  for (const channel of channels) void channel.send(pattern(32 * KiB));
  await pair.flow();
  for (const channel of pair.b.accepted) assert.equal(channel.stats().messagesReceived, 1);
  void channels[3]?.close();
  await pair.flow();
  assert.equal((await (opens[256] as Promise<MuxChannel>)).label, "256");
});
