// Bundles the SDK: what a page needs to join, what it loads meanwhile or only where it needs it, and all of it as a plain script.
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
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

const SOURCES = "sdk/src";
const CORE = "beckon.js";

/** The parts that are loaded on demand, by the module that is imported then, and the function of parts.ts that does that. */
const PARTS = { "members.ts": "beckon-peers", "fallback.ts": "beckon-http", "identitypart.ts": "beckon-identity" };
const LOADERS = { "members.ts": "loadMembers", "fallback.ts": "loadFallback", "identitypart.ts": "loadIdentity" };

/** Constants and functions of which a part needs others than the core: copies, where they are needed, are smaller than all in the core. */
const COPIED = ["protocol_gen.ts", "decide.ts", "request.ts"];

/** The one name that the core exports for its parts: a list, so that an app that imports everything sees no more of it than that. */
const SHARED = "internal";

/**
 * Writes the bundles into sdk/dist. A part takes what it shares with the core from the core, which is loaded before it, out of a list
 * that the core exports: as a file of its own, what is shared would be one more to wait for at the start of every page.
 */
export async function bundleSDK() {
  rmSync("sdk/dist", { recursive: true, force: true });
  mkdirSync("sdk/dist", { recursive: true });
  const core = await modulesOf("index.ts");
  const shared = new Map(); // FILE:NAME to what it is called on its way
  for (const part of Object.keys(PARTS)) {
    for (const name of namesTaken(await modulesOf(part), core)) if (!shared.has(name)) shared.set(name, `$${shared.size}`);
  }
  const entry = ['export * from "./index.js";'];
  for (const [from, extra] of shared) {
    const [file, name] = from.split(":");
    entry.push(`import { ${name} as ${extra} } from "./${file.replace(".ts", ".js")}";`);
  }
  entry.push(`export const ${SHARED} = [${[...shared.values()].join()}];`);
  const stdin = { contents: entry.join("\n"), resolveDir: SOURCES, sourcefile: "core.ts", loader: "ts" };
  const made = await shrunk(CORE, { stdin, format: "esm", plugins: [elsewhere()] });
  let mangleCache = made.mangleCache;
  for (const [part, name] of Object.entries(PARTS)) {
    const options = { entryPoints: [join(SOURCES, part)], format: "esm", plugins: [fromCore(core, shared)], mangleCache };
    const { mangleCache: further, ...bundle } = await shrunk(`${name}.js`, options);
    mangleCache = further;
    // The name has the contents in it: a page of yesterday must not get the part of today, and it can be kept for ever.
    const hash = createHash("sha256").update(bundle.code).digest("hex").slice(0, 8);
    write(`${name}-${hash}.js`, bundle);
    made.code = made.code.replaceAll(placeholder(part), `./${name}-${hash}.js`);
  }
  write(CORE, made);
  // A plain script cannot have parts: everything is in it.
  write("beckon.global.js", await shrunk("beckon.global.js", { entryPoints: [`${SOURCES}/index.ts`], format: "iife", globalName: "Beckon" }));
}

/** What stands for the path of a part until its hash is known; as long as that, so that the source map stays right. */
const placeholder = (part) => `./${PARTS[part]}-########.js`;

/**
 * Has the parts loaded from their files. One that could not be had is asked for by another address: Firefox remembers of an address for as long
 * as the page lives that there was nothing. Tools that bundle this for an app see the first address, and are told to leave the other.
 */
