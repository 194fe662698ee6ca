// Where the files of a Store are: the origin private file system, which every current browser has (File System standard, WHATWG), or
// memory where there is none: in a private window of Firefox, and in a page that came over plain http from another machine.

import { Memory, type Handle } from "./handle.js";
import { hex, sha256 } from "./sha256.js";

/** As much is received in memory, at most. */
export const MEMORY = 512_000_000;
/** The folder of the origin in which everything is. */
const FOLDER = "beckon-files";
/** How many files of one path and size there can be: some are whole already, some belong to another page. */
const TWINS = 16;

/** How often, every 300 ms, a file is tried to be opened that somebody else is writing. */
const TRIES = 6;

/** What is here of a file. */
export interface Item {
  key: string;
  path: string;
  /** Of the whole file, in bytes. */
  size: number;
  /** How much of it is here. */
  have: number;
  /** What it was offered with. */
  group: string;
  /** The SHA-256 in hexadecimal digits, once it is whole and was found to be right. */
  digest?: string;
}

/** Holds files by keys. */
export interface Depot {
  /** Whether it outlives the page. */
  readonly lasting: boolean;
  room(): Promise<number>;
  list(): Promise<Item[]>;
  open(path: string, size: number, group: string): Promise<{ key: string; handle: Handle }>;
  finish(key: string, digest: string): Promise<void>;
  remove(key: string): Promise<void>;
  blob(key: string): Promise<Blob>;
}

/** Opens the disk, or memory if the browser gives this page none. */
export async function openDepot(): Promise<Depot> {
  try {
    const root = await navigator.storage.getDirectory();
    const folder = await root.getDirectoryHandle(FOLDER, { create: true });
    // To have the folder is not yet to be let write: that is seen by doing it.
    const probe = await folder.getFileHandle("probe", { create: true });
    (await access(probe)).close();
    await folder.removeEntry("probe").catch(() => {}); // another page may be at the same
    return new Disk(folder);
  } catch {
    return new InMemory();
  }
}

/** Files of one path and size have keys that begin alike. Not the path itself: that may have characters that are no name's. */
async function keyOf(path: string, size: number): Promise<string> {
  const digest = await sha256(new TextEncoder().encode(`${size}\0${path}`));
  return hex(digest.subarray(0, 16));
}

/** What stands beside a file on disk, as JSON. */
type Note = Pick<Item, "path" | "size" | "group" | "digest">;

/** In place, without a copy that would only be put there at the end: a page that is killed loses at most what it has not handed over. */
function access(file: FileSystemFileHandle): Promise<Handle> {
  // Typed in the library of workers only, which excludes that of pages.
  return (file as unknown as { createSyncAccessHandle(): Promise<Handle> }).createSyncAccessHandle();
}

class Disk implements Depot {
  readonly lasting = true;

  constructor(private readonly folder: FileSystemDirectoryHandle) {}

  async room(): Promise<number> {
    const { quota = 0, usage = 0 } = await navigator.storage.estimate();
    return Math.max(0, quota - usage);
  }

  async list(): Promise<Item[]> {
    const items: Item[] = [];
    for await (const name of this.folder.keys()) {
      if (!name.endsWith(".json")) continue;
      const key = name.slice(0, -".json".length);
      const note = await this.#note(key);
      if (note) items.push({ key, have: await this.#size(key), ...note });
    }
    return items;
  }

  async open(path: string, size: number, group: string): Promise<{ key: string; handle: Handle }> {
    const first = await keyOf(path, size);
    for (let twin = 0; twin < TWINS; twin++) {
      const key = twin === 0 ? first : `${first}-${twin}`;
      const note = await this.#note(key);
      if (note?.digest) continue;
      const handle = await this.#take(key, twin === 0 ? TRIES : 1);
      if (!handle) continue;
      await this.#write(key, { path, size, group: note?.group ?? group });
      return { key, handle };
    }
    throw new DOMException(`There are ${TWINS} files of this path and size already.`, "QuotaExceededError");
  }

  /** Opens a file for writing; undefined if somebody else has it, who may be this page's forerunner, which is about to end. */
  async #take(key: string, tries: number): Promise<Handle | undefined> {
    const file = await this.folder.getFileHandle(`${key}.part`, { create: true });
    for (; ; tries--) {
      try {
        return await access(file);
      } catch (error) {
        if (!(error instanceof DOMException && error.name === "NoModificationAllowedError")) throw error;
      }
      if (tries <= 1) return undefined;
      await new Promise((resolve) => setTimeout(resolve, 300));
    }
  }

  async finish(key: string, digest: string): Promise<void> {
    const note = await this.#note(key);
    if (note) await this.#write(key, { ...note, digest });
  }

  async remove(key: string): Promise<void> {
    // The note last: without it nobody would find the part again.
    for (const name of [`${key}.part`, `${key}.json`]) {
      try {
        await this.folder.removeEntry(name);
      } catch (error) {
        if (!(error instanceof DOMException && error.name === "NotFoundError")) throw error;
      }
    }
  }

  async blob(key: string): Promise<Blob> {
    return (await this.folder.getFileHandle(`${key}.part`)).getFile();
  }

  async #size(key: string): Promise<number> {
    try {
      return (await (await this.folder.getFileHandle(`${key}.part`)).getFile()).size;
    } catch {
      return 0;
    }
  }

  /** Reads a note; undefined if there is none that is whole. */
  async #note(key: string): Promise<Note | undefined> {
    try {
      const text = await (await (await this.folder.getFileHandle(`${key}.json`)).getFile()).text();
      return JSON.parse(text) as Note;
    } catch {
      return undefined;
    }
  }

  async #write(key: string, note: Note): Promise<void> {
    const handle = await access(await this.folder.getFileHandle(`${key}.json`, { create: true }));
    try {
      const bytes = new TextEncoder().encode(JSON.stringify(note));
      handle.truncate(0);
      handle.write(bytes, { at: 0 });
      handle.flush();
    } finally {
      handle.close();
    }
  }
}

/** Nothing is found again here: what is not open, or whole, is gone. */
export class InMemory implements Depot {
  readonly lasting = false;
  #files = new Map<string, Memory>();
  #count = 0;

  async room(): Promise<number> {
    let held = 0;
    for (const file of this.#files.values()) held += file.getSize();
    return Math.max(0, MEMORY - held);
  }

  async list(): Promise<Item[]> {
    return [];
  }

  async open(): Promise<{ key: string; handle: Handle }> {
    const key = String(++this.#count);
    const handle = new Memory();
    this.#files.set(key, handle);
    return { key, handle };
  }

  async finish(): Promise<void> {}

  async remove(key: string): Promise<void> {
    this.#files.delete(key);
  }

  async blob(key: string): Promise<Blob> {
    const file = this.#files.get(key);
    if (!file) throw new Error(`depot: no ${key}`);
    return file.blob();
  }
}
