import assert from "node:assert/strict";
import { test } from "node:test";
import type { Message } from "../src/channel.js";
import { BeckonError } from "../src/error.js";
import type { MuxChannel } from "../src/muxchannel.js";
import { encodeFrame } from "../src/muxframes.js";
import type { ChannelOptions } from "../src/options.js";
import { settled, type Clock } from "./clock.js";
import { eachTest, Pair } from "./mesh.js";
import { watched } from "./server.js";

const KiB = 1024;
const MiB = KiB * KiB;
let clock: Clock;
let pair: Pair;

eachTest((...given) => ([clock, pair] = given), () => pair);

/** Bytes that tell where they are. */
function pattern(size: number, seed = 0): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(size);
  for (let i = 0; i < size; i++) bytes[i] = (i * 31 + (i >> 8) + seed) & 255;
  return bytes;
}

function same(got: Message, wanted: Message, what = ""): void {
  if (typeof wanted === "string" || typeof got === "string") return assert.equal(got === wanted, true, what);
  assert.equal(Buffer.compare(got, wanted), 0, what);
}

/** Reads all there is until the end, taking turns with the wire. */
async function readAll(channel: MuxChannel): Promise<Message[]> {
  const got: Message[] = [];
  const reading = (async () => {
    for await (const message of channel) got.push(message);
  })();
  reading.catch(() => {});
  await pair.flow();
  await reading;
  return got;
}

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

test("closing delivers what was sent, and says why", async () => {
  const [near, far] = await pair.open();
  for (let i = 0; i < 40; i++) void near.send(pattern(32 * KiB, i));
  const closing = near.close("that was all, ż");
  await assert.rejects(near.send("late"), { code: "closed" });
  await pair.flow();
  let closed = false;
  void closing.then(() => (closed = true));
  await settled();
  assert.equal(closed, false, "not all has left");
  const got = await readAll(far);
  assert.equal(got.length, 40);
  got.forEach((message, i) => same(message, pattern(32 * KiB, i)));
  await closing;
  assert.equal(await far.closed, undefined);
  assert.equal(await near.closed, undefined);
  assert.equal(far.reason, "that was all, ż");
  assert.equal(near.reason, "");
  await assert.rejects(far.recv(), { code: "closed" });
  await assert.rejects(far.send("x"), { code: "closed" });
  assert.throws(() => far.close("ż".repeat(513)), TypeError);
});

test("both may close at once, with full windows", async () => {
  const [a, b] = await pair.open();
  for (let i = 0; i < 40; i++) for (const channel of [a, b]) void channel.send(pattern(32 * KiB)).catch(() => {});
  await pair.flow();
  const closings = [a.close(), b.close()];
  await pair.flow();
  await Promise.all(closings);
});

test("one who does not read keeps a closing channel for 30 s, one who does not answer for 5 s", async () => {
  const [near, far] = await pair.open();
  for (let i = 0; i < 40; i++) void near.send(pattern(32 * KiB)).catch(() => {});
  await pair.flow();
  void near.close();
  await clock.advance(29_000);
  assert.equal(near._over, false);
  await clock.advance(6000);
  await pair.flow();
  assert.equal((await near.closed)?.code, "timeout");
  assert.equal((await far.closed)?.code, "timeout");
  const [other] = await pair.open();
  void other.close();
  await clock.advance(5000);
  assert.equal((await other.closed)?.code, "timeout");
});

test("the end of what one side sends is not the end of the other's", async () => {
  const [near, far] = await pair.open();
  void near.send("question");
  await near.closeWrite();
  await assert.rejects(near.send("late"), { code: "closed" });
  const got = await readAll(far);
  assert.deepEqual(got, ["question"]);
  void far.send("answer");
  void far.close();
  await pair.flow();
  assert.equal(await near.recv(), "answer");
  assert.equal(await near.closed, undefined);
});

