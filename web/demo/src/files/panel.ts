// The panel of files: choosing and dropping them, to whom they go, and the list of what goes and comes.

import type { Peer, Request } from "/sdk/beckon.js";
import { el, setText, svg } from "../dom.js";
import { bytes } from "../format.js";
import { displayName } from "../names.js";
import { badge } from "../tabs.js";
import { MEMORY } from "./depot.js";
import { openDesk } from "./desk.js";
import { Herald } from "./herald.js";
import { InRow } from "./inrow.js";
import { Kept } from "./kept.js";
import { answer, Outgoing } from "./outgoing.js";
import { OutRow } from "./outrow.js";
import { type Reception, Receiver } from "./receiver.js";
import { type Chosen, ChoiceError, fromDrop, fromInput } from "./tree.js";
import { Trust } from "./trust.js";
import { BLOCKS, DIGEST, HASHES, OFFER } from "./wire.js";

/** How many lines the list has; beyond that, lines have to be removed before more can come. */
const MAX_ROWS = 200;

export class FilePanel {
  #desk = openDesk();
  #trust = new Trust();
  #peers = new Map<string, Peer>();
  #outgoing = new Map<string, Outgoing>(); // by the id of the offer
  #receptions = new Set<Reception>(); // that have a line
  #lasting = true; // until the worker says otherwise
  #asking = new Map<Reception, InRow>(); // that wait for an answer, the oldest first
  #herald: Herald;
  #receiver = new Receiver(this.#desk, this.#trust, (reception) => this.#show(reception));
  #kept: Kept;

  #input = el("input", { id: "file", class: "hidden", type: "file", multiple: true, "data-testid": "file-input", "aria-label": "Files to send", tabindex: -1 });
  #folder = el("input", { class: "hidden", type: "file", webkitdirectory: true, "data-testid": "folder-input", "aria-label": "Folder to send", tabindex: -1 });
  #target = el("select", { id: "target", "data-testid": "file-target" });
  #note = el("p", { class: "note", role: "status", "data-testid": "file-note" });
  #list = el("ul", { class: "transfers", role: "list", "data-testid": "transfers" });

