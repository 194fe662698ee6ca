import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import { CHUNK, type Pipe, receiveFile, receiveHeader, refuse, sendFile, TransferError } from "../src/transfer.js";

type Message = string | Uint8Array<ArrayBuffer>;

/** One end of a channel in memory. What was sent before a close still arrives, as on a data channel. */
class End implements Pipe {
  other!: End;
  readonly bufferedAmount = 0;
  sent: Message[] = [];
  #queue: Message[] = [];
  #closed = false;
  #wake: () => void = () => {};

  async send(message: Message): Promise<void> {
    if (this.#closed || this.other.#closed) throw new Error("closed");
    this.sent.push(message);
    this.other.#queue.push(message);
    this.other.#wake();
  }

  async recv(): Promise<Message> {
    for (;;) {
      const message = this.#queue.shift();
      if (message !== undefined) return message;
      if (this.#closed || this.other.#closed) throw new Error("closed");
      await new Promise<void>((resolve) => (this.#wake = resolve));
    }
  }

  close(): void {
    this.#closed = true;
    this.#wake();
    this.other.#wake();
  }

  get closed(): boolean {
    return this.#closed;
  }
}

function pipe(): [End, End] {
  const ends: [End, End] = [new End(), new End()];
  ends[0].other = ends[1];
  ends[1].other = ends[0];
  return ends;
}

/** A file of so many bytes, no two of its chunks alike. */
function file(size: number, name = "tide.bin"): { file: File; sha256: string } {
  const data = Uint8Array.from({ length: size }, (_, i) => (i * 7 + (i >> 16)) & 255);
  const blob = Object.assign(new Blob([data]), { name, lastModified: 0 });
  return { file: blob as unknown as File, sha256: createHash("sha256").update(data).digest("hex") };
}

const never = new AbortController().signal;
const nothing = () => {};

/** A check for assert.rejects: a TransferError with this reason, said by this side or the other. */
function ended(reason: string, remote: boolean) {
  return (error: unknown) => {
    assert.ok(error instanceof TransferError, String(error));
    assert.deepEqual([error.reason, error.remote], [reason, remote]);
    return true;
  };
}

for (const size of [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 3 * 1024 * 1024 + 5]) {
  test(`a file of ${size} bytes arrives whole, and both sides know its digest`, async () => {
    const [a, b] = pipe();
    const { file: sent, sha256 } = file(size);
    const out: number[] = [];
    const sending = sendFile(a, sent, "id", (n) => out.push(n), never);
    const header = await receiveHeader(b);
    assert.deepEqual(header, { name: "tide.bin", size, type: "", id: "id" });
    const got = await receiveFile(b, header, nothing, never);
    assert.equal(await sending, sha256);
    assert.equal(got.sha256, sha256);
    assert.equal(createHash("sha256").update(Buffer.from(await got.blob.arrayBuffer())).digest("hex"), sha256);
    assert.equal(got.blob.type, "application/octet-stream", "never a type that could run as a page");
    assert.equal(out.at(-1), size);
    assert.ok(a.sent.every((m) => m.length <= CHUNK));
    assert.ok(a.closed && b.closed);
  });
}

test("a bot that says back what it hears confirms a file", async () => {
  const [a, b] = pipe();
  const { file: sent, sha256 } = file(200_000);
  const sending = sendFile(a, sent, "id", nothing, never);
  for (;;) {
    const message = await b.recv();
    await b.send(message as Message);
    if (typeof message === "string" && message.includes("sha256")) break;
  }
  assert.equal(await sending, sha256);
});

test("the receiver's no ends the sending, and is told as theirs", async () => {
  const [a, b] = pipe();
  const sending = sendFile(a, file(5_000_000).file, "id", nothing, never);
  const check = assert.rejects(sending, ended("too-large", true));
  await receiveHeader(b);
  assert.equal((await refuse(b, "too-large")).reason, "too-large");
  await check;
  assert.ok(a.closed);
});

test("either side can cancel, and the other hears of it", async () => {
  for (const who of ["sender", "receiver"]) {
    const [a, b] = pipe();
    const stop = new AbortController();
    const sending = sendFile(a, file(5_000_000).file, "id", nothing, who === "sender" ? stop.signal : never);
    const sender = assert.rejects(sending, ended("cancelled", who !== "sender"));
    const header = await receiveHeader(b);
    const halfway = (n: number) => void (n > 1_000_000 && stop.abort());
    const receiving = receiveFile(b, header, halfway, who === "receiver" ? stop.signal : never);
    await assert.rejects(receiving, ended("cancelled", who !== "receiver"));
    await sender;
  }
});

test("after a cancel, bytes that were still on their way count no more", async () => {
  for (const who of ["sender", "receiver"]) {
    const [a, b] = pipe();
    // Full at the third chunk, as a channel is whose other side has stopped reading, until it is let go.
    let letGo = () => {};
    const full = new Promise<void>((resolve) => {
      const send = a.send.bind(a);
      let chunks = 0;
      a.send = async (message) => {
        if (typeof message === "string" || ++chunks < 3) return send(message);
        resolve();
        await new Promise<void>((go) => (letGo = go));
      };
    });
    const stop = new AbortController();
    const moves: number[] = [];
    const check = assert.rejects(
      sendFile(a, file(5 * CHUNK).file, "id", (n) => moves.push(n), stop.signal),
      ended("cancelled", who === "receiver"),
    );
    await full;
    if (who === "sender") stop.abort();
    else await b.send(JSON.stringify({ error: "cancelled" }));
    await check;
    letGo();
    await new Promise((resolve) => setImmediate(resolve)); // all that follows from it has been done
    assert.deepEqual(moves, [CHUNK, 2 * CHUNK], who);
  }
});

test("a channel that closes on the way is the end for both", async () => {
  const [a, b] = pipe();
  const sender = assert.rejects(sendFile(a, file(5_000_000).file, "id", nothing, never), ended("closed", false));
  const header = await receiveHeader(b);
  const close = (n: number) => void (n > 1_000_000 && a.close());
  await assert.rejects(receiveFile(b, header, close, never), ended("closed", false));
  await sender;
});

test("a file that cannot be read is told to the other side", async () => {
  const [a, b] = pipe();
  const folder = { name: "folder", size: 4096, type: "", slice: () => ({ arrayBuffer: () => Promise.reject(new Error("no")) }) };
  const sender = assert.rejects(sendFile(a, folder as unknown as File, "id", nothing, never), ended("unreadable", false));
  const header = await receiveHeader(b);
  await assert.rejects(receiveFile(b, header, nothing, never), ended("unreadable", true));
  await sender;
});

test("what is not the announced file is refused", async () => {
  const start = JSON.stringify({ name: "x", size: 4, type: "", id: "1" });
  const digest = createHash("sha256").update(new Uint8Array(4)).digest("hex");
  const cases: [string, Message[], string][] = [
    ["too short", [new Uint8Array(3), JSON.stringify({ sha256: digest })], "bad-file"],
    ["too long", [new Uint8Array(5)], "bad-file"],
    ["empty", [new Uint8Array(0)], "bad-file"],
    ["damaged", [Uint8Array.of(0, 0, 0, 1), JSON.stringify({ sha256: digest })], "wrong-digest"],
    ["no trailer", [new Uint8Array(4), "the end"], "bad-file"],
  ];
  for (const [what, messages, reason] of cases) {
    const [a, b] = pipe();
    for (const message of [start, ...messages]) await a.send(message);
    const header = await receiveHeader(b);
    await assert.rejects(receiveFile(b, header, nothing, never), ended(reason, false), what);
    assert.equal(await a.recv(), JSON.stringify({ error: reason }), what);
  }
});

test("a header is checked, and its name made harmless", async () => {
  for (const bad of [new Uint8Array(3), "hello", "null", "{}", '{"name":"x","size":-1}', '{"name":"x","size":1.5}', "x".repeat(5000)]) {
    const [a, b] = pipe();
    await a.send(bad);
    await assert.rejects(receiveHeader(b), ended("bad-file", false));
  }
  const [a, b] = pipe();
  await a.send(JSON.stringify({ name: "../\u202efdp\0.exe", size: 1 }));
  assert.equal((await receiveHeader(b)).name, ".._" + "_fdp_.exe");
});
