import { BeckonError } from "./error.js";
import type { DoubtReason } from "./trust.js";
export type Bytes = Uint8Array<ArrayBuffer>;
/** The role of the side that signs, in its binding. */
export declare const OFFERER = 0;
export declare const ANSWERER = 1;
/** Makes the error of a peer that has not proven who it is. The reason, for programs, is the same in Go. */
export declare function unverified(reason: DoubtReason, why: string, more?: object): BeckonError;
/** Writes bytes in base64url without padding (RFC 4648, section 5). */
export declare function encode64(bytes: Uint8Array): string;
/** Reads base64url, of so many bytes if that is said. Undefined for anything but the one spelling that {@link encode64} gives. */
export declare function decode64(text: unknown, size?: number): Bytes | undefined;
/** Whether this is a key that everybody can sign for. */
export declare const smallOrder: (key: Bytes) => boolean;
/** Reads a public key; undefined also for one of small order. */
export declare function decodeKey(text: unknown): Bytes | undefined;
/** Writes bytes as hex digits. */
export declare function hex(bytes: Uint8Array): string;
/** Joins bytes and texts. */
export declare function joined(...parts: (Uint8Array | string | number[])[]): Bytes;
/** One end of a connection, as its binding names it. */
export interface End {
    readonly peer: string;
    readonly key: Bytes;
    readonly nonce: Bytes;
}
/** What a side signs: who is connected with whom, in which role, by which certificate, until when (in seconds since 1970). */
export declare function binding(role: number, room: string, own: End, other: End, fingerprint: Bytes, notAfter: number): Bytes;
/**
 * Finds the fingerprint of the certificate in a description. There is one, of SHA-256, on the session's level or a medium's or both; more
 * than one, or another hash beside it, would leave it to the browser which it takes, and is refused.
 */
export declare function fingerprintIn(sdp: string): Bytes;
/**
 * The number that two people read to each other to know that they have each other's keys: 60 digits, in groups of five. It is the same on both
 * sides, because the key whose bytes are smaller comes first.
 */
export declare function safetyNumber(a: Bytes, b: Bytes): Promise<string>;
