import { fetched } from "./error.js";
import { loadIdentity } from "./parts.js";

/**
 * Who this side is to the others: an Ed25519 key pair, of which the others see the public half. Make one with `Identity.load` or
 * `Identity.create`. An object of one's own will do, too, whose private key is somewhere else, in hardware perhaps.
 */
export interface Identity {
  /** The public key, 32 bytes in base64url without padding: what others pin. */
  readonly key: string;
  /** Signs with Ed25519 (RFC 8032); resolves with 64 bytes. */
  sign(data: Uint8Array<ArrayBuffer>): Promise<BufferSource>;
}

/** What makes identities. Both need a secure context (https, or localhost), and reject with `unsupported` where they lack something. */
export const Identity = {
  /**
   * Loads the identity of that name, and makes it when there is none: it stays in this browser's IndexedDB, for pages and workers of this
   * origin. Its private half cannot be read, by no script: whoever gets into the page can sign as long as he is there, and no longer. It is
   * another one in every browser, and a browser that clears the site's data forgets it.
   */
  load: (name?: string): Promise<Identity> => identityPart().then((part) => part.load(name)),
  /** Makes an identity that ends with the page, and cannot be read either. */
  create: (): Promise<Identity> => identityPart().then((part) => part.create()),
};

/** Has what verifies peers, which is a file of its own in the build: a page that verifies nobody does not download it. */
export const identityPart = () => fetched(loadIdentity());