for (const options of [{ ordered: false }, { maxRetransmits: 0 }] as ChannelOptions[]) {
  test(`the end comes after what overtakes it: ${JSON.stringify(options)}`, async () => {
    const [near, far] = await pair.open("x", options);
    void near.send("1");
    void near.send("2");
    const closing = near.close("bye");
    await settled();
    const [lane, trunk] = pair.a.end.channels as [(typeof pair.wires)[0], (typeof pair.wires)[0]];
    while (lane.carry());
    await settled();
    assert.equal(far._over, false);
    while (trunk.carry());
    await pair.flow();
    await closing;
    assert.deepEqual([await far.recv(), await far.recv(), far.reason], ["1", "2", "bye"]);
  });
}

test("both may close at once while what was sent is still on its way, and each is answered", async () => {
  const [near, far] = await pair.open("x", { ordered: false });
  void near.send("1");
  const closings = [near.close("near"), far.close("far")];
  const trunk = pair.a.end.channels[1] as (typeof pair.wires)[0];
  await settled();
  const late = trunk.flying.splice(0);
  await pair.flow(); // both CLOSEs, and the answer of the one that lacks nothing
  assert.equal(far._over, false, "what was announced has not come");
  trunk.flying.push(...late);
  await pair.flow();
  assert.deepEqual([near._over, far._over], [true, true]);
  await Promise.all(closings);
  assert.deepEqual([await near.closed, await far.closed, far.reason, near.reason], [undefined, undefined, "near", "far"]);
});

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

test("a message that is given up in its midst is cut", async () => {
  for (const options of [{}, { ordered: false }] as ChannelOptions[]) {
    const [near, far] = await pair.open("x", options);
    const controller = new AbortController();
    void near.send("before");
    const given = watched(near.send(pattern(3 * MiB), { signal: controller.signal }));
    const late = watched(near.send("unbegun", { signal: controller.signal }));
    await pair.flow(4);
    controller.abort();
    await assert.rejects(given, { code: "aborted" });
    await assert.rejects(late, { code: "aborted" });
    void near.send("after");
    void near.close();
    const got = await readAll(far);
    assert.deepEqual(got, ["before", "after"]);
    assert.ok(pair.seen.includes("09"));
  }
  assert.deepEqual(pair.b.failures, []);
});

test("a Blob is read in pieces and keeps its place; one that cannot be read fails alone", async () => {
  const [near, far] = await pair.open();
  const bytes = pattern(3 * MiB + 5);
  const blob = new Blob([bytes]);
  let largest = 0;
  const slice = blob.slice.bind(blob);
  blob.slice = (from = 0, to = blob.size) => {
    largest = Math.max(largest, to - from);
    return slice(from, to);
  };
  const broken = new Blob(["x"]);
  const cause = new Error("gone");
  broken.slice = () => ({ arrayBuffer: () => Promise.reject(cause) }) as unknown as Blob;
  void near.send("1");
  void near.send(blob);
  const failing = watched(near.send(broken));
  void near.send("3");
  const reading = [far.recv(), far.recv(), far.recv()];
  while (far.stats().messagesReceived < 3) await pair.flow(); // reading a Blob takes its time
  await assert.rejects(failing, cause);
  assert.equal(await reading[0], "1");
  same((await reading[1]) as Message, bytes);
  assert.equal(await reading[2], "3");
  assert.equal(largest, MiB);
  assert.equal(near.stats().messagesSent, 3);
  assert.equal(far.stats().bytesReceived, 2 + bytes.length);
});

test("bytes that are changed after send has resolved arrive as they were", async () => {
  const [near, far] = await pair.open();
  const bytes = pattern(300 * KiB);
  await near.send(bytes);
  bytes.fill(0);
  const reading = far.recv();
  await pair.flow();
  same(await reading, pattern(300 * KiB));
});

test("a message larger than the other side takes is refused by name, also before it has said so", async () => {
  pair = new Pair(MiB, 100 * KiB);
  const near = await pair.a.open("x");
  const large = watched(near.send(pattern(100 * KiB + 1)));
  const fits = near.send(pattern(100 * KiB));
  await pair.flow();
  await assert.rejects(large, { code: "message-too-large", message: /102401 bytes, and the other side has said that it takes 102400 at most/ });
  await fits;
  same(await (pair.b.accepted[0] as MuxChannel).recv(), pattern(100 * KiB));
  await assert.rejects(near.send("x".repeat(100 * KiB + 1)), { code: "message-too-large" });
  assert.equal(near.maxMessageSize, 100 * KiB);
});

