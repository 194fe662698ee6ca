import assert from "node:assert/strict";
import { test } from "node:test";
import type { MuxChannel } from "../src/muxchannel.js";
import { decodeFrame, encodeFrame, framesOf, OPEN, OPENED, type Frame } from "../src/muxframes.js";
import { readHead, writeHead } from "../src/muxheads.js";
import { settled } from "./clock.js";
import { answer, browser, Meeting } from "./meeting.js";
import { FakeDataChannel, type FakePeerConnection } from "./rtc.js";
import { watched } from "./server.js";

const at = new Meeting();
const GRANT = { max: 2 ** 28, window: 2 ** 18 };

/** What was sent on a trunk, but for those that were asked for before. */
function frames(dc: FakeDataChannel | undefined): Frame[] {
  return (dc?.sent.splice(0) as Uint8Array<ArrayBuffer>[]).flatMap((bytes) => [...framesOf(bytes)]).map((bytes) => decodeFrame(bytes) as Frame);
}

/** The trunk that the peer has opened, with what is said to it. */
async function lane(pc: FakePeerConnection): Promise<FakeDataChannel> {
  const dc = pc.channels.at(-1) as FakeDataChannel;
  dc.stuck = false;
  dc.open();
  await settled();
  return dc;
}

/** A trunk of the other side's. */
async function theirs(pc: FakePeerConnection): Promise<FakeDataChannel> {
  const dc = new FakeDataChannel("beckon", { protocol: "beckon.v1" });
  dc.stuck = false;
  dc.open();
  pc.ondatachannel?.({ channel: dc });
  await settled();
  await new Promise((resolve) => setImmediate(resolve)); // it is sent on in a later task
  return dc;
}

function hear(dc: FakeDataChannel, bytes: Uint8Array): void {
  dc.receive(bytes.slice().buffer as ArrayBuffer);
}

test("an ordered, reliable channel is there at once; what is sent goes behind its opening", async () => {
  const { peer, pc } = await at.connected();
  const channel = await peer.open("chat");
  void channel.send("hello");
  assert.equal(pc.channels.length, 2);
  assert.deepEqual([pc.channels[1]?.label, pc.channels[1]?.options], ["beckon", { ordered: true, protocol: "beckon.v1" }]);
  const trunk = await lane(pc);
  const [open, data] = frames(trunk) as [Frame, Frame];
  const { label, max, window } = readHead(open);
  assert.deepEqual([open.type, open.id, label, max, window], [OPEN, 0, "chat", 2 ** 28, 2 ** 18]);
  assert.equal(Buffer.from(data.payload).toString(), "hello");
});

test("channels of the other side are accepted, and closing the peer closes them first", async () => {
  const { peer, pc } = await at.connected();
  const trunk = await theirs(pc);
  hear(trunk, encodeFrame(OPEN, 0, [], writeHead({ label: "theirs", ...GRANT })));
  hear(trunk, encodeFrame(0x11, 0, [], Buffer.from("hi")));
  const channel = await peer.accept();
  assert.equal(channel.label, "theirs");
  assert.equal(await channel.recv(), "hi");
  assert.deepEqual(frames(trunk).map(({ type }) => type), [OPENED]);
  void channel.send("last words");
  const closing = peer.close();
  await settled();
  assert.deepEqual(frames(trunk).map(({ type }) => type), [0x11, 6]);
  hear(trunk, encodeFrame(OPEN, 4, [], writeHead({ label: "late", ...GRANT })));
  const [refused] = frames(trunk) as [Frame];
  assert.equal(readHead(refused).code, "closed");
  assert.notEqual(pc.connectionState, "closed");
  hear(trunk, encodeFrame(7, 0));
  await closing;
  assert.equal(await channel.closed, undefined);
  assert.equal(pc.connectionState, "closed");
});

