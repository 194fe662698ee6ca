// What a tab keeps of the chat while it is reloaded: sessionStorage, which ends with the tab and is no other tab's. Where storage is refused,
// as in some private windows, a reload begins with what the others tell.

import { hash } from "../hash.js";
import { type Line, parseHistory } from "./wire.js";

export class Store {
  readonly #key: string;

  /** What is kept for a room; the same name with another secret is another conversation. */
  constructor(room: string, secret: string | undefined) {
    this.#key = `beckon-chat/${room}/${secret ? hash(secret).toString(36) : ""}`;
  }

  load(): { authors: string[]; lines: Line[] } {
    try {
      return parseHistory(sessionStorage.getItem(this.#key) ?? "", 0);
    } catch {
      return { authors: [], lines: [] };
    }
  }

  save(authors: readonly string[], lines: readonly Line[]): void {
    try {
      sessionStorage.setItem(this.#key, JSON.stringify({ authors, lines }));
    } catch {}
  }
}
