// Key pairs: made, and kept in IndexedDB, where a private key that cannot be exported can be all the same.

import { BeckonError } from "./error.js";
import type { Identity } from "./identity.js";
import { encode64, type Bytes } from "./identitybytes.js";

const ED25519 = "Ed25519";
const DATABASE = "beckon-identity";
const STORE = "keys";

/** Throws `unsupported`, with a hint, where nothing can be signed. */
export function checkSubtle(what: string): void {
  if (globalThis.crypto?.subtle) return;
  const where = "isSecureContext" in globalThis && !isSecureContext ? ": this page is no secure context. Serve it over https, or from localhost" : "";
  throw new BeckonError("unsupported", `${what}: there is no crypto.subtle here, which verifying peers needs${where}.`);
}

/** Makes an identity that is kept nowhere. */
export async function create(): Promise<Identity> {
  checkSubtle("make an identity");
  return identityOf(await pair());
}

/** Loads an identity, or makes it. Pages that do that at the same time get the same one. */
export async function load(name = "default"): Promise<Identity> {
  const what = `load the identity ${JSON.stringify(name)}`;
  checkSubtle(what);
  if (!("indexedDB" in globalThis)) {
    throw new BeckonError("unsupported", `${what}: there is no IndexedDB here to keep it in; Identity.create makes one that is not kept.`);
  }
  try {
    const database = await opened();
    try {
      const found = await kept(database, name);
      if (found) return await identityOf(found);
      const fresh = await pair();
      return await identityOf((await kept(database, name, fresh)) ?? fresh);
    } finally {
      database.close();
    }
  } catch (cause) {
    if (cause instanceof BeckonError) throw cause;
    throw new BeckonError("unsupported", `${what}: this browser does not keep it (${(cause as Error)?.message}).`, { cause });
  }
}

async function pair(): Promise<CryptoKeyPair> {
  try {
    return (await crypto.subtle.generateKey(ED25519, false, ["sign", "verify"])) as CryptoKeyPair;
  } catch (cause) {
    throw new BeckonError("unsupported", "There is no Ed25519 here, which verifying peers needs: a newer browser has it.", { cause });
  }
}

async function identityOf({ privateKey, publicKey }: CryptoKeyPair): Promise<Identity> {
  const key = encode64(new Uint8Array(await crypto.subtle.exportKey("raw", publicKey)));
  return { key, sign: (data: Bytes) => crypto.subtle.sign(ED25519, privateKey, data) };
}

function opened(): Promise<IDBDatabase> {
  const request = indexedDB.open(DATABASE, 1);
  request.onupgradeneeded = () => request.result.createObjectStore(STORE);
  return done(request);
}

/** What is kept by that name. If that is nothing, it is `fresh`, which then is kept: in one transaction, so that of two pages one wins. */
async function kept(database: IDBDatabase, name: string, fresh?: CryptoKeyPair): Promise<CryptoKeyPair | undefined> {
  const transaction = database.transaction(STORE, fresh ? "readwrite" : "readonly");
  const written = new Promise<void>((resolve, reject) => {
    transaction.oncomplete = () => resolve();
    transaction.onabort = () => reject(transaction.error);
  });
  written.catch(() => {}); // who waits for it is told
  const store = transaction.objectStore(STORE);
  const found = (await done(store.get(name))) as CryptoKeyPair | undefined;
  if (!fresh || found) return found;
  store.put(fresh, name);
  await written;
  return fresh;
}

function done<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}
