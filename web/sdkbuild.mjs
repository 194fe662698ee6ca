// Bundles the SDK: what a page downloads at once, what only some pages need, and all of it as a plain script.
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { build } from "esbuild";
import { minify } from "terser";

const { version } = JSON.parse(readFileSync(new URL("sdk/package.json", import.meta.url), "utf8"));

/** What every bundle has in common: browsers of the last years. */
export const common = {
  bundle: true,
  target: "es2022",
  charset: "utf8",
  logLevel: "warning",
};

/**
 * Files that a page loads when it needs them, by the module that is imported then. Each is a bundle of its own, without anything of the
 * others': a chunk that they shared would be one more file to wait for at the start of every page. What is in both is there twice, so
 * it has to be small, and nothing may be told apart by its class.
 */
const onDemand = { "./fallback.js": { name: "beckon-http", entry: "sdk/src/fallback.ts" } };

/** Writes the bundles into sdk/dist. */
export async function bundleSDK() {
  rmSync("sdk/dist", { recursive: true, force: true });
  mkdirSync("sdk/dist", { recursive: true });
  const paths = {};
  for (const [specifier, { name, entry }] of Object.entries(onDemand)) {
    const made = await shrunk(entry, `${name}.js`, { format: "esm" });
    // The name has the contents in it: a page of yesterday must not get the part of today, and it can be kept for ever.
    const hash = createHash("sha256").update(made.code).digest("hex").slice(0, 8);
    paths[specifier] = `./${name}-${hash}.js`;
    write(`${name}-${hash}.js`, made);
  }
  const elsewhere = {
    name: "elsewhere",
    setup: ({ onResolve }) =>
      onResolve({ filter: /^\.\// }, ({ path, kind }) =>
        kind === "dynamic-import" ? { path: paths[path] ?? missing(path), external: true } : undefined,
      ),
  };
  write("beckon.js", await shrunk("sdk/src/index.ts", "beckon.js", { format: "esm", plugins: [elsewhere] }));
  // A plain script cannot have parts: everything is in it.
  write("beckon.global.js", await shrunk("sdk/src/index.ts", "beckon.global.js", { format: "iife", globalName: "Beckon" }));
}

function missing(path) {
  throw new Error(`${path} is imported on demand, and is not in the list of what is`);
}

/**
 * Bundles and minifies. esbuild resolves types away and joins the files; names that begin with _ are this library's own and become short.
 * terser makes 3 % less of the result than esbuild's own minifier.
 */
async function shrunk(entry, name, options) {
  const bundled = await build({
    ...common,
    ...options,
    entryPoints: [entry],
    outfile: `sdk/dist/${name}`,
    sourcemap: "external",
    mangleProps: /^_/,
    minifySyntax: true,
    write: false,
  });
  const [map, code] = bundled.outputFiles.sort((a, b) => b.path.length - a.path.length);
  return minify(code.text, {
    module: options.format === "esm",
    ecma: 2022,
    compress: { passes: 3, keep_fargs: false, unsafe_arrows: true, unsafe_methods: true },
    sourceMap: { content: map.text, filename: name, includeSources: true },
  });
}

/** Writes a file and its source map, which holds the sources. */
function write(name, { code, map }) {
  writeFileSync(`sdk/dist/${name}`, `/*! Beckon ${version}, MIT */\n${code}\n//# sourceMappingURL=${name}.map\n`);
  const { mappings, ...rest } = JSON.parse(map);
  writeFileSync(`sdk/dist/${name}.map`, JSON.stringify({ ...rest, file: name, mappings: `;${mappings}` }));
}
