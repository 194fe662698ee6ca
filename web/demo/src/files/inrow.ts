// One line of the list of files: something that another peer offers, and what became of it.

import { el } from "../dom.js";
import { bytes } from "../format.js";
import { Meter } from "./meter.js";
import type { Reception, Row } from "./receiver.js";
import { type Savable, saveAll, type Saved, saveFile, savesFolders } from "./save.js";
import { clean, whyNotReceived } from "./why.js";
import type { Calls } from "./worker.js";

/** So many files of an offer are listed by name. */
const LISTED = 100;

const SAVED: Record<Saved, string> = { saved: "Saved.", started: "Your browser saves it with its downloads.", not: "Not saved yet." };

export interface InRowOptions {
  keeper: Pick<Calls, "blob">;
  /** What the sender is called at the moment. */
  who(): string;
  /** Whether the browser keeps what has come when the page is closed. */
  lasting: boolean;
  announce(text: string): void;
  /** This line wants to know whether the offer is accepted. */
  asks(row: InRow): void;
  /** The state is another one. */
  changed(): void;
  /** The user does not want to be asked about this peer's offers any more. */
  always(): void;
  /** The line was taken away by hand, together with what has come. */
  removed(): void;
}

export class InRow implements Row {
  readonly item: HTMLLIElement;
  #meter: Meter;
  #actions = el("div", { class: "transfer-actions" });
  #below = el("div", { class: "transfer-below" });
  #shown = "";

