import { abortable, checkAborted, deferred, type Deferred } from "./abort.js";
import type { Carrier, CarrierName, CarrierOwner, Ending } from "./carrier.js";
import { reconnect } from "./decide.js";
import { BeckonError } from "./error.js";
import { decode, encode } from "./frames.js";
import { Heartbeat } from "./heartbeat.js";
import { Pacer } from "./pace.js";
import { loadFallback } from "./parts.js";
import {
  CAPABILITY_ROLLBACK,
  CloseCode,
  VERSION,
  type ClientFrame,
  type ErrorCode,
  type ErrorReply,
  type Hello,
  type ServerFrame,
  type Welcome,
} from "./protocol_gen.js";
import { failureOf } from "./request.js";
import { SocketCarrier } from "./socket.js";
import { byteLength } from "./text.js";

/** For how many milliseconds the server may take to close the connection after a bye. */
const BYE_TIMEOUT = 2000;

/** Frames that are answered, by a frame with the same id or by an event. */
export type Request = Extract<ClientFrame, { type: "hello" | "join" | "update" | "token" }>;

/** What a Connection tells its owner, and asks of it. */
export interface ConnectionOwner {
  /** A frame came that is not the connection's own business. */
  frame(frame: ServerFrame): void;
  /** The next frame to be sent, if there is one. */
  next(): ClientFrame | undefined;
  /** It is time for a ping; whether the owner has sent one by `urgent`. */
  beat(): boolean;
  /** What the server says comes through in time. May be called again. */
  proven(): void;
  /** The connection is over: its `fate` tells how. Is called once. */
  ended(fate: Fate): void;
}

/** How a connection ended. */
export interface Fate {
  /** Why; undefined means that this side wanted it. */
  error: BeckonError | undefined;
  /** Whether another one may do better. */
  again: boolean;
  /** Whether one on another carrier may: it was not our server's word that ended this one. */
  strange: boolean;
  /** Whether the network lets no carrier of this kind through. */
  blocked: boolean;
}

/**
 * One connection to a server, from hello to bye, whatever carries it: requests and their answers, the pace, the heartbeat. It knows
 * nothing of rooms' contents and of WebRTC, and does not outlive its carrier.
 */
export class Connection {
  /** What carries it. */
  readonly name: CarrierName;
  /** The server's welcome; there once `open` has resolved. */
  welcome!: Welcome;
  /** How it ended, once it has. */
  fate: Fate | undefined;
  /** Whether what the server says comes through in time. */
  proven = false;
  readonly #url: string;
  readonly #owner: ConnectionOwner;
  #carrier: Carrier | undefined;
  readonly #closed = deferred<void>();
  readonly #pending = new Map<number, Deferred<ServerFrame | undefined>>();
  #lastID = 0;
  #pacer: Pacer | undefined;
  #heartbeat: Heartbeat | undefined;
  #leaving = false;

  /** `url` is what the carriers' paths begin with. */
  constructor(name: CarrierName, url: string, owner: ConnectionOwner) {
    this.name = name;
    this.#url = url;
    this.#owner = owner;
  }

