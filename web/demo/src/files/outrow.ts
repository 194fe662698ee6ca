// One line of the list of files: something that this page offers, and for each peer how far it is.

import { el } from "../dom.js";
import { bytes } from "../format.js";
import { button } from "./inrow.js";
import { Meter } from "./meter.js";
import type { Delivery, Outgoing } from "./outgoing.js";
import { clean, whyNotSent } from "./why.js";

export interface OutRowOptions {
  /** What a peer is called at the moment. */
  who(delivery: Delivery): string;
  announce(text: string): void;
  /** The line was taken away by hand: the offer is over for everybody. */
  removed(): void;
}

/** What is shown of one delivery. */
interface Line {
  item: HTMLLIElement;
  meter: Meter;
  actions: HTMLElement;
  shown: string;
}

export class OutRow {
  readonly item: HTMLLIElement;
  #lines = new Map<Delivery, Line>();
  #list = el("ul", { class: "deliveries", role: "list" });
  #note = el("p", { class: "transfer-line" });
  #name: string;

  constructor(
    private readonly outgoing: Outgoing,
    private readonly options: OutRowOptions,
  ) {
    const { id, name, size, entries } = outgoing.offer;
    const files = entries.filter(({ folder }) => !folder).length;
    this.#name = clean(name);
    this.#note.textContent = `${files === 1 ? "" : `${files} files, `}${bytes(size)}. Nobody else is here: it is offered to whoever comes.`;
    this.item = el(
      "li",
      { class: "transfer", "data-testid": "transfer", "data-direction": "out", "data-state": "waiting" },
      el("p", { class: "transfer-name" }, this.#name),
      el("div", { class: "transfer-actions" }, button("Remove", `Take back ${this.#name} and remove it from the list`, "transfer-remove", () => {
        this.item.remove();
        options.removed();
      })),
      this.#note,
      this.#list,
    );
    Object.assign(this.item.dataset, { id, name, size: String(size) });
  }

  /** Something about a delivery has changed. */
  paint(delivery: Delivery): void {
    const line = this.#lines.get(delivery) ?? this.#line(delivery);
    const { state } = delivery;
    line.item.dataset.sent = String(delivery.sent);
    if (delivery.receipt) line.item.dataset.received = String(delivery.receipt.received);
    if (state === "moving") line.meter.touch();
    if (state === line.shown) return;
    line.shown = line.item.dataset.state = state;
    if (delivery.error) line.item.dataset.reason = delivery.error.code;
    // The whole is still going on if a part of it is; and it has come to something if it has for somebody.
    const states = [...this.outgoing.deliveries.values()].map((one) => one.state);
    this.item.dataset.state = (["moving", "waiting", "done", "lost", "failed"] as const).find((one) => states.includes(one)) ?? "cancelled";
    this.#say(delivery, line);
  }

  #say(delivery: Delivery, { meter, actions }: Line): void {
    const who = this.options.who(delivery);
    const { size } = this.outgoing.offer;
    switch (delivery.state) {
      case "waiting":
        return meter.say(`Waiting for ${who} to accept…`);
      case "moving":
        return;
      case "lost":
        return meter.say(`The connection to ${who} was lost. It goes on when they are back.`);
      case "done": {
        const kept = size - (delivery.receipt?.received ?? size);
        meter.say(`${who} has it, whole and right.${kept > 0 ? ` ${kept === size ? "All" : bytes(kept)} of it did not have to be sent.` : ""}`);
        actions.replaceChildren();
        return this.options.announce(`${who} has received ${this.#name}`);
      }
      default: {
        const text = delivery.error ? whyNotSent(delivery.error, who, this.outgoing.offer) : "";
        meter.say(text);
        actions.replaceChildren();
        return this.options.announce(`${this.#name}: ${text}`);
      }
    }
  }

  #line(delivery: Delivery): Line {
    const who = this.options.who(delivery);
    const { size, entries } = this.outgoing.offer;
    const meter = new Meter(`Sending ${this.#name} to ${who}`, size, () => ({ there: delivery.there, prefix: `To ${this.options.who(delivery)}: ` }));
    meter.say("");
    const cancel = button("Cancel", `Cancel ${this.#name} for ${who}`, "transfer-cancel", () => delivery.cancel());
    const actions = el("div", { class: "transfer-actions" }, cancel);
    const item = el("li", { class: "delivery", "data-testid": "delivery", "data-peer": delivery.peer.id }, meter.bar, meter.line, actions);
    const files = entries.filter(({ folder }) => !folder).length;
    this.#note.textContent = `${files === 1 ? "" : `${files} files, `}${bytes(size)}${this.outgoing.only === "" ? ", for everybody who is here or comes" : ""}`;
    this.#list.append(item);
    const line = { item, meter, actions, shown: "" };
    this.#lines.set(delivery, line);
    return line;
  }
}