  constructor(
    root: HTMLElement,
    announce: (text: string) => void,
    /** Hears of the offers that wait for an answer, the oldest first, whenever those are others. */
    private readonly offers: (waiting: InRow[]) => void,
  ) {
    this.#herald = new Herald(announce);
    const kept = el("div", { "data-testid": "kept" });
    root.append(el("h2", { id: "files-title" }, "Files"), this.#drop(), this.#note, this.#list, kept);
    this.#kept = new Kept(kept, this.#desk, (text) => this.#herald.say(text));
    this.#listenForDrops();
    this.#offerTargets();
    void this.#look();
  }

  /** A peer that files can be offered to; or again, after it has changed its name. */
  add(peer: Peer): void {
    this.#peers.set(peer.id, peer);
    this.#offerTargets();
    for (const outgoing of this.#outgoing.values()) outgoing.to(peer);
  }

  remove(id: string): void {
    if (this.#peers.delete(id)) this.#offerTargets();
  }

  /** Lets files for this one peer be chosen. */
  pickFor(peer: Peer): void {
    this.#target.value = peer.id;
    this.#input.click();
  }

  /** Takes a request if it is about files; whether it is. */
  take(request: Request): boolean {
    if (request.name === OFFER) void this.#receiver.take(request);
    else if ([BLOCKS, HASHES, DIGEST].includes(request.name)) void answer(request, (id) => this.#outgoing.get(id));
    else return false;
    return true;
  }

  /** Looks for what is kept from before, and says how long it will be. */
  async #look(): Promise<void> {
    try {
      this.#lasting = await this.#desk.lasting();
      if (!this.#lasting) {
        setText(this.#note, `This browser keeps no files for this page (a private window, or plain http from another machine). Up to ${bytes(MEMORY)} can be received, in memory, and nothing is resumed after the page is closed.`);
      }
      await this.#refresh();
    } catch (error) {
      setText(this.#note, `Files cannot be received here: ${error instanceof Error ? error.message : String(error)}`);
    }
  }

  async #refresh(): Promise<void> {
    const keys = [...this.#receptions].flatMap(({ incoming, over, state }) => (!over || state === "done" ? incoming.parts.map(({ key }) => key ?? "") : []));
    await this.#kept.refresh(new Set(keys));
  }

  #send(chosen: Chosen): void {
    if (chosen.entries.length === 0) return;
    if (this.#full()) return setText(this.#note, "The list is full. Remove some lines to send more.");
    const only = this.#peers.has(this.#target.value) ? this.#target.value : "";
    const outgoing = new Outgoing(chosen, only, this.#desk, (delivery) => row.paint(delivery));
    const row = new OutRow(outgoing, {
      who: ({ peer }) => this.#name(peer),
      announce: (text) => this.#herald.say(text),
      removed: () => {
        this.#outgoing.delete(outgoing.offer.id);
        outgoing.cancel();
      },
    });
    this.#list.prepend(row.item);
    this.#outgoing.set(outgoing.offer.id, outgoing);
    for (const peer of this.#peers.values()) outgoing.to(peer);
  }

  #show(reception: Reception): InRow | undefined {
    if (this.#full()) return undefined;
    this.#receptions.add(reception);
    const row = new InRow(reception, {
      keeper: this.#desk,
      lasting: this.#lasting,
      who: () => this.#name(reception.peer),
      announce: (text) => {
        this.#herald.say(text);
        if (reception.over) void this.#refresh(); // what was not finished can be deleted
      },
      asks: (row) => this.offers([...this.#asking.set(reception, row).values()]),
      changed: () => {
        badge("files", [...this.#receptions].filter(({ over, state }) => !over && state !== "lost").length);
        if (reception.state !== "asked" && this.#asking.delete(reception)) this.offers([...this.#asking.values()]);
      },
      always: () => this.#trust.setAlways(reception.peer),
      removed: () => void this.#forget(reception),
    });
    this.#list.prepend(row.item);
    return row;
  }

  /** A line is removed: with it what has come whole, or what only this page's memory has. */
  async #forget(reception: Reception): Promise<void> {
    this.#receptions.delete(reception);
    this.#receiver.forget(reception);
    if (reception.state === "done" || !this.#lasting) await reception.incoming.remove();
    await this.#refresh();
  }

  #name(peer: Peer): string {
    const now = this.#peers.get(peer.id) ?? peer;
    return displayName(now.id, now.attributes);
  }

  #full(): boolean {
    return this.#list.childElementCount >= MAX_ROWS;
  }

  /** Fills the list of whom files can go to, and keeps what was chosen. */
  #offerTargets(): void {
    const chosen = this.#target.value;
    const options = [el("option", { value: "" }, "everybody")];
    for (const peer of this.#peers.values()) options.push(el("option", { value: peer.id }, this.#name(peer)));
    this.#target.replaceChildren(...options);
    this.#target.value = this.#peers.has(chosen) ? chosen : "";
  }

  #drop(): HTMLElement {
    for (const input of [this.#input, this.#folder]) {
      input.onchange = () => {
        this.#choose(() => fromInput(Array.from(input.files ?? [])));
        input.value = ""; // so that the same file can be chosen again
      };
    }
    const pick = el("button", { id: "pick", type: "button", "data-testid": "file-pick" }, "Choose files");
    const pickFolder = el("button", { type: "button", "data-testid": "folder-pick" }, "Choose a folder");
    pick.onclick = () => this.#input.click();
    pickFolder.onclick = () => this.#folder.click();
    pickFolder.hidden = !("webkitdirectory" in this.#folder);
    return el(
      "div",
      { class: "drop", id: "drop" },
      svg("svg", { viewBox: "0 0 48 32", "aria-hidden": "true", focusable: "false" }, svg("path", { d: "M24 21V5m-6 6 6-6 6 6" }), svg("path", { d: "M6 20v7h36v-7" })),
      el("p", { class: "drop-text" }, "Drop files or folders anywhere on this page"),
      this.#input,
      this.#folder,
      el("div", { class: "drop-row" }, pick, pickFolder),
      el("div", { class: "drop-row" }, el("label", { class: "to", for: "target" }, "to"), this.#target),
    );
  }

  #choose(choice: () => Chosen | Promise<Chosen>): void {
    const chosen = async () => this.#send(await choice());
    setText(this.#note, "");
    chosen().catch((error: unknown) => {
      setText(this.#note, error instanceof ChoiceError ? error.message : `This cannot be read: ${error instanceof Error ? error.message : String(error)}`);
    });
  }

  #listenForDrops(): void {
    const carriesFiles = (event: DragEvent) => event.dataTransfer?.types.includes("Files") ?? false;
    const over = (event: DragEvent) => {
      if (!carriesFiles(event)) return;
      event.preventDefault(); // or the browser would leave the page and show the file
      document.body.classList.add("dropping");
    };
    addEventListener("dragenter", over);
    addEventListener("dragover", over);
    addEventListener("dragleave", (event) => {
      if (!event.relatedTarget) document.body.classList.remove("dropping");
    });
    addEventListener("drop", (event) => {
      if (!carriesFiles(event)) return;
      event.preventDefault();
      document.body.classList.remove("dropping");
      const transfer = event.dataTransfer!;
      // Not later: what was dropped can be asked for during the event only.
      const found = fromDrop(transfer);
      this.#choose(() => found);
    });
  }
}
