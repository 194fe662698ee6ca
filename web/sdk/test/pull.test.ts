import assert from "node:assert/strict";
import { test } from "node:test";
import { BeckonError } from "../src/error.js";
import { PullQueue } from "../src/pull.js";

test("items wait for readers, and readers for items, in order", async () => {
  const queue = new PullQueue<number>("q");
  queue.push(1);
  queue.push(2);
  assert.equal(queue.length, 2);
  assert.equal(await queue.pull(), 1);
  assert.equal(await queue.pull(), 2);
  const both = Promise.all([queue.pull(), queue.pull()]);
  queue.push(3);
  queue.push(4);
  assert.deepEqual(await both, [3, 4]);
});

test("what is removed is not delivered, and weighs nothing", async () => {
  const queue = new PullQueue<number>("q", (n) => n);
  for (const n of [1, 2, 3]) queue.push(n);
  assert.equal(await queue.pull(), 1);
  queue.remove(2);
  queue.remove(1);
  assert.deepEqual([queue.length, queue.weight], [1, 3]);
  assert.equal(await queue.pull(), 3);
});

test("what came before the end is delivered before the end", async () => {
  const queue = new PullQueue<number>("q");
  queue.push(1);
  queue.end(undefined);
  queue.push(2);
  assert.equal(await queue.pull(), 1);
  await assert.rejects(queue.pull(), { code: "closed" });
});

test("an iteration ends with an end in order, and throws another", async () => {
  const good = new PullQueue<number>("q");
  good.push(1);
  good.end(undefined);
  const seen = [];
  for await (const item of good.iterate()) seen.push(item);
  assert.deepEqual(seen, [1]);

  const bad = new PullQueue<number>("q");
  bad.push(1);
  const all = (async () => {
    for await (const item of bad.iterate()) seen.push(item);
  })();
  bad.end(new BeckonError("connection-lost"));
  await assert.rejects(all, { code: "connection-lost" });
  assert.deepEqual(seen, [1, 1]);
});

test("a reader that gives up takes nothing with it", async () => {
  const queue = new PullQueue<number>("q");
  const controller = new AbortController();
  const given = queue.pull(controller.signal);
  controller.abort("why");
  await assert.rejects(given, { code: "aborted", cause: "why" });
  queue.push(1);
  assert.equal(await queue.pull(), 1);
  await assert.rejects(queue.pull(controller.signal), { code: "aborted" });

  // Handed over first, aborted after: the item counts.
  const late = new AbortController();
  const taken = queue.pull(late.signal);
  queue.push(2);
  late.abort();
  assert.equal(await taken, 2);
});

test("the weight follows what waits, over many items", async () => {
  const queue = new PullQueue<string>("q", (text) => text.length);
  for (let i = 0; i < 5000; i++) queue.push("four");
  assert.equal(queue.weight, 20000);
  for (let i = 0; i < 4999; i++) await queue.pull();
  assert.equal(queue.weight, 4);
  assert.equal(queue.length, 1);
});
