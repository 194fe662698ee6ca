import { deadline } from "./abort.js";
import { Backoff, listenForWake } from "./backoff.js";
import { Carrier } from "./carrier.js";
import { newInstance } from "./decide.js";
import { asBeckonError, BeckonError } from "./error.js";
import type { ClientFrame, ErrorCode, ICEServer, ServerFrame, Welcome } from "./protocol_gen.js";

/** For how many milliseconds an attempt to reconnect may take, from its first packet to the room. */
const ATTEMPT_TIMEOUT = 10_000;

/** An attempt of so many milliseconds is begun anew when the page wakes: it may hang in a network that is gone. */
const STALE_ATTEMPT = 3000;

/** A connection that has lasted for so many milliseconds was a success: the next attempt need not wait for long. */
const LASTING = 1000;

/** Refusals of a rejoining that may be none the next time. */
const PASSING: readonly ErrorCode[] = ["connect-failed", "connection-lost", "rate-limited", "too-many-rooms", "internal", "busy"];

/** What a Session tells its owner, and asks of it. */
export interface SessionOwner {
  /** A carrier has been welcomed: enter the room again. Rejects if that is refused. */
  enter(signal: AbortSignal): Promise<unknown>;
  /** The carrier is lost; another one is being looked for. */
  lost(): void;
  /** A frame came that is not the session's own business. */
  frame(frame: ServerFrame): void;
  /** The next frame to be sent, if there is one. */
  next(): ClientFrame | undefined;
  /** It is time for a ping; whether the owner has sent one. */
  beat(): boolean;
  /** The session is over: undefined means that this side wanted it. Is called once. */
  ended(error: BeckonError | undefined): void;
}

/**
 * A membership of a server that outlives its connections: one Carrier after another, each resuming what the one before was.
 * The first attempt fails as it fails; a session that has been in the room ends only when the server says that it is no use,
 * or when `close` is called.
 */
export class Session {
  /** The newest welcome; there once `open` has got so far. */
  welcome!: Welcome;
  /** The newest ICE servers; they are replaced before their credentials expire. */
  iceServers: ICEServer[] = [];
  /** Names this session to the others. */
  instance = newInstance();
  readonly #url: string;
  readonly #token: string | undefined;
  readonly #owner: SessionOwner;
  readonly #backoff = new Backoff(() => void this.#reconnect());
  #carrier: Carrier | undefined;
  /** Stops the clock of the attempt to reconnect that is going on. */
  #attempt: (() => void) | undefined;
  /** When it began, as of performance.now. */
  #attempted = 0;
  #resume: string | undefined;
  #moving: ReturnType<typeof setTimeout> | undefined;
  /** Runs until the connection has lasted. */
  #lasting: ReturnType<typeof setTimeout> | undefined;
  /** Whether the session has been in the room. */
  #entered = false;
  #unlisten = () => {};
  #leaving = false;
  #over = false;

  /** Begins to connect. `url` is the WebSocket's. Throws what the browser throws about that. */
  constructor(url: string, token: string | undefined, owner: SessionOwner) {
    this.#url = url;
    this.#token = token;
    this.#owner = owner;
    this.#carry();
  }

  /** Gets into the room for the first time. Rejects with why that did not work, and is over then. */
  async open(signal: AbortSignal): Promise<void> {
    await this.#hello(this.#carrier as Carrier, signal);
    await this.#owner.enter(signal);
    this.#entered = true;
    this.#unlisten = listenForWake(() => this.#woken());
  }

  /** As a Carrier's. Rejects with `connection-lost` while there is none. */
  async request(...args: Parameters<Carrier["request"]>): Promise<ServerFrame | undefined> {
    if (!this.#carrier) throw new BeckonError("connection-lost", `${args[1]}: there is no connection`);
    return this.#carrier.request(...args);
  }

  /** As a Carrier's. */
  settle(id: number): void {
    this.#carrier?.settle(id);
  }

  /** As a Carrier's. */
  wake(): void {
    this.#carrier?.wake();
  }

  /** As a Carrier's. */
  urgent(frame: ClientFrame): void {
    this.#carrier?.urgent(frame);
  }

  /** Says bye and waits until the server has closed the connection, for a moment at most. Without one, there is nothing to say. */
  async close(): Promise<void> {
    this.#stop();
    if (this.#carrier) await this.#carrier.close();
    this.#end(undefined);
  }

  #carry(): Carrier {
    const carrier: Carrier = new Carrier(this.#url, {
      frame: (frame) => carrier === this.#carrier && this.#handle(frame),
      next: () => (carrier === this.#carrier ? this.#owner.next() : undefined),
      beat: () => carrier === this.#carrier && this.#owner.beat(),
      ended: (error, again) => carrier === this.#carrier && this.#ended(error, again),
    });
    return (this.#carrier = carrier);
  }

  async #hello(carrier: Carrier, signal: AbortSignal): Promise<void> {
    const token = this.#token === undefined ? {} : { token: this.#token };
    const resume = this.#resume === undefined ? {} : { resume: this.#resume };
    await carrier.open({ ...token, instance: this.instance, ...resume }, signal);
    this.welcome = carrier.welcome;
    this.#resume = this.welcome.resume;
    this.iceServers = this.welcome.iceServers;
  }

  #handle(frame: ServerFrame): void {
    if (frame.type === "ice") {
      this.iceServers = frame.iceServers;
      this.#resume = frame.resume ?? this.#resume; // the newest knows the newest grants
    } else if (frame.type === "goaway") this.#move(frame.within);
    else this.#owner.frame(frame);
  }

