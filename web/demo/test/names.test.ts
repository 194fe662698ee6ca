import assert from "node:assert/strict";
import { test } from "node:test";
import { bytes, percent, Speed, wait } from "../src/format.js";
import { cleanName, displayName, MAX_NAME, nickname } from "../src/names.js";

test("a name is one line without characters that turn it around", () => {
  assert.equal(cleanName("  Ada\n Lovelace\t"), "Ada Lovelace");
  assert.equal(cleanName("\u202eadA"), "adA");
  assert.equal(cleanName("\u200b"), "");
  assert.equal(cleanName({ toString: () => "Ada" }), "");
  const long = cleanName("👋".repeat(100));
  assert.equal(long, "👋".repeat(MAX_NAME), "cut between characters, not inside one");
});

test("a peer without a usable name has a nickname, the same everywhere", () => {
  for (const attributes of [undefined, null, {}, "Ada", { name: 3 }, { name: " " }]) {
    assert.equal(displayName("xyz", attributes), nickname("xyz"));
  }
  assert.equal(displayName("xyz", { name: "Ada" }), "Ada");
  assert.equal(nickname("xyz"), nickname("xyz"));
  assert.notEqual(nickname("xyz"), nickname("xyzz"));
});

test("numbers for people", () => {
  assert.deepEqual([0, 999, 1000, 1536, 120_000, 512_000_000, 7e12].map(bytes), [
    "0 B", "999 B", "1.0 kB", "1.5 kB", "120 kB", "512 MB", "7.0 TB",
  ]);
  assert.deepEqual([percent(0, 0), percent(0, 5), percent(999, 1000), percent(5, 5)], [100, 0, 99, 100]);
  assert.deepEqual([wait(0.2), wait(59), wait(61), wait(Infinity)], ["1 s left", "59 s left", "2 min left", ""]);
});

test("speed is that of the last second and a half", () => {
  const speed = new Speed();
  for (let at = 0; at <= 5000; at += 100) speed.note(at, at);
  assert.equal(Math.round(speed.note(5000, 5000)), 1000);
  for (let at = 5100; at <= 8000; at += 100) speed.note(at, 5000);
  assert.equal(speed.note(8000, 5000), 0);
});
