/** Loads what connects to peers. */
export declare const loadMembers: () => Promise<typeof import("./members.js")>;
/** Loads what verifies peers. */
export declare const loadIdentity: () => Promise<typeof import("./identitypart.js")>;
/** Loads what carries frames where no WebSocket gets through. */
export declare const loadFallback: () => Promise<typeof import("./fallback.js")>;
