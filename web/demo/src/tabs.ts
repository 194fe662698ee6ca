// The bar at the bottom of a narrow page, which shows one panel at a time. On a wide page all are there, and the bar is not.

import { find, setAttribute, setText } from "./dom.js";

const TABS = ["people", "chat", "files", "game"] as const;
export type Tab = (typeof TABS)[number];

/** How a badge's number is read out. */
const MEANING: Record<Tab, string> = { people: "here", chat: "unread", files: "under way", game: "playing" };

/** What Badge events say: a number on a tab, 0 for none. */
interface Badge {
  tab: Tab;
  count: number;
}

declare global {
  interface DocumentEventMap {
    badge: CustomEvent<Badge>;
  }
}

/** Puts a number on a tab, or takes it away with 0. */
export function badge(tab: Tab, count: number): void {
  document.dispatchEvent(new CustomEvent("badge", { detail: { tab, count } }));
}

/** Shows a tab's panel. */
export function choose(tab: Tab): void {
  if (document.body.dataset.tab === tab) return;
  document.body.dataset.tab = tab;
  for (const name of TABS) setAttribute(button(name), "aria-current", name === tab ? "true" : undefined);
  document.dispatchEvent(new CustomEvent("tab", { detail: tab }));
}

/** Makes the bar work; `chosen` hears of each panel that comes into view. */
export function listenTabs(chosen: (tab: Tab) => void): void {
  for (const tab of TABS) button(tab).onclick = () => choose(tab);
  document.addEventListener("tab", (event) => chosen((event as CustomEvent<Tab>).detail));
  document.addEventListener("badge", ({ detail: { tab, count } }) => {
    const mark = find(`#tab-${tab} .badge`);
    mark.hidden = count === 0;
    setText(mark, count > 99 ? "99+" : String(count));
    setAttribute(button(tab), "aria-label", count === 0 ? undefined : `${find(`#tab-${tab} .tab-name`).textContent}, ${count} ${MEANING[tab]}`);
  });
}

function button(tab: Tab): HTMLButtonElement {
  return find<HTMLButtonElement>(`#tab-${tab}`);
}
