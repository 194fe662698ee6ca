// What this browser keeps from before: files that have not come whole, and such as were not removed after they had.

import { el, setText } from "../dom.js";
import { bytes, percent } from "../format.js";
import type { Item } from "./depot.js";
import { button } from "./inrow.js";
import { saveAll, saveFile } from "./save.js";
import { clean } from "./why.js";
import type { Calls } from "./worker.js";

/** Shows what is kept in `root`, and lets it be deleted. */
export class Kept {
  #list = el("ul", { role: "list", class: "kept" });
  #title = el("h3", { class: "kept-title" }, "Kept in this browser");

  constructor(
    private readonly root: HTMLElement,
    private readonly keeper: Pick<Calls, "list" | "remove" | "blob">,
    private readonly announce: (text: string) => void,
  ) {
    root.append(this.#title, this.#list);
    root.hidden = true;
  }

  /** Looks for what there is, less what the lines of the page show. */
  async refresh(shown: ReadonlySet<string>): Promise<void> {
    const items = (await this.keeper.list()).filter(({ key }) => !shown.has(key));
    // What was offered together is deleted together; by whole or not, for the whole ones can be saved.
    const groups = new Map<string, Item[]>();
    for (const item of items) {
      const name = `${item.digest ? "whole" : "part"} ${item.group}`;
      groups.set(name, [...(groups.get(name) ?? []), item]);
    }
    this.#list.replaceChildren(...[...groups.values()].map((group) => this.#line(group)));
    this.root.hidden = groups.size === 0;
  }

  #line(group: Item[]): HTMLLIElement {
    const [first] = group as [Item, ...Item[]];
    const name = clean(first.group);
    const whole = first.digest !== undefined;
    const size = group.reduce((sum, item) => sum + item.size, 0);
    const have = group.reduce((sum, item) => sum + item.have, 0);
    const text = el("span", { class: "kept-text", "data-testid": "kept-text" });
    setText(text, whole ? `${name}, ${bytes(size)}` : `Unfinished: ${name}, ${percent(have, size)} % of ${bytes(size)}. It goes on when it is offered again.`);
    const item = el("li", { "data-testid": whole ? "finished" : "unfinished", "data-name": first.group, "data-have": have }, text);
    if (whole) item.append(button("Save", `Save ${name}`, "finished-save", () => void this.#save(group, text)));
    const remove = button("Delete", `Delete ${name}`, whole ? "finished-delete" : "unfinished-delete", () => void this.#remove(group, item, text));
    item.append(remove);
    return item;
  }

  async #save(group: Item[], text: HTMLElement): Promise<void> {
    const [first] = group as [Item, ...Item[]];
    try {
      if (group.length === 1) await saveFile(first.path.split("/").at(-1)!, () => this.keeper.blob(first.key));
      else await saveAll(first.group, group.map(({ path, key }) => ({ path, blob: () => this.keeper.blob(key) })));
    } catch (error) {
      setText(text, `It could not be saved: ${error instanceof Error ? error.message : String(error)}`);
    }
  }

  async #remove(group: Item[], item: HTMLElement, text: HTMLElement): Promise<void> {
    try {
      for (const { key } of group) await this.keeper.remove(key);
      item.remove();
      this.root.hidden = this.#list.childElementCount === 0;
      this.announce(`Deleted ${clean(group[0]!.group)}`);
    } catch {
      // Of which the browser says only that it may not be modified.
      setText(text, `${clean(group[0]!.group)} is being received, here or in another tab.`);
    }
  }
}
