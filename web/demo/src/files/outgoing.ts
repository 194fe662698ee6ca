// What this page offers: the files of one choice, to one peer or to everybody who is here or comes. Without any view.

import { BeckonError, RequestError, type Peer, type Request } from "/sdk/beckon.js";
import { read, STEP } from "./hashing.js";
import type { Chosen } from "./tree.js";
import { provenKey } from "./trust.js";
import { BLOCKS, type Code, DIGEST, FileError, HASHES, isCount, OFFER, type Offer, readQuestion, type Receipt } from "./wire.js";
import type { Calls } from "./worker.js";

/** As much is handed to the channel at once, in bytes: progress is counted in these. */
const PIECE = 128 * 1024;
/** Of one peer, so many questions are answered at a time: each has a step of a file in memory, or a few. */
const MAX_READING = 16;
/** After a lost connection, so many milliseconds pass until the offer is made again, at least. */
const PAUSE = 500;

export type DeliveryState = "waiting" | "moving" | "lost" | "done" | "cancelled" | "failed";

/** One offer to one peer, through however many connections and Peers. */
export class Delivery {
  state: DeliveryState = "waiting";
  /** How many bytes the peer has, as far as can be told from what it asks for; and how many were sent to it. */
  there = 0;
  sent = 0;
  receipt?: Receipt;
  /** Why it is over, when it has failed or was cancelled. */
  error?: FileError;
  readonly cancelled = new AbortController();
  #reached: number[] = []; // by the file: how far it was asked for
  #reading = 0;
  #queue: (() => void)[] = [];

  constructor(
    public peer: Peer,
    private readonly changed: () => void,
  ) {}

  get over(): boolean {
    return this.state === "done" || this.state === "cancelled" || this.state === "failed";
  }

  set(state: DeliveryState): void {
    this.state = state;
    this.changed();
  }

  /** Takes the offer back. */
  cancel(): void {
    if (this.over) return;
    this.end(new FileError("cancelled", "You took it back."));
    this.cancelled.abort();
  }

  end(error: FileError): void {
    this.error = error;
    this.set(error.code === "cancelled" ? "cancelled" : "failed");
  }

  /** Waits until fewer than MAX_READING of the peer's questions are being answered; `through` must follow. */
  async turn(): Promise<void> {
    while (this.#reading >= MAX_READING) await new Promise<void>((resolve) => this.#queue.push(resolve));
    this.#reading++;
  }

  through(): void {
    this.#reading--;
    this.#queue.shift()?.();
  }

  /** The peer has this file up to here, or will in a moment. */
  reached(file: number, to: number): void {
    const before = this.#reached[file] ?? 0;
    if (to > before) {
      this.#reached[file] = to;
      this.there += to - before;
    }
    if (this.state === "waiting" || this.state === "lost") this.state = "moving";
    this.changed();
  }
}

export class Outgoing {
  /** By the id of the peer. */
  readonly deliveries = new Map<string, Delivery>();
  readonly offer: Offer;

  constructor(
    private readonly chosen: Chosen,
    /** The only one whom it is for; "" for everybody who is here or comes. */
    readonly only: string,
    private readonly hasher: Pick<Calls, "digestOf" | "digestsOf">,
    /** Is called for every change. */
    private readonly changed: (delivery: Delivery) => void,
  ) {
    const id = Array.from(crypto.getRandomValues(new Uint8Array(8)), (byte) => byte.toString(16).padStart(2, "0")).join("");
    const { name, entries } = chosen;
    this.offer = { id, name, size: entries.reduce((sum, { size }) => sum + size, 0), entries };
  }

  /** Offers it to a peer that is connected, if it is for that one and is not on offer to it already. */
  to(peer: Peer): void {
    const old = this.deliveries.get(peer.id) ?? this.#before(peer);
    if (this.only !== "" && this.only !== peer.id && !old) return;
    if (old && (old.over || old.peer === peer)) return;
    const delivery = old ?? new Delivery(peer, () => this.changed(delivery));
    this.deliveries.delete(delivery.peer.id);
    delivery.peer = peer;
    this.deliveries.set(peer.id, delivery);
    delivery.set("waiting");
    void this.#offer(delivery, peer);
  }

  /** A delivery to somebody who had the same key and is gone: a page that was reloaded has another id, but can prove who it is. */
  #before(peer: Peer): Delivery | undefined {
    const key = provenKey(peer);
    if (key === undefined) return undefined;
    return [...this.deliveries.values()].find((one) => one.peer.state === "closed" && provenKey(one.peer) === key);
  }

  /** Takes the offer back, from everybody. */
  cancel(): void {
    for (const delivery of this.deliveries.values()) delivery.cancel();
  }

