// What is received of one offer: the files that are not here yet are fetched, checked and put where they can be saved from. Without
// any view. It outlives connections: `fetch` may be called again, and goes on where it was.

import { BeckonError, RequestError, type Answer } from "/sdk/beckon.js";
import type { Item } from "./depot.js";
import { DeskError } from "./desk.js";
import { hex } from "./sha256.js";
import { BLOCKS, blockSize, type Code, DIGEST, DIGEST_SIZE, type Entry, FileError, HASHES, type Offer, type Receipt } from "./wire.js";
import type { Calls } from "./worker.js";

/** So many files are fetched side by side: of small ones, each would otherwise wait for two round trips. */
const LANES = 4;
/** What comes is handed over in pieces of this size, in bytes. */
const PIECE = 256 * 1024;
/** So many bytes wait to be written, of each file: a disk that is slow slows down the sender. */
const BACKLOG = 2 * 1024 * 1024;

/** What of the worker is used. */
export type Keeper = Pick<Calls, "lasting" | "list" | "open" | "verify" | "write" | "digest" | "finish" | "close" | "remove" | "blob">;

/** Asks the sender. */
export type Ask = (name: string, body: string, signal: AbortSignal) => Promise<Answer>;

interface Range {
  from: number;
  to: number;
}

/** A file of the offer, and how far it is. */
export interface Part {
  readonly index: number;
  readonly entry: Entry;
  key?: string;
  /** The bytes that are not here, in order; before it is opened they are not known. */
  missing?: Range[];
  /** What of it is counted in `here` although it was let go of. */
  counted?: number;
  /** In hexadecimal digits, once the file is whole. */
  digest?: string;
}

export class Incoming {
  /** The files, without the folders. */
  readonly parts: Part[];
  /** How many bytes are here, and how many of them came now. */
  here = 0;
  received = 0;
  /** What the browser has of whole files, from before. */
  #whole: Item[] = [];

  constructor(
    readonly offer: Offer,
    private readonly keeper: Keeper,
    /** Is called when `here` has changed. */
    private readonly moved: () => void = () => {},
  ) {
    this.parts = offer.entries.map((entry, index) => ({ entry, index })).filter(({ entry }) => !entry.folder);
  }

  /**
   * Fetches what is missing. Rejects with a FileError, which is the end of it, or with a BeckonError: then it can be called again when there
   * is a connection. Files are not changed any more when it has settled.
   */
  async fetch(ask: Ask, signal: AbortSignal): Promise<Receipt> {
    const stop = new AbortController();
    const follow = () => stop.abort(signal.reason);
    signal.addEventListener("abort", follow, { once: true });
    if (signal.aborted) follow();
    const rest = this.parts.filter(({ digest }) => digest === undefined);
    const lane = async () => {
      for (let part = rest.shift(); part; part = rest.shift()) {
        if (stop.signal.aborted) return;
        await this.#fetchOne(part, ask, stop.signal);
      }
    };
    this.#whole = (await this.keeper.list()).filter(({ digest }) => digest !== undefined);
    const lanes = Array.from({ length: LANES }, lane);
    try {
      await Promise.all(lanes);
      signal.throwIfAborted();
    } finally {
      stop.abort();
      await Promise.allSettled(lanes);
      signal.removeEventListener("abort", follow);
    }
    return { files: this.parts.length, bytes: this.offer.size, received: this.received };
  }

  /** Lets go of what is open. What outlives the page is found again, by this offer or another one; anything else is only here. */
  async release(): Promise<void> {
    if (!(await this.keeper.lasting())) return;
    for (const part of this.parts) {
      if (part.key === undefined || part.digest !== undefined) continue;
      await this.keeper.close(part.key);
      if (part.missing) part.counted = part.entry.size - length(part.missing);
      delete part.key;
      delete part.missing;
    }
  }

  /** Removes all of it. */
  async remove(): Promise<void> {
    for (const { key } of this.parts) if (key !== undefined) await this.keeper.remove(key);
  }

