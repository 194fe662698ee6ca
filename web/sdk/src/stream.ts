import { OPEN_TIMEOUT, type CarrierOwner } from "./carrier.js";
import { HTTPCarrier, ownLine } from "./http.js";
import { failureOf, post, refusalOf } from "./request.js";

/** For how many milliseconds the first heartbeat may take, from the headers on. The server sends it after 2,000. */
const BEAT_TIMEOUT = 5000;

/** One HTTP response that goes on: frames come down in it as they are said. */
export class StreamCarrier extends HTTPCarrier {
  constructor(url: string, hello: string, owner: CarrierOwner) {
    super(url, owner);
    this.#run(hello).catch((error: unknown) => this.end(failureOf(error)));
  }

  async #run(hello: string): Promise<void> {
    this.within(OPEN_TIMEOUT, { why: `no answer within ${OPEN_TIMEOUT / 1000} s` });
    // An event stream, because some proxies pass that on where they would hold back lines of anything else.
    const response = await post(`${this.url}stream`, hello, { signal: this.signal, headers: { Accept: "text/event-stream" } });
    if (!response.ok || !response.body) return this.end(await refusalOf(response));
    const why = `no heartbeat within ${BEAT_TIMEOUT / 1000} s: a proxy holds back what the server says`;
    this.within(BEAT_TIMEOUT, { why, blocked: true });
    let [first, proven] = [true, false];
    for await (const line of lines(response.body)) {
      if (this.over) return;
      if (line.startsWith("data: ")) {
        const text = line.slice(6);
        // A page that asks for a password, say, has status 200 as well.
        if (first && ownLine(text)?.type !== "opened") return this.end({ why: "what answers is no Beckon server" });
        first = false;
        this.take(text);
      } else if (line === ":") {
        if (proven) this.owner.beat();
        else {
          this.within();
          this.owner.proven();
        }
        proven = true;
        this.owner.heard();
      }
    }
    this.end({ why: "the stream broke off" });
  }
}

/** The lines of a response, each as soon as it is complete. */
async function* lines(body: ReadableStream<Uint8Array>): AsyncGenerator<string, void, undefined> {
  const reader = body.getReader(); // not every browser can iterate over the stream itself
  const decoder = new TextDecoder();
  let rest = "";
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    const parts = (rest + decoder.decode(value, { stream: true })).split("\n");
    rest = parts.pop() ?? "";
    yield* parts;
  }
}
