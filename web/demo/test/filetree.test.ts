import assert from "node:assert/strict";
import { test } from "node:test";
import { saveAll, SaveError } from "../src/files/save.js";
import { fromDrop } from "../src/files/tree.js";

const file = (name: string, text = "") => Object.assign(new Blob([text]), { name, lastModified: 5 }) as unknown as File; // Node 18 has no File

/** What a browser has of a file that is dropped. */
const dropped = (path: string, text = "") => ({
  isDirectory: false,
  fullPath: `/${path}`,
  file: (resolve: (file: File) => void) => resolve(file(path, text)),
});

/** What a browser has of a folder: a hundred of what is in it at a time, as Chromium tells it, and nothing at the end. */
const folder = (path: string, inside: object[]) => ({
  isDirectory: true,
  fullPath: `/${path}`,
  createReader() {
    let at = 0;
    return { readEntries: (resolve: (some: object[]) => void) => resolve(inside.slice(at, (at += 100))) };
  },
});

const transfer = (...entries: object[]) =>
  ({ items: entries.map((entry) => ({ kind: "file", webkitGetAsEntry: () => entry, getAsFile: () => null })) }) as unknown as DataTransfer;

test("a folder that is dropped is offered with all that is in it, folders that are empty as well", async () => {
  const many = Array.from({ length: 250 }, (_, i) => dropped(`holiday/many/${i}`, "x"));
  const { name, entries, files } = await fromDrop(
    transfer(folder("holiday", [dropped("holiday/beach.jpg", "sand"), folder("holiday/empty", []), folder("holiday/many", many)])),
  );
  assert.equal(name, "holiday");
  assert.equal(entries.length, 252);
  assert.deepEqual(entries.slice(0, 2), [{ path: "holiday/beach.jpg", size: 4, modified: 5 }, { path: "holiday/empty", size: 0, folder: true }]);
  assert.equal(await files[0]!.text(), "sand");
  assert.equal(files[1], undefined);
  assert.equal(entries[251]!.path, "holiday/many/249");
});

test("several things have a name that counts no folder as a file", async () => {
  for (const [what, want] of [
    [[dropped("a"), dropped("b")], "2 files"],
    [[dropped("a"), folder("b", [])], "2 files and folders"],
    [[folder("a", []), folder("b", [])], "2 folders"],
    [[folder("a", [])], "a"],
  ] as const) {
    assert.equal((await fromDrop(transfer(...what))).name, want);
  }
});

test("what cannot be offered is refused when it is dropped", async () => {
  await assert.rejects(fromDrop(transfer(dropped("a."))), /not possible everywhere/);
  await assert.rejects(fromDrop(transfer(dropped("ΟΔΟΣ"), dropped("οδος"))), /is there twice/);
});

/** A folder on disk whose file system takes two spellings of "é" for one, and cases too. */
class Disk {
  readonly kind = "directory";
  readonly inside = new Map<string, Disk | { text: string }>();
  full = false;

  #key = (name: string) => name.normalize("NFC").toLowerCase();
  #missing = () => new DOMException("There is none.", "NotFoundError");

  async getDirectoryHandle(name: string, { create = false } = {}): Promise<Disk> {
    const found = this.inside.get(this.#key(name));
    if (found instanceof Disk) return found;
    if (found) throw new DOMException("It is a file.", "TypeMismatchError");
    if (!create) throw this.#missing();
    const made = new Disk();
    this.inside.set(this.#key(name), made);
    return made;
  }

  async getFileHandle(name: string, { create = false } = {}): Promise<object> {
    const found = this.inside.get(this.#key(name));
    if (found instanceof Disk) throw new DOMException("It is a folder.", "TypeMismatchError");
    if (!found && !create) throw this.#missing();
    const one = found ?? { text: "" };
    this.inside.set(this.#key(name), one);
    const { full } = this;
    return {
      createWritable: async () =>
        new WritableStream<Uint8Array>({
          write(bytes) {
            if (full) throw new DOMException("It is full.", "QuotaExceededError");
            one.text += new TextDecoder().decode(bytes);
          },
        }),
    };
  }

  async removeEntry(name: string): Promise<void> {
    this.inside.delete(this.#key(name));
  }

  text(name: string): string | undefined {
    const found = this.inside.get(this.#key(name));
    return found instanceof Disk ? undefined : found?.text;
  }
}

async function saved(disk: Disk, files: Record<string, string>): Promise<unknown> {
  Object.assign(globalThis, { showDirectoryPicker: async () => disk });
  try {
    return await saveAll("all", Object.entries(files).map(([path, text]) => ({ path, blob: async () => new Blob([text]) })));
  } catch (error) {
    return error;
  } finally {
    delete (globalThis as { showDirectoryPicker?: unknown }).showDirectoryPicker;
  }
}

test("nothing is overwritten in a folder: what is there already, and what the file system takes for the same", async () => {
  const disk = new Disk();
  assert.equal(await saved(disk, { a: "1", "b/c": "2" }), "saved");
  const again = await saved(disk, { z: "0", A: "3" });
  assert.ok(again instanceof SaveError && /“A” is in that folder already/.test(again.message));
  assert.deepEqual([disk.text("a"), disk.text("z")], ["1", undefined], "it is found out before anything is written");
  const twins = await saved(disk, { "caf\u00e9": "composed", "cafe\u0301": "decomposed" });
  assert.ok(twins instanceof SaveError && /another file there by now.*The 1 before it/.test(twins.message), String(twins));
  assert.equal(disk.text("caf\u00e9"), "composed");
});

test("what could not be written whole is not in the way the next time", async () => {
  const disk = new Disk();
  disk.full = true;
  assert.equal((await saved(disk, { a: "1" }) as Error).name, "QuotaExceededError");
  disk.full = false;
  assert.equal(await saved(disk, { a: "1" }), "saved");
  assert.equal(disk.text("a"), "1");
});
