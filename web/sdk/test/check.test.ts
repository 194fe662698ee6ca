import assert from "node:assert/strict";
import { test } from "node:test";
import { join, type JoinOptions, type Peer } from "../src/index.js";
import type { MuxChannel } from "../src/muxchannel.js";
import { Meeting } from "./meeting.js";

const at = new Meeting();

/** What nobody could write in TypeScript. */
type Untyped = Record<"open" | "request", (...args: unknown[]) => Promise<unknown>>;

async function untyped(): Promise<Peer & Untyped> {
  return (await at.connected()).peer as unknown as Peer & Untyped;
}

test("options of another kind, and such that there are not, are TypeErrors that name them", async () => {
  const peer = await untyped();
  const cases: [object, RegExp][] = [
    [{ protocol: 5 }, /^open: protocol is a string, and not 5$/],
    [{ ordered: "false" }, /^open: ordered is a boolean, and not false$/],
    [{ durable: 1 }, /^open: durable is a boolean/],
    [{ maxRetransmits: "3" }, /^open: maxRetransmits is a whole number from 0 to 65535, and not 3$/],
    [{ maxRetransmits: 1.5 }, /maxRetransmits is a whole number/],
    [{ maxRetransmits: null }, /^open: maxRetransmits is a whole number from 0 to 65535, and not null$/],
    [{ maxPacketLifeTime: 65536 }, /maxPacketLifeTime is a whole number from 0 to 65535, and not 65536/],
    [{ maxQueueAge: NaN, maxRetransmits: 0 }, /maxQueueAge is a number/],
    [{ maxQueueAge: Infinity, maxRetransmits: 0 }, /maxQueueAge is a number/],
    [{ maxQueueAge: -1, maxRetransmits: 0 }, /maxQueueAge is a number from 0/],
    [{ signal: new AbortController() }, /^open: signal is an AbortSignal, and not/],
    [{ signal: null }, /signal is an AbortSignal, and not null/],
    [{ unordered: true }, /^open: there is no option unordered; is ordered meant\?$/],
    [{ maxPacketLifetime: 5 }, /no option maxPacketLifetime; is maxPacketLifeTime meant\?/],
    [{ maxRetransmit: 5 }, /is maxRetransmits meant\?/],
    [{ reliable: true }, /^open: there is no option reliable; there are ordered, maxRetransmits, .*protocol, signal$/],
    [{ durable: true, maxQueueAge: 5 }, /^open: a durable channel delivers everything, so it excludes maxQueueAge$/],
    [{ durable: true, raw: true }, /not raw/],
    [{ maxQueueAge: 5 }, /^open: maxQueueAge needs maxRetransmits or maxPacketLifeTime/],
    [{ protocol: "x".repeat(1025) }, /^open: the protocol is a string of at most 1024 bytes/],
    [{ raw: true, protocol: "beckon.v1" }, /^open: a raw channel cannot speak beckon\.v1$/],
  ];
  for (const [options, message] of cases) await assert.rejects(peer.open("x", options), { name: "TypeError", message }, JSON.stringify(options));
  for (const label of [5, null, undefined, "ż".repeat(513)]) {
    await assert.rejects(peer.open(label), { name: "TypeError", message: /^open: the label is a string of at most 1024 bytes/ });
  }
  assert.equal(at.pc.channels.length, 1, "nothing has been opened");
  const signal = new AbortController().signal;
  await peer.open("ż".repeat(512), { ordered: undefined, protocol: "p", signal });
});

test("options of a room are checked before anything is said to the server", async () => {
  for (const [options, message] of [
    [{ tokn: "x" }, /^join: there is no option tokn, but token,attributes,/],
    [{ maxMessageSize: "big" }, /^join: connectTimeout is from 1 to 2147483647, maxMessageSize from 65536$/],
    [{ maxMessageSize: 1000 }, /maxMessageSize from 65536/],
    [{ maxMessageSize: 65536.5 }, /maxMessageSize from 65536/],
    [{ connectTimeout: "5s" }, /^join: connectTimeout is from 1/],
    [{ connectTimeout: Infinity }, /connectTimeout is from 1/],
  ] as [JoinOptions, RegExp][]) {
    await assert.rejects(join("http://127.0.0.1", "tea", options), { name: "TypeError", message });
  }
  await at.connected(); // which takes the options that there are
});

test("a request's name, body and timeout are checked as such", async () => {
  const peer = await untyped();
  const cases: [unknown[], RegExp][] = [
    [["x".repeat(1025)], /^request: the name is a string of at most 1024 bytes, and not x{32}$/],
    [[7], /^request: the name is a string/],
    [["x", { x: 1 }], /^request: the body is none of string, .*JSON\.stringify$/],
    [["x", [1, 2]], /^request: the body is none of/],
    [["x", 5], /^request: the body is none of/],
    [["x", "", { timeout: "5s" }], /^request: timeout is a number from 0 to 2147483647, and not 5s$/],
    [["x", "", { timeout: Infinity }], /timeout is a number/],
    [["x", "", { timeout: 2 ** 31 }], /timeout is a number/],
    [["x", "", { timeOut: 5 }], /^request: there is no option timeOut; is timeout meant\?$/],
    [["x", "", { deadline: 5 }], /^request: there is no option deadline; there are signal, timeout$/],
  ];
  for (const [args, message] of cases) await assert.rejects(peer.request(...args), { name: "TypeError", message }, String(message));
  assert.equal(at.pc.channels.length, 1, "nothing has been asked");
});

test("what cannot be sent is refused in words that say by whom", async () => {
  const { peer } = await at.connected();
  const channel = (await peer.open("x")) as MuxChannel;
  await assert.rejects(channel.send({ x: 1 } as unknown as string), { name: "TypeError", message: /^send: the data is none of/ });
  assert.throws(() => channel.close(5 as unknown as string), { name: "TypeError", message: /^close: the reason is a string/ });
  await channel.closeWrite();
  await assert.rejects(channel.send("late"), { code: "closed", message: /this side has ended its writing/ });
});
