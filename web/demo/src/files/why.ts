// Sentences about offers that came to nothing. What the other side says is shown as its words, never as this page's.

import { bytes } from "../format.js";
import type { FileError, Offer } from "./wire.js";

/** A text of another machine in one line: no character turns it around, so that "exe.pdf" is not what "fdp.exe" looks like. */
export function clean(text: string, length = 200): string {
  const line = text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, "_");
  return line.length > length ? `${line.slice(0, length - 1)}…` : line;
}

/** Why an offer of this page to `who` failed. */
export function whyNotSent(error: FileError, who: string, offer: Offer): string {
  const said = clean(error.message, 300);
  switch (error.code) {
    case "declined":
      return `${who} declined it.`;
    case "cancelled":
      return error.remote ? `${who} cancelled it.` : "You took it back.";
    case "no-room":
      return `${who} has no room for ${bytes(offer.size)}.`;
    case "changed":
      return `A file has changed since it was chosen. Choose it again. (${said})`;
    case "unreadable":
      return `A file cannot be read any more. (${said})`;
    case "wrong-digest":
      return `What arrived was not what was sent: its SHA-256 differs. Offer it again; only what differs is sent. (${said})`;
    case "write-failed":
      return `${who} could not write it. (${said})`;
    case "exists":
      return `${who} has something else of that name already. (${said})`;
    case "bad-offer":
      return `${who} does not take such an offer: ${said}`;
    default:
      return `It failed at ${who}’s side: ${clean(error.code, 64)} (${said})`;
  }
}

/** Why an offer of `who` failed here. */
export function whyNotReceived(error: FileError, who: string, offer: Offer): string {
  const said = clean(error.message, 300);
  switch (error.code) {
    case "declined":
      return "You declined it.";
    case "cancelled":
      return error.remote ? `${who} took it back.` : "You cancelled it. What has come is kept for another offer, until you delete it.";
    case "no-room":
      return `There is no room for ${bytes(offer.size)} in this browser. Delete something, or receive it with \`beckon receive\`. (${said})`;
    case "changed":
      return `${who}’s file has changed since it was offered. (${said})`;
    case "unreadable":
      return `${who}’s page cannot read the file any more. (${said})`;
    case "no-such-offer":
    case "no-such-file":
      return `${who} does not offer it any more.`;
    case "wrong-digest":
      return `The file is not what ${who} has: its SHA-256 differs. Offered again, only what differs is sent. (${said})`;
    case "write-failed":
      return `This browser could not keep it: ${said}`;
    default:
      return `It failed: ${clean(error.code, 64)} (${said})`;
  }
}