function elsewhere() {
  const loaders = Object.entries(LOADERS).map(([part, name]) => `export const ${name} = () => load(() => import("${placeholder(part)}"), "${placeholder(part)}");`);
  const contents = `let tries = 0;
    const load = (first, path) => first().catch(() => import(/* @vite-ignore */ /* webpackIgnore: true */ new URL(path + "?" + ++tries, import.meta.url).href));
    ${loaders.join("\n")}`;
  return {
    name: "elsewhere",
    setup: ({ onResolve, onLoad }) => {
      onResolve({ filter: /^\.\// }, ({ path, kind }) => (kind === "dynamic-import" ? { path, external: true } : undefined));
      onLoad({ filter: /[\\/]parts\.ts$/ }, () => ({ contents }));
    },
  };
}

/** Takes from the core what the core has. */
function fromCore(core, shared) {
  return {
    name: "from-core",
    setup: ({ onResolve, onLoad }) => {
      onResolve({ filter: /^\.\// }, ({ path, importer }) => {
        const file = path.slice(2).replace(/\.js$/, ".ts");
        return importer && core.has(file) && !COPIED.includes(file) ? { path: file, namespace: "core" } : undefined;
      });
      onResolve({ filter: /^all$/, namespace: "core" }, () => ({ path: "all", namespace: "core" }));
      onResolve({ filter: new RegExp(`^\\./${CORE}$`), namespace: "core" }, () => ({ path: `./${CORE}`, external: true }));
      onLoad({ filter: /./, namespace: "core" }, ({ path }) => {
        if (path === "all") return { contents: `import { ${SHARED} } from "./${CORE}"; export const [${[...shared.values()].join()}] = ${SHARED};` };
        const names = [...shared].filter(([from]) => from.startsWith(`${path}:`));
        return { contents: `export { ${names.map(([from, extra]) => `${extra} as ${from.split(":")[1]}`).join()} } from "all";` };
      });
    },
  };
}

/** The files of the sources that a bundle of this one would have in it. */
async function modulesOf(entry) {
  const { metafile } = await build({
    ...common,
    entryPoints: [join(SOURCES, entry)],
    format: "esm",
    metafile: true,
    outdir: "sdk/dist",
    plugins: [elsewhere()],
    write: false,
  });
  const [output] = Object.values(metafile.outputs);
  return new Set(Object.keys(output.inputs).map((path) => basename(path)));
}

/** What modules that are in a part only import from those that the core has, as FILE:NAME. */
function namesTaken(part, core) {
  const taken = new Set();
  for (const file of part) {
    if (core.has(file)) continue;
    const source = readFileSync(join(SOURCES, file), "utf8");
    for (const [, names, from] of source.matchAll(/^import \{([^}]*)\} from "\.\/([^"]+)\.js";/gm)) {
      if (!core.has(`${from}.ts`) || COPIED.includes(`${from}.ts`)) continue;
      for (const name of names.split(",").map((word) => word.trim())) if (name && !name.startsWith("type ")) taken.add(`${from}.ts:${name}`);
    }
  }
  return [...taken].sort();
}

/** Names of properties, from the delivery machine, the channels and around them, that nobody outside of this library sees: as short as those that begin with _. */
const INTERNAL = `
  accepted ackDue ackEvery acked armed askStable awake beat begin behind byAddress byPeer config depart departed died doubt emit expired
  fall fate flush frameOf happened heard hold inbound links living logged loggedUpTo maxDeparted maxResend maxUnsaid maxUnstable
  maxWaiting meshed missing nextFrame outbound overdue owed paused pings probe proven receiptDelay receipted refusal refused rejoined
  renew renewable resolved rise roster settle skip snapshot speech strange synced unstable urgent works writable
  announce announced arrived begun broken claim closeSaid farewell granted handed lane maxFrame midway ours progress prune theirs
  unanswered unasked waive wasOpen weigh written
`.trim().split(/\s+/);

/** The properties that become short. One of a frame must not be among them. */
const OWN = new RegExp(`^_|^(?:${INTERNAL.join("|")})$`);
const wire = readFileSync(`${SOURCES}/protocol_gen.ts`, "utf8");
for (const name of INTERNAL) if (new RegExp(`^ +${name}\\??:`, "m").test(wire)) throw new Error(`sdkbuild: ${name} is a field of a frame`);

/**
 * Bundles and minifies. esbuild resolves types away and joins the files; names that are this library's own become short.
 * terser makes 3 % less of the result than esbuild's own minifier.
 */
async function shrunk(name, options) {
  const bundled = await build({
    ...common,
    ...options,
    outfile: `sdk/dist/${name}`,
    sourcemap: "external",
    mangleProps: OWN,
    mangleCache: options.mangleCache ?? {},
    minifySyntax: true,
    write: false,
  });
  const [map, code] = bundled.outputFiles.sort((a, b) => b.path.length - a.path.length);
  const minified = await minify(code.text, {
    module: options.format === "esm",
    ecma: 2022,
    compress: { passes: 3, keep_fargs: false, unsafe_arrows: true, unsafe_methods: true },
    format: { max_line_len: 1000, comments: /vite-ignore|webpackIgnore/ }, // Node shows the line of an error that nobody caught
    sourceMap: { content: map.text, filename: name, includeSources: true },
  });
  return { ...minified, mangleCache: bundled.mangleCache };
}

/** Writes a file and its source map, which holds the sources. */
function write(name, { code, map }) {
  writeFileSync(`sdk/dist/${name}`, `/*! Beckon ${version}, MIT */\n${code}\n//# sourceMappingURL=${name}.map\n`);
  const { mappings, ...rest } = JSON.parse(map);
  writeFileSync(`sdk/dist/${name}.map`, JSON.stringify({ ...rest, file: name, mappings: `;${mappings}` }));
}
