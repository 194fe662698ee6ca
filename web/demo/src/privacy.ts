// What the room's link protects from, said plainly: a chip beside the room's name, a bar where it is too little, and a dialog with all of it.

import { find, setText } from "./dom.js";
import type { Entry } from "./entry.js";

/** What is said of a room, by what its link has. */
interface Words {
  chip: string;
  title: string;
  text: string;
  /** Whether a private link can be made here. */
  offer: boolean;
}

function words({ secret, capable }: Entry): Words {
  if (secret !== undefined) {
    return {
      chip: "Private link",
      title: "Only who has this link gets in",
      text: "The link ends in a secret, which browsers keep to themselves: the server never sees it. All who are here prove to each other that they have it, and refuse who cannot, so not even the server can listen in.",
      offer: false,
    };
  }
  const text = "Everybody who knows the room’s name can come in, and nobody is verified: what you say is encrypted, but a dishonest server could sit in between and read along.";
  return capable
    ? { chip: "Not verified", title: "This room’s link has no secret", text, offer: true }
    : {
        chip: "Not verified",
        title: "No secret over plain http",
        text: `${text} Browsers let a page verify others only over https, or at localhost, and this one came over plain http from elsewhere.`,
        offer: false,
      };
}

/** Where the bar was closed, for as long as the tab is open. */
const CLOSED = "beckon-unverified-known";

/** Shows how private the room is. */
export function showPrivacy(entry: Entry): void {
  const { chip, title, text, offer } = words(entry);
  const kind = entry.secret === undefined ? "open" : "private";
  document.body.dataset.privacy = kind;
  setText(find("#privacy-word"), chip);
  setText(find("#privacy-title"), title);
  setText(find("#privacy-text"), text);
  for (const make of document.querySelectorAll<HTMLElement>("[data-make-private]")) {
    make.hidden = !offer;
    make.onclick = makePrivate;
  }
  const dialog = find<HTMLDialogElement>("#privacy");
  find("#privacy-chip").onclick = () => dialog.showModal();

  const bar = find("#unverified");
  setText(find("#unverified-title"), title);
  setText(find("#unverified-text"), text);
  bar.hidden = kind === "private" || known();
  find("#unverified-close").onclick = () => {
    bar.hidden = true;
    try {
      sessionStorage.setItem(CLOSED, "1");
    } catch {}
    find("#privacy-chip").focus(); // where it is still said
  };
}

/** Goes to a fresh room whose link has a secret: the server names one that is open, and the page makes the secret. */
function makePrivate(): void {
  location.assign("/");
}

function known(): boolean {
  try {
    return sessionStorage.getItem(CLOSED) !== null;
  } catch {
    return false;
  }
}
