// A server's HTTP that runs in the test: it takes the place of fetch and is told what to answer.

import { settled } from "./clock.js";

/** A request that the library made. */
export class FakeRequest {
  readonly path: string;
  readonly url: string;
  readonly body: string;
  readonly init: RequestInit;
  aborted = false;
  #resolve!: (response: Response) => void;
  #reject!: (error: unknown) => void;
  #down: ReadableStreamDefaultController<Uint8Array> | undefined;
  readonly answer: Promise<Response>;

  constructor(url: string, init: RequestInit) {
    this.url = url;
    this.path = url.slice(url.lastIndexOf("/") + 1);
    this.body = String(init.body);
    this.init = init;
    this.answer = new Promise((resolve, reject) => ([this.#resolve, this.#reject] = [resolve, reject]));
    init.signal?.addEventListener("abort", () => {
      this.aborted = true;
      void this.fail(init.signal?.reason);
    });
  }

  /** The body's lines. */
  get lines(): { type: string; [field: string]: unknown }[] {
    return this.body.split("\n").map((line) => JSON.parse(line));
  }

  /** Answers with a whole body: text, or lines. */
  async reply(status: number, ...lines: (object | string)[]): Promise<void> {
    this.#resolve(new Response(lines.map((line) => (typeof line === "string" ? line : JSON.stringify(line))).join("\n"), { status }));
    await settled();
  }

  /** Answers with headers, behind which `say` and `beat` write. */
  async open(): Promise<void> {
    this.#resolve(new Response(new ReadableStream({ start: (down) => void (this.#down = down) })));
    await settled();
  }

  async say(...frames: object[]): Promise<void> {
    await this.#write(frames.map((frame) => `data: ${JSON.stringify(frame)}\n\n`).join(""));
  }

  async beat(): Promise<void> {
    await this.#write(":\n\n");
  }

  /** Text in pieces, as a network may bring it. */
  async pieces(text: string, size: number): Promise<void> {
    for (let i = 0; i < text.length; i += size) await this.#write(text.slice(i, i + size));
  }

  /** The stream breaks off. */
  async drop(): Promise<void> {
    this.#down?.error(new TypeError("broken off"));
    await settled();
  }

  /** There is no answer, or no more of it. */
  async fail(error: unknown = new TypeError("no network")): Promise<void> {
    this.#reject(error);
    try {
      this.#down?.error(error);
    } catch {} // it is over already
    await settled();
  }

  async #write(text: string): Promise<void> {
    this.#down?.enqueue(new TextEncoder().encode(text));
    await settled();
  }
}

/** What takes the place of fetch. */
export class FakeFetch {
  readonly #made: FakeRequest[] = [];
  /** How many requests there have been. */
  made = 0;

  readonly fetch = (url: string, init: RequestInit): Promise<Response> => {
    const request = new FakeRequest(url, init);
    this.#made.push(request);
    this.made++;
    return request.answer;
  };

  /** The oldest request to that path that was not taken yet. */
  take(path: string): FakeRequest {
    const found = this.maybe(path);
    if (!found) throw new Error(`there is no request for ${path}, but for ${this.#made.map((request) => request.path).join(" ") || "nothing"}`);
    return found;
  }

  maybe(path: string): FakeRequest | undefined {
    const at = this.#made.findIndex((request) => request.path === path);
    return at < 0 ? undefined : this.#made.splice(at, 1)[0];
  }
}
