import { deadline } from "./abort.js";
import type { Ending } from "./carrier.js";
import type { ErrorReply, Sent } from "./protocol_gen.js";
import { failureOf, post } from "./request.js";
import { byteLength } from "./text.js";

/** For how many milliseconds the answer to a body may take: the server has read the frames then, at the pace that it allows. */
const DEADLINE = 10_000;

/** For how many milliseconds to wait before a body is posted again, whose answer did not come. After that the carrier is lost. */
const PAUSES = [250, 1000];

/** What a body may hold: frames, and bytes. */
const MAX_FRAMES = 64;
const MAX_BYTES = 262_144;

/** How many bytes may be posted that outlive the page. Browsers allow 64 KiB, together with what else the page leaves behind. */
const MAX_LAST = 60_000;

/** Refusals of a body that are none of its frames: it came too slowly, or too soon. */
const AGAIN = [408, 429];

/** What a Sends tells its owner. */
export interface SendsOwner {
  /** `free` is true again. */
  writable(): void;
  /** Frames cannot be sent any more. */
  lost(ending: Ending): void;
}

/**
 * The way up of the carriers over HTTP: bodies of frames, numbered, one under way at a time, so that it takes one connection of the few
 * that a browser has for a host. What is sent while one is under way goes with the next.
 */
export class Sends {
  readonly #url: string;
  readonly #signal: AbortSignal;
  readonly #owner: SendsOwner;
  /** The first `#under` of them are in the body that is under way. */
  #waiting: string[] = [];
  #under = 0;
  #carrier: string | undefined;
  #n = 0;
  #most = MAX_FRAMES;
  #running = false;
  #over = false;
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** `signal` ends what is under way. */
  constructor(url: string, signal: AbortSignal, owner: SendsOwner) {
    this.#url = url;
    this.#signal = signal;
    this.#owner = owner;
  }

  /** Whether a frame goes out with the next body, and that now. */
  get free(): boolean {
    return this.#under === 0 && this.#waiting.length < this.#most;
  }

  /** Learns the carrier's name, which the first line from the server tells: now bodies can be posted. */
  open(carrier: string | undefined): void {
    this.#carrier ??= carrier;
    this.#start();
  }

  /** Sends a frame. */
  push(frame: string): void {
    this.#waiting.push(frame);
    this.#start();
  }

  /**
   * Sends a last frame in a body that outlives the page, with those before it if there is room for them. It does not wait for the body
   * that is under way: the server puts them in their order if that has arrived.
   */
  last(frame: string): void {
    const waiting = [...this.#waiting.slice(this.#under), frame];
    let body = this.#body(++this.#n, waiting);
    if (waiting.length > this.#most || byteLength(body, MAX_LAST) > MAX_LAST) body = this.#body(this.#n, [frame]);
    const known = this.#carrier !== undefined;
    this.stop();
    if (known) post(this.#url, body, { keepalive: true }).catch(() => {}); // nobody is there to hear it
  }

  /** Sends no more. */
  stop(): void {
    this.#over = true;
    clearTimeout(this.#timer);
  }

  #start(): void {
    if (this.#running || this.#carrier === undefined || this.#waiting.length === 0) return;
    this.#running = true;
    void Promise.resolve().then(() => this.#run()); // with all that is sent in this moment
  }

  async #run(): Promise<void> {
    while (!this.#over && this.#waiting.length > 0) {
      if (!(await this.#deliver())) return;
      this.#waiting.splice(0, this.#under);
      this.#under = 0;
      this.#owner.writable();
    }
    this.#running = false;
  }

  /** Posts the next body until it is answered. Returns whether it was; else all is over. */
  async #deliver(): Promise<boolean> {
    const n = ++this.#n;
    this.#under = this.#fitting();
    for (let tries = 0; ; ) {
      let [why, pause]: [Ending, number | undefined] = [{ why: "" }, PAUSES[tries++]];
      const late = () => new Error(`a body was not answered within ${DEADLINE / 1000} s`);
      const limit = deadline(this.#signal, DEADLINE, late);
      try {
        const response = await post(this.#url, this.#body(n, this.#waiting.slice(0, this.#under)), { signal: limit.signal });
        const answer = JSON.parse(await response.text()) as Sent | ErrorReply;
        if (answer.type === "sent" && answer.n === n) return !this.#over;
        why = { why: `a body was answered with status ${response.status}` };
        if (response.status === 413 && this.#under > 1) {
          this.#under = this.#most = this.#under >> 1;
          pause = tries = 0;
        } else if (!AGAIN.includes(response.status)) pause = undefined;
        else if (pause && answer.type === "error") pause = Math.max(pause, answer.retryAfter ?? 0);
      } catch (error) {
        why = failureOf(error);
      } finally {
        limit.clear();
      }
      if (this.#over) return false;
      if (pause === undefined) {
        this.#owner.lost(why);
        return false;
      }
      await new Promise<void>((resolve) => (this.#timer = setTimeout(resolve, pause)));
    }
  }

  /** How many of those that wait one body may hold. */
  #fitting(): number {
    let bytes = 256; // the first line
    const limit = this.#waiting.findIndex((frame) => (bytes += byteLength(frame, 4096) + 1) > MAX_BYTES);
    return Math.min(this.#most, this.#waiting.length, limit < 0 ? Infinity : Math.max(1, limit));
  }

  #body(n: number, frames: readonly string[]): string {
    return [JSON.stringify({ type: "send", carrier: this.#carrier, n }), ...frames].join("\n");
  }
}
