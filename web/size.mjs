// The budget: what a page downloads, in bytes after gzip -9, as a table. Fails above a limit.
import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";

const dist = fileURLToPath(new URL("sdk/dist/", import.meta.url));
const scripts = readdirSync(dist).filter((name) => name.endsWith(".js"));
const part = (name) => scripts.filter((file) => file.startsWith(`beckon-${name}-`));

// Only the first is promised to stay below a round number. The others are what it takes today, and a little: who adds to them says so here.
const rows = [
  { what: "to join a room over a WebSocket", files: ["beckon.js"], limit: 15_000 },
  { what: "and to connect to its peers", files: ["beckon.js", ...part("peers")], limit: 36_000 },
  { what: "and to verify who they are", files: ["beckon.js", ...part("peers"), ...part("identity")], limit: 41_100 },
  { what: "and where no WebSocket gets through", files: ["beckon.js", ...part("peers"), ...part("http")], limit: 38_200 },
  { what: "all in one, for a plain script tag", files: ["beckon.global.js"], limit: 42_600 },
];

const readme = readFileSync(fileURLToPath(new URL("sdk/README.md", import.meta.url)), "utf8");

let over = false;
for (const { what, files, limit } of rows) {
  const size = files.reduce((sum, name) => sum + gzipSync(readFileSync(dist + name), { level: 9 }).length, 0);
  over ||= size > limit;
  // What a row needs besides its own file stands in a row above.
  const needed = rows.find((row) => row.files.join() === files.slice(0, -1).join())?.limit ?? 0;
  const cells = `| ${((limit - needed) / 1000).toFixed(1)} | ${(limit / 1000).toFixed(1)} |`;
  if (!readme.includes(cells)) {
    console.error(`sdk/README.md does not say of the limits ${what}: ${cells}`);
    over = true;
  }
  const figure = `${(size / 1000).toFixed(1)} kB of ${(limit / 1000).toFixed(1)}`;
  console.log(`${what.padEnd(36)} ${figure.padEnd(20)} ${files.join(" ")}${size > limit ? "  TOO LARGE" : ""}`);
}
process.exitCode = over ? 1 : 0;
