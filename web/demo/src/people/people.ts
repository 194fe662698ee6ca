// Who is here, and how each one is connected.

import type { BeckonError, Peer } from "/sdk/beckon.js";
import { find, setText } from "../dom.js";
import { badge } from "../tabs.js";
import { Details } from "./details.js";
import { Row, type RowActions } from "./row.js";
import { gone, refused } from "./words.js";

/** How often connections are asked how they are, in milliseconds. */
const REFRESH = 1000;

export interface PeopleActions extends Pick<RowActions, "sendTo" | "rejoin"> {
  /** Those who are here are all refused, or refuse: their names. Of nobody when that is not so, or no more. */
  strangers(names: string[]): void;
}

export class People {
  #list = find("#peers");
  #rows = new Map<string, Row>();
  #details = new Details();
  #timer: ReturnType<typeof setInterval>;
  #stopped = false;
  #actions: RowActions;

  constructor(
    private readonly secret: boolean,
    private readonly actions: PeopleActions,
  ) {
    this.#actions = { ...actions, details: (row) => this.#details.open(row) };
    this.#list.replaceChildren();
    this.#timer = setInterval(() => void this.#measure(), REFRESH);
    this.#count();
  }

  /** Shows a peer, or shows it anew after something about it changed; `why` its connection ended. */
  show(peer: Peer, why?: BeckonError): void {
    let row = this.#rows.get(peer.id);
    if (!row) {
      row = new Row(peer, this.secret, this.#actions);
      this.#rows.set(peer.id, row);
      this.#list.append(row.item);
    }
    const fresh = peer.state === "connected" && row.meter.trips.length === 0;
    row.show(peer, why);
    if (fresh) void row.measure(); // the way that it took is what everybody looks for first
    this.#count();
    this.#details.changed(row);
  }

  remove(id: string): void {
    const row = this.#rows.get(id);
    row?.item.remove();
    this.#rows.delete(id);
    this.#count();
  }

  /** The ids of those who are shown. */
  get ids(): string[] {
    return Array.from(this.#rows.keys());
  }

  /** The room is closed: see Row. */
  stop(): void {
    clearInterval(this.#timer);
    this.#stopped = true;
    for (const row of this.#rows.values()) row.stop();
  }

  #count(): void {
    const others = Array.from(this.#rows.values()).filter(({ standing }) => !gone(standing));
    const count = others.length + 1;
    setText(find("#people-count"), String(count));
    find("#alone").hidden = this.#rows.size > 0;
    // Until the first one comes the page says "yet".
    if (this.#rows.size > 0) setText(find("#alone-title"), "Everybody else has left");
    badge("people", count === 1 ? 0 : count);
    this.actions.strangers(others.every(({ standing }) => refused(standing)) ? others.map(({ name }) => name) : []);
  }

  async #measure(): Promise<void> {
    if (document.hidden) return; // nobody looks
    await Promise.all(Array.from(this.#rows.values(), (row) => row.measure()));
    if (!this.#stopped) this.#details.refresh();
  }
}
