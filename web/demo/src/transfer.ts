// One file over one channel. The two ends of it, without any view.
//
//   sender                               receiver
//     │ {"name","size","type","id"}  ───▶ │  text
//     │ the bytes, 64 KiB at a time  ───▶ │  binary
//     │ {"sha256"}                   ───▶ │  text: what the sender counted
//     │ ◀───                   {"sha256"} │  text: what the receiver counted; both close
//
// Either may say {"error": code} at any time and close. The answer has the trailer's shape so that a bot that simply says
// back what it hears confirms, too.

import { SHA256 } from "./sha256.js";

/** How much goes into one message: what every implementation takes, even one that names no limit (RFC 8841, section 6.1). */
export const CHUNK = 64 * 1024;
/** The largest file. What is received is held by the browser until it is saved. */
export const MAX_FILE = 512 * 1024 * 1024;

/** Files are read in slices of this size, and received chunks are put together to such: fewer, larger steps. */
const SLICE = 1024 * 1024;
/** As many chunks at most, however small: each costs some hundred bytes besides its own. */
const MAX_PARTS = 1024;
const MAX_HEADER = 4096;

/** What of a channel a transfer needs. */
export interface Pipe {
  send(data: string | Uint8Array<ArrayBuffer>): Promise<void>;
  recv(): Promise<string | Uint8Array>;
  close(): unknown;
  readonly bufferedAmount: number;
}

export interface Header {
  name: string;
  size: number;
  type: string;
  id: string;
}

/** Why a transfer ended without a whole file. The first five travel as `error`; the others are found on this side. */
export type Reason = "cancelled" | "too-large" | "no-room" | "bad-file" | "wrong-digest" | "closed" | "unreadable";

export class TransferError extends Error {
  constructor(
    readonly reason: Reason,
    /** Whether the other side said so. */
    readonly remote: boolean,
    cause?: unknown,
  ) {
    super(`transfer: ${reason}`, { cause });
    this.name = "TransferError";
  }
}

type Moved = (bytes: number) => void;

/**
 * Sends a file and waits until the other side says that it has it. `moved` is told how many bytes have left this page.
 * Returns the file's digest. Throws a TransferError; the channel is closed in any case.
 */
export async function sendFile(ch: Pipe, file: File, id: string, moved: Moved, signal: AbortSignal): Promise<string> {
  const stop = new AbortController();
  try {
    const verdict = answer(ch);
    const pushed = push(ch, file, id, moved, stop.signal);
    pushed.catch(() => {}); // once the race is over, nobody looks at it
    // Only a refusal ends the sending early.
    const sha256 = await orAborted(Promise.race([pushed, verdict.then(() => pushed)]), signal);
    const counted = await orAborted(verdict, signal);
    if (counted !== sha256) throw new TransferError("wrong-digest", false);
    moved(file.size);
    return counted;
  } catch (cause) {
    stop.abort();
    throw await failed(ch, signal, cause);
  } finally {
    ch.close();
  }
}

/** Sends header, bytes and trailer. Returns the digest; undefined if it was stopped on the way. */
async function push(ch: Pipe, file: File, id: string, moved: Moved, stop: AbortSignal): Promise<string | undefined> {
  const header: Header = { name: file.name, size: file.size, type: file.type, id };
  await ch.send(JSON.stringify(header));
  const hash = new SHA256();
  for (let at = 0; at < file.size; at += SLICE) {
    const slice = new Uint8Array(await readable(file.slice(at, at + SLICE)));
    hash.update(slice);
    for (let i = 0; i < slice.length; i += CHUNK) {
      if (stop.aborted) return undefined;
      await ch.send(slice.subarray(i, i + CHUNK));
      // Whoever stopped it, while this waited for room in the buffer, is done with it: nothing has moved any more.
      if (stop.aborted) return undefined;
      moved(Math.max(0, at + Math.min(i + CHUNK, slice.length) - ch.bufferedAmount));
    }
  }
  if (stop.aborted) return undefined;
  const sha256 = hash.digest();
  await ch.send(JSON.stringify({ sha256 }));
  return sha256;
}

/** A file can vanish or change between being chosen and being read; and a folder can be dropped, but not read. */
async function readable(slice: Blob): Promise<ArrayBuffer> {
  try {
    return await slice.arrayBuffer();
  } catch (cause) {
    throw new TransferError("unreadable", false, cause);
  }
}

