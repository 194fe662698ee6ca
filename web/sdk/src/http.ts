import { patience, type Carrier, type CarrierOwner, type Ending } from "./carrier.js";
import type { Close, Opened, Polled } from "./protocol_gen.js";
import { Sends } from "./sends.js";

/** What both carriers over HTTP do alike: frames go up in bodies that are posted, and lines come down. */
export abstract class HTTPCarrier implements Carrier {
  protected over = false;
  protected readonly url: string;
  protected readonly owner: CarrierOwner;
  readonly #requests = new AbortController();
  readonly #sends: Sends;
  #inTime = () => {};

  constructor(url: string, owner: CarrierOwner) {
    this.url = url;
    this.owner = owner;
    this.#sends = new Sends(`${url}send`, this.signal, {
      writable: () => owner.writable(),
      lost: (ending) => this.end(ending),
    });
  }

  get free(): boolean {
    return this.#sends.free;
  }

  send(frame: string): void {
    this.#sends.push(frame);
  }

  finish(bye: string, hurry: boolean): void {
    if (hurry) this.#sends.last(bye);
    else this.#sends.push(bye);
  }

  again(): boolean {
    return false;
  }

  drop(): void {
    this.over = true;
    this.#inTime();
    this.#sends.stop();
    this.#requests.abort();
  }

  /** Ends all requests with the carrier. */
  protected get signal(): AbortSignal {
    return this.#requests.signal;
  }

  /** Gives what is to happen next so many milliseconds; none: it has happened. */
  protected within(ms?: number, ending?: Ending): void {
    this.#inTime();
    if (ms && ending) this.#inTime = patience(ms, () => this.end(ending));
  }

  /** Takes a line: a frame, or what the carrier itself has to know. */
  protected take(line: string): void {
    const own = ownLine(line);
    if (own?.type === "opened" || own?.type === "polled") this.#sends.open(own.carrier);
    else if (own?.type === "close") this.end({ code: own.code, why: own.reason });
    else this.owner.frame(line);
  }

  protected end(ending: Ending): void {
    if (this.over) return;
    this.drop();
    this.owner.ended(ending);
  }
}

/** Reads a line that may be none of a frame's; those are short. What is wrong with a line is told by who reads it as a frame. */
export function ownLine(line: string): Opened | Polled | Close | undefined {
  try {
    return line.length < 256 ? (JSON.parse(line) as Opened | Polled | Close) : undefined;
  } catch {
    return undefined;
  }
}
