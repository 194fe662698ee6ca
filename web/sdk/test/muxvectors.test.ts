import assert from "node:assert/strict";
import { test } from "node:test";
import vectors from "../../../peer/mux/testdata/frames.json";
import type { Unread } from "../src/channel.js";
import { decodeFrame, encodeBatch, encodeFrame, framesOf, type Frame } from "../src/muxframes.js";
import { readHead, readReason } from "../src/muxheads.js";
import { Budget } from "../src/muxbudget.js";
import { Receiver, type ReceiverOwner } from "../src/muxreceive.js";
import { Sender } from "../src/muxsend.js";
import { Outbox } from "../src/outbox.js";

const names: Record<number, string> = {
  ...{ 1: "open", 2: "opened", 3: "window", 4: "ack", 5: "fin", 6: "close", 7: "closed", 8: "reset", 9: "cut" },
  ...{ 16: "data", 18: "first", 20: "next", 24: "numbered", 26: "part" },
};
const fields: Record<string, string[]> = {
  ...{ window: ["offset"], ack: ["n"], fin: ["n"], close: ["n"], cut: ["n"], first: ["total"], numbered: ["n"], part: ["n", "total", "offset"] },
};

const bytes = (hex: string) => new Uint8Array(Buffer.from(hex, "hex"));
const hex = (data: Uint8Array) => Buffer.from(data).toString("hex");

/** A frame as the vectors have it. */
function described(frame: Frame): object {
  const { type, id, numbers, payload } = frame;
  const data = type >= 16;
  const name = names[data ? type & ~1 : type] as string;
  const said: Record<string, unknown> = { type: name, id };
  numbers.forEach((n, i) => (said[fields[name]?.[i] as string] = n));
  if (data) Object.assign(said, { payload: hex(payload), ...(name === "next" ? {} : { text: (type & 1) === 1 }) });
  if (name === "close") said.text = readReason(frame);
  if (["open", "opened", "reset"].includes(name)) said.head = readHead(frame);
  return said;
}

test("frames are read, and written again to the same bytes", () => {
  assert.ok(vectors.valid.length > 20);
  for (const { name, hex: wire, frame: expected } of vectors.valid) {
    const frame = decodeFrame(bytes(wire)) as Frame;
    const said = described(frame);
    const known = "head" in expected ? Object.keys(expected.head as object) : [];
    if ("head" in said) said.head = Object.fromEntries(Object.entries(said.head as object).filter(([key]) => known.includes(key)));
    assert.deepEqual(said, expected, name);
    assert.equal(hex(encodeFrame(frame.type, frame.id, frame.numbers, frame.payload)), wire, name);
  }
});

test("frames that make no sense are refused, those of unknown types ignored", () => {
  for (const { name, hex: wire } of vectors.refused) {
    assert.throws(() => described(decodeFrame(bytes(wire)) as Frame), { name: "BeckonError", code: "bad-frame" }, name);
  }
  for (const { name, hex: wire } of vectors.ignored) assert.equal(decodeFrame(bytes(wire)), undefined, name);
});

test("batches are read, and written again to the same bytes; those that make no sense are refused", () => {
  assert.ok(vectors.batches.length > 3);
  for (const { name, hex: wire, frames } of vectors.batches) {
    assert.deepEqual([...framesOf(bytes(wire))].map(hex), frames, name);
    assert.equal(hex(encodeBatch(frames.map(bytes))), wire, name);
  }
  for (const { name, hex: wire } of vectors.refusedBatches) assert.throws(() => [...framesOf(bytes(wire))], { name: "BeckonError", code: "bad-frame" }, name);
});

test("a sender sends what it has room for", () => {
  for (const { name, granted, part, steps } of vectors.sends) {
    const owner = { bufferedAmount: 0, durable: false, _pump: () => {} };
    const outbox = new Outbox("x", owner);
    const count = { messagesSent: 0, bytesSent: 0, dropped: 0 };
    const sender = new Sender({ ...owner, _outbox: outbox, _count: count, _numbered: false, _windowed: true, maxQueueAge: undefined });
    sender.granted = granted;
    sender.max = 2 ** 28;
    for (const step of steps) {
      const { send, grant, sends } = step as { send?: number; grant?: number; sends: number[] };
      if (send !== undefined) void outbox.send(new Uint8Array(send), false, send, false, undefined);
      else sender.granted = Math.max(sender.granted, grant as number);
      const sent: number[] = [];
      for (let frame = sender.next(0, part); frame; frame = sender.next(0, part)) sent.push((decodeFrame(frame) as Frame).payload.length);
      assert.deepEqual(sent, sends, `${name}: ${JSON.stringify(step)}`);
    }
  }
});

test("a receiver grants what its application has taken, a window, and what a large message needs", () => {
  for (const { name, steps } of vectors.grants) {
    let said = 0;
    const unread: Unread[] = [];
    const owner: ReceiverOwner = {
      ...{ _numbered: false, _windowed: true, _closing: false, _asked: false, _count: { bytesReceived: 0, missed: 0 }, _budget: new Budget(2 ** 28) },
      _unread: { length: 0, weight: 0, take: () => assert.fail() },
      _arrived: (item) => unread.push(item),
      _dirty: () => (said = receiver.granted),
    };
    const receiver: Receiver = new Receiver(owner);
    let begun = 0;
    for (const step of steps) {
      const { take, begin, says } = step as { take?: number; begin?: number; says: number | null };
      said = 0;
      if (begin !== undefined) {
        receiver.data({ type: 0x12, id: 0, numbers: [begin], payload: new Uint8Array(1) });
        begun = begin;
      } else {
        if (begun > 0) receiver.data({ type: 0x14, id: 0, numbers: [], payload: new Uint8Array((take as number) - 1) });
        else receiver.data({ type: 0x10, id: 0, numbers: [], payload: new Uint8Array(take as number) });
        begun = 0;
        receiver.taken(unread.pop() as Unread);
      }
      assert.equal(said || null, says, `${name}: ${JSON.stringify(step)}`);
    }
  }
});
