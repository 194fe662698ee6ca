import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import { hex, padding, SHA256, sha256 } from "../src/files/sha256.js";

test("SHA-256 of the examples of the standard", () => {
  const of = (text: string) => hex(new SHA256().update(new TextEncoder().encode(text)).digest());
  assert.equal(of(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  assert.equal(of("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  assert.equal(
    of("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"),
    "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1",
  );
});

test("SHA-256 of every length around the blocks, in pieces of any size", () => {
  for (let length = 0; length < 300; length++) {
    const data = Uint8Array.from({ length }, (_, i) => i * 31 + length);
    const running = new SHA256();
    for (let at = 0, step = 1; at < length; step = (step * 7) % 90) {
      running.update(data.subarray(at, at + step));
      at += step;
    }
    assert.equal(hex(running.digest()), createHash("sha256").update(data).digest("hex"), `${length} bytes`);
  }
});

// Half a GiB would take 10 s to hash, and nothing of it but the padding knows how long it was.
test("SHA-256 of a length whose bits need more than 32", () => {
  for (const length of [0, 55, 56, 63, 64, 2 ** 29 - 1, 2 ** 29, 2 ** 29 + 57, 129 * 2 ** 22, 2 ** 40 + 3, Number.MAX_SAFE_INTEGER]) {
    const end = padding(length);
    assert.equal((BigInt(length) + BigInt(end.length)) % 64n, 0n, `${length}: whole blocks`);
    assert.ok(end.length >= 9 && end.length <= 72, `${length}: ${end.length} bytes`);
    assert.deepEqual([end[0], ...new Set(end.subarray(1, -8))], end.length > 9 ? [0x80, 0] : [0x80], `${length}: a one bit, and zeros`);
    const bits = new DataView(end.buffer, end.length - 8).getBigUint64(0);
    assert.equal(bits, BigInt(length) * 8n, `${length}: the length in bits`);
  }
});

test("SHA-256 by the browser is the same", async () => {
  const data = Uint8Array.from({ length: 1000 }, (_, i) => i);
  assert.equal(hex(await sha256(data)), hex(new SHA256().update(data).digest()));
});
