import { deadline } from "./abort.js";
import { Backoff, listenForWake } from "./backoff.js";
import type { CarrierName } from "./carrier.js";
import { Connection, type Fate } from "./connection.js";
import { newInstance } from "./decide.js";
import { asBeckonError, BeckonError } from "./error.js";
import { Ladder } from "./ladder.js";
import type { JoinOptions } from "./options.js";
import type { ClientFrame, ICEServer, ServerFrame, Welcome } from "./protocol_gen.js";
import { ATTEMPT_TIMEOUT, LASTING, PASSING, STALE_ATTEMPT, type SessionOwner, type Shown } from "./sessionterms.js";
import { Tokens } from "./tokens.js";

/**
 * A membership of a server that outlives its connections: one Connection after another, each resuming what the one before was, on whatever
 * carrier gets through.
 * The first attempt fails as it fails; a session that has been in the room ends only when the server says that it is no use,
 * or when `close` is called.
 */
export class Session {
  /** The newest welcome; there once `open` has got so far. */
  welcome!: Welcome;
  /** The newest ICE servers; they are replaced before their credentials expire. */
  iceServers: ICEServer[] = [];
  /** Names this session to the others. */
  instance = "";
  /** What it shows them of its key. */
  shown: Shown = {};
  readonly #url: string;
  readonly #tokens: Tokens;
  readonly #owner: SessionOwner;
  readonly #ladder: Ladder;
  readonly #backoff = new Backoff(() => void this.#reconnect());
  #connection: Connection | undefined;
  /** When it brought this into the room, by performance.now. */
  #since = 0;
  /** Stops the clock of the attempt to connect that is going on. */
  #attempt: (() => void) | undefined;
  /** When it began, as of performance.now. */
  #attempted = 0;
  /** The attempt that is being given up is followed by another at once. */
  #hurry = false;
  #resume: string | undefined;
  #moving: ReturnType<typeof setTimeout> | undefined;
  /** Runs until the connection has lasted. */
  #lasting: ReturnType<typeof setTimeout> | undefined;
  /** Whether the session has been in the room. */
  #entered = false;
  #unlisten = () => {};
  #leaving = false;
  #over = false;

  /** `url` is what the carriers' URLs begin with. Throws a TypeError for carriers that there are not. */
  constructor(url: string, { token, carriers }: Pick<JoinOptions, "token" | "carriers">, owner: SessionOwner) {
    this.#url = url;
    this.#tokens = new Tokens(token);
    this.#owner = owner;
    this.#ladder = new Ladder(url, carriers);
  }

  /** What carries the connection that there is. */
  get carrier(): CarrierName | undefined {
    return this.#connection?.name;
  }

  /** Gets into the room for the first time. Rejects with why that did not work, and is over then. */
  async open(signal: AbortSignal): Promise<void> {
    await this.#getIn(signal);
    this.#entered = true;
    this.#unlisten = listenForWake(() => this.#woken());
  }

