// What is said to those who listen to the page instead of looking at it. One region speaks, and it does not chatter: what comes at once is said
// at once, and of many messages only how many.

import { find } from "./dom.js";

/** For how many milliseconds things are gathered. */
const GATHER = 400;
/** How many messages are read out; of more, the number is. */
const READ = 3;

export class Announcer {
  #region = find("#announcer");
  #events: string[] = [];
  #messages: string[] = [];
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** Says that something has happened. */
  readonly say = (text: string): void => {
    this.#events.push(text);
    this.#soon();
  };

  /** Reads out a message that somebody wrote. */
  readonly read = (text: string): void => {
    this.#messages.push(text);
    this.#soon();
  };

  #soon(): void {
    this.#timer ??= setTimeout(() => this.#speak(), GATHER);
  }

  #speak(): void {
    this.#timer = undefined;
    const read = this.#messages.length > READ ? [`${this.#messages.length} new messages`] : this.#messages;
    // A new element, because the same words twice are no change of a text.
    const said = document.createElement("p");
    said.textContent = [...this.#events, ...read].join(". ");
    this.#region.replaceChildren(said);
    this.#events = [];
    this.#messages = [];
  }
}
