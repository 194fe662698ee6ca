// What the tests of channels send and read.

import assert from "node:assert/strict";
import type { Message } from "../src/channel.js";
import type { MuxChannel } from "../src/muxchannel.js";
import type { Pair } from "./mesh.js";

/** Bytes that tell where they are. */
export function pattern(size: number, seed = 0): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(size);
  for (let i = 0; i < size; i++) bytes[i] = (i * 31 + (i >> 8) + seed) & 255;
  return bytes;
}

/** What came is what was sent. */
export function same(got: Message, wanted: Message, what = ""): void {
  if (typeof wanted === "string" || typeof got === "string") return assert.equal(got === wanted, true, what);
  assert.equal(Buffer.compare(got, wanted), 0, what);
}

/** Reads all there is until the end, taking turns with the wire. */
export async function readAll(pair: Pair, channel: MuxChannel): Promise<Message[]> {
  const got: Message[] = [];
  const reading = (async () => {
    for await (const message of channel) got.push(message);
  })();
  reading.catch(() => {});
  await pair.flow();
  await reading;
  return got;
}
