import type { KeyStore, Trust } from "./trust.js";
/** Makes the Trust: see trust.ts. */
export declare function firstUse(store?: KeyStore): Trust;
