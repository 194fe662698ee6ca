// What two peers say to each other to give files: beckon.files.v1. The receiver pulls; all of it are requests of the SDK.
//
//   sender                                        receiver
//     │ offer {id, name, size, entries}        ───▶ │  stays open until the receiver is done
//     │ ◀───      hashes {id, file, block, count}   │  only if it has a part of the file: n × 32 bytes
//     │ ◀───      blocks {id, file, from, to}       │  the bytes, as a stream
//     │ ◀───      digest {id, file}                 │  SHA-256 of the whole file, 32 bytes
//     │ ◀───  {files, bytes, received}              │  the answer of the offer
//
// The normative text is files/README.md of this repository.

import type { Request } from "/sdk/beckon.js";
import { FAULTS, firstFault } from "./path.js";

export const OFFER = "beckon.files.v1/offer";
export const BLOCKS = "beckon.files.v1/blocks";
export const HASHES = "beckon.files.v1/hashes";
export const DIGEST = "beckon.files.v1/digest";

/** Bounds of an offer: of its bytes, and of its entries. */
const MAX_OFFER = 4 * 1024 * 1024;
export const MAX_ENTRIES = 10_000;
/** The bytes of every other body. */
const MAX_QUESTION = 1024;
/** Bytes of a SHA-256. */
export const DIGEST_SIZE = 32;

/** A file or a folder that is offered. */
export interface Entry {
  path: string;
  /** In bytes; 0 for a folder. */
  size: number;
  /** In milliseconds since 1970. */
  modified?: number;
  folder?: boolean;
}

export interface Offer {
  /** 16 hexadecimal digits, made up by the sender: the same again after a lost connection. */
  id: string;
  /** What the user is told that this is. */
  name: string;
  /** Of all files together, in bytes. */
  size: number;
  entries: Entry[];
}

/** What the receiver answers when it has everything. */
export interface Receipt {
  files: number;
  bytes: number;
  /** How many of these bytes were sent this time; the others were there already. */
  received: number;
}

/** Why an offer, or a question about one, came to nothing. */
export type Code =
  | "declined"
  | "no-room"
  | "bad-offer"
  | "cancelled"
  | "wrong-digest"
  | "write-failed"
  | "exists"
  | "no-such-offer"
  | "no-such-file"
  | "bad-range"
  | "unreadable"
  | "changed";

export class FileError extends Error {
  override readonly name = "FileError";

  constructor(
    readonly code: Code,
    message: string,
    /** Whether the other side said so. */
    readonly remote = false,
  ) {
    super(message);
  }
}

/**
 * The bytes of a block of a file: so many that 512 of them have the whole file, as a power of two, and no fewer than 16 KiB and no more than
 * 4 MiB. Who is killed in the middle of a block receives that one again, which is 1 % of the file at most, or 16 KiB.
 */
export function blockSize(size: number): number {
  let block = 16 * 1024;
  while (block < size / 512 && block < 4 * 1024 * 1024) block *= 2;
  return block;
}

/** Reads and checks an offer. Throws a FileError `bad-offer` with what is wrong. */
export async function readOffer(request: Request): Promise<Offer> {
  return checkOffer(await readJSON(request, MAX_OFFER));
}

/** Checks an offer that another machine made. */
export function checkOffer(value: unknown): Offer {
  const { id, name, size, entries } = Object(value) as Record<string, unknown>;
  if (typeof id !== "string" || !/^[0-9a-f]{16}$/.test(id)) throw bad("the id is 16 hexadecimal digits");
  if (typeof name !== "string" || name.length === 0 || name.length > 1024) throw bad("there is no name");
  if (!Array.isArray(entries) || entries.length === 0) throw bad("there are no entries");
  if (entries.length > MAX_ENTRIES) throw bad(`there are more than ${MAX_ENTRIES} entries`);
  const checked = entries.map(checkEntry);
  const fault = firstFault(checked);
  if (fault) throw bad(`bad-path: ${fault.fault}: ${JSON.stringify(fault.path.slice(0, 300))} ${FAULTS[fault.fault]}`);
  const sum = checked.reduce((all, entry) => all + entry.size, 0);
  if (sum !== size || !Number.isSafeInteger(sum)) throw bad("the size is not that of all entries");
  return { id, name, size: sum, entries: checked };
}

function checkEntry(value: unknown): Entry {
  const { path, size = 0, modified, folder } = Object(value) as Record<string, unknown>;
  if (typeof path !== "string") throw bad("an entry has no path");
  if (!isCount(size)) throw bad("an entry's size is no number of bytes");
  if (folder !== undefined && typeof folder !== "boolean") throw bad("`folder` is true or not there");
  if (folder && size !== 0) throw bad("a folder has no size");
  const entry: Entry = { path, size };
  if (Number.isSafeInteger(modified)) entry.modified = modified as number;
  if (folder) entry.folder = true;
  return entry;
}

function bad(why: string): FileError {
  return new FileError("bad-offer", why);
}

/** Whether this is a whole number that is not negative, and exact. */
export function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

/** Reads the body of a question. */
export function readQuestion(request: Request): Promise<unknown> {
  return readJSON(request, MAX_QUESTION);
}

async function readJSON(request: Request, limit: number): Promise<unknown> {
  const pieces: Uint8Array<ArrayBuffer>[] = [];
  let size = 0;
  for await (const piece of request) {
    size += piece.length;
    if (size > limit) throw bad(`it has more than ${limit} bytes`);
    pieces.push(piece);
  }
  try {
    return JSON.parse(await new Blob(pieces).text()) as unknown;
  } catch {
    throw bad("it is no JSON");
  }
}
