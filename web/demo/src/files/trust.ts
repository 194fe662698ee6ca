// From whom files are taken without asking, and which offers were taken already.

import type { Peer } from "/sdk/beckon.js";
import { hex, SHA256 } from "./sha256.js";
import type { Offer } from "./wire.js";

const ALWAYS = "beckon-files-always";
const ACCEPTED = "beckon-files-accepted";
const DONE = "beckon-files-done";
/** So many are remembered of each. */
const MAX_KEPT = 200;

export class Trust {
  #here = new WeakSet<Peer>();

  /** Whether the user wants to be asked about what this peer offers. */
  always(peer: Peer): boolean {
    const key = provenKey(peer);
    return this.#here.has(peer) || (key !== undefined && kept(localStorageOrNone(), ALWAYS).includes(key));
  }

  /** Takes what this peer offers from now on. For good, if it can prove who it is; else for as long as its page is open. */
  setAlways(peer: Peer): void {
    this.#here.add(peer);
    const key = provenKey(peer);
    if (key !== undefined) keep(localStorageOrNone(), ALWAYS, key);
  }

  /** Whether this offer of this peer's was accepted before this page was reloaded. */
  accepted(offer: Offer, peer: Peer): boolean {
    return kept(sessionStorageOrNone(), ACCEPTED).includes(markOf(offer, peer));
  }

  setAccepted(offer: Offer, peer: Peer): void {
    keep(sessionStorageOrNone(), ACCEPTED, markOf(offer, peer));
  }

  /** Whether this offer came whole before this page was reloaded: who offers to everybody takes the page for somebody else. */
  done(offer: Offer, peer: Peer): boolean {
    return kept(sessionStorageOrNone(), DONE).includes(markOf(offer, peer));
  }

  setDone(offer: Offer, peer: Peer): void {
    keep(sessionStorageOrNone(), DONE, markOf(offer, peer));
  }
}

/** What an offer is known again by. Its id alone would not do: all to whom it is made know that, and could offer anything under it. */
function markOf(offer: Offer, peer: Peer): string {
  const hash = new SHA256();
  hash.update(new TextEncoder().encode(`${provenKey(peer) ?? ""} ${JSON.stringify(offer)}`));
  return hex(hash.digest());
}

/** The key of a peer that has proven that it has it. */
export function provenKey(peer: Peer): string | undefined {
  const { key, verified } = peer as Peer & { key?: string; verified?: boolean };
  return verified ? key : undefined;
}

function kept(storage: Storage | undefined, name: string): string[] {
  try {
    const list: unknown = JSON.parse(storage?.getItem(name) ?? "[]");
    return Array.isArray(list) ? list.filter((one) => typeof one === "string") : [];
  } catch {
    return [];
  }
}

function keep(storage: Storage | undefined, name: string, one: string): void {
  const list = [...kept(storage, name).filter((other) => other !== one), one].slice(-MAX_KEPT);
  try {
    storage?.setItem(name, JSON.stringify(list));
  } catch {} // then it is asked again
}

/** Storage is refused in some private windows. */
function localStorageOrNone(): Storage | undefined {
  try {
    return localStorage;
  } catch {
    return undefined;
  }
}

function sessionStorageOrNone(): Storage | undefined {
  try {
    return sessionStorage;
  } catch {
    return undefined;
  }
}
