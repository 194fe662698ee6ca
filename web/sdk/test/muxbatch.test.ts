import assert from "node:assert/strict";
import { test } from "node:test";
import { BATCH, encodeFrame, framesOf, WINDOW } from "../src/muxframes.js";
import { Trunk, type TrunkOwner } from "../src/muxtrunk.js";
import type { BeckonError } from "../src/error.js";
import { settled } from "./clock.js";
import { eachTest, Pair } from "./mesh.js";
import { FakeDataChannel } from "./rtc.js";

const KiB = 1024;
let pair: Pair;

eachTest((...given) => ([, pair] = given), () => pair);

/** A trunk with what it tells its owner. */
async function trunk() {
  const faults: BeckonError[] = [];
  const owner: TrunkOwner = { received: () => {}, ready: () => {}, writable: () => {}, broken: (error) => faults.push(error) };
  const dc = new FakeDataChannel("beckon");
  const made = new Trunk({} as RTCPeerConnection, dc.asReal, true, owner);
  dc.open();
  await settled();
  return { made, dc, faults, sent: () => (dc.sent.splice(0) as Uint8Array<ArrayBuffer>[]) };
}

test("small frames that are gathered leave as one, in order, and no more than 16 KiB", async () => {
  const { made, sent } = await trunk();
  const frames = Array.from({ length: 40 }, (_, i) => encodeFrame(0x10, i, [], new Uint8Array(KiB).fill(i)));
  for (const frame of frames) made.gather(frame, 64 * KiB);
  made.flush();
  const messages = sent();
  assert.ok(messages.length <= 3, `${messages.length} messages`);
  for (const { length } of messages) assert.ok(length <= 16 * KiB);
  assert.deepEqual(messages.flatMap((message) => [...framesOf(message)]), frames);
});

test("others go behind what is gathered, and what is alone or large is no batch", async () => {
  const { made, sent } = await trunk();
  const [small, large, window] = [encodeFrame(0x10, 0, [], new Uint8Array(10)), encodeFrame(0x10, 0, [], new Uint8Array(9 * KiB)), encodeFrame(WINDOW, 0, [1])];
  made.gather(small, 64 * KiB);
  made.gather(large, 64 * KiB);
  made.gather(small, 64 * KiB);
  made.gather(small, 64 * KiB);
  made.send(window);
  made.flush();
  const messages = sent();
  assert.deepEqual(messages.map((bytes) => bytes[0] === BATCH), [false, false, true, false]);
  assert.deepEqual(messages.flatMap((bytes) => [...framesOf(bytes)]), [small, large, small, small, window]);
});

test("who does not take the answers that it asks for loses the connection by overflow, as in Go", async () => {
  const { made, dc, faults } = await trunk();
  dc.bufferedAmount = 9 * KiB * KiB;
  made.send(encodeFrame(WINDOW, 0, [1]));
  assert.deepEqual(faults.map(({ code }) => code), ["overflow"]);
});

test("thousands of small messages arrive in order, few data channel messages for many", async () => {
  const near = await pair.a.open("x", {});
  const count = 3000;
  void (async () => {
    for (let i = 0; i < count; i++) await near.send(`${i}`.padEnd(500));
    await near.close("done");
  })();
  await settled();
  const got: string[] = [];
  while (got.length < count) {
    await pair.flow(1);
    const far = pair.b.accepted[0];
    while (far && far._unread.length > 0) got.push(String(await far.recv()));
  }
  got.forEach((text, i) => assert.equal(text.trim(), `${i}`));
  assert.ok(pair.seen.length < count, `${pair.seen.length} messages for ${count}`);
});
