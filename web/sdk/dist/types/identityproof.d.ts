import type { Identity } from "./identity.js";
import { type Bytes, type End } from "./identitybytes.js";
import type { Description, Proof } from "./protocol_gen.js";
/** By how many seconds the clocks of the two sides may differ. */
export declare const SKEW = 120;
/** The time in seconds since 1970. */
export declare const now: () => number;
/** The two ends of a connection, in a room. */
export interface Ends {
    readonly room: string;
    readonly own: End;
    readonly other: End;
}
/** Makes of a link's secret the key for its HMACs. */
export declare function linkKey(secret: Bytes): Promise<CryptoKey>;
/** Makes the proof for a description of this side's. */
export declare function prove({ type, sdp }: Description, { room, own, other }: Ends, identity: Identity, link?: CryptoKey): Promise<Proof>;
/**
 * Checks the proof that came with a description of the other side's, and resolves with the fingerprint that it is about. Rejects with
 * `peer-unverified`. What it gets is of the wire, and may be anything.
 */
export declare function check(description: Description, proof: Proof | undefined, { room, own, other }: Ends, link?: CryptoKey): Promise<Bytes>;
