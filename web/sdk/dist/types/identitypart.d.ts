import type { PeerGuard } from "./hosts.js";
import type { JoinOptions } from "./options.js";
import { type Hello, type Member } from "./protocol_gen.js";
import type { Trust } from "./trust.js";
export { create, load } from "./identitykey.js";
export { firstUse } from "./trustfirst.js";
export { issued } from "./trustissued.js";
/** Makes the Trust: see trust.ts. */
export declare function pinned(keys: readonly string[]): Trust;
/** What a room shows of its own, and demands of others. */
export interface Credentials {
    /** Makes what the hello of a new instance shows. */
    show(): Pick<Hello, "key" | "nonce" | "attestation">;
    /** Makes the guard of the connection between two members, the first of which is this side. */
    guard(self: Member, member: Member): PeerGuard;
}
/**
 * Makes ready what the options ask for; `base` is what the URLs of the server's carriers begin with. Throws a TypeError for what cannot be meant; rejects with `unsupported` where nothing can be
 * signed.
 */
export declare function prepare(base: string, room: string, options: JoinOptions): Promise<Credentials>;
