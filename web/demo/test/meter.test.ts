import assert from "node:assert/strict";
import { test } from "node:test";
import { Meter, MINUTE } from "../src/people/meter.js";
import { count, milliseconds, rates } from "../src/format.js";

const stats = (bytesReceived: number, bytesSent: number, rtt: number | undefined, connections = 1) => ({
  path: { relayed: false, protocol: "udp" as const, relay: undefined, rtt },
  bytesReceived, bytesSent, restarts: 0, connections,
});

test("rates are those between two measurements of one connection", () => {
  const meter = new Meter();
  meter.note(stats(1000, 0, 5), 1000);
  assert.deepEqual([meter.down, meter.up], [undefined, undefined]);
  meter.note(stats(2000, 500, 5), 2000);
  assert.deepEqual([meter.down, meter.up], [8000, 4000]);
  meter.note(stats(2000, 500, 5), 4000);
  assert.deepEqual([meter.down, meter.up], [0, 0]);
  meter.note(stats(100, 100, 5, 2), 5000);
  assert.deepEqual([meter.down, meter.up], [undefined, undefined], "another connection counts from 0 again");
});

test("round trips are those of the last minute, with the seconds in which there was none", () => {
  const meter = new Meter();
  assert.equal(meter.range, undefined);
  for (let i = 0; i < 100; i++) meter.note(stats(0, 0, i % 10 === 9 ? undefined : i), i * 1000);
  assert.equal(meter.trips.length, MINUTE);
  assert.equal(meter.trips[MINUTE - 1], undefined);
  assert.deepEqual(meter.range, { now: 98, low: 40, high: 98 });
});

test("numbers for people, of connections", () => {
  assert.equal(rates(0, 40), "↓ 0  ↑ 0 kbit/s");
  assert.equal(rates(940, 12_345), "↓ 0.9  ↑ 12 kbit/s");
  assert.equal(rates(940, 12_345_678), "↓ 0.0  ↑ 12.3 Mbit/s");
  assert.deepEqual([count(1, "restart"), count(2, "restart")], ["1 restart", "2 restarts"]);
  assert.deepEqual([milliseconds(0.4), milliseconds(1.6)], ["<1 ms", "2 ms"]);
});
