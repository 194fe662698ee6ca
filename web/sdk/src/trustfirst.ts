import { unverified } from "./identitybytes.js";
import type { Introduction, KeyChange, KeyStore, Trust } from "./trust.js";

/** What the names in localStorage begin with. */
const PREFIX = "beckon-key ";

/** The keys in this browser's localStorage. It is looked for when it is used: where there is none, or it is forbidden, that throws. */
const local: KeyStore = {
  get: (name) => localStorage.getItem(PREFIX + name),
  set: (name, key) => localStorage.setItem(PREFIX + name, key),
};

/** Makes the Trust: see trust.ts. */
export function firstUse(store: KeyStore = local): Trust {
  // One at a time: of two at once with one name, the second must find what the first has left.
  let last: Promise<unknown> = Promise.resolve();
  const judge = async ({ server, identity, key }: Introduction) => {
    if (identity === "") return true;
    const name = `${server} ${identity}`; // a URL has no space, so no two pairs have one name
    const known = (await store.get(name)) ?? undefined;
    if (known === undefined) await store.set(name, key);
    if (known === undefined || known === key) return true;
    throw unverified("changed", `The key of ${identity} on ${server} was ${known} and is ${key} now: it has another device, or somebody is between the two.`, {
      server, identity, known, shown: key, accept: async () => store.set(name, key),
    } satisfies Omit<KeyChange, "reason">);
  };
  return (who) => {
    const judged = last.then(() => judge(who));
    last = judged.catch(() => {});
    return judged;
  };
}
