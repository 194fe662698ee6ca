// The budget: what a page downloads, in bytes after gzip -9, as a table. Fails above a limit.
import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";

const dist = fileURLToPath(new URL("sdk/dist/", import.meta.url));
const scripts = readdirSync(dist).filter((name) => name.endsWith(".js"));
const parts = scripts.filter((name) => /-[0-9a-f]{8}\.js$/.test(name));

const rows = [
  { what: "connect over a WebSocket", files: ["beckon.js"], limit: 21_500 },
  { what: "the same, where none gets through", files: ["beckon.js", ...parts], limit: 24_000 },
  { what: "everything, for a plain script tag", files: ["beckon.global.js"], limit: 24_000 },
];

let over = false;
for (const { what, files, limit } of rows) {
  const size = files.reduce((sum, name) => sum + gzipSync(readFileSync(dist + name), { level: 9 }).length, 0);
  over ||= size > limit;
  const figure = `${(size / 1000).toFixed(1)} kB of ${(limit / 1000).toFixed(1)}`;
  console.log(`${what.padEnd(36)} ${figure.padEnd(20)} ${files.join(" ")}${size > limit ? "  TOO LARGE" : ""}`);
}
process.exitCode = over ? 1 : 0;
