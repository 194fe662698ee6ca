// Chat: a channel to every peer to speak on, and whatever channels they open to listen to.

import type { Channel, Peer } from "/sdk/beckon.js";
import { el, find, setText } from "./dom.js";
import { flag } from "./flag.js";
import { Follow } from "./follow.js";
import { displayName } from "./names.js";

/** The label of the channels, and the longest message in characters; a longer one is cut. */
export const CHAT = "chat";
const MAX_TEXT = 4000;
/** How many messages the page keeps. */
const MAX_MESSAGES = 500;

export class Chat {
  #list = find("#messages");
  #follow = new Follow(this.#list);
  #input = find<HTMLTextAreaElement>("#say");
  #channels = new Map<Peer, Channel>();
  #last = ""; // who spoke last, so that a run of messages has one head
  #unread = 0;
  #title = document.title;

  constructor(private readonly self: () => { id: string; name: string }) {
    const form = find<HTMLFormElement>("#composer");
    form.onsubmit = (event) => {
      event.preventDefault();
      void this.#say();
    };
    this.#input.onkeydown = (event) => {
      // Enter while an input method composes a word belongs to that word.
      if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
      event.preventDefault();
      form.requestSubmit();
    };
    this.#list.onscroll = () => this.#follow.scrolled();
    new ResizeObserver(() => this.#follow.keep()).observe(this.#list);
    document.addEventListener("visibilitychange", () => this.#count(0));
  }

  /** The page's title without the number of unread messages. */
  set title(title: string) {
    this.#title = title;
    this.#count(0);
  }

  /** Opens the channel to a connected peer; also listens on it, for a bot answers where it was spoken to. */
  async attach(peer: Peer): Promise<void> {
    const channel = await peer.open(CHAT);
    this.#channels.set(peer, channel);
    try {
      await this.listen(peer, channel);
    } finally {
      if (this.#channels.get(peer) === channel) this.#channels.delete(peer);
    }
  }

  /** Shows what comes on a channel until it closes. */
  async listen(peer: Peer, channel: Channel): Promise<void> {
    for await (const message of channel) {
      const text = typeof message === "string" ? message : `(${message.length} bytes that are no text)`;
      this.#add(peer.id, displayName(peer.id, peer.attributes), text, "");
    }
  }

  /** Writes a line that nobody said: who came, who went. */
  note(text: string): void {
    this.#append(el("li", { class: "aside", "data-testid": "chat-note" }, text));
    this.#last = "";
  }

  async #say(): Promise<void> {
    const text = this.#input.value.trim();
    if (!text) return;
    this.#input.value = "";
    const { id, name } = this.self();
    const fate = this.#add(id, name, text, "own");
    const results = await Promise.allSettled(Array.from(this.#channels.values(), (channel) => channel.send(text)));
    const reached = results.filter((result) => result.status === "fulfilled").length;
    fate.parentElement?.setAttribute("data-reached", String(reached));
    if (results.length === 0) setText(fate, "Nobody was connected to hear this.");
    else if (reached < results.length) setText(fate, `Reached ${reached} of ${results.length}.`);
    this.#follow.keep(); // that was another line
  }

  /** Adds a message; returns the place where its fate can be told. */
  #add(from: string, name: string, said: string, own: "own" | ""): HTMLElement {
    const text = said.length > MAX_TEXT ? `${said.slice(0, MAX_TEXT)}…` : said;
    const fate = el("p", { class: "fate" });
    const now = new Date();
    const head = el(
      "p",
      { class: "message-head" },
      el("span", { class: "picture" }, flag(from)),
      el("span", { class: "message-name", "data-testid": "message-name" }, own ? "You" : name),
      el("time", { datetime: now.toISOString() }, now.toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" })),
    );
    // The head of a message that follows another of the same person is still there for who does not see.
    if (this.#last === from) head.classList.add("hidden");
    this.#last = from;
    const body = el("p", { class: "message-text", "data-testid": "message-text" }, text);
    this.#append(
      el("li", { class: `message ${own}`, "data-testid": "message", "data-from": from, "data-own": own === "own" }, head, body, fate),
    );
    if (own) this.#follow.toEnd();
    if (document.hidden) this.#count(this.#unread + 1);
    return fate;
  }

  #append(item: HTMLLIElement): void {
    const list = this.#list;
    this.#follow.scrolled();
    list.append(item);
    while (list.childElementCount > MAX_MESSAGES) list.firstElementChild?.remove();
    find("#quiet").hidden = true;
    this.#follow.keep();
  }

  #count(unread: number): void {
    this.#unread = unread;
    document.title = unread > 0 ? `(${unread}) ${this.#title}` : this.#title;
  }
}
