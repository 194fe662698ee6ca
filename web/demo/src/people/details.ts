// The dialog about one peer: what is known of who it is, the number to compare, and the connection in figures.

import { el, find, setAttribute, setText } from "../dom.js";
import { bits, bytes, milliseconds } from "../format.js";
import { copies } from "../share.js";
import type { Row } from "./row.js";
import { meaning, refused, way } from "./words.js";

export class Details {
  #dialog = find<HTMLDialogElement>("#details");
  #row: Row | undefined;
  /** Whose number is shown, that of another moment is not. */
  #shown: string | undefined;

  /** Opens the dialog. */
  open(row: Row): void {
    this.#row = row;
    this.#shown = undefined;
    find("#details-numbers").hidden = true;
    this.refresh();
    this.#dialog.onclose = () => {
      this.#row = undefined;
    };
    this.#dialog.showModal();
  }

  /** Something about that peer changed. */
  changed(row: Row): void {
    if (row === this.#row) this.refresh();
  }

  /** Shows what is known by now. */
  refresh(): void {
    const row = this.#row;
    if (!row) return;
    const { standing, name, peer, meter } = row;
    const { title, text } = meaning(standing, name);
    setText(find("#details-title"), name);
    setText(find("#details-state"), title);
    setText(find("#details-meaning"), text);
    setAttribute(this.#dialog, "data-trust", refused(standing) ? "refused" : peer.verified ? "verified" : "unverified");
    find("#details-private").hidden = standing.secret || refused(standing);
    const { stats, range, down, up } = meter;
    const connected = peer.state === "connected";
    facts({
      Way: connected && stats?.path ? way(stats.path) : undefined,
      "Round trip": connected && range ? `${milliseconds(range.now)} (${milliseconds(range.low)} to ${milliseconds(range.high)})` : undefined,
      Received: connected && stats ? `${bytes(stats.bytesReceived)}${down === undefined ? "" : `, ${bits(down)}`}` : undefined,
      Sent: connected && stats ? `${bytes(stats.bytesSent)}${up === undefined ? "" : `, ${bits(up)}`}` : undefined,
      "Path restarts": stats ? String(stats.restarts) : undefined,
      Connections: stats ? String(stats.connections) : undefined,
      Key: peer.verified ? peer.key : undefined, // of others it is what the server says
    });
    if (peer.verified) void this.#number(row);
  }

  async #number(row: Row): Promise<void> {
    const { peer } = row;
    if (this.#shown === peer.instance) return;
    this.#shown = peer.instance;
    const number = await peer.safetyNumber();
    if (this.#row !== row || row.peer !== peer) return;
    const list = find("#safety");
    // Read out as digits, not as ninety thousand and so on.
    const group = (digits: string) =>
      el("li", {}, el("span", { "aria-hidden": "true" }, digits), el("span", { class: "hidden" }, digits.split("").join(" ")));
    list.replaceChildren(...number.split(" ").map(group));
    list.dataset.number = number;
    copies(find<HTMLButtonElement>("#safety-copy"), () => number);
    find("#details-numbers").hidden = false;
  }
}

/** Shows figures by their names, without those that are not known. They change in place, so that who reads them is left alone. */
function facts(figures: Record<string, string | undefined>): void {
  const list = find("#facts");
  const known = Object.entries(figures).filter((entry): entry is [string, string] => entry[1] !== undefined);
  const names = known.map(([name]) => name).join();
  if (list.dataset.names !== names) {
    list.replaceChildren(...known.map(([name]) => el("div", {}, el("dt", {}, name), el("dd", { "data-fact": name }))));
    list.dataset.names = names;
  }
  find("#details-facts").hidden = known.length === 0;
  known.forEach(([, value], i) => setText(list.children[i]!.lastElementChild!, value));
}
