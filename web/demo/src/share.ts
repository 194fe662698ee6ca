// Getting the room's link to somebody else.

import { find } from "./dom.js";

/** For how many milliseconds a button says what it has done. */
const SAID = 2500;

/** Shows the room's link and lets it be copied, or handed to another app where the device can do that. */
export function showLink(link: string): void {
  const field = find<HTMLInputElement>("#link");
  field.value = link;
  field.onfocus = () => field.select();
  copies(find<HTMLButtonElement>("#copy"), () => link, field);
  for (const button of document.querySelectorAll<HTMLButtonElement>("[data-invite]")) invites(button, link);
}

/** Has a button copy a text and say so. `field` holds the text already; without one it is put into a field for the moment. */
export function copies(button: HTMLButtonElement, text: () => string, field?: HTMLInputElement): void {
  const label = button.textContent ?? "";
  let timer: ReturnType<typeof setTimeout> | undefined;
  button.onclick = async () => {
    const copied = await copy(text(), field, button);
    button.textContent = copied ? "Copied" : "Press Ctrl+C";
    button.dataset.copied = String(copied);
    clearTimeout(timer);
    timer = setTimeout(() => {
      button.textContent = label;
      delete button.dataset.copied;
    }, SAID);
  };
}

/** Phones have a sheet of all apps that take a link; elsewhere it is copied. */
function invites(button: HTMLButtonElement, link: string): void {
  copies(button, () => link);
  if (!navigator.share || !matchMedia("(pointer: coarse)").matches) return;
  button.onclick = () => navigator.share({ url: link }).catch(() => {}); // who closes the sheet has changed their mind
}

/**
 * Copies a text. navigator.clipboard exists in secure contexts only, which a page of plain http from an address of the local network is not;
 * there the old command still works, on what is selected. Where neither does, the text is left selected if there is a field to see it in.
 */
async function copy(text: string, field: HTMLInputElement | undefined, button: HTMLButtonElement): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    const from = field ?? hiddenField(text, button);
    from.focus();
    from.select();
    let copied = false;
    try {
      copied = document.execCommand("copy");
    } catch {}
    if (!field) from.remove();
    if (copied || !field) button.focus(); // the field had it for a moment
    return copied;
  }
}

/** Beside the button, because behind an open dialog nothing can be selected. */
function hiddenField(text: string, button: HTMLButtonElement): HTMLInputElement {
  const field = document.createElement("input");
  field.className = "hidden";
  field.value = text;
  field.tabIndex = -1;
  button.after(field);
  return field;
}