/** Reads until the other side has said what became of the file. Other things that it says are not for us. */
async function answer(ch: Pipe): Promise<string> {
  for (;;) {
    const said = parse(await ch.recv());
    if (typeof said?.error === "string") throw new TransferError(reason(said.error), true);
    if (typeof said?.sha256 === "string") return said.sha256;
  }
}

/** Reads the header of an offered file and checks it. Throws a TransferError after telling the sender. */
export async function receiveHeader(ch: Pipe): Promise<Header> {
  const said = parse(await ch.recv());
  const { name, size, type, id } = said ?? {};
  if (typeof name !== "string" || !Number.isSafeInteger(size) || (size as number) < 0) {
    throw await failed(ch, undefined, new TransferError("bad-file", false));
  }
  return {
    // A name, not a path; and no character that turns the text around: "exe.pdf" must not be what "fdp.exe" looks like.
    name: name.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}/\\]/gu, "_").slice(0, 200) || "file",
    size: size as number,
    type: typeof type === "string" ? type.slice(0, 100) : "",
    id: typeof id === "string" ? id.slice(0, 64) : "",
  };
}

/** Says no to an offered file. */
export async function refuse(ch: Pipe, why: "too-large" | "no-room"): Promise<TransferError> {
  return failed(ch, undefined, new TransferError(why, false));
}

/** Receives the bytes of a file whose header was good. Returns them and their digest, which was the sender's, too. */
export async function receiveFile(
  ch: Pipe,
  header: Header,
  moved: Moved,
  signal: AbortSignal,
): Promise<{ blob: Blob; sha256: string }> {
  const hash = new SHA256();
  const blobs: Blob[] = []; // which a browser may keep on disk
  let parts: Uint8Array<ArrayBuffer>[] = [];
  let held = 0;
  let got = 0;
  try {
    for (;;) {
      const message = await orAborted(ch.recv(), signal);
      if (typeof message === "string") {
        const said = parse(message);
        if (typeof said?.error === "string") throw new TransferError(reason(said.error), true);
        if (typeof said?.sha256 !== "string" || got !== header.size) throw new TransferError("bad-file", false);
        const sha256 = hash.digest();
        if (said.sha256 !== sha256) throw new TransferError("wrong-digest", false);
        await ch.send(JSON.stringify({ sha256 }));
        // Not the sender's type: opened instead of saved, text/html would be a page of this origin.
        return { blob: new Blob([...blobs, ...parts], { type: "application/octet-stream" }), sha256 };
      }
      got += message.length;
      // Empty messages would be kept without ever coming to an end.
      if (message.length === 0 || got > header.size) throw new TransferError("bad-file", false);
      hash.update(message);
      parts.push(message as Uint8Array<ArrayBuffer>);
      held += message.length;
      if (held >= SLICE || parts.length >= MAX_PARTS) {
        blobs.push(new Blob(parts));
        parts = [];
        held = 0;
      }
      moved(got);
    }
  } catch (cause) {
    throw await failed(ch, signal, cause);
  } finally {
    ch.close();
  }
}

/** Makes a TransferError of whatever happened, tells the other side unless it knows, and closes. */
async function failed(ch: Pipe, signal: AbortSignal | undefined, cause: unknown): Promise<TransferError> {
  let error = cause instanceof TransferError ? cause : new TransferError("closed", false, cause);
  if (signal?.aborted) error = new TransferError("cancelled", false, cause);
  if (!error.remote && error.reason !== "closed") {
    // The channel may be gone, or so full that it takes no more: then closing it has to say it.
    await Promise.race([ch.send(JSON.stringify({ error: error.reason })).catch(() => {}), pause(1000)]);
  }
  ch.close();
  return error;
}

const REASONS: readonly Reason[] = ["cancelled", "too-large", "no-room", "bad-file", "wrong-digest", "unreadable"];

function reason(said: string): Reason {
  return REASONS.find((known) => known === said) ?? "cancelled";
}

function parse(message: string | Uint8Array): Record<string, unknown> | undefined {
  if (typeof message !== "string" || message.length > MAX_HEADER) return undefined;
  try {
    const value: unknown = JSON.parse(message);
    return value && typeof value === "object" ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** Waits for a promise, or until the signal is aborted. */
function orAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const stop = () => reject(new TransferError("cancelled", false));
    if (signal.aborted) stop();
    signal.addEventListener("abort", stop, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener("abort", stop));
  });
}
