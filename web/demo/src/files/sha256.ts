// SHA-256 (FIPS 180-4), in pieces.
//
// Not crypto.subtle, for two reasons: it is missing where the page comes over plain http from an address of the local
// network, which is where this demo is at home; and it wants the whole message at once, which a file is not.

const BLOCK = 64;

/** The first 32 bits of the fractional parts of a root of the first 64 primes (section 4.2.2), computed, not typed. */
const K = new Int32Array(64);
/** The same of the square roots of the first 8 primes (section 5.3.3). */
const START = new Int32Array(8);

for (let n = 2, found = 0; found < 64; n++) {
  let prime = true;
  for (let d = 2; d * d <= n; d++) if (n % d === 0) prime = false;
  if (!prime) continue;
  // A double holds 52 bits of fraction: the roots here are below 2⁵, which leaves 47 good ones, and 32 are needed.
  const bits = (root: number) => (root - Math.floor(root)) * 2 ** 32;
  if (found < 8) START[found] = bits(Math.sqrt(n));
  K[found++] = bits(Math.cbrt(n));
}

/** A running SHA-256. `update` as often as there is data, then `digest` once. */
export class SHA256 {
  #h = START.slice();
  #w = new Int32Array(64); // signed, like everything here: what engines keep in registers
  #block = new Uint8Array(BLOCK);
  #held = 0; // bytes in #block
  #length = 0; // bytes in all

  update(data: Uint8Array): this {
    this.#length += data.length;
    let at = 0;
    if (this.#held > 0) {
      at = Math.min(BLOCK - this.#held, data.length);
      this.#block.set(data.subarray(0, at), this.#held);
      this.#held += at;
      if (this.#held < BLOCK) return this;
      this.#compress(this.#block, 0);
      this.#held = 0;
    }
    for (; at + BLOCK <= data.length; at += BLOCK) this.#compress(data, at);
    this.#block.set(data.subarray(at), 0);
    this.#held = data.length - at;
    return this;
  }

  /** The 32 bytes of the digest. The object is used up. */
  digest(): Uint8Array<ArrayBuffer> {
    this.update(padding(this.#length));
    const digest = new DataView(new ArrayBuffer(32));
    this.#h.forEach((word, i) => digest.setInt32(4 * i, word));
    return new Uint8Array(digest.buffer);
  }

  /** Section 6.2.2. Additions are cut to 32 bits by `| 0` as they go, which keeps the engine in integers. */
  #compress(data: Uint8Array, at: number): void {
    const w = this.#w;
    for (let t = 0; t < 16; t++, at += 4) {
      w[t] = (data[at]! << 24) | (data[at + 1]! << 16) | (data[at + 2]! << 8) | data[at + 3]!;
    }
    for (let t = 16; t < 64; t++) {
      const x = w[t - 15]!;
      const y = w[t - 2]!;
      const s0 = ((x >>> 7) | (x << 25)) ^ ((x >>> 18) | (x << 14)) ^ (x >>> 3);
      const s1 = ((y >>> 17) | (y << 15)) ^ ((y >>> 19) | (y << 13)) ^ (y >>> 10);
      w[t] = (w[t - 16]! + s0 + w[t - 7]! + s1) | 0;
    }
    const h = this.#h;
    let a = h[0]!, b = h[1]!, c = h[2]!, d = h[3]!, e = h[4]!, f = h[5]!, g = h[6]!, i = h[7]!;
    for (let t = 0; t < 64; t++) {
      const s1 = ((e >>> 6) | (e << 26)) ^ ((e >>> 11) | (e << 21)) ^ ((e >>> 25) | (e << 7));
      const t1 = (i + s1 + ((e & f) ^ (~e & g)) + K[t]! + w[t]!) | 0;
      const s0 = ((a >>> 2) | (a << 30)) ^ ((a >>> 13) | (a << 19)) ^ ((a >>> 22) | (a << 10));
      const t2 = (s0 + ((a & b) ^ (a & c) ^ (b & c))) | 0;
      i = g; g = f; f = e; e = (d + t1) | 0;
      d = c; c = b; b = a; a = (t1 + t2) | 0;
    }
    h[0]! += a; h[1]! += b; h[2]! += c; h[3]! += d;
    h[4]! += e; h[5]! += f; h[6]! += g; h[7]! += i;
  }
}

/** What follows a message of so many bytes: a one bit, zeros, and the length in bits as 64 bits, big-endian (section 5.1.1). */
export function padding(length: number): Uint8Array {
  const zeros = (BLOCK + 55 - (length % BLOCK)) % BLOCK;
  const end = new Uint8Array(1 + zeros + 8);
  end[0] = 0x80;
  const view = new DataView(end.buffer);
  view.setUint32(1 + zeros, Math.floor(length / 2 ** 29));
  view.setUint32(5 + zeros, (length * 8) % 2 ** 32);
  return end;
}

/** The SHA-256 of what is whole: by the browser, which is ten times as fast, where it lets the page have that. */
export async function sha256(data: Uint8Array<ArrayBuffer>): Promise<Uint8Array<ArrayBuffer>> {
  // Typed as always there; it is not where the page is no secure context.
  const subtle = crypto.subtle as SubtleCrypto | undefined;
  return subtle ? new Uint8Array(await subtle.digest("SHA-256", data)) : new SHA256().update(data).digest();
}

/** Bytes as people compare them. */
export function hex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
