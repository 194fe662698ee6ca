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
  type ICEServer,
  type ServerFrame,
  type Welcome,
} from "./protocol_gen.js";
import { byteLength } from "./text.js";

/** For how many milliseconds the server may take to close the connection after a bye. */
const BYE_TIMEOUT = 2000;

/** Frames that are answered, by a frame with the same id or by an event. */
type Request = Extract<ClientFrame, { type: "hello" | "join" | "update" | "message" }>;

/** What a Session tells its owner. */
export interface SessionOwner {
  /** A frame came that is not the session's own business. */
  frame(frame: ServerFrame): void;
  /** The server refused a frame without an id; signals are such. */
  refused(frame: ErrorReply, error: BeckonError): void;
  /** What the next ping acknowledges: positions by room. */
  acks(): Record<string, number>;
  /** The session is over: undefined means that this side wanted it. Is called once. */
  ended(error: BeckonError | undefined): void;
}

/**
 * One WebSocket to a server, from hello to bye: requests and their answers, the pace, the heartbeat. It knows nothing of rooms'
 * contents and of WebRTC.
 */
export class Session {
  /** The server's welcome; there once `open` has resolved. */
  welcome!: Welcome;
  /** The newest ICE servers; they are replaced before their credentials expire. */
  iceServers: ICEServer[] = [];
  readonly #url: string;
  readonly #owner: SessionOwner;
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

  /** Begins to connect. `url` is the WebSocket's. */
  constructor(url: string, owner: SessionOwner) {
    this.#url = url;
    this.#owner = owner;
    this.#opened.promise.catch(() => {}); // `open` may not be waiting any more
    const socket = (this.#socket = new WebSocket(url, VERSION));
    socket.onopen = () => {
      this.#wasOpen = true;
      this.#opened.resolve();
    };
    socket.onmessage = (event: MessageEvent<unknown>) => this.#received(event.data);
    socket.onclose = (event) => this.#end(this.#leaving ? undefined : this.#closeError(event));
  }

  /** Says hello and waits for the welcome. */
  async open(hello: { instance: string; token?: string | undefined }, signal: AbortSignal): Promise<void> {
    await abortable(this.#opened.promise, signal, `connect to ${this.#url}`);
    const frame: Hello = {
      type: "hello",
      versions: [VERSION],
      ...(hello.token === undefined ? {} : { token: hello.token }),
      instance: hello.instance,
      capabilities: { [CAPABILITY_ROLLBACK]: true },
    };
    await this.request(frame, `hello to ${this.#url}`, signal);
  }

  /**
   * Sends a frame that has an answer, and waits for that: a frame with its id, or `settle`. Rejects with the server's error.
   * `sent` is told the id.
   */
  async request(
    frame: Request,
    what: string,
    signal: AbortSignal | undefined,
    sent?: (id: number) => void,
  ): Promise<ServerFrame | undefined> {
    checkAborted(signal, what);
    const id = ++this.#lastID;
    const answer = deferred<ServerFrame | undefined>();
    this.send({ ...frame, id });
    this.#pending.set(id, answer);
    sent?.(id);
    return abortable(answer.promise, signal, what, () => this.#pending.delete(id));
  }

  /** Says that a request has been answered, by an event. */
  settle(id: number): void {
    this.#pending.get(id)?.resolve(undefined);
    this.#pending.delete(id);
  }

  /** Sends a frame in its turn. Throws `closed`, `message-too-large` or `overflow`. */
  send(frame: ClientFrame): void {
    if (this.#over || this.#leaving) throw new BeckonError("closed", "The room is closed.");
    const text = encode(frame);
    const limit = this.welcome?.limits.frame ?? Infinity;
    if (byteLength(text, limit) > limit) {
      throw new BeckonError("message-too-large", `${frame.type}: the server takes frames of up to ${limit} bytes.`);
    }
    if (this.#pacer) this.#pacer.push(text);
    else this.#socket.send(text);
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

  #received(data: unknown): void {
    if (this.#over) return;
    this.#heartbeat?.heard();
    let frame: ServerFrame;
    try {
      if (typeof data !== "string") throw new BeckonError("bad-frame", "The server sent a binary frame.");
      frame = decode(data);
    } catch (error) {
      // A newer server may say what we do not know; one that sends garbage is not to be trusted with the rest.
      if (!(error instanceof BeckonError) || error.code !== "unknown-type") this.#end(error as BeckonError);
      return;
    }
    this.#handle(frame);
  }

  #handle(frame: ServerFrame): void {
    switch (frame.type) {
      case "welcome":
        this.#begin(frame);
        break;
      case "ice":
        this.iceServers = frame.iceServers;
        break;
      case "ping":
        this.#urgent({ type: "pong", ...(frame.t === undefined ? {} : { t: frame.t }) });
        return;
      case "error":
        this.#refused(frame);
        return;
      case "pong":
      case "goaway": // the connection will be closed; that is when it matters
        return;
      default:
        this.#owner.frame(frame);
    }
    const id = "id" in frame ? (frame.id ?? 0) : 0;
    this.#pending.get(id)?.resolve(frame);
    this.#pending.delete(id);
  }

  #begin(welcome: Welcome): void {
    if (this.#pacer) return this.#end(new BeckonError("bad-frame", "The server said welcome twice."));
    this.welcome = welcome;
    this.iceServers = welcome.iceServers;
    this.#pacer = new Pacer(welcome.limits, (text) => this.#socket.send(text));
    this.#heartbeat = new Heartbeat({
      ...welcome.heartbeat,
      ping: () => this.#urgent({ type: "ping", acks: this.#owner.acks() }),
      dead: () => this.#end(new BeckonError("connection-lost", `${this.#url}: nothing was heard from the server.`)),
    });
  }

  #refused(frame: ErrorReply): void {
    const error = new BeckonError(frame.code, frame.message, { retryAfter: frame.retryAfter });
    const pending = this.#pending.get(frame.id ?? 0);
    this.#pending.delete(frame.id ?? 0);
    if (pending) pending.reject(error);
    else this.#owner.refused(frame, error);
  }

  /** Sends a frame past those that wait. */
  #urgent(frame: ClientFrame): void {
    if (this.#socket.readyState === WebSocket.OPEN) this.#socket.send(encode(frame));
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

  #end(error: BeckonError | undefined): void {
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
    this.#owner.ended(error);
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
