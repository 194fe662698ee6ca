import assert from "node:assert/strict";
import { test } from "node:test";
import type { MuxChannel } from "../src/muxchannel.js";
import { encodeFrame } from "../src/muxframes.js";
import { settled } from "./clock.js";
import { eachTest, Pair } from "./mesh.js";
import { pattern, same } from "./muxmessages.js";
import { watched } from "./server.js";

const KiB = 1024;
const MiB = KiB * KiB;
let pair: Pair;

eachTest((...given) => ([, pair] = given), () => pair);

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
