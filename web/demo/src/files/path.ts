// Paths of offered files. They come from another machine and become names on this one, so what could lead anywhere else than below
// the folder that the user chose is refused, and so is what only some systems take: a folder must arrive everywhere or nowhere.

import { fold } from "./fold.js";

/** What is wrong with a path. The words are the same as in Go. */
export type PathFault =
  | "absolute"
  | "dot-dot"
  | "dot"
  | "empty-element"
  | "backslash"
  | "drive"
  | "control"
  | "device"
  | "trailing"
  | "too-long"
  | "duplicate"
  | "file-is-folder"
  | "too-deep"
  | "too-many-folders";

/** What is said of a fault, after the path. */
export const FAULTS: Record<PathFault, string> = {
  absolute: "is absolute",
  "dot-dot": "leads out of its folder",
  dot: "has an element that is only a dot",
  "empty-element": "has an empty element",
  backslash: "has a backslash",
  drive: "begins with a drive letter",
  control: "has a control character",
  device: "is the name of a device on Windows",
  trailing: "has a name that ends with a dot or a space",
  "too-long": "is too long",
  duplicate: "is there twice",
  "file-is-folder": "is a file and a folder",
  "too-deep": "is in more than 63 folders, one in the other",
  "too-many-folders": "takes more than 10000 folders, with those before it",
};

/** The most bytes of one element, in UTF-8: what ext4, APFS and NTFS have in common; and of a path, Linux's. */
const MAX_ELEMENT = 255;
const MAX_PATH = 4096;
/** The most elements of a path, and folders of an offer, whether it names them or not: its bytes alone could be two million folders. */
const MAX_DEPTH = 64;
const MAX_FOLDERS = 10_000;
/** The devices that Windows finds in every folder, with any extension; the raised digits are its own idea. */
const DEVICE = /^(con|prn|aux|nul|conin\$|conout\$|(com|lpt)[0-9¹²³])$/i;

const utf8 = new TextEncoder();

/** Says what is wrong with a path by itself; undefined if nothing is. */
export function faultOf(path: string): PathFault | undefined {
  if (path === "") return "empty-element";
  if (path.startsWith("/")) return "absolute";
  // U+0080 to U+009F are controls as well, and a lone surrogate has no UTF-8.
  if (/[\p{Cc}\p{Cs}]/u.test(path)) return "control";
  if (path.includes("\\")) return "backslash";
  if (/^[a-z]:/i.test(path)) return "drive";
  const elements = path.split("/");
  if (elements.length > MAX_DEPTH) return "too-deep";
  for (const element of elements) {
    if (element === "") return "empty-element";
    if (element === ".") return "dot";
    if (element === "..") return "dot-dot";
    if (/[. ]$/.test(element)) return "trailing";
    if (DEVICE.test(element.split(".", 1)[0]!.replace(/ +$/, ""))) return "device";
    if (utf8.encode(element).length > MAX_ELEMENT) return "too-long";
  }
  if (utf8.encode(path).length > MAX_PATH) return "too-long";
  return undefined;
}

/** A path with its fault, of the first that has one; a path may be a folder's. */
export function firstFault(entries: readonly { path: string; folder?: boolean }[]): { path: string; fault: PathFault } | undefined {
  const seen = new Map<string, boolean>(); // by the folded path, for many systems tell no case: whether it is a folder
  for (const { path, folder = false } of entries) {
    const fault = faultOf(path);
    if (fault) return { path, fault };
    const key = fold(path);
    if (seen.has(key)) return { path, fault: "duplicate" };
    seen.set(key, folder);
  }
  const folders = new Set<string>(); // named or not
  for (const { path, folder } of entries) {
    const key = fold(folder ? `${path}/` : path);
    let depth = 0;
    for (let at = key.indexOf("/"); at >= 0; at = key.indexOf("/", at + 1)) {
      depth++;
      const above = key.slice(0, at);
      if (seen.get(above) === false) return { path: path.split("/", depth).join("/"), fault: "file-is-folder" };
      if (folders.add(above).size > MAX_FOLDERS) return { path, fault: "too-many-folders" };
    }
  }
  return undefined;
}
