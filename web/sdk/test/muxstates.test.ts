import assert from "node:assert/strict";
import { test } from "node:test";
import vectors from "../../../peer/mux/testdata/states.json";
import { decodeFrame, encodeFrame, OPEN, RESET, utf8, type Frame } from "../src/muxframes.js";
import { readHead } from "../src/muxheads.js";
import { settled } from "./clock.js";
import { eachTest, Pair, type JoinedDataChannel } from "./mesh.js";

let pair: Pair;

eachTest(() => (pair = new Pair(undefined, 100_000)), () => pair);

test("there are cases", () => assert.ok(vectors.cases.length >= 40));

for (const { name, open, frames, ends, code } of vectors.cases) {
  test(`frames that do not fit their channel's state, as in Go: ${name}`, async () => {
    const trunks = [{}, { ordered: false }, { maxRetransmits: 0 }].map((options) => pair.a.end.createDataChannel("beckon", { ...options, protocol: "beckon.v1" }));
    await settled();
    const say = (trunk: number, frame: Uint8Array<ArrayBuffer>) => (trunks[trunk] as JoinedDataChannel).other.receive(frame.slice().buffer);
    say(0, encodeFrame(OPEN, 0, [], utf8(open)));
    for (const { trunk, hex, fill = 0 } of frames as { trunk: number; hex: string; fill?: number }[]) {
      say(trunk, new Uint8Array([...Buffer.from(hex, "hex"), ...new Uint8Array(fill)]));
      if (pair.b.failures.length > 0) break;
    }
    await settled();
    assert.deepEqual(pair.b.failures.map((error) => error.code), ends === "connection" ? [code] : []);
    const [channel] = pair.b.accepted;
    if (ends === "open") {
      const [answer] = (trunks[0] as JoinedDataChannel).other.flying.map((data) => decodeFrame(new Uint8Array(data)));
      assert.equal(answer?.type, RESET);
      assert.equal(readHead(answer as Frame).code, code);
      assert.equal(channel, undefined);
    } else if (ends !== "connection") {
      assert.equal(channel?._over, ends === "channel");
      if (ends === "channel") assert.equal((await channel?.closed)?.code ?? "closed", code);
    }
  });
}
