// Files: choosing or dropping them, to whom they go, and the list of transfers.

import type { Channel, Peer } from "/sdk/beckon.js";
import { el, find, setText } from "./dom.js";
import { bytes } from "./format.js";
import { displayName } from "./names.js";
import { MAX_FILE, receiveFile, receiveHeader, refuse, sendFile, TransferError } from "./transfer.js";
import { type Direction, type Listed, TransferRow } from "./transferrow.js";

/** The label of the channels that carry a file. */
export const FILE = "file";
/** How many bytes of received files the page holds: a peer may not fill the memory of another by sending and sending. */
const MAX_HELD = 2 * MAX_FILE;
/** How many lines the list has; beyond that, lines have to be removed before more can come. */
const MAX_ROWS = 200;

export class Files {
  #list = find("#transfers");
  #input = find<HTMLInputElement>("#file");
  #target = find<HTMLSelectElement>("#target");
  #note = find("#file-note");
  #peers = new Map<string, Peer>();
  #held = 0;

  constructor(private readonly announce: (text: string) => void) {
    find("#pick").onclick = () => this.#input.click();
    this.#input.onchange = () => {
      this.#send(Array.from(this.#input.files ?? []));
      this.#input.value = ""; // so that the same file can be chosen again
    };
    this.#listenForDrops();
    this.#offer();
  }

  /** A peer that files can be sent to; or again, after it has changed its name. */
  add(peer: Peer): void {
    this.#peers.set(peer.id, peer);
    this.#offer();
  }

  remove(id: string): void {
    if (this.#peers.delete(id)) this.#offer();
  }

  /** Lets a file for this one peer be chosen. */
  pickFor(peer: Peer): void {
    this.#target.value = peer.id;
    this.#input.click();
  }

  /** Takes what a peer sends on a channel. Ends with the transfer; what went wrong is in its line. */
  async receive(peer: Peer, channel: Channel): Promise<void> {
    const header = await receiveHeader(channel);
    if (this.#full()) return void (await refuse(channel, "no-room"));
    const row = this.#row("in", header, peer, () => {
      if (row.item.dataset.state === "done") this.#held -= header.size;
    });
    if (header.size > MAX_FILE) return row.failed(await refuse(channel, "too-large"));
    if (this.#held + header.size > MAX_HELD) return row.failed(await refuse(channel, "no-room"));
    this.#held += header.size; // what is announced counts from now on, so that many at once cannot pass the bound
    try {
      const { blob, sha256 } = await receiveFile(channel, header, (n) => row.moved(n), row.cancelled.signal);
      row.done(sha256, blob);
      this.announce(`Received ${header.name} from ${displayName(peer.id, peer.attributes)}`);
    } catch (error) {
      this.#held -= header.size;
      row.failed(error);
    }
  }

  #send(files: File[]): void {
    if (files.length === 0) return;
    const one = this.#peers.get(this.#target.value);
    const peers = one ? [one] : Array.from(this.#peers.values());
    if (peers.length === 0) return setText(this.#note, "Nobody is connected to send this to.");
    const large = files.filter((file) => file.size > MAX_FILE).map((file) => file.name);
    setText(this.#note, large.length > 0 ? `Larger than ${bytes(MAX_FILE)}, not sent: ${large.join(", ")}` : "");
    for (const file of files) {
      if (file.size > MAX_FILE) continue;
      for (const peer of peers) {
        if (this.#full()) return setText(this.#note, "The list is full. Remove some lines to send more.");
        void this.#sendOne(file, peer);
      }
    }
  }

  async #sendOne(file: File, peer: Peer): Promise<void> {
    const id = Array.from(crypto.getRandomValues(new Uint8Array(8)), (b) => b.toString(16).padStart(2, "0")).join("");
    const row = this.#row("out", { id, name: file.name, size: file.size }, peer, () => {});
    try {
      const { signal } = row.cancelled;
      const channel = await peer.open(FILE, { signal });
      row.done(await sendFile(channel, file, id, (n) => row.moved(n), signal));
      this.announce(`${file.name} has reached ${displayName(peer.id, peer.attributes)}`);
    } catch (error) {
      row.failed(row.cancelled.signal.aborted ? new TransferError("cancelled", false, error) : error);
    }
  }

  #row(direction: Direction, file: Listed, peer: Peer, removed: () => void): TransferRow {
    const row = new TransferRow(direction, file, displayName(peer.id, peer.attributes), peer.id, removed);
    this.#list.prepend(row.item);
    return row;
  }

  #full(): boolean {
    return this.#list.childElementCount >= MAX_ROWS;
  }

  /** Fills the list of whom files can go to, and keeps what was chosen. */
  #offer(): void {
    const chosen = this.#target.value;
    const options = [el("option", { value: "" }, "everybody")];
    for (const peer of this.#peers.values()) {
      options.push(el("option", { value: peer.id }, displayName(peer.id, peer.attributes)));
    }
    this.#target.replaceChildren(...options);
    this.#target.value = this.#peers.has(chosen) ? chosen : "";
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
      this.#send(Array.from(event.dataTransfer?.files ?? []));
    });
  }
}
