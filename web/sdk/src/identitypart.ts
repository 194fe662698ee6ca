// What verifies peers: the part that a page downloads when it joins with one of the options for it.

import type { PeerGuard } from "./hosts.js";
import { decode64, decodeKey, encode64, type Bytes } from "./identitybytes.js";
import { Guard, type Duty } from "./identityguard.js";
import { checkSubtle, create } from "./identitykey.js";
import { linkKey } from "./identityproof.js";
import type { JoinOptions } from "./options.js";
import { MAX_ATTESTATION, type Hello, type Member } from "./protocol_gen.js";
import type { LaterTrust, Trust } from "./trust.js";

export { create, load } from "./identitykey.js";
export { firstUse } from "./trustfirst.js";
export { issued } from "./trustissued.js";

/** Makes the Trust: see trust.ts. */
export function pinned(keys: readonly string[]): Trust {
  const wrong = keys.find((key) => !decodeKey(key));
  if (wrong !== undefined) throw new TypeError(`pinned: ${JSON.stringify(wrong)} is not a key, 32 bytes in base64url`);
  return ({ key }) => keys.includes(key);
}

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
export async function prepare(base: string, room: string, options: JoinOptions): Promise<Credentials> {
  check(options);
  checkSubtle(`join ${room}`);
  await (options.trust as LaterTrust | undefined)?._made?.(); // which says what is wrong with its arguments
  const { identity = await create(), trust, secret, attestation } = options;
  const link = secret === undefined ? undefined : await linkKey(decode64(secret, 16) as Bytes);
  const duty: Duty = { identity, trust, link, server: base.replace(/\/v1\/$/, ""), room };
  return {
    show: () => ({
      key: identity.key,
      nonce: encode64(crypto.getRandomValues(new Uint8Array(16))),
      ...(attestation === undefined ? {} : { attestation }),
    }),
    guard: (self, member) => new Guard(duty, self, member),
  };
}

function check({ identity, trust, secret, attestation }: JoinOptions): void {
  const refuse = (why: string): never => {
    throw new TypeError(`join: ${why}`);
  };
  if (identity !== undefined && (!decodeKey(identity?.key) || typeof identity.sign !== "function")) {
    refuse("identity is what Identity.load or Identity.create resolves with, or has a key of 32 bytes in base64url and sign()");
  }
  if (trust !== undefined && typeof trust !== "function") refuse("trust is a function, as from pinned, firstUse or issued");
  if (secret !== undefined && !(decode64(secret, 16) ?? []).some((byte) => byte !== 0)) refuse("secret is 16 bytes in base64url, as from parseLink or newSecret");
  if (attestation === undefined) return;
  const parts = typeof attestation === "string" ? attestation.split(".") : [];
  const compact = parts.length === 3 && parts.every((part) => /^[\w-]+$/.test(part));
  if (!compact || attestation.length > MAX_ATTESTATION) refuse(`attestation is a compact JWS of up to ${MAX_ATTESTATION} bytes`);
}
