import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import { InMemory } from "../src/files/depot.js";
import { Memory } from "../src/files/handle.js";
import { hex } from "../src/files/sha256.js";
import { Store } from "../src/files/store.js";
import { zip } from "../src/files/zip.js";

function bytes(size: number, seed = 1): Uint8Array<ArrayBuffer> {
  return Uint8Array.from({ length: size }, (_, i) => (i * 31 + seed * 17 + (i >> 9)) & 255);
}

function digest(data: Uint8Array): string {
  return createHash("sha256").update(data).digest("hex");
}

test("a file in memory is what was written, across its chunks", async () => {
  const file = new Memory();
  const want = bytes(3_000_000);
  for (let at = 0, step = 1; at < want.length; step = Math.min(700_000, step * 3)) {
    file.write(want.subarray(at, at + step), { at });
    at = Math.min(want.length, at + step);
  }
  file.write(bytes(10, 9), { at: 1_048_570 });
  want.set(bytes(10, 9), 1_048_570);
  assert.equal(file.getSize(), want.length);
  assert.deepEqual(new Uint8Array(await file.blob().arrayBuffer()), want);
  const some = new Uint8Array(100);
  assert.equal(file.read(some, { at: 1_048_530 }), 100);
  assert.deepEqual(some, want.subarray(1_048_530, 1_048_630));
  assert.equal(file.read(some, { at: want.length - 7 }), 7);
  file.truncate(1_048_577);
  assert.equal(file.getSize(), 1_048_577);
  assert.deepEqual(new Uint8Array(await file.blob().arrayBuffer()), want.subarray(0, 1_048_577));
});

test("a store hashes what is written in order, in disorder, and what was there", async () => {
  const store = new Store(new InMemory());
  const data = bytes(200_000);
  const { key, have } = await store.open("a", data.length, "a");
  assert.equal(have, 0);
  store.write(key, 0, data.slice(0, 100_000));
  store.write(key, 100_000, data.slice(100_000));
  assert.equal(hex(store.digest(key)), digest(data));
  assert.equal(hex(store.digest(key)), digest(data), "once more, by reading it");
  store.write(key, 50_000, bytes(5, 8)); // behind what is hashed
  data.set(bytes(5, 8), 50_000);
  assert.equal(hex(store.digest(key)), digest(data));
});

test("a store says which blocks are not what they should be", async () => {
  const store = new Store(new InMemory());
  const data = bytes(100_000);
  const { key } = await store.open("a", 120_000, "a");
  store.write(key, 0, data.slice());
  const block = 16_384;
  const want = new Uint8Array(6 * 32);
  for (let i = 0; i < 6; i++) want.set(Buffer.from(digest(data.subarray(i * block, (i + 1) * block)), "hex"), i * 32);
  want[2 * 32] = want[2 * 32]! ^ 1;
  assert.deepEqual(await store.verify(key, block, want), [2]);
});

test("memory has room for half a gigabyte, and gives back what is removed", async () => {
  const depot = new InMemory();
  const store = new Store(depot);
  assert.equal(await store.room(), 512_000_000);
  const { key } = await store.open("a", 10, "a");
  store.write(key, 0, bytes(10));
  assert.equal(await store.room(), 512_000_000 - 10);
  await store.finish(key, "");
  assert.equal((await store.blob(key)).size, 10);
  await store.remove(key);
  assert.equal(await store.room(), 512_000_000);
  await assert.rejects(store.blob(key));
});

test("an archive has every file and folder", async () => {
  const a = bytes(100_000);
  const made = await zip([{ path: "tree/a.bin", file: new Blob([a]), modified: 1767225600000 }, { path: "tree/ü", file: new Blob(["x"]) }, { path: "tree/empty" }]);
  const all = Buffer.from(await made!.arrayBuffer());
  // The end of the directory, and by it each entry (APPNOTE.TXT, 4.3.12 and 4.3.16).
  const end = all.length - 22;
  assert.equal(all.readUInt32LE(end), 0x06054b50);
  assert.equal(all.readUInt16LE(end + 10), 3);
  const found: [string, number, number][] = [];
  for (let at = all.readUInt32LE(end + 16); at < end; ) {
    assert.equal(all.readUInt32LE(at), 0x02014b50);
    const name = all.subarray(at + 46, at + 46 + all.readUInt16LE(at + 28)).toString();
    const local = all.readUInt32LE(at + 42);
    assert.equal(all.readUInt32LE(local), 0x04034b50);
    const size = all.readUInt32LE(at + 24);
    found.push([name, size, all.readUInt32LE(at + 16)]);
    const data = local + 30 + all.readUInt16LE(local + 26);
    if (name === "tree/a.bin") assert.deepEqual(new Uint8Array(all.subarray(data, data + size)), a);
    at += 46 + all.readUInt16LE(at + 28);
  }
  // 0x8cdc1683 is the CRC-32 of "x" (ISO 3309).
  assert.deepEqual(found.map(([name, size]) => [name, size]), [["tree/a.bin", 100_000], ["tree/ü", 1], ["tree/empty/", 0]]);
  assert.equal(found[1]![2], 0x8cdc1683);
});
