import { deferred } from "./abort.js";
import type { Channel, Message } from "./channel.js";
import { checkBody, checkText, isSendable } from "./check.js";
import { asBeckonError, BeckonError, RequestError } from "./error.js";
import type { MuxChannel } from "./muxchannel.js";
import { textOf, utf8 } from "./muxframes.js";
import { bytesOf, type Sendable } from "./outbox.js";
import type { Peer } from "./peer.js";

/** A body is sent in messages of so many bytes, so that the other side can begin before it is whole. */
const PIECE = 65536;

/** What a request or an answer may carry: nothing, bytes or text, or a stream of them. */
export type Sending = Sendable | AsyncIterable<Sendable> | ReadableStream<Sendable> | undefined;

/**
 * What came with a request or an answer. It can be read once, as it comes by iterating, or as a whole. All reading rejects with
 * `aborted`, `timeout`, or what ended the connection. Who stops iterating gives up the rest, and of an answer the request.
 */
export class Body implements AsyncIterable<Uint8Array<ArrayBuffer>> {
  /** @internal */
  readonly _channel: Channel;

  /** @internal */
  constructor(channel: Channel) {
    this._channel = channel;
  }

  /** The bytes, in pieces as they come. */
  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array<ArrayBuffer>, void, undefined> {
    for await (const message of this._channel) yield typeof message === "string" ? utf8(message) : message;
  }

  /** All of it. */
  async bytes(): Promise<Uint8Array<ArrayBuffer>> {
    const pieces: Uint8Array<ArrayBuffer>[] = [];
    for await (const piece of this) pieces.push(piece);
    return new Uint8Array(await new Blob(pieces).arrayBuffer());
  }

  /** All of it, as UTF-8. */
  async text(): Promise<string> {
    return textOf(await this.bytes());
  }

  /** All of it, as JSON; rejects with a SyntaxError if it is none. */
  async json(): Promise<unknown> {
    return JSON.parse(await this.text()) as unknown;
  }
}

/** What came back for a request. */
export class Answer extends Body {
  override async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array<ArrayBuffer>, void, undefined> {
    let whole = false;
    try {
      yield* super[Symbol.asyncIterator]();
      whole = true;
    } finally {
      if (!whole) (this._channel as MuxChannel)._fail(new BeckonError("aborted", "The rest of the answer is not wanted."));
    }
  }
}

/** What a peer asks for. It is answered with `respond` or `fail`, perhaps before its body has been read. */
export class Request extends Body {
  /** What is asked for. */
  readonly name: string;
  /** Who asks. */
  readonly peer: Peer;
  /** Is aborted when the answer is of no use any more, with why: `aborted` (who asked gave up), `timeout`, or what ended the connection. */
  readonly signal: AbortSignal;

  /** @internal */
  constructor(channel: MuxChannel, peer: Peer) {
    super(channel);
    this.name = channel.label;
    this.peer = peer;
    const controller = new AbortController();
    this.signal = controller.signal;
    const { deadline } = channel.request;
    const late = () => channel._fail(new BeckonError("timeout", "The time for the answer is over."));
    const timer = deadline === undefined ? undefined : setTimeout(late, Math.min(deadline, 2 ** 31 - 1));
    void channel.closed.then((error) => {
      clearTimeout(timer);
      if (error) controller.abort(error);
    });
  }

  /**
   * Answers. Resolves when the other side has all of it. Rejects with what the body throws, which the other side sees as `aborted`, and
   * with `closed` (it is answered already), `aborted`, `timeout`, or what ended the connection.
   */
  async respond(body?: Sending): Promise<void> {
    checkBody("respond", body);
    await this.#say({ ok: true }, body);
  }

  /** Answers that it cannot be done: with a word of up to 64 letters, digits and `-`, and a sentence of up to 1,024 bytes. */
  async fail(code: string, message = code): Promise<void> {
    if (typeof code !== "string" || !/^[a-zA-Z0-9-]{1,64}$/.test(code)) throw new TypeError("fail: the code is up to 64 letters, digits and -");
    checkText("fail", "message", message);
    await this.#say({ error: { code, message } });
  }

  async #say(head: object, body?: Sending): Promise<void> {
    await this._channel.send(JSON.stringify(head));
    await sendAll(this._channel, body);
    await this._channel.close();
    const error = await this._channel.closed;
    if (error) throw error;
  }
}

/** Sends a body on a channel; one that fails ends the channel. */
async function sendAll(channel: Channel, body: Sending): Promise<void> {
  try {
    if (body === undefined) return;
    if (isSendable(body)) return await sendOne(channel, body);
    for await (const piece of streamed(body)) {
      if (!isSendable(piece)) throw new TypeError("A piece of the body is none of string, ArrayBuffer, a view of one and Blob.");
      await sendOne(channel, piece);
    }
  } catch (cause) {
    // The app's own words are not for the other side.
    (channel as MuxChannel)._fail(new BeckonError("aborted", "The body could not be read.", { cause }));
    throw cause;
  }
}

async function sendOne(channel: Channel, data: Sendable): Promise<void> {
  const bytes = typeof data === "string" ? utf8(data) : data instanceof Blob ? data : bytesOf(data);
  const size = bytes instanceof Blob ? bytes.size : bytes.length;
  for (let at = 0; at < size; at += PIECE) {
    await channel.send(bytes instanceof Blob ? bytes.slice(at, at + PIECE) : bytes.subarray(at, at + PIECE));
  }
}

/** Reads a stream also where streams are not iterable yet. */
async function* streamed(body: AsyncIterable<Sendable> | ReadableStream<Sendable>): AsyncGenerator<Sendable> {
  if (!(body instanceof ReadableStream)) return yield* body;
  const reader = body.getReader();
  let whole = false;
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) break;
      yield value;
    }
    whole = true;
  } finally {
    if (!whole) reader.cancel().catch(() => {});
  }
}

/**
 * Asks on a channel that is open, until `signal` is aborted. The body is on its way while the answer is waited for, which may come
 * before its end.
 */
export async function ask(channel: MuxChannel, body: Sending, signal: AbortSignal, what: string): Promise<Answer> {
  const stop = () => {
    const late = (signal.reason as BeckonError).code === "timeout";
    channel._fail(late ? new BeckonError("timeout", "The time for the answer is over.") : new BeckonError("aborted", "Who asked has given up."));
  };
  if (signal.aborted) stop();
  else signal.addEventListener("abort", stop, { once: true });
  void channel.closed.then(() => signal.removeEventListener("abort", stop));
  const failed = deferred<never>();
  sendAll(channel, body).then(
    () => channel.closeWrite().catch(() => {}), // it is answered already
    (error: unknown) => {
      // Who has answered takes no more: that is no failure of the body.
      if (!(error instanceof BeckonError)) failed.reject(error);
    },
  );
  const head = await Promise.race([channel.recv(), failed.promise]).catch((error: unknown) => {
    throw signal.aborted ? asBeckonError(signal.reason, "aborted", what) : error; // in the words of who has given up
  });
  const { ok, error } = parse(head);
  if (ok === true) return new Answer(channel);
  const { code, message = "" } = Object(error) as { code?: string; message?: string };
  if (typeof code === "string") throw new RequestError(code, String(message));
  const garbled = new BeckonError("bad-frame", `${what}: the answer has no head`);
  channel._fail(garbled);
  throw garbled;
}

function parse(head: Message): { ok?: unknown; error?: unknown } {
  try {
    return Object(JSON.parse(head as string)) as object;
  } catch {
    return {};
  }
}
