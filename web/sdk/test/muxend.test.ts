import assert from "node:assert/strict";
import { test } from "node:test";
import { BeckonError } from "../src/error.js";
import type { ChannelOptions } from "../src/options.js";
import { settled, type Clock } from "./clock.js";
import { eachTest, type Pair } from "./mesh.js";
import { pattern, readAll, same } from "./muxmessages.js";

const KiB = 1024;
let clock: Clock;
let pair: Pair;

eachTest((...given) => ([clock, pair] = given), () => pair);

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
  const got = await readAll(pair, far);
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

test("who ends its writing and closes at once says both, in that order", async () => {
  for (const durable of [false, true]) {
    const [near, far] = await pair.open("x", { durable });
    pair.seen.length = 0;
    void near.send("x");
    await near.closeWrite();
    const closing = near.close("done");
    assert.deepEqual(await readAll(pair, far), ["x"]);
    await closing;
    assert.equal(far.reason, "done");
    assert.deepEqual(pair.seen.filter((kind) => kind === "05" || kind === "06"), ["05", "06"]);
  }
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
  const got = await readAll(pair, far);
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