  /** Connects, says hello and waits for the welcome. */
  async open(hello: Omit<Hello, "type" | "id" | "versions" | "capabilities">, signal: AbortSignal): Promise<void> {
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
    if (this.fate || this.#leaving) throw new BeckonError("closed", `${what}: the connection is closed`);
    const id = ++this.#lastID;
    const answer = deferred<ServerFrame | undefined>();
    const text = encode({ ...frame, id });
    this.#pending.set(id, answer);
    if (this.#pacer) this.#pacer.push(this.#fitting(frame.type, text));
    else void this.#begin(text);
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
    if (!this.fate && !this.#leaving) this.#pacer?.wake();
  }

  /** Sends a frame past those that wait. */
  urgent(frame: ClientFrame): void {
    if (!this.fate && !this.#leaving) this.#carrier?.send(encode(frame));
  }

  /** Finds out whether the connection lives, without waiting for the next heartbeat. */
  probe(): void {
    if (!this.#leaving) this.#heartbeat?.probe();
  }

  /**
   * Says bye and waits until the server has closed the connection, for a moment at most. May be called again. `hurry`: the page ends, so
   * what cannot go with the bye does not go.
   */
  async close(hurry: boolean): Promise<void> {
    this.#bye(hurry);
    const timer = setTimeout(() => this.#end(undefined), BYE_TIMEOUT);
    await this.#closed.promise;
    clearTimeout(timer);
  }

  /** Ends the connection without a bye: the session goes on, on another one. */
  drop(error: BeckonError): void {
    this.#end(error, true);
  }

  #bye(hurry: boolean): void {
    if (this.fate || this.#leaving) return;
    this.#leaving = true;
    this.#heartbeat?.stop();
    if (!this.#carrier) return this.#end(undefined);
    this.#pacer?.flush();
    this.#carrier.finish(encode({ type: "bye" }), hurry);
  }

  async #begin(hello: string): Promise<void> {
    try {
      this.#carry(this.name === "websocket" ? SocketCarrier : (await loadFallback())[this.name], hello);
    } catch (error) {
      this.#lost(failureOf(error));
    }
  }

  #carry(Carrier: new (url: string, hello: string, owner: CarrierOwner) => Carrier, hello: string): void {
    if (this.fate) return; // it was given up while the carrier was loaded
    this.#carrier = new Carrier(this.#url, hello, {
      frame: (text) => this.#received(text),
      heard: () => this.#heartbeat?.heard(),
      beat: () => this.#heartbeat?.beat(),
      writable: () => this.wake(),
      proven: () => {
        this.proven = true;
        this.#owner.proven();
      },
      ended: (ending) => this.#lost(ending),
    });
  }

  #received(data: unknown): void {
    if (this.fate) return;
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
        this.#welcomed(frame);
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

  #welcomed(welcome: Welcome): void {
    if (this.#pacer) return this.#garbled(new BeckonError("bad-frame", "The server said welcome twice."));
    this.welcome = welcome;
    const next = () => {
      const frame = this.#owner.next();
      return frame && encode(frame);
    };
    const carrier = this.#carrier as Carrier;
    this.#pacer = new Pacer(welcome.limits, { send: (text) => carrier.send(text), free: () => carrier.free, next });
    this.#heartbeat = new Heartbeat({
      ...welcome.heartbeat,
      ping: () => {
        if (!this.#owner.beat()) this.urgent({ type: "ping" });
      },
      dead: () => {
        if (carrier.again()) return this.probe();
        this.#end(new BeckonError("connection-lost", `${this.#url}: nothing was heard from the server.`), true, true);
      },
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
    pending?.reject(errorOf(frame));
    return pending !== undefined;
  }

  #fitting(type: string, text: string): string {
    const limit = this.welcome.limits.frame;
    if (byteLength(text, limit) <= limit) return text;
    throw new BeckonError("message-too-large", `${type}: the server takes frames of up to ${limit} bytes.`);
  }

  #lost({ why, code, refusal, blocked, cause }: Ending): void {
    if (this.#leaving) return this.#end(undefined);
    if (refusal) return this.#end(errorOf(refusal), true);
    if (code === CloseCode.Normal || (code && code >= 4000)) return this.#end(this.#closeError(code, why), reconnect(code));
    const error = new BeckonError(this.welcome ? "connection-lost" : "connect-failed", why, { cause });
    this.#end(error, code === undefined || reconnect(code), true, blocked);
  }

  #closeError(closed: number, why: string): BeckonError {
    const final: Record<number, ErrorCode> = {
      [CloseCode.Unauthorized]: "unauthorized",
      [CloseCode.TokenExpired]: "unauthorized",
      [CloseCode.TooManyPeers]: "too-many-peers",
      [CloseCode.UnsupportedVersion]: "unsupported",
      [CloseCode.Kicked]: "kicked",
      [CloseCode.Revoked]: "revoked",
    };
    const code = final[closed] ?? (this.welcome ? "connection-lost" : "connect-failed");
    const hint = reconnect(closed) || code === "kicked" ? "" : " Joining again will not help.";
    return new BeckonError(code, `${this.#url}: the server closed the connection: ${why}.${hint}`);
  }

  #end(error: BeckonError | undefined, again = false, strange = false, blocked = false): void {
    if (this.fate) return;
    this.fate = { error, again, strange, blocked };
    this.#heartbeat?.stop();
    this.#pacer?.stop();
    this.#carrier?.drop();
    const rejection = error ?? new BeckonError("closed", "The room is closed.");
    for (const pending of this.#pending.values()) pending.reject(rejection);
    this.#pending.clear();
    this.#closed.resolve();
    this.#owner.ended(this.fate);
  }
}

/** The error that the server named. */
function errorOf({ code, message, retryAfter }: ErrorReply): BeckonError {
  return new BeckonError(code, message, { retryAfter });
}
