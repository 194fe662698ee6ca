// Builds the SDK and the demo into their dist folders, which are committed: the same sources give the same bytes, so that CI
// can build again and look for a difference. With --test, bundles and runs the tests instead.
import { execFileSync, spawnSync } from "node:child_process";
import { cpSync, existsSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { extname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { bundleSDK, common } from "./sdkbuild.mjs";

process.chdir(fileURLToPath(new URL(".", import.meta.url)));

async function buildSDK() {
  await bundleSDK();
  execFileSync(process.execPath, ["node_modules/typescript/bin/tsc", "-p", "tsconfig.types.json"], { stdio: "inherit" });
  writeFileSync("sdk/dist/beckon.d.ts", 'export * from "./types/index.js";\n');
}

/** The demo takes the SDK from the server like any other page, so it is not bundled into it. What is no program is copied. */
async function buildDemo() {
  if (!existsSync("demo/src/main.ts")) return;
  rmSync("demo/dist", { recursive: true, force: true });
  await build({
    ...common,
    format: "esm",
    entryPoints: ["demo/src/main.ts"],
    outfile: "demo/dist/main.js",
    minify: true, // the source maps have the sources
    sourcemap: true,
    external: ["/sdk/beckon.js"],
  });
  await build({ ...common, format: "esm", entryPoints: ["demo/src/files/worker.ts"], outfile: "demo/dist/files-worker.js", minify: true, sourcemap: true });
  cpSync("demo/src", "demo/dist", { recursive: true, filter: (path) => extname(path) !== ".ts" });
}

/** In tests there is no server to take the SDK from. */
const sdkFromSource = {
  name: "sdk-from-source",
  setup: ({ onResolve }) => onResolve({ filter: /^\/sdk\/beckon\.js$/ }, () => ({ path: resolve("sdk/src/index.ts") })),
};

/** Tests run in plain Node: bundled, because Node 18 neither strips types nor resolves as the browser bundle does. */
async function test() {
  const tests = ["sdk/test", "demo/test"]
    .filter((folder) => existsSync(folder))
    .flatMap((folder) => readdirSync(folder).map((name) => join(folder, name)))
    .filter((path) => path.endsWith(".test.ts"));
  const out = "node_modules/.cache/tests";
  rmSync(out, { recursive: true, force: true });
  await build({
    ...common,
    format: "esm",
    entryPoints: tests,
    outdir: out,
    outbase: ".",
    outExtension: { ".js": ".mjs" },
    platform: "node",
    sourcemap: "inline",
    banner: { js: 'import { webcrypto } from "node:crypto"; globalThis.crypto ??= webcrypto;' }, // Node 18 has it in there only
    plugins: [sdkFromSource],
  });
  const files = tests.map((path) => join(out, path.replace(/\.ts$/, ".mjs")));
  const ran = spawnSync(process.execPath, ["--enable-source-maps", "--test", ...files], { stdio: "inherit" });
  process.exitCode = ran.status ?? 1;
}

if (process.argv.includes("--test")) {
  await test();
} else {
  await buildSDK();
  await buildDemo();
}
