// What both ends of a connection decide alike, without asking each other. The same as decide.go and names.go, and bound to
// them by the vectors in decide.json.

import { CAPABILITY_ROLLBACK, CloseCode, MAX_NAME, type Member, type Topology } from "./protocol_gen.js";

/** What {@link offers} looks at. */
export type Offerer = Pick<Member, "instance" | "capabilities">;

/**
 * Whether `a` makes the offers in its connection with `b`: the one that cannot roll back an offer, because it could not yield;
 * else the smaller instance. Exactly one of the two does, so offers never cross.
 */
export function offers(a: Offerer, b: Offerer): boolean {
  const canA = a.capabilities?.[CAPABILITY_ROLLBACK] === true;
  const canB = b.capabilities?.[CAPABILITY_ROLLBACK] === true;
  if (canA !== canB) return !canA;
  return a.instance < b.instance;
}

/** What {@link meshed} looks at. */
export type Ranked = Pick<Member, "peer" | "joined">;

/**
 * The peers of whom the room connects every pair by itself: in a mesh, the first `limit` members by rank. All members see one
 * log, so all agree. (Go's Connects asks about one pair; here all are asked about at once, after every change.)
 */
export function meshed(topology: Topology, limit: number, members: Iterable<Ranked>): Set<string> {
  if (topology !== "mesh") return new Set();
  const ranked = [...members].sort((a, b) => a.joined - b.joined);
  return new Set(ranked.slice(0, limit).map(({ peer }) => peer));
}

/** Whether a string may name a room: 1 to 64 ASCII letters, digits and `. _ ~ -`, the first a letter or digit. */
export function validRoom(name: string): boolean {
  return name.length <= MAX_NAME && /^[A-Za-z0-9][A-Za-z0-9._~-]*$/.test(name);
}

/** Whether a string is an instance or epoch: 16 lower-case hex digits. */
export function validInstance(text: string): boolean {
  return /^[0-9a-f]{16}$/.test(text);
}

/** Makes a random instance. JSON numbers would lose 64-bit integers, so it is hex digits. */
export function newInstance(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(8));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/**
 * Whether a client whose WebSocket was closed with this code should connect again. Codes that are not Beckon's (a proxy's 1001,
 * the 1006 of a lost connection) say nothing about the session, so it should.
 */
export function reconnect(code: number): boolean {
  return code !== CloseCode.Normal && (code < 4500 || code > 4999);
}
