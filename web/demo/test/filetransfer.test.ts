import assert from "node:assert/strict";
import { File } from "node:buffer";
import { createHash } from "node:crypto";
import { test } from "node:test";
import { BeckonError, RequestError, type Answer, type Peer, type Request } from "../../sdk/src/index.js";
import { InMemory } from "../src/files/depot.js";
import type { Handle } from "../src/files/handle.js";
import { digestOf, digestsOf } from "../src/files/hashing.js";
import { type Ask, Incoming, type Keeper } from "../src/files/incoming.js";
import { answer, Outgoing } from "../src/files/outgoing.js";
import { Store } from "../src/files/store.js";
import type { Chosen } from "../src/files/tree.js";
import { blockSize, FileError } from "../src/files/wire.js";

/** What a page would have chosen. */
function chosen(files: Record<string, Uint8Array<ArrayBuffer> | undefined>): Chosen {
  const entries = Object.entries(files).map(([path, data]) => ({ path, size: data?.length ?? 0, ...(data ? {} : { folder: true }) }));
  const list = Object.entries(files).map(([path, data]) => data && (new File([data], path) as unknown as globalThis.File));
  return { name: "some", entries, files: list };
}

function bytes(size: number): Uint8Array<ArrayBuffer> {
  return Uint8Array.from({ length: size }, (_, i) => (i * 7 + (i >> 8) * 13) & 255);
}

/** A sender and the way to it, without a network: what is asked is counted, and `break` ends the connection after so many bytes. */
class Way {
  asked: string[] = [];
  sent = 0;
  cut = Infinity;
  readonly outgoing: Outgoing;
  readonly #peer = { id: "bob", state: "connected", request: () => new Promise(() => {}) } as unknown as Peer;

  constructor(files: Chosen) {
    this.outgoing = new Outgoing(files, "", { digestOf, digestsOf }, () => {});
    this.outgoing.to(this.#peer);
  }

  get sender() {
    return this.outgoing.deliveries.get("bob")!;
  }

  readonly ask: Ask = (name, body) => {
    this.asked.push(name.slice("beckon.files.v1/".length));
    const lost = () => new BeckonError("connection-lost", "cut");
    return new Promise<Answer>((resolve, reject) => {
      if (this.sent >= this.cut) return reject(lost());
      const way = this;
      async function* pieces(from: AsyncIterable<Uint8Array> | Iterable<Uint8Array>): AsyncGenerator<Uint8Array<ArrayBuffer>> {
        for await (const piece of from) {
          if ((way.sent += piece.length) > way.cut) throw lost();
          yield new Uint8Array(piece);
        }
      }
      const request = {
        name,
        peer: this.#peer,
        signal: new AbortController().signal,
        async *[Symbol.asyncIterator]() {
          yield new TextEncoder().encode(body);
        },
        async respond(answer: Uint8Array | AsyncIterable<Uint8Array>) {
          const stream = pieces(answer instanceof Uint8Array ? [answer] : answer);
          resolve({
            [Symbol.asyncIterator]: () => stream,
            bytes: async () => {
              const all: Uint8Array<ArrayBuffer>[] = [];
              for await (const piece of stream) all.push(piece);
              return new Uint8Array(Buffer.concat(all));
            },
          } as unknown as Answer);
        },
        async fail(code: string, message: string) {
          reject(new RequestError(code, message));
        },
      };
      void answer(request as unknown as Request, (id) => (id === this.outgoing.offer.id ? this.outgoing : undefined));
    });
  };
}

/** A keeper that outlives a page, as a disk does: what is closed is found again. */
class Lasting extends InMemory {
  #made = new Map<string, { key: string; handle: Handle }>();

