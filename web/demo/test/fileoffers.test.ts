import assert from "node:assert/strict";
import { test } from "node:test";
import type { Peer, Request } from "../../sdk/src/index.js";
import { InMemory } from "../src/files/depot.js";
import { Receiver } from "../src/files/receiver.js";
import { Store } from "../src/files/store.js";
import { Trust } from "../src/files/trust.js";
import type { Offer } from "../src/files/wire.js";
import type { Calls } from "../src/files/worker.js";

const HELLO = new TextEncoder().encode("hello");

/** A peer that has proven its key and sends `text`, whatever it is asked for. */
function peerOf(key: string, text = HELLO): Peer {
  const digest = async () => new Uint8Array(await crypto.subtle.digest("SHA-256", text));
  const request = async (name: string) => ({
    bytes: name.endsWith("/digest") ? digest : async () => text,
    async *[Symbol.asyncIterator]() {
      yield text;
    },
  });
  return { id: `peer ${key}`, key, verified: true, request } as unknown as Peer;
}

/** Has a receiver take an offer; resolves with how that was answered. */
async function offered(receiver: Receiver, peer: Peer, offer: Offer): Promise<string> {
  let answer = "";
  const body = new TextEncoder().encode(JSON.stringify(offer));
  await receiver.take({
    peer,
    signal: new AbortController().signal,
    async *[Symbol.asyncIterator]() {
      yield body;
    },
    respond: async () => void (answer = "received"),
    fail: async (code: string) => void (answer = code),
  } as unknown as Request);
  return answer;
}

/** A page that has been loaded, whose user answers as `ask` says; `asked` is about whose offers. */
function page(ask: () => Promise<boolean>): { receiver: Receiver; asked: string[] } {
  const asked: string[] = [];
  const store = new Store(new InMemory());
  const keeper = {
    lasting: async () => true,
    room: async () => 1e9,
    list: () => store.list(),
    open: (...args: Parameters<Store["open"]>) => store.open(...args),
    write: async (...args: Parameters<Store["write"]>) => store.write(...args),
    digest: async (key: string) => store.digest(key),
    finish: (...args: Parameters<Store["finish"]>) => store.finish(...args),
    close: async (key: string) => store.close(key),
  } as unknown as Calls;
  const show = ({ peer }: { peer: Peer }) => ({ ask: () => (asked.push(peer.key!), ask()), paint: () => {} });
  return { receiver: new Receiver(keeper, new Trust(), show), asked };
}

/** What is kept over a reload. */
function withStorage(): void {
  const kept = new Map<string, string>();
  const storage = { getItem: (name: string) => kept.get(name) ?? null, setItem: (name: string, text: string) => void kept.set(name, text) };
  Object.defineProperty(globalThis, "sessionStorage", { value: storage, configurable: true });
}

const OFFER: Offer = { id: "00112233445566aa", name: "hello", size: 5, entries: [{ path: "hello.txt", size: 5 }] };

test("an offer is its maker's: who was offered the same cannot take it over under its id", async () => {
  withStorage();
  let answer: (yes: boolean) => void = () => {};
  const { receiver, asked } = page(() => new Promise((resolve) => (answer = resolve)));
  const adas = offered(receiver, peerOf("ada"), OFFER);
  await new Promise((resolve) => setTimeout(resolve));
  const mallorys = offered(receiver, peerOf("mallory"), OFFER);
  await new Promise((resolve) => setTimeout(resolve));
  answer(true);
  assert.equal(await mallorys, "bad-offer");
  assert.equal(await adas, "received");
  assert.equal(await offered(receiver, peerOf("mallory"), OFFER), "bad-offer", "nor when it is here");
  assert.deepEqual(asked, ["ada"]);
});

test("what was accepted before a reload is taken again from who offered it, and nothing else is under its id", async () => {
  withStorage();
  const before = page(async () => true);
  assert.equal(await offered(before.receiver, peerOf("ada", new Uint8Array(3)), OFFER), "changed", "accepted, and broken off");
  const [mallorys, others, adas] = [page(async () => false), page(async () => false), page(async () => false)];
  assert.equal(await offered(mallorys.receiver, peerOf("mallory"), OFFER), "declined", "another peer's");
  assert.equal(await offered(others.receiver, peerOf("ada"), { ...OFFER, entries: [{ path: "other.txt", size: 5 }] }), "declined", "other files");
  assert.equal(await offered(adas.receiver, peerOf("ada"), OFFER), "received");
  assert.deepEqual([mallorys.asked, others.asked, adas.asked], [["mallory"], ["ada"], []]);
});
