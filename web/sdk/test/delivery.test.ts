import assert from "node:assert/strict";
import { afterEach, beforeEach, test } from "node:test";
import { Delivery } from "../src/delivery.js";
import { BeckonError } from "../src/error.js";
import type { Receipt, Signal } from "../src/protocol_gen.js";
import { Clock } from "./clock.js";
import { refusal } from "./server.js";

const to = { peer: "bob", instance: "00000000000000b2" };
let clock: Clock;
let sent: (Signal | Receipt)[];
let delivery: Delivery;

beforeEach(() => {
  clock = new Clock();
  sent = [];
  delivery = new Delivery("tea", 3, (frame) => sent.push(frame));
});
afterEach(() => clock.restore());

const receipt = (n: number): Receipt => {
  return { type: "receipt", room: "tea", from: "bob", fromInstance: to.instance, to: "ada", toInstance: "a", n };
};
const signal = (n: number): Signal => ({ ...receipt(n), type: "signal", data: n });
const numbers = () => sent.splice(0).map((frame) => (frame.type === "signal" ? frame.n : -frame.n));

test("signals are numbered, wait for the window, and are done with their receipt", async () => {
  const done: number[] = [];
  for (let i = 1; i <= 5; i++) void delivery.send(to, i).then(() => done.push(i));
  assert.deepEqual(numbers(), [1, 2, 3]);
  delivery.received(receipt(2));
  await clock.advance(0);
  assert.deepEqual(done, [1, 2]);
  assert.deepEqual(numbers(), [4, 5]);
  delivery.received(receipt(5));
  await clock.advance(0);
  assert.deepEqual(done, [1, 2, 3, 4, 5]);
});

test("each instance has its own numbers", () => {
  void delivery.send(to, 1);
  void delivery.send({ peer: "bob", instance: "00000000000000b3" }, 1);
  assert.deepEqual(numbers(), [1, 1]);
});

test("too many that wait are refused by name", async () => {
  for (let i = 0; i < 3 + 256; i++) void delivery.send(to, i);
  await assert.rejects(delivery.send(to, "one more"), { code: "overflow" });
});

test("with a refused signal those after it are lost, those before it are not", async () => {
  const signals = [1, 2, 3, 4].map((i) => delivery.send(to, i).then(() => i, (error) => error.code as string));
  numbers();
  delivery.refused(refusal("busy", { toInstance: to.instance, n: 7 }), new BeckonError("internal"));
  delivery.refused(refusal("busy", { toInstance: to.instance, n: 2 }), new BeckonError("busy"));
  await assert.rejects(delivery.send(to, 5), { code: "busy" });
  delivery.received(receipt(1));
  assert.deepEqual(await Promise.all(signals), [1, "busy", "busy", "busy"]);
  assert.deepEqual(numbers(), []);
});

test("only the next number is accepted; a double is answered again", async () => {
  assert.equal(delivery.accept(signal(2)), false, "a gap");
  await clock.advance(25);
  assert.deepEqual(numbers(), [], "which has no receipt");
  assert.equal(delivery.accept(signal(1)), true);
  assert.equal(delivery.accept(signal(1)), false, "a double");
  assert.equal(delivery.accept(signal(2)), true);
  assert.deepEqual(numbers(), []);
  await clock.advance(25);
  assert.deepEqual(numbers(), [-2], "one receipt for all");
  delivery.accept(signal(2));
  await clock.advance(25);
  assert.deepEqual(numbers(), [-2]);
  assert.equal(clock.running, 0);
});

test("many signals are answered without waiting for the timer", () => {
  for (let n = 1; n <= 8; n++) delivery.accept(signal(n));
  assert.deepEqual(numbers(), [-8]);
});

test("who is forgotten or closed leaves nobody waiting", async () => {
  const gone = delivery.send(to, 1);
  delivery.accept(signal(1));
  delivery.forget(to.instance, new BeckonError("unknown-peer"));
  await assert.rejects(gone, { code: "unknown-peer" });
  assert.equal(delivery.accept(signal(1)), true, "another life begins at 1");
  const closed = delivery.send(to, 1);
  delivery.close(new BeckonError("closed"));
  await assert.rejects(closed, { code: "closed" });
  assert.equal(clock.running, 0);
});