  override async open(path = "", size = 0) {
    const name = `${size} ${path}`;
    const made = this.#made.get(name) ?? (await super.open());
    this.#made.set(name, made);
    return made;
  }
}

function keeper(depot: InMemory, lasting: boolean): Keeper {
  const store = new Store(depot);
  return {
    lasting: async () => lasting,
    list: () => store.list(),
    open: (...args) => store.open(...args),
    verify: (...args) => store.verify(...args),
    write: async (...args) => store.write(...args),
    digest: async (key) => store.digest(key),
    finish: (...args) => store.finish(...args),
    close: async (key) => store.close(key),
    remove: (key) => store.remove(key),
    blob: (key) => store.blob(key),
  };
}

const never = new AbortController().signal;

async function check(incoming: Incoming, depot: InMemory, files: Record<string, Uint8Array<ArrayBuffer> | undefined>): Promise<void> {
  for (const { entry, key, digest } of incoming.parts) {
    const got = new Uint8Array(await (await depot.blob(key!)).arrayBuffer());
    assert.deepEqual(got, files[entry.path], entry.path);
    assert.equal(digest, createHash("sha256").update(files[entry.path]!).digest("hex"));
  }
}

test("files and folders arrive, and are counted on both sides", async () => {
  const files = { "a/one": bytes(300_000), "a/two": bytes(1), "a/none": bytes(0), "a/empty": undefined };
  const way = new Way(chosen(files));
  const depot = new InMemory();
  const incoming = new Incoming(way.outgoing.offer, keeper(depot, false));
  assert.deepEqual(await incoming.fetch(way.ask, never), { files: 3, bytes: 300_001, received: 300_001 });
  assert.equal(incoming.here, 300_001);
  assert.equal(way.sender.sent, 300_001);
  assert.equal(way.sender.there, 300_001);
  await check(incoming, depot, files);
  assert.equal(way.asked.filter((name) => name === "hashes").length, 0);
});

test("after a lost connection it goes on where it was", async () => {
  const files = { big: bytes(2_000_000) };
  const way = new Way(chosen(files));
  const depot = new InMemory();
  const incoming = new Incoming(way.outgoing.offer, keeper(depot, false));
  way.cut = 1_500_000;
  await assert.rejects(incoming.fetch(way.ask, never), (error) => error instanceof BeckonError && error.code === "connection-lost");
  await incoming.release(); // memory is not let go of
  const kept = incoming.here;
  assert.ok(kept > 1_000_000, `${kept} kept`);
  way.cut = Infinity;
  const receipt = await incoming.fetch(way.ask, never);
  assert.equal(receipt.received, 2_000_000);
  assert.equal(incoming.here, 2_000_000);
  await check(incoming, depot, files);
});

test("another page goes on with what is on disk, and fetches only what differs", async () => {
  const data = bytes(2_000_000);
  const way = new Way(chosen({ big: data }));
  const depot = new Lasting();
  const first = new Incoming(way.outgoing.offer, keeper(depot, true));
  way.cut = 1_800_000;
  await assert.rejects(first.fetch(way.ask, never));
  const kept = first.here;
  // Another page has another store, and finds a byte that is not right.
  const store = keeper(depot, true);
  const { key } = await store.open("big", data.length, "some");
  await store.write(key, 100_000, Uint8Array.of(data[100_000]! ^ 1));
  way.cut = Infinity;
  const second = new Incoming(way.outgoing.offer, keeper(depot, true));
  const block = blockSize(data.length);
  const { received } = await second.fetch(way.ask, never);
  assert.equal(received, data.length - Math.floor(kept / block) * block + block);
  assert.equal(second.here, data.length);
  await check(second, depot, { big: data });
});

test("what breaks off with a reason fails by name", async () => {
  const way = new Way(chosen({ "a/gone.txt": bytes(3_000_000) }));
  const file = (way.outgoing as unknown as { chosen: Chosen }).chosen.files[0]!;
  let reads = 0;
  const slice = file.slice.bind(file);
  file.slice = (...args) => {
    if (++reads > 2) throw new DOMException("gone", "NotFoundError");
    return slice(...args);
  };
  const ask: Ask = async (...args) => {
    const got = await way.ask(...args);
    // As the SDK has it: a body that throws is `aborted` at the other side.
    return {
      bytes: () => got.bytes(),
      async *[Symbol.asyncIterator]() {
        try {
          yield* got;
        } catch {
          throw new BeckonError("aborted");
        }
      },
    } as unknown as Answer;
  };
  const incoming = new Incoming(way.outgoing.offer, keeper(new InMemory(), false));
  await assert.rejects(incoming.fetch(ask, never), (error) => {
    assert.ok(error instanceof FileError, String(error));
    assert.equal(error.code, "unreadable");
    assert.equal(error.message, "a/gone.txt: The file is not there any more.");
    return true;
  });
});

test("what is not what the sender has is not taken", async () => {
  const way = new Way(chosen({ a: bytes(1000) }));
  const ask: Ask = async (name, ...rest) => {
    const got = await way.ask(name, ...rest);
    if (!name.endsWith("/blocks")) return got;
    return {
      async *[Symbol.asyncIterator]() {
        for await (const piece of got) yield piece.map((byte) => byte ^ 1);
      },
    } as unknown as Answer;
  };
  const incoming = new Incoming(way.outgoing.offer, keeper(new InMemory(), false));
  await assert.rejects(incoming.fetch(ask, never), (error) => error instanceof FileError && error.code === "wrong-digest");
});

test("more bytes than were asked for are refused, and so are fewer", async () => {
  for (const [change, code] of [[(b: Uint8Array) => Buffer.concat([b, b]), "bad-range"], [(b: Uint8Array) => b.subarray(1), "changed"]] as const) {
    const way = new Way(chosen({ a: bytes(1000) }));
    const ask: Ask = async (name, ...rest) => {
      const got = await way.ask(name, ...rest);
      if (!name.endsWith("/blocks")) return got;
      return {
        async *[Symbol.asyncIterator]() {
          for await (const piece of got) yield change(piece);
        },
      } as unknown as Answer;
    };
    const incoming = new Incoming(way.outgoing.offer, keeper(new InMemory(), false));
    await assert.rejects(incoming.fetch(ask, never), (error) => error instanceof FileError && error.code === code);
  }
});

test("questions that make no sense are refused by name", async () => {
  const way = new Way(chosen({ a: bytes(1000), b: undefined }));
  const { id } = way.outgoing.offer;
  for (const [name, question, code] of [
    ["blocks", { id: "0000000000000000", file: 0, from: 0, to: 1 }, "no-such-offer"],
    ["blocks", { id, file: 1, from: 0, to: 1 }, "no-such-file"],
    ["blocks", { id, file: 2, from: 0, to: 1 }, "no-such-file"],
    ["blocks", { id, file: -1, from: 0, to: 1 }, "no-such-file"],
    ["blocks", { id, file: "0", from: 0, to: 1 }, "no-such-file"],
    ["blocks", { id, file: 0, from: 0, to: 1001 }, "bad-range"],
    ["blocks", { id, file: 0, from: 1, to: 1 }, "bad-range"],
    ["blocks", { id, file: 0, from: -1, to: 1 }, "bad-range"],
    ["blocks", { id, file: 0 }, "bad-range"],
    ["hashes", { id, file: 0, block: 16384, count: 2 }, "bad-range"],
    ["hashes", { id, file: 0, block: 16384, count: 0 }, "bad-range"],
    ["hashes", { id, file: 0, block: 16385, count: 1 }, "bad-range"],
    ["hashes", { id, file: 0, block: 2 ** 30, count: 1 }, "bad-range"],
    ["digest", { id, file: 9 }, "no-such-file"],
  ] as const) {
    await assert.rejects(way.ask(`beckon.files.v1/${name}`, JSON.stringify(question), never), (error) => {
      assert.ok(error instanceof RequestError);
      assert.equal(error.code, code, `${name} ${JSON.stringify(question)}`);
      return true;
    });
  }
  way.outgoing.cancel();
  const late = way.ask("beckon.files.v1/digest", JSON.stringify({ id, file: 0 }), never);
  await assert.rejects(late, (error) => error instanceof RequestError && error.code === "no-such-offer");
});

test("what is cancelled ends, and keeps what has come", async () => {
  const way = new Way(chosen({ a: bytes(3_000_000) }));
  const stop = new AbortController();
  const incoming = new Incoming(way.outgoing.offer, keeper(new InMemory(), false), () => incoming.here > 0 && stop.abort());
  const ask: Ask = async (name, body, signal) => {
    const got = await way.ask(name, body, signal);
    return {
      async *[Symbol.asyncIterator]() {
        for await (const piece of got) {
          if (signal.aborted) throw new BeckonError("aborted");
          yield piece;
        }
      },
    } as unknown as Answer;
  };
  await assert.rejects(incoming.fetch(ask, stop.signal));
  assert.ok(incoming.here > 0 && incoming.here < 3_000_000, `${incoming.here} here`);
});