test("256 channels and 256 requests wait to be taken, no more", async () => {
  const { peer, pc } = await at.connected();
  const trunk = await theirs(pc);
  let id = 0;
  for (let i = 0; i < 300; i++) {
    hear(trunk, encodeFrame(OPEN, id, [], writeHead({ label: `${i}`, ...GRANT })));
    hear(trunk, encodeFrame(6, id++, [0])); // closed, so that not too many are open
  }
  assert.equal(peer.overflows, 44);
  assert.equal((await peer.accept()).label, "0");
  for (let i = 0; i < 257; i++) hear(trunk, encodeFrame(OPEN, id++, [], writeHead({ label: "ask", request: true, ...GRANT })));
  const reset = frames(trunk).at(-1) as Frame;
  assert.equal(readHead(reset).code, "overflow");
  for await (const { name } of peer.requests()) {
    assert.equal(name, "ask");
    break;
  }
});

test("a durable channel goes on on the next connection", async () => {
  const { peer, pc } = await at.connected();
  const channel = (await peer.open("lasting", { durable: true })) as MuxChannel;
  const plain = await peer.open("plain");
  void channel.send("one");
  void channel.send("two");
  const first = pc.channels[1] as FakeDataChannel;
  first.stuck = false;
  first.open();
  await settled();
  const [open] = frames(first) as [Frame];
  const { durable } = readHead(open);
  hear(first, encodeFrame(OPENED, 0, [], writeHead({ ...GRANT, received: 0 })));
  hear(first, encodeFrame(4, 0, [1]));
  pc.control.fail();
  await settled();
  assert.equal((await plain.closed)?.code, "connection-lost");
  assert.equal(peer.state, "reconnecting");
  assert.equal(channel.bufferedAmount, 3);
  void channel.send("three");
  await at.hear(browser, { description: answer, session: at.session(2) });
  at.pc.become("connected");
  at.pc.control.open();
  await settled();
  const second = await lane(at.pc);
  const said = frames(second);
  assert.deepEqual(said.map(({ type }) => type), [OPEN], "nothing before the answer");
  assert.deepEqual([readHead(said[0] as Frame).durable, readHead(said[0] as Frame).received], [durable, 0]);
  hear(second, encodeFrame(OPENED, 0, [], writeHead({ ...GRANT, received: 1 })));
  assert.deepEqual(frames(second).map(({ payload }) => Buffer.from(payload).toString()), ["two", "three"]);
  const { restarts, connections } = await peer.stats();
  assert.deepEqual([restarts, connections], [0, 2]);
});

test("who has spoken on a shared channel and vanishes has not closed the connection on purpose", async () => {
  const { peer, pc } = await at.connected();
  const trunk = await theirs(pc);
  hear(trunk, encodeFrame(OPEN, 0, [], writeHead({ label: "theirs", durable: "0123456789abcdef", ...GRANT })));
  const channel = await peer.accept();
  pc.vanish();
  await settled();
  assert.equal(peer.state, "reconnecting");
  assert.equal((channel as MuxChannel)._over, false);
});

test("who speaks something else loses the connection, and gets another one", async () => {
  const { peer, pc } = await at.connected();
  const trunk = await theirs(pc);
  hear(trunk, encodeFrame(0x10, 7, [], new Uint8Array(3)));
  await settled();
  assert.equal(pc.connectionState, "closed");
  assert.equal(peer.state, "reconnecting");
});

test("who breaks the protocol again and again is given up, which says why, is counted and warned of", async () => {
  const { warn } = console;
  const warned: string[] = [];
  console.warn = (text: string) => warned.push(text);
  try {
    const { peer } = await at.connected();
    const lasting = (await peer.open("lasting", { durable: true })) as MuxChannel;
    for (let i = 1; i <= 4; i++) {
      const plain = await peer.open("plain");
      const trunk = await theirs(at.pc);
      if (i === 2) trunk.receive("a text");
      else hear(trunk, encodeFrame(0x10, 7, [], new Uint8Array(3)));
      await settled();
      assert.equal((await peer.stats()).violations, i);
      assert.equal(warned.length, i);
      assert.match(warned[i - 1] as string, /cyd has broken the protocol .* times within a minute: .*not beckon\.v1/);
      if (i > 3) break;
      assert.equal((await plain.closed)?.code, "connection-lost");
      assert.equal(peer.state, "reconnecting");
      assert.equal(lasting._over, false);
      await at.hear(browser, { description: answer, session: at.session(i + 1) });
      at.pc.become("connected");
      at.pc.control.open();
      await settled();
      assert.equal(peer.state, "connected");
    }
    const error = await peer.closed;
    assert.equal(error?.code, "bad-frame");
    assert.match(error?.message ?? "", /cyd has broken the protocol 4 times within a minute: /);
    assert.equal((await lasting.closed)?.code, "bad-frame");
  } finally {
    console.warn = warn;
  }
});

