// What all dialogs of the page have in common: a button that closes them, and that a click beside one closes it. (Escape does by itself.)

/** Makes the dialogs close. */
export function listenDialogs(): void {
  for (const dialog of document.querySelectorAll("dialog")) {
    // Not a form of method "dialog": Firefox takes that for one that the page's policy (form-action 'none') forbids.
    const button = dialog.querySelector<HTMLButtonElement>("[data-close]");
    if (button) button.onclick = () => dialog.close();
    // A click beside the dialog is on the dialog itself; what is in it covers all of it.
    dialog.onclick = (event) => event.target === dialog && dialog.close();
  }
}
