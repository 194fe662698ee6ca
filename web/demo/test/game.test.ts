import assert from "node:assert/strict";
import { test } from "node:test";
import vectors from "../../../cmd/beckon/lights/testdata/vectors.json";
import { between, Past } from "../src/game/past.js";
import { begin, type Boat, numberOf, place, seedOf, step } from "../src/game/rules.js";
import { Sea } from "../src/game/sea.js";
import { decode, encode, SIZE } from "../src/game/wire.js";
import { nearest, standing, whereabouts } from "../src/game/words.js";

const bytes = (hex: string) => new Uint8Array(Buffer.from(hex, "hex"));
const hex = (data: Uint8Array) => Buffer.from(data).toString("hex");
const four = ({ x, y, heading, speed }: Boat) => [x, y, heading, speed];

test("numbers, lights and boats are what they are in Go", () => {
  for (const { text, number, seed } of vectors.numbers) assert.deepEqual([numberOf(text), seedOf(text)], [number, seed], text);
  assert.ok(vectors.places.length > 20);
  for (const { seed, light, taken, x, y } of vectors.places) assert.deepEqual(place(seed, light, taken), { x, y });
  for (const voyage of vectors.voyages) {
    let boat = begin(voyage.number);
    assert.deepEqual(four(boat), voyage.begin);
    voyage.inputs.forEach(({ ticks, ...input }, i) => {
      for (let tick = 0; tick < ticks; tick++) boat = step(boat, input);
      assert.deepEqual(four(boat), voyage.ends[i]);
    });
  }
});

test("packets are read, and written again to the same bytes", () => {
  for (const { hex: wire, number, tick, boat, score, paused, pointer, lights } of vectors.packets) {
    const packet = decode(bytes(wire));
    assert.ok(packet);
    assert.deepEqual(
      [packet.number, packet.tick, four(packet.boat), packet.score, packet.paused, packet.lights.map(({ taken, by }) => [taken, by])],
      [number, tick, boat, score, paused, lights],
    );
    assert.deepEqual(packet.pointer, pointer ? { x: pointer[0], y: pointer[1] } : undefined);
    assert.equal(hex(encode(packet)), wire);
  }
  assert.ok(vectors.refused.length > 10);
  for (const { name, hex: wire } of vectors.refused) assert.equal(decode(bytes(wire)), undefined, name);
});

test("a packet is read wherever it stands in its buffer", () => {
  const { hex: wire, number } = vectors.packets[0]!;
  const buffer = new Uint8Array(SIZE + 7);
  buffer.set(bytes(wire), 5);
  assert.equal(decode(buffer.subarray(5, 5 + SIZE))?.number, number);
});

test("a match goes as it does in Go, cheats and all", () => {
  for (const { name, seed, self, steps } of vectors.matches) {
    const sea = new Sea(seed, self);
    let stood = 0;
    for (const { sail, hear, stand } of steps) {
      if (sail) sea.sail(sail);
      if (hear) sea.hear(hear.from, bytes(hear.hex), hear.at);
      if (!stand) continue;
      stood++;
      const { heard, malformed, foreign, old, full } = sea.counts;
      const others = sea.others.map(({ number, tick, boat, score, held, refused }) => ({ number, tick, boat: four(boat), score, held, refused }));
      assert.deepEqual({ packet: hex(sea.packet()), others, counts: [heard, malformed, foreign, old, full] }, stand, name);
    }
    assert.ok(stood > 0, name);
  }
});

test("others are drawn between what was heard of them, and not far beyond it", () => {
  const past = new Past();
  assert.equal(past.at(0), undefined);
  const boat = (x: number) => ({ x, y: 100, heading: 0, speed: 30 });
  for (let tick = 0; tick <= 30; tick++) {
    if (tick % 4 === 1) continue; // lost
    past.note(tick, (tick * 1000) / 30 + (tick % 3) * 15, boat(tick * 30)); // and late, each by another time
  }
  for (const at of [300, 517, 700, 1000]) assert.equal(Math.round(past.at(at)!.x), Math.round(((at - 100) * 30 * 30) / 1000), `${at}`);
  assert.equal(past.at(100_000)!.x, 30 * 30 + 6 * 30);
  // After a silence it is where it is now, not on its way there.
  past.note(31, 60_000, boat(5));
  assert.equal(past.at(60_000)!.x, 5);
});

test("a boat turns the short way", () => {
  const a = { x: 0, y: 0, heading: 65_000, speed: 0 };
  assert.equal(between(a, { ...a, heading: 464 }, 0.5).heading, 65_500);
});

test("the sea in words", () => {
  const at = { x: 10_000, y: 10_000, heading: 0, speed: 0 };
  assert.equal(whereabouts(at, { x: 10_100, y: 9_900 }), "north-east, 1 boat length away");
  assert.equal(whereabouts(at, { x: 4_000, y: 10_000 }), "west, 5 boat lengths away");
  const sea = new Sea(1, 2);
  assert.match(nearest(sea), /^The nearest light is (north|south|east|west)[-a-z]*, \d+ boat lengths? away\.$/);
  assert.equal(standing(sea, String), "You have 0 lights.");
  const other = new Sea(1, 3);
  sea.hear(3, other.packet(), 0);
  assert.equal(standing(sea, () => "Ada"), "You have 0 lights. So has Ada.");
});
