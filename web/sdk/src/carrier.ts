import { abortable, checkAborted, deferred, type Deferred } from "./abort.js";
import { reconnect } from "./decide.js";
import { BeckonError } from "./error.js";
import { decode, encode } from "./frames.js";
import { Heartbeat } from "./heartbeat.js";
import { Pacer } from "./pace.js";
import {
  closeCodes,
  CAPABILITY_ROLLBACK,
  VERSION,
  type ClientFrame,
  type ErrorReply,
  type Hello,
  type ServerFrame,
  type Welcome,
} from "./protocol_gen.js";
import { byteLength } from "./text.js";

/** For how many milliseconds the server may take to close the connection after a bye. */
const BYE_TIMEOUT = 2000;

/** Frames that are answered, by a frame with the same id or by an event. */
export type Request = Extract<ClientFrame, { type: "hello" | "join" | "update" }>;

/** What a Carrier tells its owner, and asks of it. */
export interface CarrierOwner {
  /** A frame came that is not the carrier's own business. */
  frame(frame: ServerFrame): void;
  /** The next frame to be sent, if there is one. */
  next(): ClientFrame | undefined;
  /** It is time for a ping; whether the owner has sent one by `urgent`. */
  beat(): boolean;
  /**
   * The connection is over, for which undefined means that this side wanted it. `again` tells whether another one may do better.
   * Is called once.
   */
  ended(error: BeckonError | undefined, again: boolean): void;
}

/**
 * One WebSocket to a server, from hello to bye: requests and their answers, the pace, the heartbeat. It knows nothing of rooms'
 * contents and of WebRTC, and does not outlive its connection.
 */
export class Carrier {
  /** The server's welcome; there once `open` has resolved. */
  welcome!: Welcome;
  readonly #url: string;
  readonly #owner: CarrierOwner;
  readonly #socket: WebSocket;
  readonly #opened = deferred<void>();
  readonly #closed = deferred<void>();
  readonly #pending = new Map<number, Deferred<ServerFrame | undefined>>();
  #lastID = 0;
  #pacer: Pacer | undefined;
  #heartbeat: Heartbeat | undefined;
  #wasOpen = false;
  #leaving = false;
  #over = false;

