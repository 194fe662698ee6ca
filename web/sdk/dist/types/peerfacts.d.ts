import type { PeerEventMap } from "./happenings.js";
declare const PeerFacts_base: new () => import("./events.js").TypedEventTarget<PeerEventMap>;
/** What the server says of another member of a room. */
export declare class PeerFacts extends PeerFacts_base {
    #private;
    /** Its id, unique on the server. */
    readonly id: string;
    /** The random id of its SDK object: a page that was reloaded is another instance. */
    readonly instance: string;
    /** Who its token said it is; "" if it is anonymous. */
    readonly identity: string;
    /**
     * The Ed25519 public key that it shows, in base64url, which stays the same if its `Identity` does; undefined if it shows none. Until it is
     * `verified`, that is but the server's word.
     */
    readonly key: string | undefined;
    /** What it tells the others about itself. */
    get attributes(): Readonly<Record<string, unknown>>;
    /** Whether its connection to the server is lost; it may come back. */
    get away(): boolean;
}
export {};