  async #fetchOne(part: Part, ask: Ask, signal: AbortSignal): Promise<void> {
    const about = (name: string, more: object) =>
      asked(part, () => ask(name, JSON.stringify({ id: this.offer.id, file: part.index, ...more }), signal));
    try {
      if (!part.missing) await this.#open(part, about);
      if (part.digest !== undefined) return;
      let broken = false;
      for (let range = part.missing![0]; range; range = part.missing![0]) {
        const { from } = range;
        try {
          await this.#fetchRange(part, range, await about(BLOCKS, range));
        } catch (error) {
          // A file that cannot be read any more breaks off its answer; the next one says why.
          if (broken || signal.aborted || !(error instanceof BeckonError) || error.code !== "aborted") throw error;
          broken = range.from === from;
          continue;
        }
        broken = false;
        part.missing!.shift();
      }
      await this.#check(part, about);
    } catch (error) {
      throw error instanceof DeskError ? writeFailed(part, error) : error;
    }
  }

  /** Looks for what is here of a file already, and has the sender say what of that is right. */
  async #open(part: Part, about: (name: string, more: object) => Promise<Answer>): Promise<void> {
    const { path, size } = part.entry;
    const whole = this.#whole.filter((item) => item.path === path && item.size === size);
    if (whole.length > 0) {
      const digest = hex(await digestFrom(part, await about(DIGEST, {})));
      const same = whole.find((item) => item.digest === digest);
      if (same) {
        Object.assign(part, { key: same.key, digest, missing: [] });
        this.#more(size - (part.counted ?? 0));
        return;
      }
    }
    if (part.key !== undefined) await this.keeper.close(part.key); // the connection was lost when it had just been opened
    const { key, have } = await this.keeper.open(path, size, this.offer.name);
    part.key = key;
    const block = blockSize(size);
    const count = have === size ? Math.ceil(size / block) : Math.floor(have / block);
    const missing: Range[] = [];
    if (count > 0) {
      const digests = await (await about(HASHES, { block, count })).bytes();
      if (digests.length !== count * DIGEST_SIZE) throw new FileError("unreadable", `${path}: ${digests.length} bytes of hashes`);
      for (const i of await this.keeper.verify(key, block, digests)) add(missing, i * block, Math.min((i + 1) * block, size));
    }
    add(missing, Math.min(count * block, size), size);
    part.missing = missing;
    this.#more(size - length(missing) - (part.counted ?? 0));
    delete part.counted;
  }

  /** Writes what comes, and moves the beginning of the range on by it. */
  async #fetchRange(part: Part, range: Range, answer: Answer): Promise<void> {
    const { keeper } = this;
    const key = part.key!;
    const writes: Promise<void>[] = [];
    let failed: unknown;
    let buffer = new Uint8Array(0);
    let held = 0;
    const flush = async () => {
      if (held === 0) return;
      const bytes = buffer.subarray(0, held);
      const count = held;
      const at = range.from;
      range.from += count;
      buffer = new Uint8Array(0);
      held = 0;
      const written = () => {
        this.received += count;
        this.#more(count);
      };
      writes.push(keeper.write(key, at, bytes).then(written, (error: unknown) => void (failed ??= error)));
      if (writes.length * PIECE > BACKLOG) await writes.shift();
      if (failed) throw failed;
    };
    try {
      for await (const piece of answer) {
        if (piece.length > range.to - range.from - held) throw new FileError("bad-range", `${part.entry.path}: more came than was asked for`);
        for (let at = 0; at < piece.length; ) {
          if (held === 0) buffer = new Uint8Array(Math.min(PIECE, range.to - range.from));
          const count = Math.min(buffer.length - held, piece.length - at);
          buffer.set(piece.subarray(at, at + count), held);
          held += count;
          at += count;
          if (held === buffer.length) await flush();
        }
      }
      if (range.from + held !== range.to) throw new FileError("changed", `${part.entry.path}: less came than was asked for`);
    } finally {
      // Also what came before it broke off, for that need not come again.
      await flush().catch(() => {});
      await Promise.all(writes);
    }
    if (failed) throw failed;
  }

  /** Compares the whole file with what the sender has. */
  async #check(part: Part, about: (name: string, more: object) => Promise<Answer>): Promise<void> {
    const key = part.key!;
    if (part.entry.size === 0) {
      // Of no bytes there is nothing to ask.
      part.digest = hex(await this.keeper.digest(key));
      return this.keeper.finish(key, part.digest);
    }
    const theirs = hex(await digestFrom(part, await about(DIGEST, {})));
    const ours = hex(await this.keeper.digest(key));
    if (ours !== theirs) throw new FileError("wrong-digest", `${part.entry.path}: its SHA-256 is ${ours}, the sender's is ${theirs}`);
    await this.keeper.finish(key, ours);
    part.digest = ours;
  }

  #more(bytes: number): void {
    this.here += bytes;
    this.moved();
  }
}

/** How many bytes there are in ranges. */
function length(ranges: readonly Range[]): number {
  return ranges.reduce((sum, { from, to }) => sum + to - from, 0);
}

/** Adds a range at the end, or to the last one. */
function add(ranges: Range[], from: number, to: number): void {
  const last = ranges.at(-1);
  if (last?.to === from) last.to = to;
  else if (to > from) ranges.push({ from, to });
}

async function digestFrom(part: Part, answer: Answer): Promise<Uint8Array> {
  const digest = await answer.bytes();
  if (digest.length !== DIGEST_SIZE) throw new FileError("unreadable", `${part.entry.path}: ${digest.length} bytes of SHA-256`, true);
  return digest;
}

/** What the sender says of a file, with the file's name. */
async function asked(part: Part, ask: () => Promise<Answer>): Promise<Answer> {
  try {
    return await ask();
  } catch (error) {
    if (error instanceof RequestError) throw new FileError(error.code as Code, `${part.entry.path}: ${error.message}`, true);
    throw error;
  }
}

function writeFailed(part: Part, error: DeskError): FileError {
  const full = error.name === "QuotaExceededError";
  return new FileError(full ? "no-room" : "write-failed", `${part.entry.path}: ${error.message}`);
}
