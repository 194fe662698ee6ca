import { BeckonError } from "./error.js";

/** So many violations of the protocol cost a connection each, within so many milliseconds. One more is the end of the peer. */
const MAX_FAULTS = 3;
const WITHIN = 60_000;

/** Counts how often the other side breaks the protocol of channels. */
export class Faults {
  /** How often it has. */
  violations = 0;
  /** When it did the last times. */
  #last: number[] = [];
  readonly #peer: string;

  constructor(peer: string) {
    this.#peer = peer;
  }

  /** Counts one, if it is one and no loss of the network's. Returns why the peer ends, if it was one too many. */
  add({ code, message }: BeckonError): BeckonError | undefined {
    if (code === "connection-lost") return undefined;
    this.violations++;
    const now = performance.now();
    this.#last = [...this.#last.filter((at) => now - at < WITHIN), now];
    const often = `${this.#peer} has broken the protocol ${this.#last.length} times within a minute: ${message}`;
    console.warn(often);
    return this.#last.length > MAX_FAULTS ? new BeckonError(code, often) : undefined;
  }
}