  /** Begins to connect. `url` is the WebSocket's. Throws what the browser throws about that. */
  constructor(url: string, owner: CarrierOwner) {
    this.#url = url;
    this.#owner = owner;
    this.#opened.promise.catch(() => {}); // `open` may not be waiting any more
    const socket = (this.#socket = new WebSocket(url, VERSION));
    socket.onopen = () => {
      this.#wasOpen = true;
      this.#opened.resolve();
    };
    socket.onmessage = (event: MessageEvent<unknown>) => this.#received(event.data);
    socket.onclose = (event) => {
      if (this.#leaving) this.#end(undefined);
      else this.#end(this.#closeError(event), reconnect(event.code));
    };
  }

  /** Says hello and waits for the welcome. */
  async open(hello: Pick<Hello, "instance" | "token" | "resume">, signal: AbortSignal): Promise<void> {
    await abortable(this.#opened.promise, signal, `connect to ${this.#url}`);
    const frame: Hello = {
      type: "hello",
      versions: [VERSION],
      ...hello,
      capabilities: { [CAPABILITY_ROLLBACK]: true },
    };
    await this.request(frame, `hello to ${this.#url}`, signal);
  }

  /**
   * Sends a frame that has an answer, and waits for that: a frame with its id, or `settle`. Rejects with the server's error,
   * `message-too-large`, or what ended the connection. `sent` is told the id.
   */
  async request(
    frame: Request,
    what: string,
    signal: AbortSignal | undefined,
    sent?: (id: number) => void,
  ): Promise<ServerFrame | undefined> {
    checkAborted(signal, what);
    if (this.#over || this.#leaving) throw new BeckonError("closed", `${what}: the connection is closed`);
    const id = ++this.#lastID;
    const answer = deferred<ServerFrame | undefined>();
    const text = encode({ ...frame, id });
    if (this.#pacer) this.#pacer.push(this.#fitting(frame.type, text));
    else this.#socket.send(text);
    this.#pending.set(id, answer);
    sent?.(id);
    return abortable(answer.promise, signal, what, () => this.#pending.delete(id));
  }

  /** Says that a request has been answered, by an event. */
  settle(id: number): void {
    this.#pending.get(id)?.resolve(undefined);
    this.#pending.delete(id);
  }

  /** Asks the owner for frames, at the pace that the server allows. */
  wake(): void {
    if (!this.#over && !this.#leaving) this.#pacer?.wake();
  }

  /** Sends a frame past those that wait. */
  urgent(frame: ClientFrame): void {
    if (this.#socket.readyState === WebSocket.OPEN) this.#socket.send(encode(frame));
  }

  /** Finds out whether the connection lives, without waiting for the next heartbeat. */
  probe(): void {
    if (!this.#leaving) this.#heartbeat?.probe();
  }

  /** Says bye and waits until the server has closed the connection, for a moment at most. May be called again. */
  async close(): Promise<void> {
    this.bye();
    const timer = setTimeout(() => this.#end(undefined), BYE_TIMEOUT);
    await this.#closed.promise;
    clearTimeout(timer);
  }

  /** Says bye without waiting: all that a page that goes away can do. */
  bye(): void {
    if (this.#over || this.#leaving) return;
    this.#leaving = true;
    this.#heartbeat?.stop();
    if (this.#socket.readyState !== WebSocket.OPEN) return this.#end(undefined);
    this.#pacer?.flush();
    this.#socket.send(encode({ type: "bye" }));
  }

  /** Ends the connection without a bye: the session goes on, on another one. */
  drop(error: BeckonError): void {
    this.#end(error, true);
  }

  #received(data: unknown): void {
    if (this.#over) return;
    this.#heartbeat?.heard();
    let frame: ServerFrame;
    try {
      if (typeof data !== "string") throw new BeckonError("bad-frame", "The server sent a binary frame.");
      frame = decode(data);
    } catch (error) {
      // A newer server may say what we do not know.
      if (!(error instanceof BeckonError) || error.code !== "unknown-type") this.#garbled(error as BeckonError);
      return;
    }
    this.#handle(frame);
  }

  #handle(frame: ServerFrame): void {
    switch (frame.type) {
      case "welcome":
        this.#begin(frame);
        break;
      case "ping":
        this.urgent({ type: "pong", ...(frame.t === undefined ? {} : { t: frame.t }) });
        return;
      case "error":
        if (!this.#refused(frame)) this.#owner.frame(frame);
        return;
      default:
        this.#owner.frame(frame);
    }
    const id = "id" in frame ? (frame.id ?? 0) : 0;
    this.#pending.get(id)?.resolve(frame);
    this.#pending.delete(id);
  }

  #begin(welcome: Welcome): void {
    if (this.#pacer) return this.#garbled(new BeckonError("bad-frame", "The server said welcome twice."));
    this.welcome = welcome;
    const next = () => {
      const frame = this.#owner.next();
      return frame && encode(frame);
    };
    this.#pacer = new Pacer(welcome.limits, (text) => this.#socket.send(text), next);
    this.#heartbeat = new Heartbeat({
      ...welcome.heartbeat,
      ping: () => {
        if (!this.#owner.beat()) this.urgent({ type: "ping" });
      },
      dead: () => this.drop(new BeckonError("connection-lost", `${this.#url}: nothing was heard from the server.`)),
    });
  }

  /**
   * Takes a frame that makes no sense for a loss of the connection: if it was left out, what it said would be missing without
   * anybody knowing, but another connection gets the log from here on. An app is not told why, so its developer is.
   */
  #garbled(error: BeckonError): void {
    const lost = new BeckonError("connection-lost", `${this.#url}: what the server sent is malformed. ${error.message}`, { cause: error });
    console.warn(lost.message);
    this.drop(lost);
  }

  /** Whether an error is the answer to a request. */
  #refused(frame: ErrorReply): boolean {
    const pending = this.#pending.get(frame.id ?? 0);
    this.#pending.delete(frame.id ?? 0);
    pending?.reject(new BeckonError(frame.code, frame.message, { retryAfter: frame.retryAfter }));
    return pending !== undefined;
  }

  #fitting(type: string, text: string): string {
    const limit = this.welcome.limits.frame;
    if (byteLength(text, limit) <= limit) return text;
    throw new BeckonError("message-too-large", `${type}: the server takes frames of up to ${limit} bytes.`);
  }

  #closeError(event: { code: number; reason: string }): BeckonError {
    if (!this.#wasOpen) return new BeckonError("connect-failed", cannotConnect(this.#url));
    const known = Object.values(closeCodes).find((row) => row.code === event.code);
    const why = known?.text ?? (event.reason || `The connection was closed with code ${event.code}.`);
    const code =
      event.code === closeCodes.unauthorized.code
        ? "unauthorized"
        : event.code === closeCodes["unsupported-version"].code
          ? "unsupported"
          : this.welcome
            ? "connection-lost"
            : "connect-failed";
    const hint = reconnect(event.code) ? "" : " Joining again will not help.";
    return new BeckonError(code, `${this.#url}: ${why}${hint}`);
  }

  #end(error: BeckonError | undefined, again = false): void {
    if (this.#over) return;
    this.#over = true;
    this.#heartbeat?.stop();
    this.#pacer?.stop();
    const socket = this.#socket;
    socket.onopen = socket.onmessage = socket.onclose = null;
    if (socket.readyState <= WebSocket.OPEN) socket.close(1000);
    const rejection = error ?? new BeckonError("closed", "The room is closed.");
    this.#opened.reject(rejection);
    for (const pending of this.#pending.values()) pending.reject(rejection);
    this.#pending.clear();
    this.#closed.resolve();
    this.#owner.ended(error, again);
  }
}

/**
 * The sentence for a WebSocket that never opened. The browser tells nobody why, so this names what it may be. The page's origin
 * is a reason only if it is not the server's own, and in a program that is no page there is none.
 */
function cannotConnect(url: string): string {
  const page = globalThis.location;
  const own = !page || page.host === new URL(url).host;
  return `Cannot connect to ${url}: is a Beckon server there${own ? "" : `, and does it allow pages of ${page.origin} (--allow-origin)`}?`;
}
