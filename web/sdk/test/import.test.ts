import assert from "node:assert/strict";
import { test } from "node:test";

const { crypto } = globalThis;
const NEEDED = ["RTCPeerConnection", "WebSocket", "fetch", "crypto"];

/** Defines the globals that the library needs; the ones named in `missing` are not there. */
function globals(missing: string[], get: () => unknown): void {
  for (const name of NEEDED) {
    Reflect.deleteProperty(globalThis, name);
    if (!missing.includes(name)) Object.defineProperty(globalThis, name, { get, configurable: true });
  }
}

test("importing touches no browser global", async () => {
  globals([], () => assert.fail("touched"));
  const sdk = await import("../src/index.js");
  assert.equal(typeof sdk.join, "function");
});

test("join says what the environment lacks", async () => {
  const { join } = await import("../src/index.js");
  for (const name of ["RTCPeerConnection", "crypto"]) {
    globals([name], () => assert.fail("touched"));
    await assert.rejects(join("http://127.0.0.1", "tea"), (error: Error & { code?: string }) => {
      assert.equal(error.code, "unsupported");
      assert.match(error.message, new RegExp(`no ${name}`));
      return true;
    });
  }
});

test("without RTCPeerConnection a room without connections can be joined", async () => {
  const { join } = await import("../src/index.js");
  globals(["RTCPeerConnection", "WebSocket", "fetch", "crypto"], () => assert.fail("touched"));
  Object.defineProperty(globalThis, "crypto", { value: crypto, configurable: true });
  // It gets as far as the carriers, of which there is none.
  await assert.rejects(join("http://127.0.0.1", "tea", { topology: "none" }), { code: "connect-failed" });
});
