import assert from "node:assert/strict";
import { test } from "node:test";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import type { MuxChannel } from "../src/muxchannel.js";
import { encodeFrame } from "../src/muxframes.js";
import { writeHead } from "../src/muxheads.js";
import { settled } from "./clock.js";
import { eachTest, Pair, type JoinedDataChannel } from "./mesh.js";

const KiB = 1024;
const MiB = KiB * KiB;
let pair: Pair;

eachTest((_, given) => (pair = given), () => pair);

/** A channel, and what its opener can say on its lane and on the trunk of its messages. */
async function forged(options = {}): Promise<[far: MuxChannel, say: (type: number, ...more: [number[]?, Uint8Array?]) => void, data: JoinedDataChannel]> {
  const [near, far] = await pair.open("x", options);
  const data = pair.a.end.channels.find(({ ordered }) => ordered === near.ordered) as JoinedDataChannel;
  return [far, (type, numbers, payload) => data.other.receive(encodeFrame(type, near.id, numbers, payload).buffer), data];
}

function collect(): void {
  setFlagsFromString("--expose-gc");
  (runInNewContext("gc") as () => void)();
}

const codes = () => pair.b.failures.map(({ code }) => code);
const head = (more = {}) => writeHead({ max: 1, window: 1, ...more });

test("both may close at once with messages that wait for room, and what was sent arrives", async () => {
  const [a, b] = await pair.open();
  for (const channel of [a, b]) {
    void channel.send("unread");
    void channel.send(new Uint8Array(3 * MiB));
  }
  await pair.flow();
  const closings = [a.close(), b.close()];
  await pair.flow();
  assert.deepEqual([a._over, b._over], [true, true]);
  await Promise.all(closings);
  assert.equal(await a.closed, undefined);
  assert.equal(await b.closed, undefined);
});

test("a message keeps its room until it is read, also when its channel has ended", async () => {
  pair = new Pair(4 * MiB);
  const [first, unread] = await pair.open("1");
  void first.send(new Uint8Array(3 * MiB));
  await pair.flow();
  void first.close();
  await pair.flow();
  assert.equal(unread._over, true);
  const [second, waits] = await pair.open("2");
  const [third, also] = await pair.open("3");
  void second.send(new Uint8Array(3 * MiB)).catch(() => {});
  void third.send(new Uint8Array(3 * MiB));
  await pair.flow();
  assert.deepEqual([waits.stats().messagesReceived, also.stats().messagesReceived], [0, 0]);
  second._fail(waits._tooLarge(1, 0) as never); // who is the next for the room ends
  await pair.flow();
  assert.equal(also.stats().messagesReceived, 0);
  await unread.recv();
  await pair.flow();
  assert.equal(also.stats().messagesReceived, 1);
  void third.close();
  await pair.flow();
  void also.close(); // as good as reading
  const [fourth, last] = await pair.open("4");
  void fourth.send(new Uint8Array(4 * MiB));
  await pair.flow();
  assert.equal(last.stats().messagesReceived, 1);
});

test("one who waits for room and ends does not stand in the way of a smaller one", async () => {
  pair = new Pair(4 * MiB);
  const [first] = await pair.open("1");
  void first.send(new Uint8Array(2 * MiB)); // never read
  await pair.flow();
  const [large] = await pair.open("2");
  const controller = new AbortController();
  large.send(new Uint8Array(3 * MiB), { signal: controller.signal }).catch(() => {});
  await pair.flow();
  const [small, read] = await pair.open("3");
  void small.send(new Uint8Array(1.5 * MiB));
  await pair.flow();
  assert.equal(read.stats().messagesReceived, 0, "in turn");
  controller.abort();
  await pair.flow();
  assert.equal(read.stats().messagesReceived, 1);
});

test("a message of many small parts takes no more memory than its bytes", async () => {
  const [far, say] = await forged();
  say(0x12, [2 * MiB], new Uint8Array(1));
  collect();
  const before = process.memoryUsage();
  for (let i = 0; i < 200_000; i++) say(0x14, [], new Uint8Array(1));
  collect();
  const after = process.memoryUsage();
  assert.equal(far._over, false);
  const grown = after.heapUsed + after.arrayBuffers - before.heapUsed - before.arrayBuffers;
  assert.ok(grown < 4 * MiB, `${grown >> 20} MiB for 200 KB`);
});

test("parts that lie beyond what was granted end the channel", async () => {
  const [far, say] = await forged({ ordered: false });
  say(0x1a, [1, 200 * MiB, 150 * MiB], new Uint8Array(1));
  await settled();
  assert.equal((await far.closed)?.code, "overflow");
  const [many, speak] = await forged({ ordered: false });
  for (let n = 1; n < 400 && !many._over; n++) speak(0x1a, [n, 2, 0], new Uint8Array(1));
  assert.equal(many._over, true);
  assert.equal((await many.closed)?.code, "overflow");
});

test("parts that do not make one message end the connection", async () => {
  for (const parts of [
    [[0x1a, [1, 4, 0], 3], [0x1a, [1, 4, 1], 3]], // more than there is
    [[0x1a, [1, 4, 0], 2], [0x1b, [1, 4, 2], 2]], // bytes and text
  ] as [number, number[], number][][]) {
    pair.a.mux.end(undefined);
    pair.b.mux.end(undefined);
    pair = new Pair();
    const [, say] = await forged({ ordered: false });
    for (const [type, numbers, size] of parts) say(type, numbers, new Uint8Array(size));
    assert.deepEqual(codes(), ["bad-frame"]);
  }
});

