/** A number from a text, the same in every browser and in Go (FNV-1a, 32 bit, of its UTF-8). */
export function hash(text: string): number {
  let h = 0x811c9dc5;
  for (const byte of new TextEncoder().encode(text)) h = Math.imul(h ^ byte, 0x01000193);
  return h >>> 0;
}
