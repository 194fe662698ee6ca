import assert from "node:assert/strict";
import { test } from "node:test";
import { BeckonError } from "../src/error.js";
import type { MuxChannel } from "../src/muxchannel.js";
import { Clock, settled } from "./clock.js";
import { Pair } from "./mesh.js";

/** Numbers that are the same on each run. */
function random(seed: number): (below: number) => number {
  return (below) => {
    seed = (seed * 1103515245 + 12345) & 0x7fffffff;
    return Math.floor((seed / 0x80000000) * below);
  };
}

const ROUNDS = 60;

/** Sends 150 messages of all sizes; each says its number. Resolves when all are sent. */
async function speak(channel: MuxChannel, roll: (below: number) => number): Promise<void> {
  for (let n = 0; n < 150; n++) {
    const large = roll(12) === 0;
    const size = 4 + roll(large ? 700_000 : 3000);
    const bytes = new Uint8Array(size).fill(n);
    new DataView(bytes.buffer).setUint32(0, n);
    await channel.send(roll(4) === 0 ? new Blob([bytes]) : bytes);
  }
}

/** Reads to the end; every message must be the next. */
async function hear(channel: MuxChannel): Promise<number> {
  let n = 0;
  for await (const message of channel) {
    const bytes = message as Uint8Array<ArrayBuffer>;
    assert.equal(new DataView(bytes.buffer, bytes.byteOffset).getUint32(0), n);
    assert.ok(bytes.subarray(4).every((byte) => byte === (n & 255)), `message ${n} is whole`);
    n++;
  }
  return n;
}

for (const seed of Array.from({ length: 12 }, (_, i) => i + 1)) {
  test(`exactly once and in order through cuts: ${seed}`, async () => {
    const clock = new Clock();
    try {
      const roll = random(seed * 7919);
      const pair = new Pair();
      const near = await pair.a.open("x", { durable: true });
      await pair.flow(roll(4) + 4);
      const far = pair.b.accepted[0] as MuxChannel;
      const all = [near, far].map(async (channel) => {
        const spoken = speak(channel, roll).then(() => channel.closeWrite());
        const heard = await hear(channel);
        await spoken;
        return heard;
      });
      let over = false;
      const end = Promise.all(all).then(async (heard) => {
        await near.close("done");
        over = true;
        return heard;
      });
      end.catch(() => (over = true));
      for (let round = 0; !over; round++) {
        assert.ok(round < 3000, "it comes to an end");
        if (round < ROUNDS) {
          await pair.flow(roll(60));
          await clock.advance(roll(2) * 20);
          if (roll(3) > 0) continue;
          pair.cut(new BeckonError("connection-lost", "cut"));
          await settled();
          pair.connect();
        } else {
          await pair.flow(50);
          await clock.advance(20);
        }
      }
      assert.deepEqual(await end, [150, 150]);
      assert.equal(far.reason, "done");
      assert.deepEqual([...pair.a.failures, ...pair.b.failures], []);
      pair.a.mux.end(undefined);
      pair.b.mux.end(undefined);
      assert.equal(clock.running, 0);
    } finally {
      clock.restore();
    }
  });
}
