import type { Trust } from "./trust.js";
type Keys = JsonWebKey | readonly JsonWebKey[] | {
    readonly keys: readonly JsonWebKey[];
};
/** Makes the Trust: see trust.ts. Rejects with a TypeError for keys that cannot be used. */
export declare function issued(keys: Keys): Promise<Trust>;
export {};
