import assert from "node:assert/strict";
import { afterEach, beforeEach, test } from "node:test";
import { Control } from "../src/control.js";
import { Clock, settled } from "./clock.js";
import { FakePeerConnection, type FakeDataChannel } from "./rtc.js";

let clock: Clock;
let control: Control | undefined;
let dc: FakeDataChannel;
/** What the owner was told, and what it answers. */
let told: string[];
let progress: number;
let received: () => Promise<number | undefined>;
let looks: number;

beforeEach(() => {
  clock = new Clock();
  make();
});
afterEach(() => {
  control?.stop();
  assert.equal(clock.running, 0);
  clock.restore();
});

function make(parts = false): void {
  control?.stop();
  told = [];
  progress = looks = 0;
  received = async () => 0;
  const pc = new FakePeerConnection({});
  control = new Control(pc as unknown as RTCPeerConnection, parts, {
    opened: () => told.push("opened"),
    silent: () => told.push("silent"),
    heard: () => told.push("heard"),
    progress: () => progress,
    received: () => {
      looks++;
      return received();
    },
    ended: (onPurpose) => told.push(onPurpose ? "bye" : "lost"),
  });
  dc = pc.control;
  dc.open();
}

const said = () => dc.sent.splice(0).map((text) => JSON.parse(text as string) as unknown);

test("a ping at once, then one in every 1.25 s in which nothing was heard", async () => {
  assert.deepEqual(told, ["opened"]);
  assert.deepEqual(said(), [{ ping: 1 }]);
  dc.receive('{"pong":1}');
  await clock.advance(1000);
  control?.heard(); // on another channel
  await clock.advance(1249);
  assert.deepEqual(said(), []);
  await clock.advance(1);
  assert.deepEqual(said(), [{ ping: 2 }]);
});

test("pings are answered at once; what is no known text is ignored", async () => {
  said();
  dc.receive('{"ping":7}');
  assert.deepEqual(said(), [{ pong: 7 }]);
  for (const text of ['{"ping":"7"}', '{"ping":1.5}', "null", "{", "7", '{"close":4}', `{"ping":1,"x":"${"x".repeat(300)}"}`]) dc.receive(text);
  dc.receive(new ArrayBuffer(1));
  assert.deepEqual(said(), []);
  assert.deepEqual(told, ["opened"]);
});

test("who asks and takes no answers gets no more of them", () => {
  dc.stuck = true;
  for (let i = 0; i < 5000; i++) dc.receive('{"ping":1}');
  assert.ok(dc.bufferedAmount < 17000);
});

test("three pings without an answer are silence, 5 s after the last word; whatever comes ends it", async () => {
  dc.receive('{"pong":1}');
  await clock.advance(4999);
  assert.deepEqual(told, ["opened"]);
  await clock.advance(1);
  assert.deepEqual(told, ["opened", "silent"]);
  await clock.advance(10000);
  assert.deepEqual(told, ["opened", "silent"], "once");
  said();
  await clock.advance(1250);
  assert.equal(said().length, 1, "it goes on asking");
  control?.heard();
  assert.deepEqual(told, ["opened", "silent", "heard"]);
  await clock.advance(5000);
  assert.deepEqual(told, ["opened", "silent", "heard", "silent"]);
});

test("who never asked nor answered may not know how, and is not dead for that", async () => {
  await clock.advance(60000);
  dc.receive('{"close":3}');
  await clock.advance(60000);
  assert.deepEqual(told, ["opened"]);
  dc.receive('{"ping":1}');
  await clock.advance(5000);
  assert.deepEqual(told, ["opened", "silent"]);
});

test("who takes what is sent is there, if that is what keeps a ping from leaving", async () => {
  dc.receive('{"pong":1}');
  dc.stuck = true;
  for (let i = 0; i < 20; i++) {
    await clock.advance(3000);
    progress++;
  }
  assert.deepEqual(told, ["opened"]);
  await clock.advance(6250);
  assert.deepEqual(told, ["opened", "silent"]);
  make();
  dc.receive('{"pong":1}');
  for (let i = 0; i < 10; i++) {
    await clock.advance(500);
    progress++; // a small message leaves, as they do for a while when nobody is there any more
  }
  assert.deepEqual(told, ["opened", "silent"], "after 5 s");
});

