// What is sent in a test: made from a name and a length, so that the test can tell what should have come without having it
// handed over. The same as pattern_test.go.

/** FNV-1a, 32 bit, of bytes. (crypto.subtle is kept from pages of plain HTTP.) */
export function fnv(bytes) {
  let h = 0x811c9dc5;
  for (const b of bytes) h = Math.imul(h ^ b, 0x01000193);
  return h >>> 0;
}

/** n bytes. */
export function binary(name, n) {
  const next = generator(name);
  return new Uint8Array(n).map(() => next() >>> 24);
}

// One of each length in UTF-8, and the last is two units of a JavaScript string.
const CHARACTERS = ["a", "é", "€", "😀"];

/** A text of n bytes in UTF-8. */
export function text(name, n) {
  const next = generator(name);
  const characters = [];
  while (n > 0) {
    const size = (next() >>> 30) + 1;
    characters.push(CHARACTERS[size <= n ? size - 1 : 0]);
    n -= size <= n ? size : 1;
  }
  return characters.join("");
}

/** What is told about a message: never the message itself. */
export function summary(message) {
  const isText = typeof message === "string";
  const bytes = isText ? new TextEncoder().encode(message) : message;
  return { text: isText, length: bytes.length, sum: fnv(bytes) };
}

function generator(name) {
  let x = fnv(new TextEncoder().encode(name));
  return () => (x = (Math.imul(x, 1664525) + 1013904223) >>> 0);
}
