// Putting what has come where the user wants it: streamed into a place that was chosen, where the browser has that, else as a download.

import { el } from "../dom.js";
import { zip } from "./zip.js";

/** What TypeScript does not know of every browser (File System Access, WICG): only Chromium's have these. */
interface Pickers {
  showSaveFilePicker?(options: { suggestedName: string }): Promise<FileSystemFileHandle>;
  showDirectoryPicker?(options: { mode: "readwrite"; id: string }): Promise<FileSystemDirectoryHandle>;
}

/** A file that can be saved, or a folder. */
export interface Savable {
  path: string;
  modified?: number;
  /** Undefined for a folder. */
  blob?: () => Promise<Blob>;
}

/** What became of it: it is where the user wanted it, the browser downloads it, or the user did not want it. */
export type Saved = "saved" | "started" | "not";

/** What the user has to be told: why it could not be saved. */
export class SaveError extends Error {}

/** Saves one file. Rejects with a SaveError, or with what the browser says. */
export async function saveFile(name: string, blob: () => Promise<Blob>): Promise<Saved> {
  const { showSaveFilePicker } = globalThis as Pickers;
  // First of all: the browser allows it for a moment after the click.
  const target = await picked(showSaveFilePicker && (() => showSaveFilePicker.call(globalThis, { suggestedName: name })));
  if (target === "not") return "not";
  const file = await blob();
  if (!target) return download(name, file);
  await file.stream().pipeTo(await target.createWritable());
  return "saved";
}

/** Saves several files and folders: into a folder that the user chooses, in which none of them may be yet, or as an archive. */
export async function saveAll(name: string, all: readonly Savable[]): Promise<Saved> {
  const { showDirectoryPicker } = globalThis as Pickers;
  const target = await picked(showDirectoryPicker && (() => showDirectoryPicker.call(globalThis, { mode: "readwrite", id: "beckon" })));
  if (target === "not") return "not";
  if (!target) return archive(name, all);
  for (const { path, blob } of all) {
    if (blob && (await exists(target, path))) throw new SaveError(`“${path}” is in that folder already, and nothing is overwritten. Choose another one.`);
  }
  let done = 0;
  for (const { path, blob } of all) {
    // Again, now that those before it are there: a file system may take two names for one, as some take two spellings of "é".
    if (blob && (await exists(target, path))) {
      throw new SaveError(`“${path}” is the name of another file there by now, and nothing is overwritten. The ${done} before it are saved.`);
    }
    const folders = path.split("/");
    const last = folders.pop()!;
    let folder = target;
    for (const one of folders) folder = await folder.getDirectoryHandle(one, { create: true });
    if (!blob) await folder.getDirectoryHandle(last, { create: true });
    else await write(folder, last, await blob());
    done++;
  }
  return "saved";
}

/** Writes a new file. What could not be written whole is not left behind: it would be in the way next time. */
async function write(folder: FileSystemDirectoryHandle, name: string, file: Blob): Promise<void> {
  const handle = await folder.getFileHandle(name, { create: true });
  try {
    await file.stream().pipeTo(await handle.createWritable());
  } catch (error) {
    await folder.removeEntry(name).catch(() => {}); // what could not be written may not be removable either
    throw error;
  }
}

/** Whether the browser can write a folder, so that the user can be told what comes. */
export function savesFolders(): boolean {
  return (globalThis as Pickers).showDirectoryPicker !== undefined;
}

/** What the user picked; undefined if this page may not ask. */
async function picked<T>(pick: (() => Promise<T>) | undefined): Promise<T | "not" | undefined> {
  try {
    return await pick?.();
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") return "not";
    return undefined; // a frame, or a policy: a download goes there as well
  }
}

async function exists(root: FileSystemDirectoryHandle, path: string): Promise<boolean> {
  const folders = path.split("/");
  const last = folders.pop()!;
  let folder = root;
  try {
    for (const one of folders) folder = await folder.getDirectoryHandle(one);
    await folder.getFileHandle(last);
    return true;
  } catch (error) {
    // A folder of that name is in the way as well, of a file or of a folder that should be made.
    return error instanceof DOMException && error.name === "TypeMismatchError";
  }
}

async function archive(name: string, all: readonly Savable[]): Promise<Saved> {
  const entries = [];
  for (const { path, modified, blob } of all) {
    entries.push({ path, ...(modified !== undefined && { modified }), ...(blob && { file: await blob() }) });
  }
  const made = await zip(entries);
  if (!made) throw new SaveError("Together they are too large for an archive: save each by itself.");
  return download(`${name}.zip`, made);
}

/** Has the browser download it. Not as what the sender says that it is: opened, text/html would be a page of this origin. */
function download(name: string, file: Blob): Saved {
  const address = URL.createObjectURL(new Blob([file], { type: "application/octet-stream" }));
  const link = el("a", { href: address, download: name, hidden: true, "data-testid": "transfer-link" });
  document.body.append(link);
  link.click();
  link.remove();
  // The browser has begun to read by then; at once would be too early for some.
  setTimeout(() => URL.revokeObjectURL(address), 60_000);
  return "started";
}