  /** Leaves a server that is about to end, at a moment of its window: not all of its clients are to come at the same one. */
  #move(within: number): void {
    if (!this.#entered || this.#attempt || this.#moving !== undefined) return; // it will close the connection
    this.#moving = setTimeout(() => {
      this.#fell();
      void this.#reconnect();
    }, Math.random() * within);
  }

  #ended(error: BeckonError | undefined, again: boolean): void {
    if (!this.#entered || !error || !again) return this.#end(error);
    this.#fell();
    this.#backoff.next(this.welcome.grace);
  }

  /** Lets go of the carrier. */
  #fell(): void {
    const carrier = this.#carrier;
    this.#carrier = undefined;
    clearTimeout(this.#moving);
    this.#moving = undefined;
    clearTimeout(this.#lasting);
    carrier?.drop(new BeckonError("connection-lost", `${this.#url}: the connection is given up for another one.`));
    this.#attempt?.();
    this.#owner.lost();
  }

  /** The page is awake, or the network back: a moment to try, or to see whether what there is still lives. */
  #woken(): void {
    if (this.#backoff.now()) return;
    if (!this.#attempt || performance.now() - this.#attempted < STALE_ATTEMPT) return this.#carrier?.probe();
    this.#fell();
    void this.#reconnect();
  }

  async #reconnect(): Promise<void> {
    const resume = this.#resume;
    // As another peer it is another instance, too: this one may still be in the room, as away.
    if (resume === undefined) this.instance = newInstance();
    const late = () => new BeckonError("connect-failed", `no answer from ${this.#url} in ${ATTEMPT_TIMEOUT / 1000} s`);
    const limit = deadline(undefined, ATTEMPT_TIMEOUT, late);
    this.#attempt = limit.clear;
    this.#attempted = performance.now();
    let carrier: Carrier | undefined;
    try {
      carrier = this.#carry();
      await this.#hello(carrier, limit.signal);
      if (this.#leaving) return; // this carrier is saying bye: who joins now, or begins anew, stays as a ghost
      if (resume !== undefined && !this.welcome.resumed) return this.#begone(carrier);
      await this.#owner.enter(limit.signal);
      this.#attempt = undefined;
      // A server that lets everybody in and dies of it is none to come back to at once.
      this.#lasting = setTimeout(() => this.#backoff.reset(), LASTING);
    } catch (error) {
      // A carrier that ended by itself has been dealt with.
      if (!this.#leaving && carrier === this.#carrier) this.#refused(asBeckonError(error, "connect-failed", this.#url));
    } finally {
      limit.clear();
    }
  }

  /** The server does not know this session any more, so it begins anew. */
  #begone(carrier: Carrier): void {
    this.#resume = undefined;
    this.#carrier = undefined;
    void carrier.close();
    void this.#reconnect();
  }

  /** The server did not let this session in, or did not answer. */
  #refused(error: BeckonError): void {
    if (PASSING.includes(error.code)) {
      this.#fell();
      this.#backoff.next(this.welcome.grace, error.retryAfter);
    } else {
      void this.#carrier?.close();
      this.#end(error);
    }
  }

  /** Tries no more. */
  #stop(): void {
    this.#leaving = true;
    this.#backoff.stop();
    clearTimeout(this.#moving);
    clearTimeout(this.#lasting);
    this.#attempt?.();
    this.#unlisten();
  }

  #end(error: BeckonError | undefined): void {
    if (this.#over) return;
    this.#over = true;
    this.#stop();
    this.#owner.ended(error);
  }
}
