// The bytes that are signed, and the texts that they come in. peer/identity/README.md has the normative text, and its testdata binds
// this and the Go implementation.

import { BeckonError } from "./error.js";
import type { Doubt, DoubtReason } from "./trust.js";

export type Bytes = Uint8Array<ArrayBuffer>;

/** The role of the side that signs, in its binding. */
export const OFFERER = 0;
export const ANSWERER = 1;

/** Makes the error of a peer that has not proven who it is. The reason, for programs, is the same in Go. */
export function unverified(reason: DoubtReason, why: string, more: object = {}): BeckonError {
  return new BeckonError("peer-unverified", why, { cause: { reason, ...more } satisfies Doubt });
}

/** Writes bytes in base64url without padding (RFC 4648, section 5). */
export function encode64(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes)).replace(/\+/g, "-").replace(/\//g, "_").replace(/=/g, "");
}

/** Reads base64url, of so many bytes if that is said. Undefined for anything but the one spelling that {@link encode64} gives. */
export function decode64(text: unknown, size?: number): Bytes | undefined {
  if (typeof text !== "string" || !/^[\w-]*$/.test(text) || text.length % 4 === 1) return undefined;
  const bytes = Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (char) => char.charCodeAt(0));
  return (size === undefined || bytes.length === size) && encode64(bytes) === text ? bytes : undefined;
}

/** The points of small order, in hex: those of the same y differ in the highest bit of the last byte; p and p + 1 are taken for 0 and 1. */
const SMALL_ORDER =
  /^(0[01]0{60}[08]0|26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc[08]5|c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03[7f]a|e[cde]f{60}[7f]f)$/;

/** Whether this is a key that everybody can sign for. */
export const smallOrder = (key: Bytes): boolean => SMALL_ORDER.test(hex(key));

/** Reads a public key; undefined also for one of small order. */
export function decodeKey(text: unknown): Bytes | undefined {
  const key = decode64(text, 32);
  return key && !smallOrder(key) ? key : undefined;
}

/** Writes bytes as hex digits. */
export function hex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** Joins bytes and texts. */
export function joined(...parts: (Uint8Array | string | number[])[]): Bytes {
  const encoder = new TextEncoder();
  const all = parts.map((part) => (typeof part === "string" ? encoder.encode(part) : Uint8Array.from(part)));
  const out = new Uint8Array(all.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of all) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}

/** One end of a connection, as its binding names it. */
export interface End {
  readonly peer: string;
  readonly key: Bytes;
  readonly nonce: Bytes;
}

/** What a side signs: who is connected with whom, in which role, by which certificate, until when (in seconds since 1970). */
export function binding(role: number, room: string, own: End, other: End, fingerprint: Bytes, notAfter: number): Bytes {
  const until = new DataView(new ArrayBuffer(8));
  until.setBigUint64(0, BigInt(notAfter));
  const texts = [room, own.peer, other.peer].flatMap((text) => {
    const { length } = joined(text);
    return [[length >> 8, length & 255], text];
  });
  return joined(
    "beckon/1 dtls-binding\0", [role], ...texts, own.key, other.key, own.nonce, other.nonce, [1], fingerprint, new Uint8Array(until.buffer),
  );
}

/**
 * Finds the fingerprint of the certificate in a description. There is one, of SHA-256, on the session's level or a medium's or both; more
 * than one, or another hash beside it, would leave it to the browser which it takes, and is refused.
 */
export function fingerprintIn(sdp: string): Bytes {
  const found = new Set<string>();
  // Whatever a parser could take for the attribute, in odd letters or behind an odd end of a line, is looked at.
  for (const line of sdp.split("\n")) {
    if (!/fingerprint/i.test(line)) continue;
    const [, value] = /^a=fingerprint:sha-256 ((?:[0-9A-Fa-f]{2}:){31}[0-9A-Fa-f]{2})\r?$/.exec(line) ?? [];
    if (value === undefined) throw unverified("bad-description", "The peer's description has a fingerprint that is not one of sha-256.");
    found.add(value.toLowerCase());
  }
  const [only] = found;
  if (only === undefined || found.size > 1) throw unverified("bad-description", `The peer's description has ${found.size} fingerprints instead of one.`);
  return Uint8Array.from(only.split(":"), (byte) => parseInt(byte, 16));
}

/**
 * The number that two people read to each other to know that they have each other's keys: 60 digits, in groups of five. It is the same on both
 * sides, because the key whose bytes are smaller comes first.
 */
export async function safetyNumber(a: Bytes, b: Bytes): Promise<string> {
  const digits = async (key: Bytes) => {
    const hash = new Uint8Array(await crypto.subtle.digest("SHA-512", joined("beckon/1 safety-number\0", key)));
    return [0, 5, 10, 15, 20, 25].map((at) => {
      const number = hash.subarray(at, at + 5).reduce((sum, byte) => sum * 256 + byte, 0); // 40 bits: exact
      return String(number % 100_000).padStart(5, "0");
    });
  };
  const sorted = hex(a) < hex(b) ? [a, b] : [b, a];
  return (await Promise.all(sorted.map(digits))).flat().join(" ");
}
