import assert from "node:assert/strict";
import { test } from "node:test";
import { parseURL, carrierURL } from "../src/url.js";

test("a room link is taken apart", () => {
  assert.deepEqual(parseURL("http://127.0.0.1:8080/r/tea"), { server: "http://127.0.0.1:8080", room: "tea" });
  assert.deepEqual(parseURL("https://example.org/beckon/r/tea.2/"), { server: "https://example.org/beckon", room: "tea.2" });
  assert.deepEqual(parseURL("wss://example.org/r/r"), { server: "https://example.org", room: "r" });
  assert.deepEqual(parseURL(new URL("http://[::1]:1/r/tea?x#y")), { server: "http://[::1]:1", room: "tea" });
});

test("what is no room link is refused by name", () => {
  for (const link of ["tea", "http://127.0.0.1/", "http://127.0.0.1/r", "ftp://127.0.0.1/r/tea", "http://u:p@127.0.0.1/r/tea"]) {
    assert.throws(() => parseURL(link), { code: "bad-url" }, link);
  }
  for (const link of ["http://127.0.0.1/r/", "http://127.0.0.1/r/a%20b", "http://127.0.0.1/r/.x"]) {
    assert.throws(() => parseURL(link), { code: "bad-room" }, link);
  }
});

test("a server's URL becomes what its carriers' begin with", () => {
  assert.equal(carrierURL("http://127.0.0.1:8080"), "http://127.0.0.1:8080/v1/");
  assert.equal(carrierURL("https://example.org/beckon/"), "https://example.org/beckon/v1/");
  assert.equal(carrierURL("wss://example.org?x#y"), "https://example.org/v1/");
  assert.equal(carrierURL("ws://example.org"), "http://example.org/v1/");
  assert.throws(() => carrierURL("http://127.0.0.1/r/tea"), { code: "bad-url", message: /parseURL/ });
  assert.throws(() => carrierURL("mailto:ada@example.org"), { code: "bad-url" });
});
