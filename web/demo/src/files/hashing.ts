// Digests of the files that are sent. In a worker, for a file may have gigabytes: see worker.ts.

import { SHA256, sha256 } from "./sha256.js";
import { DIGEST_SIZE } from "./wire.js";

/** How much of a file is read at once, in bytes. */
export const STEP = 1024 * 1024;

/** The SHA-256 of a whole file. Rejects with what the browser says if it cannot be read, and with a RangeError if it is too short. */
export async function digestOf(file: Blob): Promise<Uint8Array<ArrayBuffer>> {
  const hash = new SHA256();
  for (let at = 0; at < file.size; at += STEP) hash.update(await read(file, at, Math.min(at + STEP, file.size)));
  return hash.digest();
}

/** The SHA-256 of each of the first blocks of a file, one after the other. Rejects as `digestOf` does. */
export async function digestsOf(file: Blob, block: number, count: number): Promise<Uint8Array<ArrayBuffer>> {
  const all = new Uint8Array(count * DIGEST_SIZE);
  for (let i = 0; i < count; i++) {
    const bytes = await read(file, i * block, Math.min((i + 1) * block, file.size));
    all.set(await sha256(bytes), i * DIGEST_SIZE);
  }
  return all;
}

/** Reads bytes of a file, all of them. */
export async function read(file: Blob, from: number, to: number): Promise<Uint8Array<ArrayBuffer>> {
  const bytes = new Uint8Array(await file.slice(from, to).arrayBuffer());
  // A file that became shorter after it was chosen: not every browser says so by itself.
  if (bytes.length !== to - from) throw new RangeError(`read ${bytes.length} bytes of ${to - from}`);
  return bytes;
}
