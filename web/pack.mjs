// Packs the SDK for npm, as bin/beckon-sdk-VERSION.tgz: what sdk/package.json names, the README with links that lead somewhere
// outside of this repository, and the license.
import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const REPOSITORY = "https://github.com/beckon-rtc/beckon/blob/main/";

process.chdir(fileURLToPath(new URL(".", import.meta.url)));
const stage = "node_modules/.cache/pack";
rmSync(stage, { recursive: true, force: true });
mkdirSync(stage, { recursive: true });
mkdirSync("../bin", { recursive: true });
cpSync("sdk/package.json", `${stage}/package.json`);
cpSync("sdk/dist", `${stage}/dist`, { recursive: true });
cpSync("../LICENSE", `${stage}/LICENSE`);
writeFileSync(`${stage}/README.md`, readFileSync("sdk/README.md", "utf8").replaceAll("](../../", `](${REPOSITORY}`));
const out = execFileSync("npm", ["pack", "--ignore-scripts", "--json", "--pack-destination", "../../../../bin"], { cwd: stage, encoding: "utf8" });
const [{ filename, size, unpackedSize, files }] = JSON.parse(out);
console.log(`bin/${filename}: ${kilobytes(size)}, unpacked ${kilobytes(unpackedSize)}, ${files.length} files`);

function kilobytes(bytes) {
  return `${(bytes / 1000).toFixed(1)} kB`;
}
