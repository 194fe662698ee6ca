// What has come of files, until it is saved: parts that are found again by path and size, and whole files. It runs in a worker, where
// bytes are written and hashed without holding up the page; see worker.ts.

import type { Depot, Item } from "./depot.js";
import type { Handle } from "./handle.js";
import { STEP } from "./hashing.js";
import { hex, SHA256, sha256 } from "./sha256.js";
import { DIGEST_SIZE } from "./wire.js";

/** A file that is being received. */
interface Open {
  handle: Handle;
  /** Of the bytes from the beginning, in order. */
  hash: SHA256;
  /** How many bytes are in `hash`. */
  hashed: number;
}

/** A file that is open for writing, and how many bytes there are of it already. */
export interface Opened {
  key: string;
  have: number;
}

/** All methods reject with what the browser says if it cannot write. Keys that are not open are this program's mistake. */
export class Store {
  #open = new Map<string, Open>();

  constructor(private readonly depot: Depot) {}

  /** Whether what is here outlives the page. */
  get lasting(): boolean {
    return this.depot.lasting;
  }

  /** How many bytes can be added. */
  room(): Promise<number> {
    return this.depot.room();
  }

  /** What is here and is not open in this page or another one. */
  async list(): Promise<Item[]> {
    return (await this.depot.list()).filter(({ key }) => !this.#open.has(key));
  }

  /** Opens what there is of a file, or a new one. One that another page is writing, and one that is whole, are left alone. */
  async open(path: string, size: number, group: string): Promise<Opened> {
    const { key, handle } = await this.depot.open(path, size, group);
    // Longer than it can be is nothing that this program has written.
    if (handle.getSize() > size) handle.truncate(0);
    this.#open.set(key, { handle, hash: new SHA256(), hashed: 0 });
    return { key, have: handle.getSize() };
  }

  /** Compares the first blocks of an open file with the digests of what they should be. Returns the numbers of those that differ. */
  async verify(key: string, block: number, digests: Uint8Array): Promise<number[]> {
    const open = this.#get(key);
    const differ: number[] = [];
    for (let i = 0; i * DIGEST_SIZE < digests.length; i++) {
      const bytes = new Uint8Array(block);
      const count = open.handle.read(bytes, { at: i * block });
      const data = bytes.subarray(0, count);
      const want = digests.subarray(i * DIGEST_SIZE, (i + 1) * DIGEST_SIZE);
      if (hex(await sha256(data)) !== hex(want)) differ.push(i);
      else if (open.hashed === i * block) this.#hash(open, data); // read once for both
    }
    return differ;
  }

  /** Writes bytes into an open file. Synchronous, so that calls are done in their order. */
  write(key: string, at: number, bytes: Uint8Array<ArrayBuffer>): void {
    const open = this.#get(key);
    for (let done = 0; done < bytes.length; ) {
      const count = open.handle.write(bytes.subarray(done), { at: at + done });
      if (count === 0) throw new DOMException("The disk takes no more.", "QuotaExceededError");
      done += count;
    }
    if (open.hashed === at) this.#hash(open, bytes);
  }

  /** The SHA-256 of all that an open file has. What was not hashed as it came is read for it. */
  digest(key: string): Uint8Array<ArrayBuffer> {
    const open = this.#get(key);
    const size = open.handle.getSize();
    const bytes = new Uint8Array(Math.min(STEP, size - open.hashed));
    while (open.hashed < size) {
      const count = open.handle.read(bytes, { at: open.hashed });
      if (count === 0) throw new DOMException("The file has become shorter.", "InvalidStateError");
      this.#hash(open, bytes.subarray(0, count));
    }
    const digest = open.hash.digest();
    open.hash = new SHA256();
    open.hashed = 0;
    return digest;
  }

  /** Closes a file that is whole and right. */
  async finish(key: string, digest: string): Promise<void> {
    this.close(key);
    await this.depot.finish(key, digest);
  }

  /** Closes a file; it stays as it is. One that is not open is left alone. */
  close(key: string): void {
    const open = this.#open.get(key);
    this.#open.delete(key);
    open?.handle.flush();
    open?.handle.close();
  }

  /** Closes and removes a file. */
  async remove(key: string): Promise<void> {
    this.close(key);
    await this.depot.remove(key);
  }

  /** A file that is whole. Its bytes are read when they are needed. */
  blob(key: string): Promise<Blob> {
    return this.depot.blob(key);
  }

  #get(key: string): Open {
    const open = this.#open.get(key);
    if (!open) throw new Error(`store: ${key} is not open`);
    return open;
  }

  #hash(open: Open, bytes: Uint8Array): void {
    open.hash.update(bytes);
    open.hashed += bytes.length;
  }
}
