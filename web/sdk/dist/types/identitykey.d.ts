import type { Identity } from "./identity.js";
/** Throws `unsupported`, with a hint, where nothing can be signed. */
export declare function checkSubtle(what: string): void;
/** Makes an identity that is kept nowhere. */
export declare function create(): Promise<Identity>;
/** Loads an identity, or makes it. Pages that do that at the same time get the same one. */
export declare function load(name?: string): Promise<Identity>;