test("channels are opened once, and on lanes", async () => {
  const cases: ((lane: JoinedDataChannel, other: JoinedDataChannel) => void)[] = [
    (_, other) => other.other.receive(encodeFrame(1, 9, [], head()).buffer), // on a trunk that is none
    (lane) => {
      const second = pair.a.end.createDataChannel("beckon", { protocol: "beckon.v1" });
      lane.other.receive(encodeFrame(1, 9, [], head()).buffer);
      queueMicrotask(() => second.other.receive(encodeFrame(1, 9, [], head()).buffer));
    },
  ];
  for (const open of cases) {
    pair.a.mux.end(undefined);
    pair.b.mux.end(undefined);
    pair = new Pair();
    const [, , data] = await forged({ ordered: false });
    open(pair.a.end.channels[0] as JoinedDataChannel, data);
    await settled();
    assert.deepEqual(codes(), ["bad-frame"]);
  }
});

test("an OPENED of a durable channel says what was received", async () => {
  const near = await pair.a.open("x", { durable: true });
  await settled();
  const lane = near.lane.dc as unknown as JoinedDataChannel;
  lane.receive(encodeFrame(2, near.id, [], head()).buffer);
  assert.deepEqual(pair.a.failures.map(({ code }) => code), ["bad-frame"]);
});

test("channels that this side closes, and durable ones that are not opened again, are not without number", async () => {
  const lane = pair.a.end.createDataChannel("beckon", { protocol: "beckon.v1" });
  await settled();
  for (let id = 0; id < 3000; id++) {
    lane.other.receive(encodeFrame(1, id, [], head()).buffer);
    void pair.b.accepted.pop()?.close();
  }
  assert.ok(pair.b.mux.channels.size <= 1024, `${pair.b.mux.channels.size} are closing`);
  pair.cut(undefined);
  for (let n = 0; n < 10; n++) {
    pair.connect();
    const again = pair.a.end.createDataChannel("beckon", { protocol: "beckon.v1" });
    await settled();
    for (let id = 0; id < 256; id++) {
      const durable = (n * 256 + id).toString(16).padStart(16, "0");
      again.other.receive(encodeFrame(1, id, [], head({ durable })).buffer);
    }
    pair.cut(undefined);
  }
  assert.ok(pair.b.mux.channels.size <= 1024, `${pair.b.mux.channels.size} are remembered`);
});

test("what comes on unreliable channels that nobody reads is bounded for all of them together", async () => {
  const dc = pair.a.end.createDataChannel("beckon", { protocol: "beckon.v1" });
  const trunk = pair.a.end.createDataChannel("beckon", { protocol: "beckon.v1", maxRetransmits: 0 });
  await settled();
  const say = (on: JoinedDataChannel, ...frame: Parameters<typeof encodeFrame>) => on.other.receive(encodeFrame(...frame).buffer);
  const piece = new Uint8Array(60 * KiB);
  const whole = () => pair.b.accepted.reduce((sum, { _unread }) => sum + _unread.weight, 0);
  const { budget } = pair.b.mux;
  const memory = process.memoryUsage().arrayBuffers;
  for (let id = 0; id < 256; id++) {
    say(dc, 1, id, [], head({ maxRetransmits: 0, window: 0 }));
    for (let n = 1; n <= 32; n += 2) {
      say(trunk, 0x18, id, [n], piece);
      say(trunk, 0x1a, id, [n + 1, piece.length + 1, 0], piece);
    }
    if (id % 2) say(dc, 8, id, [], writeHead({ code: "aborted", message: "" })); // what has come can still be read
    assert.ok(whole() <= budget.unasked && budget.unasked <= 16 * MiB, `${id + 1} channels hold ${budget.unasked >> 20} MiB`);
  }
  assert.ok(whole() > 6 * MiB && budget.unasked > 15 * MiB, "a few may hold what they could alone");
  // What a collection has freed is only counted by a later one: buffers are swept beside the program.
  const grown = () => process.memoryUsage().arrayBuffers - memory;
  for (let i = 0; i < 20 && grown() >= 40 * MiB; i++, await settled()) collect();
  assert.ok(grown() < 40 * MiB, `${grown() >> 20} MiB of memory`);
  assert.ok(pair.b.accepted.some((channel) => channel.stats().missed > 0), "what was dropped is counted");
  // Who reads has room of its own.
  const last = pair.b.accepted[254] as MuxChannel;
  const controller = new AbortController();
  const reading = last.recv({ signal: controller.signal }).catch(() => {});
  controller.abort();
  await reading;
  const before = last._unread.length;
  for (let n = 0; n < 8; n++) say(trunk, 0x18, 254, [100 + n], piece);
  assert.equal(last._unread.length, before + 8);
  for (const channel of pair.b.accepted) void channel.close();
  for (const channel of pair.b.accepted) if (channel._unread.length > 0) await channel.recv();
  assert.equal(budget.unasked, 0);
  assert.deepEqual(codes(), []);
});

test("frames of an other side that takes next to nothing are not empty", async () => {
  pair.a.maxFrame = 10;
  const [near, far] = await pair.open();
  void near.send("abc");
  void far.send("x");
  await pair.flow(20);
  assert.equal(await far.recv(), "abc");
});
