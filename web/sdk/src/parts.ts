// The parts that the build makes files of their own: see sdkbuild.mjs, which puts their addresses in the place of these.

/** Loads what connects to peers. */
export const loadMembers = () => import("./members.js");

/** Loads what verifies peers. */
export const loadIdentity = () => import("./identitypart.js");

/** Loads what carries frames where no WebSocket gets through. */
export const loadFallback = () => import("./fallback.js");
