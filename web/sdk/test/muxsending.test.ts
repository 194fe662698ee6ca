import assert from "node:assert/strict";
import { test } from "node:test";
import type { Message } from "../src/channel.js";
import type { ChannelOptions } from "../src/options.js";
import { eachTest, type Pair } from "./mesh.js";
import { pattern, readAll, same } from "./muxmessages.js";
import { watched } from "./server.js";

const KiB = 1024;
const MiB = KiB * KiB;
let pair: Pair;

eachTest((...given) => ([, pair] = given), () => pair);

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
    const got = await readAll(pair, far);
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
