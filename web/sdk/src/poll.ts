import type { CarrierOwner } from "./carrier.js";
import { HTTPCarrier, ownLine } from "./http.js";
import { failureOf, post, refusalOf } from "./request.js";

/** For how many milliseconds to wait before a poll that failed is asked again. */
const PAUSE = 250;

/** One request after the other, each of which the server answers when it has something to say, or when it is time for a heartbeat. */
export class PollCarrier extends HTTPCarrier {
  /** The next poll: the hello, and then the cursor up to which all has arrived. */
  #body: string;
  #carrier: string | undefined;
  /** The newest asking; an older one has nothing to say any more. */
  #turn = 0;
  /** Whether the answer that is waited for has been asked for twice. */
  #twice = false;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(url: string, hello: string, owner: CarrierOwner) {
    super(url, owner);
    this.#body = hello;
    void this.#run();
  }

  /** The older request is not cancelled: the server would take that for the client's end. It sends it home when it sees this one. */
  override again(): boolean {
    if (this.#twice || this.#carrier === undefined) return false;
    this.#twice = true;
    void this.#run();
    return true;
  }

  override drop(): void {
    super.drop();
    clearTimeout(this.#timer);
  }

  async #run(): Promise<void> {
    const turn = ++this.#turn;
    for (let failed = false; ; ) {
      let response: Response | undefined;
      try {
        response = await post(`${this.url}poll`, this.#body, { signal: this.signal });
        const ending = response.ok ? undefined : await refusalOf(response);
        const text = ending ? "" : await response.text();
        if (this.over || turn !== this.#turn) return;
        if (ending) return this.end(ending);
        if (!this.#answered(text)) return this.end({ why: "what answers is no Beckon server" });
        if (this.over) return;
        failed = false;
      } catch (error) {
        if (this.over || turn !== this.#turn) return;
        // The same cursor gets the same lines again. A hello would be another peer.
        if (failed || this.#carrier === undefined) return this.end(failureOf(error));
        failed = true;
        await new Promise<void>((resolve) => (this.#timer = setTimeout(resolve, PAUSE)));
      }
    }
  }

  /** Takes an answer; returns whether it is one. */
  #answered(text: string): boolean {
    const [first = "", ...lines] = text.split("\n");
    const head = ownLine(first);
    if (head?.type !== "polled") return false;
    this.take(first);
    this.#carrier ??= head.carrier;
    this.#body = JSON.stringify({ type: "poll", carrier: this.#carrier, cursor: head.cursor });
    this.#twice = false;
    this.owner.proven();
    this.owner.heard();
    for (const line of lines) if (line !== "" && !this.over) this.take(line);
    return true;
  }
}
