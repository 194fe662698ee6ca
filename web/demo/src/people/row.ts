// One line of the list of people.

import type { BeckonError, Peer } from "/sdk/beckon.js";
import { el, setAttribute, setText, svg } from "../dom.js";
import { flag } from "../flag.js";
import { count, rates } from "../format.js";
import { displayName } from "../names.js";
import { Meter } from "./meter.js";
import { Plot } from "./plot.js";
import { gone, refused, type Standing, status } from "./words.js";

export interface RowActions {
  /** Somebody wants to send a file to this peer. */
  sendTo(peer: Peer): void;
  /** Somebody wants to know who this is, and how it is connected. */
  details(row: Row): void;
  /** Somebody wants to leave and come back: a connection that has ended is not made again within one stay. */
  rejoin(): void;
}

export class Row {
  meter = new Meter();
  readonly item: HTMLLIElement;
  #why: BeckonError | undefined;
  #stopped = false;
  #name = el("span", { class: "peer-name", "data-testid": "peer-name" });
  #bot = el("span", { class: "chip", hidden: true }, "bot");
  #status = el("span", { class: "peer-status", "data-testid": "peer-status" });
  #rates = el("span", { class: "peer-rates", "data-testid": "peer-rates" });
  #plot = new Plot();
  #trust = el("button", { type: "button", class: "trust", "data-testid": "peer-details" });
  #trustWord = el("span", {});
  #send = el("button", { type: "button", class: "quiet-button", "data-testid": "peer-send" }, "Send file");
  #rejoin = el("button", { type: "button", class: "quiet-button", "data-testid": "peer-rejoin" }, "Rejoin");

  constructor(
    public peer: Peer,
    private readonly secret: boolean,
    actions: RowActions,
  ) {
    this.#trust.append(shield(), this.#trustWord);
    this.#trust.onclick = () => actions.details(this);
    this.#send.onclick = () => actions.sendTo(this.peer);
    this.#rejoin.onclick = () => actions.rejoin();
    this.item = el(
      "li",
      { class: "peer", "data-testid": "peer", "data-peer": peer.id },
      el("span", { class: "picture" }, flag(peer.id)),
      el("span", { class: "peer-title" }, this.#name, this.#bot),
      el("span", { class: "peer-text" }, this.#status, this.#rates),
      this.#plot.element,
      el("span", { class: "peer-actions" }, this.#trust, this.#send, this.#rejoin),
    );
  }

  get name(): string {
    return displayName(this.peer.id, this.peer.attributes);
  }

  get standing(): Standing {
    return { peer: this.peer, path: this.meter.stats?.path, why: this.#why, secret: this.secret };
  }

  /** Shows the peer, who may be a new one under the old id; `why` its connection ended. */
  show(peer: Peer, why?: BeckonError): void {
    if (this.peer !== peer) {
      this.meter = new Meter();
      this.#why = undefined;
    }
    this.peer = peer;
    this.#why = why ?? this.#why; // an update of its name says nothing about that
    this.paint();
  }

  /** Asks the connection how it is. */
  async measure(): Promise<void> {
    const { peer, meter } = this;
    if (peer.state !== "connected" && meter.trips.length === 0) return;
    const stats = await peer.stats();
    if (this.#stopped || this.peer !== peer) return;
    meter.note(stats, performance.now());
    this.paint();
  }

  /** The room is closed. What is shown stays, as a memory of who was here, but nothing can be done with it. */
  stop(): void {
    this.#stopped = true;
    this.meter = new Meter();
    this.paint();
  }

  paint(): void {
    const { peer, item, name, standing, meter } = this;
    const connected = peer.state === "connected";
    const path = connected ? standing.path : undefined;
    setText(this.#name, name);
    this.#name.title = name; // a long one is cut
    this.#bot.hidden = (peer.attributes as { bot?: unknown }).bot !== true;
    setText(this.#status, status(connected ? standing : { ...standing, path: undefined }));
    setText(this.#rates, connected ? this.#numbers() : "");
    setAttribute(item, "data-state", peer.state);
    setAttribute(item, "data-away", peer.away ? "true" : undefined);
    setAttribute(item, "data-gone", gone(standing) ? "true" : undefined);
    setAttribute(item, "data-path", path ? (path.relayed ? "relayed" : "direct") : undefined);
    const trust = refused(standing) ? "refused" : peer.verified ? "verified" : "unverified";
    setAttribute(item, "data-trust", trust);
    setText(this.#trustWord, trust === "verified" ? "Verified" : trust === "refused" ? "Why?" : "Not verified");
    setAttribute(this.#trust, "aria-label", `${name}, ${trust}: safety number and connection`);
    this.#plot.paint(meter);
    this.#plot.element.toggleAttribute("hidden", !connected || meter.trips.length === 0);
    this.#send.hidden = this.#stopped || !connected;
    setAttribute(this.#send, "aria-label", `Send a file to ${name}`);
    this.#trust.hidden = gone(standing);
    this.#rejoin.hidden = this.#stopped || peer.state !== "closed" || gone(standing) || trust === "refused"; // which coming back does not change
    setAttribute(this.#rejoin, "aria-label", `Rejoin the room to connect to ${name} again`);
  }

  #numbers(): string {
    const { down, up, stats } = this.meter;
    const again = (stats?.restarts ?? 0) + Math.max(0, (stats?.connections ?? 1) - 1);
    return [
      down === undefined || up === undefined ? "" : rates(down, up),
      again > 0 ? count(again, "restart") : "",
    ].filter(Boolean).join(" · ");
  }
}

/** The sign on the button of who is verified; the word beside it says the same. */
function shield(): SVGSVGElement {
  return svg(
    "svg",
    { class: "shield", viewBox: "0 0 16 16", "aria-hidden": "true", focusable: "false" },
    svg("path", { class: "shield-body", d: "M8 1.2 13.5 3v4.6c0 3.4-2.3 5.9-5.5 7.2-3.2-1.3-5.5-3.8-5.5-7.2V3z" }),
    svg("path", { class: "shield-tick", d: "M5.4 7.8l1.9 1.9 3.4-3.6" }),
    svg("path", { class: "shield-bar", d: "M8 4.8v3.6M8 10.8v.2" }),
  );
}