  /** As a Connection's. Rejects with `connection-lost` while there is none. */
  async request(...args: Parameters<Connection["request"]>): Promise<ServerFrame | undefined> {
    if (!this.#connection) throw new BeckonError("connection-lost", `${args[1]}: there is no connection`);
    return this.#connection.request(...args);
  }

  /** As a Connection's. */
  settle(id: number): void {
    this.#connection?.settle(id);
  }

  /** As a Connection's. */
  wake(): void {
    this.#connection?.wake();
  }

  /** As a Connection's. */
  urgent(frame: ClientFrame): void {
    this.#connection?.urgent(frame);
  }

  /** As a Connection's. Without one, there is nothing to say. */
  async close(hurry = false): Promise<void> {
    this.#stop();
    if (this.#connection) await this.#connection.close(hurry);
    this.#end(undefined);
  }

  /**
   * The page goes into the browser's cache, out of which it may never come: says bye, and if it does, begins anew as another instance. The
   * connection that says bye is let go of, and not dropped, which could cut the bye off; an attempt is.
   */
  hide(): void {
    this.#resume = undefined;
    if (!this.#attempt) {
      void this.#connection?.close(true);
      this.#connection = undefined;
    }
    this.#backoff.stop();
    this.#fell();
    globalThis.addEventListener("pageshow", () => this.#leaving || this.#attempt || this.#backoff.now() || void this.#reconnect(), { once: true });
  }

  #connect(): Connection {
    const connection: Connection = new Connection(this.#ladder.current, this.#url, {
      frame: (frame) => connection === this.#connection && this.#handle(frame),
      next: () => (connection === this.#connection ? this.#owner.next() : undefined),
      beat: () => connection === this.#connection && this.#owner.beat(),
      proven: () => connection === this.#connection && !this.#attempt && this.#ladder.works(connection.name),
      ended: (fate) => connection === this.#connection && !this.#attempt && this.#ended(connection, fate),
    });
    return (this.#connection = connection);
  }

  /** Gets into the room, by one carrier after another until one does. Rejects with why none did. */
  async #getIn(signal?: AbortSignal): Promise<void> {
    while (!(await this.#tryIn(signal)));
  }

  /** Tries to get into the room. Returns whether that is done, or is to be tried again at once. */
  async #tryIn(outer: AbortSignal | undefined): Promise<boolean> {
    const resume = this.#resume;
    // As another peer it is another instance, too: this one may still be in the room, as away.
    if (resume === undefined) {
      this.instance = newInstance();
      this.shown = this.#owner.show();
    }
    const late = () => new BeckonError("connect-failed", `no answer within ${ATTEMPT_TIMEOUT / 1000} s`);
    const limit = deadline(outer, ATTEMPT_TIMEOUT, late);
    this.#attempt = limit.clear;
    this.#attempted = performance.now();
    let connection: Connection | undefined;
    try {
      if (this.#tokens.current === undefined && this.#tokens.renewable) {
        await this.#tokens.renew(limit.signal);
        if (this.#leaving) return true;
      }
      connection = this.#connect();
      await this.#hello(connection, limit.signal);
      if (this.#leaving) return true; // this connection is saying bye: who joins now, or begins anew, stays as a ghost
      if (resume !== undefined && !this.welcome.resumed) return this.#begone(connection);
      await this.#owner.enter(limit.signal);
      if (connection.fate) throw connection.fate.error;
      this.#since = performance.now();
      if (connection.proven) this.#ladder.works(connection.name);
      return true;
    } catch (thrown) {
      const error = asBeckonError(thrown, "connect-failed", this.#url);
      if (!connection) throw error; // for lack of a token, which no carrier would change
      return this.#kept(connection, error, limit.signal.aborted && !outer?.aborted);
    } finally {
      limit.clear();
      this.#attempt = undefined;
    }
  }

  /** Decides what comes of a failure to get in: another carrier, or this error. */
  #kept(connection: Connection, error: BeckonError, late: boolean): false {
    if (this.#leaving) throw error;
    const { fate } = connection;
    if (error.code === "unauthorized" && this.#tokens.refused()) {
      this.#fell();
      return false;
    }
    if (!(fate ? fate.strange : late)) {
      this.#ladder.reset(); // what the server itself says is no carrier's fault
      if (fate && !fate.again && this.#entered) this.#end(error);
      throw error;
    }
    const why = this.#ladder.failed(connection.name, error);
    this.#fell();
    if (why) throw why;
    return false;
  }

  async #hello(connection: Connection, signal: AbortSignal): Promise<void> {
    const token = this.#tokens.current === undefined ? {} : { token: this.#tokens.current };
    const resume = this.#resume === undefined ? {} : { resume: this.#resume };
    await connection.open({ ...token, instance: this.instance, ...this.shown, ...resume }, signal);
    this.#tokens.accepted();
    this.welcome = connection.welcome;
    this.#resume = this.welcome.resume;
    this.iceServers = this.welcome.iceServers;
  }

  #handle(frame: ServerFrame): void {
    if (frame.type === "ice") {
      this.iceServers = frame.iceServers;
      this.#resume = frame.resume ?? this.#resume; // the grants of now
    } else if (frame.type === "expiring") void this.#renew();
    else if (frame.type === "goaway") this.#move(frame.within);
    else this.#owner.frame(frame);
  }

  /** Hands in a fresh token before the old one expires. If there is none, the server ends the connection then, and that is heard of. */
  async #renew(): Promise<void> {
    try {
      const token = await this.#tokens.renew();
      if (token === undefined) return;
      // A refusal of it, for too many questions perhaps, costs nothing yet. At the end of the old one another is asked for.
      await this.request({ type: "token", token }, "hand in a fresh token", undefined).finally(() => this.#tokens.accepted());
    } catch {}
  }

  /** Leaves a server that is about to end, at a moment of its window: not all of its clients are to come at the same one. */
  #move(within: number): void {
    if (!this.#entered || this.#attempt || this.#moving !== undefined) return; // it will close the connection
    this.#moving = setTimeout(() => {
      this.#fell();
      void this.#reconnect();
    }, Math.random() * within);
  }

  #ended(connection: Connection, { error, again, strange, blocked }: Fate): void {
    // Once it was let in, the server refuses nobody: that is the end of the token that it had.
    const renewing = error?.code === "unauthorized" && (connection.welcome ? this.#tokens.expired() : this.#tokens.refused());
    if (!this.#entered || !error || !(again || renewing)) return this.#end(error);
    if (strange) this.#ladder.died(connection.name, performance.now() - this.#since, error, blocked);
    this.#fell();
    if (blocked) void this.#reconnect(); // by another carrier: nothing is wrong with the server
    else this.#backoff.next(this.welcome.grace);
  }

  /** Lets go of the connection. */
  #fell(): void {
    const connection = this.#connection;
    this.#connection = undefined;
    clearTimeout(this.#moving);
    this.#moving = undefined;
    clearTimeout(this.#lasting);
    connection?.drop(new BeckonError("connection-lost", `${this.#url}: the connection is given up for another one.`));
    this.#attempt?.();
    this.#owner.lost();
  }

  /** The page is awake, or the network back: a moment to try, or to see whether what there is still lives. */
  #woken(): void {
    if (this.#backoff.now()) return;
    const stale = this.#entered && this.#attempt && performance.now() - this.#attempted >= STALE_ATTEMPT;
    if (!stale) return this.#connection?.probe();
    this.#hurry = true;
    this.#connection?.drop(new BeckonError("connection-lost", `${this.#url}: an attempt that hangs is begun anew.`));
  }

  async #reconnect(): Promise<void> {
    this.#hurry = false;
    try {
      await this.#getIn();
      // A server that lets everybody in and dies of it is none to come back to at once.
      if (!this.#leaving) this.#lasting = setTimeout(() => this.#backoff.reset(), LASTING);
    } catch (error) {
      if (!this.#leaving && !this.#over) this.#refused(error as BeckonError);
    }
  }

  /** The server does not know this session any more, so it begins anew. */
  #begone(connection: Connection): false {
    this.#resume = undefined;
    this.#connection = undefined;
    void connection.close(false);
    return false;
  }

  /** The server did not let this session in, or did not answer. */
  #refused(error: BeckonError): void {
    if (PASSING.includes(error.code)) {
      this.#fell();
      if (this.#hurry) void this.#reconnect();
      else this.#backoff.next(this.welcome.grace, error.retryAfter);
    } else {
      void this.#connection?.close(false);
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
