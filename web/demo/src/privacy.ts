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

function words({ secret, broken, capable }: Entry): Words {
  if (broken) {
    return {
      chip: "Damaged link",
      title: "This link is damaged",
      text: "It ends in something that is no secret, so this page has not gone into the room. Ask for the link again.",
      offer: false,
    };
  }
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

export class Privacy {
  #bar = find("#unverified");
  #words: Words;
  /** Those who have another link, as one text. */
  #strangers = "";

  /** Shows how private the room is. */
  constructor(
    private readonly entry: Entry,
    private readonly announce: (text: string) => void,
  ) {
    const { chip, title, text, offer } = (this.#words = words(entry));
    document.body.dataset.privacy = entry.secret === undefined ? "open" : "private";
    setText(find("#privacy-word"), chip);
    setText(find("#privacy-title"), title);
    setText(find("#privacy-text"), text);
    for (const make of document.querySelectorAll<HTMLElement>("[data-make-private]")) {
      make.hidden = !offer;
      make.onclick = makePrivate;
    }
    const dialog = find<HTMLDialogElement>("#privacy");
    find("#privacy-chip").onclick = () => dialog.showModal();
    find("#unverified-close").onclick = () => {
      this.#bar.hidden = true;
      if (this.#strangers === "") remember();
      find("#privacy-chip").focus(); // where it is still said
    };
    this.#show();
  }

  /** Says that the others who are here have another link than this page, or none of them. */
  differs(names: string[]): void {
    const strangers = new Intl.ListFormat("en").format(names);
    if (strangers === this.#strangers) return;
    this.#strangers = strangers;
    this.#show();
    if (strangers !== "") this.announce(find("#unverified-title").textContent!);
  }

  #show(): void {
    const { title, text, offer } = this.#strangers === "" ? this.#words : other(this.entry, this.#strangers);
    setText(find("#unverified-title"), title);
    setText(find("#unverified-text"), text);
    find("#unverified-private").hidden = !offer;
    this.#bar.dataset.kind = this.#strangers === "" ? "open" : "differs";
    // Of a damaged link the notice speaks.
    this.#bar.hidden = this.#strangers === "" && (this.entry.secret !== undefined || this.entry.broken || known());
  }
}

/** What is said to who has another link than all the others here. */
function other({ secret }: Entry, names: string): Words {
  return {
    chip: "",
    title: "Your link differs from the others’",
    text:
      secret === undefined
        ? `The link of ${names} ends in a secret, behind the #, and yours has none: so they refuse you. Ask them for the whole link.`
        : `You and ${names} do not have the same secret at the end of the link, behind the #, so neither lets the other in. One of the links was cut, or changed, or is of another day; or somebody in between pretends to be them. Ask for the link once more, another way than before.`,
    offer: false,
  };
}

/** Goes to a fresh room whose link has a secret: the server names one that is open, and the page makes the secret. */
function makePrivate(): void {
  location.assign("/");
}

function remember(): void {
  try {
    sessionStorage.setItem(CLOSED, "1");
  } catch {} // then it is said again when the page is loaded anew
}

function known(): boolean {
  try {
    return sessionStorage.getItem(CLOSED) !== null;
  } catch {
    return false;
  }
}