  constructor(
    private readonly reception: Reception,
    private readonly options: InRowOptions,
  ) {
    const { offer, incoming, peer } = reception;
    const name = clean(offer.name);
    this.#meter = new Meter(`Receiving ${name}`, offer.size, () => {
      const kept = incoming.here - incoming.received;
      return { there: incoming.here, prefix: kept > 0 ? `${bytes(kept)} were here already. ` : "" };
    });
    this.item = el(
      "li",
      { class: "transfer", "data-testid": "transfer", "data-direction": "in", "data-peer": peer.id },
      el("p", { class: "transfer-name" }, name),
      this.#actions,
      this.#meter.bar,
      this.#meter.line,
      this.#below,
    );
    Object.assign(this.item.dataset, { id: offer.id, name: offer.name, size: String(offer.size) });
    this.#meter.say("");
    this.paint();
  }

  ask(have: number, room: number): Promise<boolean> {
    const { offer } = this.reception;
    const { parts } = this.reception.incoming;
    const count = counted(parts.length, offer.entries.length - parts.length);
    const already = have > 0 ? ` ${have >= offer.size ? "All" : bytes(have)} of it ${have >= offer.size || have === 1 ? "is" : "are"} here already.` : "";
    const who = this.options.who();
    const where = this.options.lasting ? "on this device’s disk until you save it" : "in this page’s memory, and is lost when the page is closed before you save it";
    this.#meter.say(`${who} offers ${count}${bytes(offer.size)}.${already} It is kept ${where}; there is room for ${bytes(room)}.`);
    this.#below.replaceChildren(...this.#contents());
    this.options.announce(`${this.question}. Accept or decline it in the list of files`);
    return new Promise((resolve) => {
      const always = el("input", { type: "checkbox", "data-testid": "offer-always" });
      const choice = (yes: boolean) => () => {
        if (yes && always.checked) this.options.always();
        resolve(yes);
      };
      this.#buttons(
        button("Accept", `Accept ${clean(offer.name)}`, "offer-accept", choice(true), "primary"),
        button("Decline", `Decline ${clean(offer.name)}`, "offer-decline", choice(false)),
      );
      this.#below.append(el("label", { class: "always" }, always, el("span", {}, `Always accept from ${who}`)));
      this.options.asks(this);
    });
  }

  /** What is offered, and by whom, in one sentence. */
  get question(): string {
    const { name, size } = this.reception.offer;
    return `${this.options.who()} offers ${clean(name)}, ${bytes(size)}`;
  }

  /** Where its buttons are. */
  get answers(): HTMLElement {
    return this.#actions;
  }

  /** Brings the line into view, and the keyboard to its first button. */
  focus(): void {
    this.item.scrollIntoView({ block: "nearest" });
    this.#actions.querySelector("button")?.focus();
  }

  paint(): void {
    const { reception, item } = this;
    const { incoming, offer, state } = reception;
    item.dataset.received = String(incoming.received);
    item.dataset.here = String(incoming.here);
    if (state === "moving") this.#meter.touch();
    if (state === this.#shown) return;
    this.#shown = item.dataset.state = state;
    this.options.changed();
    if (reception.error) item.dataset.reason = reception.error.code;
    const who = this.options.who();
    const name = clean(offer.name);
    switch (state) {
      case "asked":
        return;
      case "waiting":
      case "moving":
        this.#below.replaceChildren();
        this.#buttons(button("Cancel", `Cancel ${name}`, "transfer-cancel", () => reception.cancel()));
        if (state === "waiting") this.#meter.say("Waiting…");
        return;
      case "lost": {
        const after = this.options.lasting ? "It goes on when they are back, also after this page was closed." : "It goes on when they are back, as long as this page stays open.";
        this.#meter.say(`The connection to ${who} was lost at ${bytes(incoming.here)} of ${bytes(offer.size)}. ${after}`, true);
        this.#buttons(button("Cancel", `Cancel ${name}`, "transfer-cancel", () => reception.cancel()));
        return;
      }
      case "done":
        return this.#done(name, who);
      default: {
        const text = reception.error ? whyNotReceived(reception.error, who, offer) : "";
        this.#meter.say(text);
        this.#below.replaceChildren();
        this.#buttons(this.#remove(name));
        if (reception.error?.code !== "declined") this.options.announce(`${name}: ${text}`);
      }
    }
  }

  #done(name: string, who: string): void {
    const { incoming, offer } = this.reception;
    const files = incoming.parts.length;
    const kept = offer.size - incoming.received;
    const already = kept > 0 && offer.size > 0 ? ` ${kept === offer.size ? "All" : bytes(kept)} of it ${kept === offer.size ? "was" : "were"} here already.` : "";
    this.#meter.say(`Received ${files === 1 ? "" : `${files} files, `}${bytes(offer.size)} from ${who}, whole and right.${already}`);
    const all = this.#savable();
    const [only] = all;
    const save = async () => {
      if (all.length === 1 && only?.blob) return saveFile(only.path.split("/").at(-1)!, only.blob);
      return saveAll(clean(offer.name, 100).replaceAll("/", "_"), all);
    };
    const what = all.length === 1 ? "Save" : savesFolders() ? "Save in a folder" : "Save as ZIP";
    this.#buttons(
      button(what, `${what}: ${name}`, "transfer-save", () => void this.#save(save), "primary"),
      this.#remove(name),
    );
    const [part] = incoming.parts;
    const below = files === 1 && part?.digest ? [el("p", { class: "digest" }, "SHA-256 ", el("code", { "data-testid": "transfer-sha256" }, part.digest))] : this.#contents(true);
    this.#below.replaceChildren(...below);
    this.options.announce(`Received ${name} from ${who}`);
  }

  async #save(save: () => Promise<Saved>): Promise<void> {
    try {
      const saved = await save();
      this.item.dataset.saved = saved;
      this.#meter.say(SAVED[saved]);
    } catch (error) {
      this.#meter.say(`It could not be saved: ${error instanceof Error ? error.message : String(error)}`);
    }
    this.options.announce(this.#meter.line.textContent ?? "");
  }

  #savable(): Savable[] {
    const { offer, incoming } = this.reception;
    const keys = new Map(incoming.parts.map(({ index, key }) => [index, key]));
    return offer.entries.map(({ path, modified, folder }, index) => ({
      path,
      ...(modified !== undefined && { modified }),
      ...(!folder && { blob: () => this.options.keeper.blob(keys.get(index)!) }),
    }));
  }

  /** The names of what is offered, if there are several; when they have come, each can be saved by itself. */
  #contents(saving = false): HTMLElement[] {
    const { offer } = this.reception;
    if (offer.entries.length === 1 && offer.entries[0]!.path === offer.name) return [];
    const savable = saving ? this.#savable() : [];
    const lines = offer.entries.slice(0, LISTED).map(({ path, size, folder }, i) => {
      const blob = savable[i]?.blob;
      const name = clean(path);
      const save = blob && button("Save", `Save ${name}`, "file-save", () => void this.#save(() => saveFile(path.split("/").at(-1)!, blob)));
      return el("li", {}, el("span", {}, folder ? `${name}/` : name), el("span", {}, folder ? "" : bytes(size)), ...(save ? [save] : []));
    });
    if (offer.entries.length > LISTED) lines.push(el("li", {}, `and ${offer.entries.length - LISTED} more`));
    return [el("details", { class: "contents", open: !saving && lines.length <= 8 }, el("summary", {}, `What is in it`), el("ul", { role: "list" }, ...lines))];
  }

  #remove(name: string): HTMLButtonElement {
    return button("Remove", `Remove ${name} from the list`, "transfer-remove", () => {
      this.item.remove();
      this.options.removed();
    });
  }

  #buttons(...buttons: HTMLButtonElement[]): void {
    const focused = this.#actions.contains(document.activeElement);
    this.#actions.replaceChildren(...buttons);
    // Who works with the keyboard goes on where they were, instead of at the top of the page.
    if (focused) (buttons[0] ?? this.#meter.line).focus();
  }
}

/** How many things there are, before how large they are; nothing of one file. An empty folder is no file. */
function counted(files: number, folders: number): string {
  const some = (n: number, what: string) => `${n} ${what}${n === 1 ? "" : "s"}`;
  if (folders === 0) return files === 1 ? "" : `${files} files, `;
  return files === 0 ? `${some(folders, "empty folder")}, ` : `${some(files, "file")} and ${some(folders, "empty folder")}, `;
}

/** A small button; what it says aloud names what it is about. */
export function button(text: string, label: string, testid: string, click: () => void, kind = ""): HTMLButtonElement {
  const made = el("button", { type: "button", class: `small ${kind}`.trim(), "aria-label": label, "data-testid": testid }, text);
  made.onclick = click;
  return made;
}
