// Who is here, and how each one is connected.

import type { BeckonError, Path, Peer } from "/sdk/beckon.js";
import { el, find, setAttribute, setText } from "./dom.js";
import { flag } from "./flag.js";
import { milliseconds } from "./format.js";
import { displayName } from "./names.js";

/** How often connections are asked how they are, in milliseconds. */
const REFRESH = 2000;

export interface PeopleActions {
  /** Somebody wants to send a file to this peer. */
  sendTo(peer: Peer): void;
  /** Somebody wants to leave and come back: a connection that has ended is not made again within one stay. */
  rejoin(): void;
}

interface Row {
  peer: Peer;
  item: HTMLLIElement;
  name: HTMLElement;
  status: HTMLElement;
  send: HTMLButtonElement;
  rejoin: HTMLButtonElement;
  path: Path | undefined;
  /** Why the connection ended. */
  why: BeckonError | undefined;
}

export class People {
  #list = find("#peers");
  #rows = new Map<string, Row>();
  #timer: ReturnType<typeof setInterval>;
  #stopped = false;

  constructor(private readonly actions: PeopleActions) {
    this.#list.replaceChildren();
    this.#timer = setInterval(() => void this.#measure(), REFRESH);
    this.#count();
  }

  /** Shows a peer, or shows it anew after something about it changed; `why` its connection ended. */
  show(peer: Peer, why?: BeckonError): void {
    let row = this.#rows.get(peer.id);
    if (!row) {
      row = this.#row(peer);
      this.#rows.set(peer.id, row);
      this.#list.append(row.item);
      this.#count();
    }
    if (row.peer !== peer) row.why = undefined;
    row.peer = peer;
    row.why = why ?? row.why; // an update of its name says nothing about that
    if (peer.state !== "connected") row.path = undefined;
    else if (!row.path) void this.#ask(row);
    this.#paint(row);
  }

  remove(id: string): void {
    this.#rows.get(id)?.item.remove();
    this.#rows.delete(id);
    this.#count();
  }

  /** The ids of those who are shown. */
  get ids(): string[] {
    return Array.from(this.#rows.keys());
  }

  /** The room is closed. What is shown stays, as a memory of who was here, but nothing can be done with it. */
  stop(): void {
    clearInterval(this.#timer);
    this.#stopped = true;
    for (const row of this.#rows.values()) {
      row.path = undefined;
      this.#paint(row);
    }
  }

  #row(peer: Peer): Row {
    const name = el("span", { class: "peer-name", "data-testid": "peer-name" });
    const status = el("span", { class: "peer-status", "data-testid": "peer-status" });
    const send = el("button", { type: "button", class: "small", "data-testid": "peer-send" }, "Send file");
    const rejoin = el("button", { type: "button", class: "small", "data-testid": "peer-rejoin" }, "Rejoin");
    const item = el(
      "li",
      { class: "peer", "data-testid": "peer", "data-peer": peer.id },
      el("span", { class: "picture" }, flag(peer.id)),
      el("span", { class: "peer-text" }, name, status),
      send,
      rejoin,
    );
    const row: Row = { peer, item, name, status, send, rejoin, path: undefined, why: undefined };
    send.onclick = () => this.actions.sendTo(row.peer);
    rejoin.onclick = () => this.actions.rejoin();
    return row;
  }

  #paint(row: Row): void {
    const { peer, path, item } = row;
    const name = displayName(peer.id, peer.attributes);
    setText(row.name, name);
    setText(row.status, describe(row));
    setAttribute(item, "data-state", peer.state);
    setAttribute(item, "data-away", peer.away ? "true" : undefined);
    setAttribute(item, "data-path", path ? (path.relayed ? "relayed" : "direct") : undefined);
    row.send.hidden = this.#stopped || peer.state !== "connected";
    row.send.setAttribute("aria-label", `Send a file to ${name}`);
    row.rejoin.hidden = this.#stopped || peer.state !== "closed";
    row.rejoin.setAttribute("aria-label", `Rejoin the room to connect to ${name} again`);
  }

  #count(): void {
    setText(find("#people-count"), String(this.#rows.size + 1));
    find("#alone").hidden = this.#rows.size > 0;
  }

  async #measure(): Promise<void> {
    if (document.hidden) return; // nobody looks
    await Promise.all(Array.from(this.#rows.values(), (row) => this.#ask(row)));
  }

  /** Asks a connection for its path. */
  async #ask(row: Row): Promise<void> {
    const { peer } = row;
    if (peer.state !== "connected") return this.#paint(row);
    const path = await peer.path().catch(() => undefined);
    if (row.peer !== peer || peer.state !== "connected") return;
    row.path = path;
    this.#paint(row);
  }
}

function describe({ peer, path, why }: Row): string {
  const away = peer.away ? "Lost the server, may come back. " : "";
  switch (peer.state) {
    case "waiting":
      return `${away}Not connected: the room has more people than connect to each other`;
    case "connecting":
      return `${away}Connecting…`;
    case "reconnecting":
      return `${away}Reconnecting…`;
    case "closed":
      return `${away}${why?.code === "connect-failed" ? "Could not connect" : "Connection lost"}`;
    case "connected": {
      if (!path) return `${away}Connected`;
      const way = `${path.relayed ? "Relayed" : "Direct"}, ${(path.relay ?? path.protocol).toUpperCase()}`;
      return `${away}${way}${path.rtt === undefined ? "" : `, ${milliseconds(path.rtt)}`}`;
    }
  }
}
