// What the user chose or dropped, as an offer has it: files and folders with paths, the folders that are empty as well.

import { FAULTS, firstFault } from "./path.js";
import { type Entry, MAX_ENTRIES } from "./wire.js";

/** Entries, and for each its file; none for a folder. */
export interface Chosen {
  name: string;
  entries: Entry[];
  files: (File | undefined)[];
}

/** Something has to be said to the user about what was chosen. */
export class ChoiceError extends Error {}

interface Found {
  path: string;
  file?: File;
}

/** What an <input type=file> has. One for folders gives files with paths; it says nothing of empty ones. */
export function fromInput(files: readonly File[]): Chosen {
  return chosen(files.map((file) => ({ path: file.webkitRelativePath || file.name, file })));
}

/**
 * What was dropped. To be called in the event itself: after that the browser tells nothing any more. Rejects with a ChoiceError, and with
 * what the browser says of a folder that it cannot read.
 */
export function fromDrop(transfer: DataTransfer): Promise<Chosen> {
  const roots: FileSystemEntry[] = [];
  const loose: File[] = [];
  for (const item of transfer.items) {
    if (item.kind !== "file") continue;
    const entry = item.webkitGetAsEntry();
    const file = entry ? null : item.getAsFile();
    if (entry) roots.push(entry);
    if (file) loose.push(file);
  }
  return walked(roots, loose);
}

async function walked(roots: FileSystemEntry[], loose: File[]): Promise<Chosen> {
  const found: Found[] = loose.map((file) => ({ path: file.name, file }));
  const walk = async (entry: FileSystemEntry): Promise<void> => {
    if (found.length > MAX_ENTRIES) return; // which is refused below
    const path = entry.fullPath.replace(/^\//, "");
    if (!entry.isDirectory) {
      const file = await new Promise<File>((resolve, reject) => (entry as FileSystemFileEntry).file(resolve, reject));
      found.push({ path, file });
      return;
    }
    const inside = await listed(entry as FileSystemDirectoryEntry);
    if (inside.length === 0) found.push({ path });
    for (const one of inside) await walk(one);
  };
  for (const root of roots) await walk(root);
  return chosen(found);
}

/** All that is in a folder. Chromium tells a hundred at a time, and nothing at the end. */
async function listed(folder: FileSystemDirectoryEntry): Promise<FileSystemEntry[]> {
  const reader = folder.createReader();
  const all: FileSystemEntry[] = [];
  for (;;) {
    const some = await new Promise<FileSystemEntry[]>((resolve, reject) => reader.readEntries(resolve, reject));
    if (some.length === 0) return all;
    all.push(...some);
  }
}

function chosen(found: Found[]): Chosen {
  if (found.length > MAX_ENTRIES) {
    throw new ChoiceError(`More than ${MAX_ENTRIES.toLocaleString("en")} files and folders cannot be offered at once. Pack them first.`);
  }
  const entries = found.map(({ path, file }): Entry => {
    return file ? { path, size: file.size, modified: file.lastModified } : { path, size: 0, folder: true };
  });
  const fault = firstFault(entries);
  // It would be refused there, and here it can be put right.
  if (fault) throw new ChoiceError(`“${fault.path}” ${FAULTS[fault.fault]}, which is not possible everywhere.`);
  return { name: nameOf(entries), entries, files: found.map(({ file }) => file) };
}

/** What a choice is called: the file, or the folder in which all of it is, or how many files there are. */
function nameOf(entries: readonly Entry[]): string {
  const [first] = entries;
  if (entries.length === 1 && first) return first.path;
  const tops = new Set(entries.map(({ path }) => path.split("/", 1)[0]!));
  const [top] = tops;
  if (tops.size === 1 && top) return top;
  // An empty folder is no file.
  const folders = entries.filter(({ folder }) => folder).length;
  return `${entries.length} ${folders === 0 ? "files" : folders === entries.length ? "folders" : "files and folders"}`;
}
