/** Hands out what comes, by its name: several things that were begun one after the other may come in another order. */
export class Inbox {
  #next;
  #nameOf;
  #waiting = new Map();
  #taking; // a promise while somebody waits for the next one

  constructor(next, nameOf) {
    this.#next = next;
    this.#nameOf = nameOf;
  }

  /** Takes the next one of that name. */
  async take(name, signal) {
    for (;;) {
      const list = this.#waiting.get(name);
      if (list?.length) return list.shift();
      this.#taking ??= this.#fetch(signal).finally(() => (this.#taking = undefined));
      await this.#taking;
    }
  }

  async #fetch(signal) {
    const came = await this.#next(signal);
    const name = this.#nameOf(came);
    const list = this.#waiting.get(name);
    if (list) list.push(came);
    else this.#waiting.set(name, [came]);
  }
}
