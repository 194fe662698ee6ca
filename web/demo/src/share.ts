// Getting the room's link to somebody else.

import { find } from "./dom.js";

/** The link to a room of this server. */
export function roomLink(room: string): string {
  return `${location.origin}/r/${room}`;
}

/** Whether the link leads somewhere from this machine only. */
export function onlyHere(): boolean {
  return /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/.test(location.hostname);
}

/** Shows the room's link and lets it be copied. */
export function showLink(room: string): void {
  const field = find<HTMLInputElement>("#link");
  const button = find<HTMLButtonElement>("#copy");
  field.value = roomLink(room);
  field.onfocus = () => field.select();
  button.onclick = async () => {
    const copied = await copy(field);
    if (copied) button.focus(); // the field had it for a moment
    button.textContent = copied ? "Copied" : "Press Ctrl+C";
    button.dataset.copied = String(copied);
    setTimeout(() => {
      button.textContent = "Copy link";
      delete button.dataset.copied;
    }, 2500);
  };
}

/**
 * Copies what a field holds. navigator.clipboard exists in secure contexts only, which a page of plain http from an address
 * of the local network is not; there the old command still works. Where neither does, the text is left selected.
 */
async function copy(field: HTMLInputElement): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(field.value);
    return true;
  } catch {
    field.focus();
    field.select();
    try {
      return document.execCommand("copy");
    } catch {
      return false;
    }
  }
}
