/** So many messages wait at most: it is a moment's. */
const MAX_HELD = 4096;

/**
 * A data channel that the other side has opened before it has proven who it is. What comes on it waits: no byte may get to the app, and
 * the browser keeps none for those who listen later. Of one that brings more than can be of that moment, the end is the connection's.
 */
export class Held {
  readonly dc: RTCDataChannel;
  #came: MessageEvent[] = [];

  constructor(dc: RTCDataChannel) {
    this.dc = dc;
    dc.binaryType = "arraybuffer";
    dc.addEventListener("message", this.#keep);
  }

  /** Hands it on: `taken` listens, and is told what came meanwhile. */
  release(taken: () => void): void {
    this.dc.removeEventListener("message", this.#keep);
    taken();
    for (const { data } of this.#came) this.dc.dispatchEvent(new MessageEvent("message", { data: data as unknown }));
  }

  readonly #keep = (event: MessageEvent) => {
    if (this.#came.length < MAX_HELD) this.#came.push(event);
    else this.dc.close();
  };
}
