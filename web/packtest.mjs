// What the tarball of bin/ holds, as somebody has it who installed it: for Node, for TypeScript, for a plain script tag.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { after, test } from "node:test";
import { fileURLToPath, pathToFileURL } from "node:url";
import vm from "node:vm";
import { build } from "esbuild";

const here = dirname(fileURLToPath(import.meta.url));
const { name, version } = JSON.parse(readFileSync(join(here, "sdk/package.json"), "utf8"));
const app = mkdtempSync(join(tmpdir(), "beckon-pack-"));
after(() => rmSync(app, { recursive: true, force: true }));
const installed = join(app, "node_modules", name);
mkdirSync(installed, { recursive: true });
execFileSync("tar", ["-xzf", join(here, "../bin", `${name}-${version}.tgz`), "-C", installed, "--strip-components=1"]);
writeFileSync(join(app, "package.json"), '{ "type": "module" }');

test("it holds what it names, each script with a source map that holds the sources", () => {
  for (const file of ["README.md", "LICENSE", "package.json", "dist/beckon.js", "dist/beckon.global.js", "dist/beckon.d.ts"]) {
    assert.ok(existsSync(join(installed, file)), `there is no ${file}`);
  }
  const scripts = readdirSync(join(installed, "dist")).filter((file) => file.endsWith(".js"));
  for (const script of scripts) {
    const text = readFileSync(join(installed, "dist", script), "utf8");
    assert.match(text, new RegExp(`\\n//# sourceMappingURL=${script}\\.map\\n$`));
    const map = JSON.parse(readFileSync(join(installed, "dist", `${script}.map`), "utf8"));
    assert.equal(map.sources.length, map.sourcesContent.length);
    assert.ok(map.sourcesContent.every((source) => typeof source === "string" && source.length > 0));
    for (const [, part] of text.matchAll(/import\("\.\/([^"]+)"\)/g)) assert.ok(scripts.includes(part), `${script} loads ${part}, which is not there`);
  }
});

test("its README leads with an example of ten lines, and its links lead out of the package", () => {
  const readme = readFileSync(join(installed, "README.md"), "utf8");
  const [, example = ""] = /```js\n([^]*?)```/.exec(readme) ?? [];
  assert.ok(example.trim().split("\n").length <= 12 && example.includes("await join("), example);
  assert.doesNotMatch(readme, /\]\(\.\.\//);
});

test("Node imports it by its name", async () => {
  const program = join(app, "program.mjs");
  writeFileSync(program, `export * from "${name}"; export const self = import.meta.resolve?.("${name}/global");`);
  const sdk = await import(pathToFileURL(program).href);
  assert.equal(typeof sdk.join, "function");
  const types = readFileSync(join(installed, "dist/types/index.d.ts"), "utf8");
  const known = [...types.matchAll(/^export \{([^}]+)\}/gm)].flatMap(([, names]) => names.split(",").map((name) => name.trim()));
  const more = Object.keys(sdk).filter((name) => name !== "self" && !known.includes(name));
  assert.deepEqual(more, ["internal"], "what its parts take from it is all that it exports besides");
  assert.deepEqual(sdk.parseURL("https://beckon.example/r/tea"), { server: "https://beckon.example", room: "tea" });
  assert.equal(new sdk.BeckonError("closed").code, "closed");
  await assert.rejects(sdk.join("https://beckon.example", "tea"), { code: "unsupported" });
});

test("an app's bundler takes it, and keeps its parts apart", async () => {
  const entry = join(app, "app.mjs");
  writeFileSync(entry, `import { join } from "${name}"; console.log(join);`);
  const options = { entryPoints: [entry], bundle: true, splitting: true, format: "esm", outdir: join(app, "out"), write: false, logLevel: "silent" };
  const { outputFiles, warnings } = await build(options);
  assert.deepEqual(warnings, []);
  assert.ok(outputFiles.length > 2, "all is in one file");
  assert.ok(outputFiles.every(({ text }) => !text.includes(`from "${name}"`)));
});

const consumer = `
import { BeckonError, join, type Channel, type ErrorCode, type JoinOptions, type Peer, type Room } from "${name}";

export async function meet(server: string, options: JoinOptions): Promise<Channel> {
  const room: Room = await join(server, "tea", { attributes: { name: "Ada" }, ...options });
  room.addEventListener("left", ({ peer, reason }) => console.log(peer.attributes["name"], reason satisfies string));
  const peer: Peer = await room.accept();
  const chat = await peer.open("chat", { ordered: true });
  for await (const message of chat) {
    const text: string = typeof message === "string" ? message : new TextDecoder().decode(message satisfies Uint8Array);
    await chat.send(text);
  }
  return chat;
}
export const code = (error: unknown): ErrorCode | undefined => (error instanceof BeckonError ? error.code : undefined);
// @ts-expect-error: there is no such code, so codes are not just strings
export const wrong = new BeckonError("no-such-code");
`;

for (const [module, moduleResolution] of [["esnext", "bundler"], ["node16", "node16"]]) {
  test(`TypeScript finds its types by the rules of ${moduleResolution}, and they are right`, () => {
    const lib = ["ES2022", "DOM", "DOM.Iterable", "DOM.AsyncIterable"];
    const compilerOptions = { strict: true, noEmit: true, module, moduleResolution, target: "es2022", lib, types: [], skipLibCheck: false };
    const folder = join(app, moduleResolution);
    mkdirSync(folder);
    cpSync(join(app, "package.json"), join(folder, "package.json"));
    writeFileSync(join(folder, "consumer.ts"), consumer);
    writeFileSync(join(folder, "tsconfig.json"), JSON.stringify({ compilerOptions, include: ["consumer.ts"] }));
    try {
      execFileSync(process.execPath, [join(here, "node_modules/typescript/bin/tsc"), "-p", folder], { encoding: "utf8" });
    } catch (error) {
      assert.fail(error.stdout);
    }
  });
}

test("a plain script tag defines Beckon, and nothing else", () => {
  const page = vm.createContext({ Event, EventTarget });
  vm.runInContext(readFileSync(join(installed, "dist/beckon.global.js"), "utf8"), page);
  assert.deepEqual(Object.keys(page), ["Event", "EventTarget", "Beckon"]);
  assert.equal(vm.runInContext("typeof Beckon.join", page), "function");
  const exported = vm.runInContext("Object.keys(Beckon)", page);
  assert.ok(exported.includes("BeckonError") && exported.includes("parseURL"));
});