test("who receives a large message slowly hears nothing, but bytes come; when they end, that is noticed in time", async () => {
  dc.receive('{"pong":1}');
  let bytes = 0;
  received = async () => bytes;
  for (let i = 0; i < 60; i++) {
    await clock.advance(1000);
    bytes += 20_000;
  }
  assert.ok(!told.includes("silent"));
  await clock.advance(3749);
  assert.ok(!told.includes("silent"));
  await clock.advance(1251);
  assert.deepEqual(told, ["opened", "silent"], "5 s after the last byte");
  bytes++;
  await clock.advance(1250);
  assert.deepEqual(told, ["opened", "silent", "heard"], "it goes on");
  dc.receive("the end of it");
  bytes += 1000; // its last bytes are counted, but no sign of life once it was heard
  await clock.advance(5000);
  assert.deepEqual(told, ["opened", "silent", "heard", "silent"]);
});

test("bytes that come after the last ping are asked for before the verdict", async () => {
  dc.receive('{"pong":1}');
  let bytes = 0;
  received = async () => bytes;
  await clock.advance(4000);
  bytes++;
  await clock.advance(4749);
  assert.deepEqual(told, ["opened"]);
  await clock.advance(1);
  assert.deepEqual(told, ["opened", "silent"]);
});

test("while all is well nobody looks for bytes; a look that fails, hangs or tells nothing does not stop the verdict", async () => {
  for (let i = 0; i < 20; i++) {
    dc.receive('{"pong":1}');
    await clock.advance(1250);
  }
  assert.equal(looks, 0);
  for (const [look, more] of [
    [() => Promise.reject(new Error("closed")), 0],
    [async () => undefined, 0],
    [() => new Promise<never>(() => {}), 500],
  ] as const) {
    make();
    received = look;
    dc.receive('{"pong":1}');
    await clock.advance(4999 + more);
    assert.deepEqual(told, ["opened"]);
    await clock.advance(1);
    assert.deepEqual(told, ["opened", "silent"]);
    await clock.advance(10000);
    assert.deepEqual(told, ["opened", "silent"], "once");
  }
});

test("pings are counted, not the time: a page that was asleep has asked nothing", async () => {
  dc.receive('{"pong":1}');
  await clock.sleep(3_600_000);
  assert.deepEqual(told, ["opened"]);
  await clock.advance(1250);
  await clock.advance(1250);
  await clock.sleep(60_000);
  assert.deepEqual(told, ["opened"], "the answer may wait to be handed over");
  dc.receive('{"pong":4}');
  for (let i = 0; i < 10; i++) {
    await clock.sleep(60_000); // a throttled page
    dc.receive('{"pong":5}');
  }
  assert.deepEqual(told, ["opened"]);
  for (let i = 0; i < 5; i++) await clock.sleep(60_000);
  assert.deepEqual(told, ["opened", "silent"], "but in the end, it is");
});

test("a goodbye is an end on purpose, an end without one is none", async () => {
  for (const [end, want] of [
    [() => dc.receive('{"bye":true}'), "bye"],
    [() => dc.receive('{"bye":1}'), "lost"],
    [() => {}, "lost"],
    [() => dc.fail(12), "lost"],
    [() => dc.fail(), "lost"],
  ] as const) {
    make();
    dc.receive('{"pong":1}');
    end();
    dc.close();
    await settled();
    assert.deepEqual(told, ["opened", want]);
  }
});

test("of one that knows no heartbeat, a close is its goodbye; a failure is none", async () => {
  for (const [end, want] of [
    [() => dc.close(), "bye"],
    [() => dc.fail(12), "bye"],
    [() => dc.fail(), "lost"],
  ] as const) {
    make();
    end();
    await settled();
    assert.deepEqual(told, ["opened", want]);
  }
});

test("one that is known to say goodbye has not said it when it ends before it was heard", async () => {
  for (const end of [() => dc.close(), () => dc.fail(12), () => dc.fail()]) {
    make(true);
    end();
    await settled();
    assert.deepEqual(told, ["opened", "lost"]);
  }
});

test("a goodbye has left before the channel is closed, and is not waited for for ever", async () => {
  dc.stuck = true;
  said();
  const first = control?.farewell(1000);
  assert.deepEqual(said(), [{ bye: true }]);
  assert.equal(dc.readyState, "open");
  dc.drain(100);
  await first;
  assert.equal(dc.readyState, "closed");
  assert.deepEqual(told, ["opened"]);
  make();
  dc.stuck = true;
  let done = false;
  void control?.farewell(1000).then(() => (done = true));
  await clock.advance(999);
  assert.equal(done, false);
  await clock.advance(1);
  assert.equal(done, true);
});
