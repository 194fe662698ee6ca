// One line of the list of files: a transfer on its way, and what became of it.

import { el, setText } from "./dom.js";
import { bytes, percent, Speed, wait } from "./format.js";
import { MAX_FILE, type Reason, TransferError } from "./transfer.js";

export type Direction = "out" | "in";

/** What a line says about a file. The id is the sender's choice and the same on both sides. */
export interface Listed {
  id: string;
  name: string;
  size: number;
}

/** What is shown of a transfer, from `start` until one of `done` and `failed`. */
export class TransferRow {
  readonly item: HTMLLIElement;
  /** Aborted by the button. */
  readonly cancelled = new AbortController();

  #meter = el("progress", { max: 100, value: 0 });
  #line = el("p", { class: "transfer-line" });
  #digest = el("p", { class: "digest" });
  #button = el("button", { type: "button", class: "small", "data-testid": "transfer-cancel" }, "Cancel");
  #actions = el("div", { class: "transfer-actions" }, this.#button);
  #speed = new Speed();
  #moved = 0;
  #painted = 0;
  #over = false;

  constructor(
    private readonly direction: Direction,
    private readonly file: Listed,
    private readonly who: string,
    peer: string,
    /** Called when the line is taken away by hand. */
    private readonly removed: () => void,
  ) {
    this.#meter.setAttribute("aria-label", `${direction === "out" ? "Sending" : "Receiving"} ${file.name}`);
    this.#button.onclick = () => this.cancelled.abort();
    this.item = el(
      "li",
      { class: "transfer", "data-testid": "transfer", "data-direction": direction, "data-peer": peer },
      el("p", { class: "transfer-name" }, file.name),
      this.#actions,
      this.#meter,
      this.#line,
      this.#digest,
    );
    Object.assign(this.item.dataset, { id: file.id, name: file.name, size: String(file.size) });
    this.#state("waiting");
    this.moved(0);
  }

  /**
   * Tells how many bytes have gone over. May be called for every chunk: it paints some ten times a second. What comes after
   * the end does not change the line any more.
   */
  moved(count: number): void {
    if (this.#over) return;
    const now = performance.now();
    const rate = this.#speed.note(now, count);
    this.#moved = count;
    if (count > 0 && count < this.file.size && now - this.#painted < 90) return;
    this.#painted = now;
    const { size } = this.file;
    const share = percent(count, size);
    this.#meter.value = share;
    this.item.dataset.progress = String(share);
    if (count === 0) return setText(this.#line, `${this.#toFrom()}, ${bytes(size)}`);
    this.#state("moving");
    const left = rate > 0 ? wait((size - count) / rate) : "";
    setText(this.#line, [`${this.#toFrom()}, ${share} % of ${bytes(size)}`, `${bytes(rate)}/s`, left].filter(Boolean).join(", "));
  }

  /** The file is over, whole. `blob` is what was received. */
  done(sha256: string, blob?: Blob): void {
    this.moved(this.file.size);
    this.#state("done");
    this.item.dataset.sha256 = sha256;
    setText(this.#line, `${this.#toFrom()}, ${bytes(this.file.size)}, ${blob ? "whole" : "arrived whole"}`);
    const halves = [sha256.slice(0, 32), el("wbr"), sha256.slice(32)];
    this.#digest.replaceChildren("SHA-256 ", el("code", { "data-testid": "transfer-sha256" }, ...halves));
    this.#ended();
    if (!blob) return;
    const href = URL.createObjectURL(blob);
    const link = el("a", { class: "button", href, download: this.file.name, "data-testid": "transfer-download" }, "Save");
    link.setAttribute("aria-label", `Save ${this.file.name}`);
    this.#actions.prepend(link);
    // The browser holds the bytes as long as there is an URL for them.
    this.#button.addEventListener("click", () => URL.revokeObjectURL(href), { once: true });
  }

  failed(cause: unknown): void {
    const error = cause instanceof TransferError ? cause : new TransferError("closed", false, cause);
    this.#state(error.reason === "cancelled" ? "cancelled" : "failed");
    this.item.dataset.reason = error.reason;
    setText(this.#line, this.#why(error));
    this.#ended();
  }

  #ended(): void {
    this.#over = true;
    this.#meter.hidden = true;
    this.#button.textContent = "Remove";
    this.#button.setAttribute("aria-label", `Remove ${this.file.name} from the list`);
    this.#button.dataset.testid = "transfer-remove";
    this.#button.onclick = () => {
      this.item.remove();
      this.removed();
    };
  }

  #toFrom(): string {
    return `${this.direction === "out" ? "To" : "From"} ${this.who}`;
  }

  #state(state: "waiting" | "moving" | "done" | "cancelled" | "failed"): void {
    this.item.dataset.state = state;
  }

  #why(error: TransferError): string {
    const at = this.#moved > 0 ? ` after ${bytes(this.#moved)}` : "";
    const texts: Record<Reason, string> = {
      cancelled: error.remote ? `${this.who} cancelled this${at}.` : `You cancelled this${at}.`,
      "too-large": `Too large: ${bytes(this.file.size)}, and files may have ${bytes(MAX_FILE)}.`,
      "no-room": error.remote
        ? `${this.who} holds as many files as fit. Ask for some to be removed.`
        : `${this.who} wanted to send ${bytes(this.file.size)}. Remove files from this list to make room.`,
      "bad-file": "What came was not the file that was announced.",
      "wrong-digest": "The file was damaged on the way: its SHA-256 differs.",
      unreadable: error.remote ? `${this.who} could not read the file.` : "This cannot be read. A folder has to be packed first.",
      closed: `The connection to ${this.who} ended${at}.`,
    };
    return texts[error.reason];
  }
}
