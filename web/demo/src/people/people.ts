// Who is here, and how each one is connected.

import type { BeckonError, Peer } from "/sdk/beckon.js";
import { find, setText } from "../dom.js";
import { badge } from "../tabs.js";
import { Details } from "./details.js";
import { Row, type RowActions } from "./row.js";
import { gone } from "./words.js";

/** How often connections are asked how they are, in milliseconds. */
const REFRESH = 1000;

export type PeopleActions = Pick<RowActions, "sendTo" | "rejoin">;

export class People {
  #list = find("#peers");
  #rows = new Map<string, Row>();
  #details = new Details();
  #timer: ReturnType<typeof setInterval>;
  #stopped = false;
  #actions: RowActions;

  constructor(
    private readonly secret: boolean,
    actions: PeopleActions,
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
    const others = Array.from(this.#rows.values()).filter(({ standing }) => !gone(standing)).length;
    setText(find("#people-count"), String(others + 1));
    find("#alone").hidden = this.#rows.size > 0;
    badge("people", others === 0 ? 0 : others + 1);
  }

  async #measure(): Promise<void> {
    if (document.hidden) return; // nobody looks
    await Promise.all(Array.from(this.#rows.values(), (row) => row.measure()));
    if (!this.#stopped) this.#details.refresh();
  }
}
