// Several files as one, for browsers that cannot write a folder: a ZIP archive (APPNOTE.TXT 6.3.3), without compression, so that it is
// a list of pieces of which the files stay where they are.

import { read, STEP } from "./hashing.js";

/** CRC-32 as ZIP has it (ISO 3309), by bytes. */
const TABLE = Uint32Array.from({ length: 256 }, (_, n) => {
  for (let bit = 0; bit < 8; bit++) n = n & 1 ? 0xedb88320 ^ (n >>> 1) : n >>> 1;
  return n;
});
/** Sizes and places have 32 bits, of which the last value means that they stand elsewhere. */
const MAX = 0xfffffffe;

/** A file of the archive; without one, a folder. */
export interface Zipped {
  path: string;
  file?: Blob;
  modified?: number;
}

/** Makes an archive; undefined if it would be too large to be one. Reads all the files once. */
export async function zip(entries: readonly Zipped[]): Promise<Blob | undefined> {
  const size = entries.reduce((sum, { path, file }) => sum + (file?.size ?? 0) + 2 * 3 * path.length + 76, 22);
  if (size > MAX || entries.length > 0xfffe) return undefined;
  const pieces: BlobPart[] = [];
  const directory: BlobPart[] = [];
  let at = 0;
  let listed = 0;
  for (const { path, file, modified } of entries) {
    const name = new TextEncoder().encode(file ? path : `${path}/`);
    const about = header(file?.size ?? 0, file ? await crc(file) : 0, name.length, modified);
    const local = fields([4, 0x04034b50], ...about);
    pieces.push(local, name, ...(file ? [file] : []));
    // Made by: 3 is Unix, whose modes the upper half of the attributes has; 0x10 is MS-DOS's for a folder.
    const attributes = file ? 0o100644 * 0x10000 : 0o40755 * 0x10000 + 0x10;
    const central = fields([4, 0x02014b50], [2, 0x0314], ...about, [2, 0], [2, 0], [2, 0], [4, attributes], [4, at]);
    directory.push(central, name);
    at += local.length + name.length + (file?.size ?? 0);
    listed += central.length + name.length;
  }
  const count = entries.length;
  const end = fields([4, 0x06054b50], [2, 0], [2, 0], [2, count], [2, count], [4, listed], [4, at], [2, 0]);
  return new Blob([...pieces, ...directory, end], { type: "application/zip" });
}

type Field = [bytes: 2 | 4, value: number];

/** What the header of a file and its entry in the directory have in common (4.3.7): version 2.0, names in UTF-8, stored. */
function header(size: number, sum: number, name: number, modified = 0): Field[] {
  const date = new Date(Math.max(modified, Date.UTC(1980, 0, 2)));
  const day = ((date.getFullYear() - 1980) << 9) | ((date.getMonth() + 1) << 5) | date.getDate();
  const time = (date.getHours() << 11) | (date.getMinutes() << 5) | (date.getSeconds() >> 1);
  return [[2, 20], [2, 0x0800], [2, 0], [2, time], [2, day], [4, sum], [4, size], [4, size], [2, name], [2, 0]];
}

function fields(...list: Field[]): Uint8Array<ArrayBuffer> {
  const view = new DataView(new ArrayBuffer(list.reduce((sum, [bytes]) => sum + bytes, 0)));
  let at = 0;
  for (const [bytes, value] of list) {
    if (bytes === 2) view.setUint16(at, value, true);
    else view.setUint32(at, value, true);
    at += bytes;
  }
  return new Uint8Array(view.buffer);
}

async function crc(file: Blob): Promise<number> {
  let sum = 0xffffffff;
  for (let at = 0; at < file.size; at += STEP) {
    for (const byte of await read(file, at, Math.min(at + STEP, file.size))) sum = TABLE[(sum ^ byte) & 0xff]! ^ (sum >>> 8);
  }
  return (sum ^ 0xffffffff) >>> 0;
}
