import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { Machine } from "../src/machine.js";
import type { MachineConfig, MachineEffect, MachineEvent } from "../src/machineevents.js";

interface Vector {
  name: string;
  config: MachineConfig;
  steps: { event: MachineEvent; effects: MachineEffect[] }[];
}

const folder = "../signaling/protocol/delivery/testdata";

for (const file of readdirSync(folder)) {
  const vector = JSON.parse(readFileSync(join(folder, file), "utf8")) as Vector;
  test(`delivery machine: ${vector.name} (${file})`, () => {
    const machine = new Machine(vector.config);
    for (const [i, { event, effects }] of vector.steps.entries()) {
      // As JSON: what is absent and what is undefined are the same on the wire.
      const got: unknown = JSON.parse(JSON.stringify(machine.step(event)));
      assert.deepEqual(got, effects, `step ${i + 1}: ${JSON.stringify(event)}`);
    }
  });
}

test("there are vectors to run", () => {
  assert.ok(readdirSync(folder).length >= 15);
});
