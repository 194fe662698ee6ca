import assert from "node:assert/strict";
import { afterEach, beforeEach, test } from "node:test";
import { Clocks } from "../src/clocks.js";
import { Clock } from "./clock.js";

let clock: Clock;
let clocks: Clocks<"a" | "b">;
let ran: string[];

beforeEach(() => {
  clock = new Clock();
  clocks = new Clocks();
  ran = [];
});
afterEach(() => {
  clocks.stop();
  assert.equal(clock.running, 0);
  clock.restore();
});

test("what is held goes on where it was", async () => {
  clocks.start("a", 100, () => ran.push("a"));
  await clock.advance(60);
  clocks.go(false);
  clocks.start("b", 10, () => ran.push("b"));
  await clock.advance(1000);
  assert.deepEqual([ran, clock.running], [[], 0]);
  clocks.go(true);
  await clock.advance(39);
  assert.deepEqual(ran, ["b"]);
  clocks.go(true);
  await clock.advance(1);
  assert.deepEqual(ran, ["b", "a"]);
});

test("a clock is started anew, begun once, or stopped; also while it is held", async () => {
  clocks.start("a", 100, () => ran.push("first"));
  await clock.advance(50);
  clocks.begin("a", 10, () => ran.push("not begun"));
  clocks.start("a", 100, () => ran.push("second"));
  await clock.advance(99);
  assert.deepEqual(ran, []);
  await clock.advance(1);
  assert.deepEqual(ran, ["second"]);
  clocks.begin("a", 10, () => ran.push("begun"));
  clocks.begin("b", 10, () => ran.push("stopped"));
  clocks.go(false);
  clocks.stop("b");
  clocks.go(true);
  await clock.advance(10);
  assert.deepEqual(ran, ["second", "begun"]);
});
