/**
 * The length of a string in UTF-8 bytes, if that can be more than `limit`; otherwise an upper bound of it, which costs nothing.
 */
export function byteLength(text: string, limit: number): number {
  const atMost = text.length * 3; // a UTF-16 unit becomes at most three bytes
  return atMost <= limit ? atMost : new TextEncoder().encode(text).length;
}