  /** Offers until there is an answer, or this is another Peer's matter. */
  async #offer(delivery: Delivery, peer: Peer): Promise<void> {
    const { signal } = delivery.cancelled;
    const body = JSON.stringify(this.offer);
    for (;;) {
      try {
        const receipt = await (await peer.request(OFFER, body, { signal })).json();
        if (delivery.over) return;
        delivery.receipt = receipt as Receipt;
        delivery.there = this.offer.size;
        return delivery.set("done");
      } catch (error) {
        if (delivery.over || delivery.peer !== peer) return;
        if (error instanceof RequestError) return delivery.end(new FileError(error.code as Code, error.message, true));
        // What is no BeckonError is an answer that makes no sense.
        if (!(error instanceof BeckonError)) return delivery.end(new FileError("bad-offer", String(error)));
      }
      delivery.set("lost");
      if (peer.state === "closed") return; // perhaps it comes back, as another Peer
      await new Promise((resolve) => setTimeout(resolve, PAUSE));
      if (delivery.over || delivery.peer !== peer) return;
    }
  }

  /** Answers a question about the files, of a peer that they are on offer to. */
  async answer(request: Request, question: Record<string, unknown>): Promise<void> {
    const delivery = this.deliveries.get(request.peer.id);
    if (!delivery || delivery.over || delivery.peer !== request.peer) throw new FileError("no-such-offer", "This is not on offer to you.");
    const { file: index } = question;
    const entry = isCount(index) ? this.offer.entries[index] : undefined;
    const file = isCount(index) ? this.chosen.files[index] : undefined;
    if (!entry || !file) throw new FileError("no-such-file", `There is no file ${String(index)} in this offer.`);
    await delivery.turn();
    try {
      if (request.name === BLOCKS) await this.#blocks(request, delivery, index as number, file, question);
      else if (request.name === HASHES) await request.respond(await this.#hashes(file, question));
      else if (request.name === DIGEST) {
        const digest = await this.hasher.digestOf(file);
        delivery.reached(index as number, file.size);
        await request.respond(digest);
      }
    } finally {
      delivery.through();
    }
  }

  async #blocks(request: Request, delivery: Delivery, index: number, file: File, { from = 0, to }: Record<string, unknown>): Promise<void> {
    if (!isCount(from) || !isCount(to) || from >= to || to > file.size) throw new FileError("bad-range", `There are no bytes ${from} to ${to}.`);
    // Before it is answered that there is something: after that, nothing can be said any more but that it ends.
    const first = await read(file, from, Math.min(from + STEP, to));
    await request.respond(this.#stream(delivery, index, file, first, from, to));
  }

  async *#stream(delivery: Delivery, index: number, file: File, first: Uint8Array<ArrayBuffer>, from: number, to: number) {
    let next = Promise.resolve(first);
    for (let at = from; at < to; ) {
      const bytes = await next;
      const after = at + bytes.length;
      next = after < to ? read(file, after, Math.min(after + STEP, to)) : next;
      next.catch(() => {}); // whoever gave up meanwhile does not want to know
      for (let i = 0; i < bytes.length; i += PIECE) {
        const piece = bytes.subarray(i, i + PIECE);
        yield piece;
        delivery.sent += piece.length;
        delivery.reached(index, at + i + piece.length);
      }
      at = after;
    }
  }

  async #hashes(file: File, { block, count }: Record<string, unknown>): Promise<Uint8Array<ArrayBuffer>> {
    // A block is what the receiver has read into memory, and so is it here.
    const good = isCount(block) && isCount(count) && block >= 16 * 1024 && block <= 4 * 1024 * 1024 && Number.isInteger(Math.log2(block));
    if (!good || count === 0 || (count - 1) * block >= file.size) throw new FileError("bad-range", `There are no ${count} blocks of ${block} bytes.`);
    return this.hasher.digestsOf(file, block, count);
  }
}

/** Answers questions about what is on offer. `outgoing` finds an offer by its id. */
export async function answer(request: Request, outgoing: (id: string) => Outgoing | undefined): Promise<void> {
  try {
    const question = Object(await readQuestion(request)) as Record<string, unknown>;
    const one = outgoing(String(question.id));
    if (!one) throw new FileError("no-such-offer", "This is not on offer.");
    await one.answer(request, question);
  } catch (error) {
    if (error instanceof BeckonError) return; // the other side has gone, or has given up
    const { code, message } = error instanceof FileError ? error : readFailed(error);
    await request.fail(code, message).catch(() => {});
  }
}

/** Says what it means that a file could not be read. Browsers have several names for it (File API, section 7). */
function readFailed(error: unknown): FileError {
  const { name = "", message = String(error) } = Object(error) as { name?: string; message?: string };
  if (name === "NotFoundError") return new FileError("unreadable", "The file is not there any more.");
  if (name === "NotReadableError") return new FileError("changed", "The file has changed since it was chosen, or may not be read.");
  if (name === "RangeError") return new FileError("changed", "The file has become shorter since it was chosen.");
  return new FileError("unreadable", `The file cannot be read: ${message} (${name})`);
}
