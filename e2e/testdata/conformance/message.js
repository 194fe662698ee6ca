// What is sent is made from a name and a size, so that both sides know it without having been told: see e2e/conformance/README.md,
// "Messages". The same as e2e/conformance/message.go.

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** FNV-1a, 32 bit. */
function fnv(bytes) {
  let h = 0x811c9dc5;
  for (const b of bytes) h = Math.imul(h ^ b, 0x01000193);
  return h >>> 0;
}

/** The words of a name, one after the other. */
function generator(name) {
  let x = fnv(encoder.encode(name));
  return () => (x = (Math.imul(x, 1664525) + 1013904223) >>> 0);
}

/** n bytes: the words, the lowest byte first, as all machines with browsers have them. */
export function bytesOf(name, n) {
  const next = generator(name);
  const words = new Uint32Array(Math.ceil(n / 4));
  for (let i = 0; i < words.length; i++) words[i] = next();
  return new Uint8Array(words.buffer, 0, n);
}

const CHARACTERS = ["a", "é", "€", "😀"].map((c) => encoder.encode(c));

/** A text of n bytes, in which there are characters of each length in UTF-8. */
export function textOf(name, n) {
  const next = generator(name);
  const bytes = new Uint8Array(n);
  for (let at = 0; at < n; ) {
    let c = CHARACTERS[next() >>> 30];
    if (at + c.length > n) c = CHARACTERS[0];
    bytes.set(c, at);
    at += c.length;
  }
  return decoder.decode(bytes);
}

/** The n-th message, from 1, that the role sends on the channel. */
export function nth(channel, role, n, { size, text }) {
  const name = `${channel}/${role}/${n}`;
  return text ? textOf(name, size) : bytesOf(name, size);
}

/** The sizes and the kinds of the messages that a step sends or receives. */
export function shapes({ sizes = [], kind = "bytes", times = 1 }) {
  const once = sizes.flatMap((size) => {
    if (kind === "both") return [{ size, text: false }, { size, text: true }];
    return [{ size, text: kind === "text" }];
  });
  return Array.from({ length: times }, () => once).flat();
}

/** Whether two messages are the same. */
export function same(a, b) {
  if (typeof a === "string" || typeof b === "string") return a === b;
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}

/** Describes a message in a failure. */
export function show(message) {
  if (typeof message === "string") return `${encoder.encode(message).length} bytes of text that begin with ${JSON.stringify(message.slice(0, 8))}`;
  return `${message.length} bytes of bytes that begin with ${[...message.subarray(0, 16)]}`;
}