test("who sends more than was granted, or larger, loses the channel; who makes no sense, the connection", async () => {
  const raw = (bytes: Uint8Array) => pair.a.end.channels[0]?.send(bytes);
  const cases: [string, number, number[], number][] = [
    ["overflow", 0x10, [], 300 * KiB],
    ["message-too-large", 0x12, [300 * MiB], 10],
  ];
  for (const [code, type, numbers, size] of cases) {
    const [near, far] = await pair.open();
    if (near.id % 4 === 0) await near.send("x"); // its lane is the first
    const lane = near.lane.dc as unknown as (typeof pair.wires)[0];
    lane.send(encodeFrame(type, near.id, numbers, new Uint8Array(size)));
    await pair.flow();
    assert.equal((await far.closed)?.code, code);
    assert.equal((await near.closed)?.code, code, "which is told");
  }
  assert.deepEqual(pair.b.failures, []);
  for (const frame of [encodeFrame(0x14, 0, [], new Uint8Array(1)), encodeFrame(3, 99, [1]), new Uint8Array(), encodeFrame(7, 0)]) {
    pair = new Pair();
    await pair.open();
    raw(frame);
    await pair.flow();
    assert.deepEqual(pair.b.failures.map(({ code }) => code), ["bad-frame"]);
    pair.a.mux.end(undefined);
    pair.b.mux.end(undefined);
  }
});

test("more trunks or kinds than there may be are refused", async () => {
  for (let i = 0; i < 12; i++) void pair.a.open("x", { maxRetransmits: i }).catch(() => {});
  await pair.flow();
  await assert.rejects(pair.a.open("x", { maxRetransmits: 12 }), { code: "overflow" });
  for (let i = 0; i < 4; i++) await pair.a.open("lanes");
  await pair.flow();
  assert.deepEqual(pair.b.failures, []);
  pair.a.end.createDataChannel("beckon", { protocol: "beckon.v1" });
  await pair.flow();
  assert.deepEqual(pair.b.failures.map(({ code }) => code), ["overflow"]);
});

test("a channel that is refused ends with the reason, and so does one that is given up", async () => {
  pair.b.refusal = "overflow";
  const near = await pair.a.open("x");
  const unordered = watched(pair.a.open("x", { ordered: false }));
  await pair.flow();
  assert.equal((await near.closed)?.code, "overflow");
  await assert.rejects(unordered, { code: "overflow" });
  pair.b.refusal = undefined;
  const controller = new AbortController();
  const given = watched(pair.a.mux.open("x", { ordered: false }, {}, "open", controller.signal));
  await settled();
  controller.abort();
  await assert.rejects(given, { code: "aborted" });
  await pair.flow();
  assert.equal((await pair.b.accepted[0]?.closed)?.code, "aborted");
});

test("with the connection all channels end but durable ones", async () => {
  const [near, far] = await pair.open();
  const [lasting, other] = await pair.open("lasting", { durable: true });
  void near.send("in time");
  await pair.flow();
  pair.cut(new BeckonError("connection-lost"));
  assert.equal((await near.closed)?.code, "connection-lost");
  assert.equal(await far.recv(), "in time");
  await assert.rejects(far.recv(), { code: "connection-lost" });
  void lasting.send("while there is none");
  assert.equal(lasting.bufferedAmount, 19);
  pair.connect();
  await pair.flow();
  assert.equal(await other.recv(), "while there is none");
  pair.cut(undefined);
  pair.a.mux.end(new BeckonError("connection-lost"));
  assert.equal((await lasting.closed)?.code, "connection-lost");
});

test("a durable channel that the other side has forgotten ends", async () => {
  const [near, far] = await pair.open("x", { durable: true });
  pair.cut(undefined);
  far._end(new BeckonError("overflow")); // while it could not be told
  pair.connect();
  await pair.flow();
  assert.equal((await near.closed)?.code, "connection-lost");
  const [gone, left] = await pair.open("y", { durable: true });
  pair.cut(undefined);
  gone._end(undefined);
  pair.connect();
  await pair.flow();
  await clock.advance(29_000);
  assert.equal(left._over, false);
  await clock.advance(1000);
  assert.equal((await left.closed)?.code, "connection-lost");
});
