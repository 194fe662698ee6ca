import assert from "node:assert/strict";
import { afterEach, beforeEach, test } from "node:test";
import { Delivery, type Happening } from "../src/delivery.js";
import { BeckonError } from "../src/error.js";
import type { ClientFrame, Receipt } from "../src/protocol_gen.js";
import { Clock, settled } from "./clock.js";
import { bob, event, snapshot, watched, welcome } from "./server.js";

const instance = "00000000000000a1";
let clock: Clock;
let urgent: ClientFrame[];
let wakes: number;
let happened: Happening[][];
let delivery: Delivery;

beforeEach(() => {
  clock = new Clock();
  urgent = [];
  wakes = 0;
  happened = [];
  delivery = new Delivery("tea", instance, welcome, {
    wake: () => wakes++,
    urgent: (frame) => urgent.push(frame),
    happened: (happenings) => happened.push(happenings),
  });
});
afterEach(() => {
  delivery.close(new BeckonError("closed"));
  assert.equal(clock.running, 0, "timers outlive the delivery");
  clock.restore();
});

const online = () => delivery.received(snapshot([bob, { peer: "ada", instance, joined: 9 }]));
const receipt = (n: number): Receipt => {
  return { type: "receipt", room: "tea", from: "bob", fromInstance: bob.instance, to: "ada", toInstance: instance, n };
};

test("a message is as it was when it was sent, is asked for, and is done with its receipt", async () => {
  online();
  assert.deepEqual(happened.map((step) => step.map(({ effect }) => effect)), [["joined", "synced"]]);
  const data = { x: 1 };
  let done = false;
  const sending = delivery.send(bob, data).then(() => (done = true));
  assert.equal(wakes, 1);
  data.x = 2;
  assert.deepEqual(delivery.next(), {
    type: "signal", room: "tea", to: "bob", toInstance: bob.instance, n: 1, data: { x: 1 },
  });
  assert.equal(delivery.next(), undefined);
  await settled();
  assert.equal(done, false);
  delivery.received(receipt(1));
  await sending;
});

test("what has no receipt is sent again, after a while and on the next carrier", async () => {
  online();
  watched(delivery.send(bob, "x"));
  const first = delivery.next();
  assert.equal(delivery.next(), undefined);
  await clock.advance(2000);
  assert.equal(wakes, 2);
  assert.deepEqual(delivery.next(), first);
  delivery.lost();
  assert.equal(clock.running, 0, "nothing is due without a carrier");
  assert.equal(delivery.next(), undefined);
  assert.deepEqual(delivery.place, { epoch: "00000000000000e1", position: 9 });
  online();
  assert.deepEqual(delivery.next(), first);
});

test("who answers in the event that tells of a message finds the machine in order", async () => {
  let answer: Promise<void> | undefined;
  delivery = new Delivery("tea", instance, welcome, {
    wake: () => wakes++,
    urgent: () => {},
    happened: (happenings) => {
      if (happenings.some((h) => h.effect === "message" && h.peer === "bob")) answer = delivery.say("answer");
    },
  });
  online();
  delivery.received(event(10, "message", "bob", { instance: bob.instance, n: 1, data: "question" }));
  assert.deepEqual(delivery.next(), { type: "message", room: "tea", n: 1, data: "answer" });
  delivery.received(event(11, "message", "ada", { instance, n: 1, data: "answer" }));
  await answer;
});

test("a ping has something to say only in a room", () => {
  assert.equal(delivery.beat(), false);
  online();
  assert.equal(delivery.beat(), true);
  assert.deepEqual(urgent, [{ type: "ping", t: 1, acks: { tea: 9 } }]);
});

test("what cannot be brought is refused by name, what is outstanding at the end with the reason", async () => {
  online();
  await assert.rejects(delivery.send({ peer: "zoe", instance }, 1), { code: "unknown-peer", message: /^signal to zoe: / });
  await assert.rejects(delivery.send({ peer: "bob", instance }, 1), { code: "stale-instance" });
  await assert.rejects(delivery.say("ż".repeat(33000)), { code: "message-too-large" });
  const gone = watched(delivery.send(bob, 1));
  delivery.received(event(10, "left", "bob", { reason: "timeout" }));
  await assert.rejects(gone, { code: "closed" });
  const late = watched(delivery.say(1));
  const why = new BeckonError("connection-lost", "why");
  delivery.close(why);
  await assert.rejects(late, why);
});