test("one who breaks the protocol now and then, or closes what all channels go on, is not given up", async () => {
  const { warn } = console;
  console.warn = () => {};
  try {
    const { peer } = await at.connected();
    for (let i = 1; i <= 6; i++) {
      const trunk = await theirs(at.pc);
      if (i % 2) hear(trunk, encodeFrame(0x10, 7, [], new Uint8Array(3)));
      else trunk.close();
      await settled();
      await new Promise((resolve) => setImmediate(resolve)); // a close is believed in a later task
      await settled();
      assert.equal(peer.state, "reconnecting", `${i}`);
      await at.hear(browser, { description: answer, session: at.session(i + 1) });
      at.pc.become("connected");
      at.pc.control.open();
      await at.clock.advance(21_000);
    }
    assert.equal((await peer.stats()).violations, 3);
  } finally {
    console.warn = warn;
  }
});

test("what makes no sense is not passed over because it comes before the control channel is open", async () => {
  const { warn } = console;
  console.warn = () => {};
  try {
    await at.enter([browser]);
    const peer = at.get("cyd");
    await at.hear(browser, { description: answer, session: at.session(1) });
    at.pc.become("connected");
    const trunk = await theirs(at.pc);
    hear(trunk, encodeFrame(0x10, 7, [], new Uint8Array(3)));
    await settled();
    const error = await peer.closed;
    assert.equal(error?.code, "connect-failed");
    assert.match(error?.message ?? "", /not beckon\.v1/);
  } finally {
    console.warn = warn;
  }
});

for (const raw of [false, true]) {
  test(`an RTCPeerConnection that the app has closed is replaced when a channel is opened: ${raw ? "raw" : "shared"}`, async () => {
    const { peer, pc } = await at.connected();
    pc.close();
    pc.createDataChannel = () => {
      throw new Error("InvalidStateError");
    };
    const opening = peer.open("x", { raw });
    await settled();
    assert.equal(peer.state, "reconnecting");
    await at.hear(browser, { description: answer, session: at.session(2) });
    at.pc.become("connected");
    at.pc.control.open();
    await settled();
    at.pc.channels.at(-1)?.open();
    assert.equal((await opening).label, "x");
  });
}

test("a request is bounded by its timeout and by its signal, while it waits for the connection, too", async () => {
  await at.enter([browser]);
  const peer = at.get("cyd");
  const late = watched(peer.request("x", undefined, { timeout: 50 }));
  await at.clock.advance(50);
  await assert.rejects(late, { code: "timeout", message: 'request "x" to cyd: no answer in 50 ms' });
  const controller = new AbortController();
  const given = watched(peer.request("x", undefined, { signal: controller.signal }));
  await settled();
  controller.abort();
  await assert.rejects(given, { code: "aborted" });
  await at.hear(browser, { description: answer, session: at.session(1) });
  at.pc.become("connected");
  at.pc.control.open();
  await settled();
  const asking = watched(peer.request("add", "1", { timeout: 1000 }));
  await settled();
  const trunk = await lane(at.pc);
  const [open] = frames(trunk) as [Frame];
  const head = readHead(open);
  assert.deepEqual([head.label, head.request, head.deadline], ["add", true, 1000]);
  await at.clock.advance(1000);
  await assert.rejects(asking, { code: "timeout", message: 'request "add" to cyd: no answer in 1000 ms' });
  const { code, message } = readHead(frames(trunk).at(-1) as Frame);
  assert.deepEqual([code, message], ["timeout", "The time for the answer is over."], "so that both sides say the same, in words for either");
});
