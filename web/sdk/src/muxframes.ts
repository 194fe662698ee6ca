// The frames of channels that share data channels: peer/mux/README.md in the repository is their specification, and
// peer/mux/testdata/frames.json binds this and the Go side to it.

import { BeckonError } from "./error.js";

/** What the protocol field of a shared data channel says (RFC 8832, section 5.1). */
export const PROTOCOL = "beckon.v1";

export const OPEN = 1;
export const OPENED = 2;
export const WINDOW = 3;
export const ACK = 4;
export const FIN = 5;
export const CLOSE = 6;
export const CLOSED = 7;
export const RESET = 8;
export const CUT = 9;
/** Several others, of a lane. */
export const BATCH = 10;
/** A whole message, the first part of one, and the next part, in order. Added to all DATA but the last: the message is a text. */
export const DATA = 0x10;
export const FIRST = 0x12;
export const NEXT = 0x14;
/** A whole message and a part of one, numbered. */
export const NUMBERED = 0x18;
export const PART = 0x1a;

/** How long a frame's header is at most. */
export const MAX_HEADER = 30;

/** By type: how many numbers follow the id; plus 8 if a payload follows them, 16 if that is not empty. */
const shapes: Readonly<Record<number, number>> = {
  1: 24, 2: 24, 3: 1, 4: 1, 5: 1, 6: 9, 7: 0, 8: 24, 9: 0,
  16: 8, 17: 8, 18: 25, 19: 25, 20: 24, 24: 9, 25: 9, 26: 27, 27: 27,
}; // prettier-ignore

/** What a frame says. */
export interface Frame {
  type: number;
  id: number;
  /** The numbers that follow the id, as the type has them; of CUT, one or none. */
  numbers: number[];
  payload: Uint8Array<ArrayBuffer>;
}

const encoder = new TextEncoder();
const strict = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
const lenient = new TextDecoder("utf-8", { ignoreBOM: true });

/** A text's bytes. */
export function utf8(text: string): Uint8Array<ArrayBuffer> {
  return encoder.encode(text) as Uint8Array<ArrayBuffer>;
}

/** The text that bytes of a message are; what is no UTF-8 becomes U+FFFD. */
export function textOf(bytes: Uint8Array): string {
  return lenient.decode(bytes);
}

/** The text in a frame's payload; throws `bad-frame`. */
export function strictText(bytes: Uint8Array): string {
  try {
    return strict.decode(bytes);
  } catch {
    throw bad("a text is not UTF-8");
  }
}

/** Why the connection ends when the other side says what makes no sense. */
export function bad(why: string): BeckonError {
  return new BeckonError("bad-frame", `The other side said what is not ${PROTOCOL}: ${why}.`);
}

/** Makes one message of some frames. */
export function encodeBatch(frames: readonly Uint8Array<ArrayBuffer>[]): Uint8Array<ArrayBuffer> {
  if (frames.length === 1) return frames[0] as Uint8Array<ArrayBuffer>;
  // What a frame begins with is what a BATCH does: a type, and a number.
  const parts = frames.map((frame, i) => encodeFrame(BATCH, frame.length, [], frame).subarray(i && 1));
  const batch = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    batch.set(part, at);
    at += part.length;
  }
  return batch;
}

/**
 * The frames that a message of a trunk has: itself, or those of a BATCH, which are copied, so that what is kept of one does not keep the
 * others. Throws `bad-frame`.
 */
export function* framesOf(bytes: Uint8Array<ArrayBuffer>): Generator<Uint8Array<ArrayBuffer>> {
  if (bytes[0] !== BATCH) return yield bytes;
  let at = 1;
  do {
    const [size, begin] = takeNumber(bytes, at);
    at = begin + size;
    if (size === 0 || at > bytes.length || bytes[begin] === BATCH) throw bad("a BATCH of what are no frames");
    yield bytes.slice(begin, at);
  } while (at < bytes.length);
}

/** Reads a number; returns it, and where it ends. Throws `bad-frame`. */
function takeNumber(bytes: Uint8Array, at: number): [n: number, end: number] {
  let n = 0;
  for (let scale = 1; ; scale *= 128) {
    const byte = bytes[at++];
    if (byte === undefined) throw bad("a number is cut off");
    n += (byte % 128) * scale;
    if (n > Number.MAX_SAFE_INTEGER || scale > 2 ** 49) throw bad("a number is too large");
    if (byte > 127) continue;
    if (byte === 0 && scale > 1) throw bad("a number is not in its shortest form");
    return [n, at];
  }
}

/** Makes a frame. */
export function encodeFrame(type: number, id: number, numbers: number[] = [], payload?: Uint8Array): Uint8Array<ArrayBuffer> {
  const head = [type];
  for (let n of [id, ...numbers]) {
    for (; n > 127; n = Math.floor(n / 128)) head.push((n % 128) + 128);
    head.push(n);
  }
  const frame = new Uint8Array(head.length + (payload?.length ?? 0));
  frame.set(head);
  if (payload) frame.set(payload, head.length);
  return frame;
}

/** Reads a frame; undefined if its type is unknown. The payload is a view. Throws `bad-frame`. */
export function decodeFrame(bytes: Uint8Array<ArrayBuffer>): Frame | undefined {
  let at = 1;
  const next = () => {
    const [n, end] = takeNumber(bytes, at);
    at = end;
    return n;
  };
  const type = bytes[0];
  if (type === undefined) throw bad("a frame is empty");
  const shape = shapes[type];
  if (shape === undefined) return undefined;
  const id = next();
  if (id >= 2 ** 31) throw bad("an id is too large");
  const count = type === CUT && at < bytes.length ? 1 : shape & 7;
  const numbers = Array.from({ length: count }, next);
  const payload = bytes.subarray(at);
  if (payload.length > 0 ? !(shape & 8) : shape & 16) throw bad(`type ${type} with ${payload.length} bytes`);
  // A part is less than the whole, and within it; messages are numbered from 1.
  const [first = 1, second = 0, third = 0] = numbers;
  const part = type & ~1;
  const total = part === FIRST ? first : part === PART ? second : Infinity;
  if (payload.length >= total || third + payload.length > total) throw bad("a part is not within its message");
  if ((part === NUMBERED || part === PART || type === CUT) && first === 0) throw bad("a message of number 0");
  return { type, id, numbers, payload };
}
