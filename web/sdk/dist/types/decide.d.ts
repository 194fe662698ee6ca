import { type Member, type Topology } from "./protocol_gen.js";
/** What {@link offers} looks at. */
export type Offerer = Pick<Member, "instance" | "capabilities">;
/**
 * Whether `a` makes the offers in its connection with `b`: the one that cannot roll back an offer, because it could not yield;
 * else the smaller instance. Exactly one of the two does, so offers never cross.
 */
export declare function offers(a: Offerer, b: Offerer): boolean;
/** What {@link meshed} looks at. */
export type Ranked = Pick<Member, "peer" | "joined">;
/**
 * The peers of whom the room connects every pair by itself: in a mesh, the first `limit` members by rank. All members see one
 * log, so all agree. (Go's Connects asks about one pair; here all are asked about at once, after every change.)
 */
export declare function meshed(topology: Topology, limit: number, members: Iterable<Ranked>): Set<string>;
/** Whether a string may name a room: 1 to 64 ASCII letters, digits and `. _ ~ -`, the first a letter or digit. */
export declare function validRoom(name: string): boolean;
/** Whether a string is an instance or epoch: 16 lower-case hex digits. */
export declare function validInstance(text: string): boolean;
/** Makes a random instance. JSON numbers would lose 64-bit integers, so it is hex digits. */
export declare function newInstance(): string;
/**
 * Whether a client whose WebSocket was closed with this code should connect again. Codes that are not Beckon's (a proxy's 1001,
 * the 1006 of a lost connection) say nothing about the session, so it should.
 */
export declare function reconnect(code: number): boolean;
