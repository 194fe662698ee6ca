import { Churn } from "./churn.js";
import { Clocks } from "./clocks.js";
import { newInstance } from "./decide.js";
import { Early } from "./early.js";
import { BeckonError } from "./error.js";
import type { LinkOwner, PeerState } from "./hosts.js";
import { CLOSED, Negotiation } from "./negotiation.js";
import { MAX_NAME, type Description, type SignalData } from "./protocol_gen.js";

/** What is said of a refusal by the other side, whose reason is not heard of. */
const REFUSED = "The other side has not accepted who this one is, or wants to know it and this one does not say.";

/** For how many milliseconds a path that is lost may come back by itself. */
const PATIENCE = 2000;
/** While it stays lost, another one is looked for again after this many milliseconds: checks are not sent for ever. */
const AGAIN = 5000;
/** The same for one that takes the place of another and has not been connected: a restart ends the gathering that is under way. */
const AGAIN_NEW = 8000;
/** When there is no path for so many milliseconds, the connection is given up for another one. */
const PATHLESS = 15_000;
/** One that came to nothing is followed by the next after this many milliseconds, doubling. */
const PAUSE = 1000;

/**
 * The connection with one other peer, which is one RTCPeerConnection after another: a path that is lost is looked for, and if there
 * is none, or the other side's end is gone, another connection takes the place of the one before. Each has a session, a name that
 * the side that offers gives it, so that nothing that is said about one is taken for being about another.
 *
 * Sessions never come back: what is said about any but the current is late and dropped.
 */
export class Link {
  /** The id of the peer that it is with. */
  readonly id: string;
  readonly #owner: LinkOwner;
  /** They wait while one of the two cannot be reached over the server. */
  readonly #clocks = new Clocks<"deadline" | "patience" | "again" | "pathless" | "pause">();
  readonly #churn = new Churn();
  #state: PeerState = "waiting";
  /** That of the current connection, or of the last one while there is none; undefined before the first. */
  #session: string | undefined;
  #negotiation: Negotiation | undefined;
  readonly #early = new Early();
  /** The `want` that is on its way: it need not be said twice. */
  #asked: string | undefined;
  #pause = PAUSE;
  /** What ended the last connection. */
  #why: BeckonError | undefined;

  constructor(owner: LinkOwner) {
    this.#owner = owner;
    this.id = owner.id;
  }

  /** How it stands. */
  get state(): PeerState {
    return this.#state;
  }

  /** The current RTCPeerConnection. */
  get connection(): RTCPeerConnection | undefined {
    return this.#negotiation?.connection;
  }

  /** The largest message in bytes that the other side takes. */
  get maxMessageSize(): number {
    return this.#negotiation?.maxMessageSize ?? 0;
  }

  /** Whether the association is there on which the channels are. */
  get open(): boolean {
    return this.#negotiation?.control.open ?? false;
  }

  /** How often a path was found again that had been lost, and how many connections have been open. */
  restarts = 0;
  connections = 0;

  /** What is said on this connection makes no sense: it ends, and another one may take its place. */
  fail(error: BeckonError): void {
    // Of an association that is gone the control channel says whether that was on purpose.
    if (!this.#negotiation?.wasOpen || this.open) this.#negotiation?.fail(error);
  }

  /** Looks whether the app has closed the RTCPeerConnection, of which the browser tells nobody: then another one takes its place. */
  check(): void {
    if (this.connection?.connectionState === "closed") this.#negotiation?.fail(new BeckonError("connection-lost", CLOSED));
  }

  /** Something came of the other side. */
  heard(sdk = false): void {
    this.#negotiation?.control.heard(sdk);
  }

  /** Begins to connect; `ask` tells the other side so if that is the one that offers. */
  start(ask: boolean): void {
    if (this.#state !== "waiting") return;
    this.#clocks.start("deadline", this.#owner.connectTimeout, () => this.#late());
    this.#become("connecting");
    if (this.#owner.offers) this.#renew(newInstance());
    else if (ask) this.#say({ want: true });
  }

  /** The two can reach each other over the server, or not. */
  reach(reachable: boolean): void {
    this.#clocks.go(reachable);
  }

  /** This side's network is another one. */
  moved(): void {
    // Who waits for an offer answers it from the new one.
    if (this.#owner.offers || this.connection?.remoteDescription) this.#negotiation?.restart(true);
  }

  /** Takes what the other side said. */
  receive(data: SignalData): void {
    const { session = "", description, iceRestart, want, over, unverified } = data;
    if (typeof session !== "string" || session.length > MAX_NAME) return;
    this.check();
    if (this.#state === "closed") {
      if (description || want === true) this.#tell(session); // who does not know it would wait
    } else if (unverified === true) this.#unverified(REFUSED, { reason: "refused" });
    else if (over === true) this.#left(session);
    else if (description) {
      if (!this.#owner.offers) this.#offered(session, description, iceRestart === true);
      else if (session === this.#session) {
        this.#looked();
        this.#negotiation?.describe(description);
      }
    } else if ("candidate" in data) this.#candidate(session, data.candidate as RTCIceCandidateInit | null);
    else if (want === true && this.#owner.offers) this.#wanted(data);
  }

  /** Says goodbye, and resolves when the other side has heard, or after `ms` milliseconds. */
  async farewell(ms: number): Promise<void> {
    if (this.open) await this.#negotiation?.control.farewell(ms);
    else this.#finish(undefined);
  }

  /** Says goodbye without waiting. */
  bye(): void {
    this.#negotiation?.control.bye();
  }

  /** Ends it now, because of `error` or in order. */
  end(error: BeckonError | undefined): void {
    if (this.#state === "closed") return;
    this.#state = "closed";
    this.#clocks.stop();
    this.#negotiation?.close();
    this.#owner.ended(error);
  }

  /** Ends it because the other side is not shown to be who it should be, and says so to it: it need not wait. */
  refuse(error: BeckonError): void {
    if (this.#state === "closed") return;
    this.#say(this.#session ? { unverified: true, session: this.#session } : { unverified: true });
    this.#unverified(error.message, error.cause);
  }

  /** Ends it because of what the other side does, and says so to it. */
  giveUp(error: BeckonError): void {
    this.#finish(error);
  }

  #unverified(why: string, cause?: unknown): void {
    if (this.#state !== "waiting") this.#owner.failed();
    this.end(new BeckonError("peer-unverified", `connect to ${this.id}: ${why}`, { cause }));
  }

  /** Ends it for good, and tells the other side that nothing takes its place: it would wait for nothing. */
  #finish(error: BeckonError | undefined): void {
    if (this.#state !== "closed" && this.#session !== undefined) this.#tell(this.#session);
    this.end(error);
  }

  #tell(session: string): void {
    void this.#say({ over: true, ...(session === "" ? {} : { session }) }).catch(() => {});
  }

  /** For the other side it has ended for good. What was said of a connection that has been replaced since is late. */
  #left(session: string): void {
    if (this.#state === "waiting" || (this.#session ?? session) !== session) return;
    if (this.#state !== "connected" && this.#state !== "closed") this.#owner.failed(); // each side tells what it has seen
    this.end(this.#failure(new BeckonError("closed", "The other side gave up.")));
  }

  /** Takes an offer. */
  #offered(session: string, description: Description, iceRestart: boolean): void {
    this.start(false);
    if (session === this.#session) {
      this.#looked();
      // None of a connection that was given up: this side has asked for another one.
      return this.#negotiation?.describe(description, iceRestart);
    }
    // A new DTLS association cannot go on with what is left of an old one.
    if (iceRestart) return this.#ask({ want: true });
    this.#giveUp("The other side has made a new connection.");
    const negotiation = this.#renew(session);
    for (const candidate of this.#early.take(session)) negotiation?.add(candidate);
    negotiation?.describe(description);
  }

  #candidate(session: string, candidate: RTCIceCandidateInit | null): void {
    if (session === this.#session) return this.#negotiation?.add(candidate);
    if (!this.#owner.offers) this.#early.keep(session, candidate); // who names the sessions knows that it is late
  }

  /**
   * Takes the other side's wish. An offer that has no answer yet serves it: what it was about came before that. But who has no
   * connection cannot answer one for another path.
   */
  #wanted({ session = "", fresh }: SignalData): void {
    if (this.#state === "waiting") return this.start(false);
    if (session === "") {
      if (this.#negotiation?.answered !== false) this.#replace("The other side has none any more.");
    } else if (session === this.#session) {
      if (fresh === true) this.#replace("The other side found no path.");
      else if (!this.#negotiation?.unanswered) this.#negotiation?.restart();
    }
  }

  /** Makes the next connection, or asks for it. */
  #replace(why: string): void {
    if (this.#owner.closing) return this.#finish(undefined);
    const session = this.#session;
    this.#giveUp(why);
    if (this.#owner.offers) this.#renew(newInstance());
    else this.#say(session ? { want: true, session, fresh: true } : { want: true });
  }

  /** Ends the current connection, in order that another one can take its place. */
  #giveUp(why: string): void {
    this.#clocks.stop("patience", "again", "pathless", "pause");
    const negotiation = this.#negotiation;
    if (!negotiation) return;
    this.#negotiation = undefined;
    negotiation.close();
    if (this.#state !== "connecting") {
      // One deadline for all that follow each other until one of them is connected.
      this.#clocks.begin("deadline", this.#owner.connectTimeout, () => this.#late());
      this.#become("reconnecting");
    }
    this.#owner.replaced(new BeckonError("connection-lost", `The connection with ${this.id} was lost. ${why}`));
  }

  #renew(session: string): Negotiation | undefined {
    if (this.#owner.closing) this.#finish(undefined);
    if (this.#state === "closed") return undefined; // perhaps by a listener, just now
    if (!this.#churn.allows()) {
      this.#fail(new BeckonError("connection-lost", "One connection after another was given up."));
      return undefined;
    }
    this.#session = session;
    this.#asked = undefined;
    const named = session === "" ? {} : { session };
    const { guard } = this.#owner;
    try {
      const negotiation: Negotiation = new Negotiation(session, {
        offers: this.#owner.offers,
        configuration: () => this.#owner.configuration(),
        say: (data) => this.#say({ ...data, ...named }),
        want: () => this.#ask({ want: true, ...named }),
        confirm: guard && ((pc) => guard.confirm(session, pc)),
        connected: () => this.#connected(),
        channel: (dc) => this.#owner.channel(dc),
        progress: () => this.#owner.progress(),
        lost: (forGood) => this.#lost(negotiation, forGood),
        found: () => this.#found(),
        over: (error) => this.#over(error),
      });
      return (this.#negotiation = negotiation);
    } catch (error) {
      // An ICE server that the browser does not understand, for one.
      this.#fail(error);
      return undefined;
    }
  }

  #connected(): void {
    this.#pause = PAUSE;
    this.#why = undefined;
    this.connections++;
    this.#clocks.stop("deadline");
    if (this.#negotiation?.whole) this.#become("connected");
  }

  #found(): void {
    if (this.#state === "reconnecting") this.restarts++;
    this.#clocks.stop("patience", "again", "pathless");
    if (this.#negotiation?.whole) this.#become("connected");
  }

  /** There is no path. One that has never been has its own deadline; and of the very first one a failure is the end. */
  #lost(negotiation: Negotiation, forGood: boolean): void {
    if (this.#state === "connecting") {
      if (!forGood) return;
      if (this.#clocks.going) return this.#fail(new BeckonError("connection-lost", "ICE found no path."));
      // Without the server the two could not tell each other all their candidates, so that says nothing.
      return this.#clocks.start("patience", 0, () => negotiation.restart());
    }
    if (negotiation.wasOpen) this.#clocks.begin("pathless", PATHLESS, () => this.#replace("No path was found."));
    if (forGood) this.#search(negotiation);
    else this.#clocks.begin("patience", PATIENCE, () => this.#search(negotiation));
  }

  #search(negotiation: Negotiation): void {
    this.#clocks.stop("patience");
    this.#become("reconnecting");
    if (this.#negotiation !== negotiation || this.#state === "closed") return; // by a listener, just now
    this.#planAgain(negotiation);
    negotiation.restart();
  }

  #planAgain(negotiation: Negotiation): void {
    this.#clocks.start("again", negotiation.wasOpen ? AGAIN : AGAIN_NEW, () => this.#search(negotiation));
  }

  /** Both descriptions of another path are there, or soon will be: it has its time before the next one is looked for. */
  #looked(): void {
    const negotiation = this.#negotiation;
    if (!negotiation || this.#state === "connecting") return;
    if (!this.#clocks.runs("patience") && !this.#clocks.runs("again")) return;
    this.#clocks.stop("patience");
    this.#planAgain(negotiation);
  }

  /**
   * The connection is over. One that has been connected is replaced at once, another one after a while: also the very first, but for a
   * negotiation that makes no sense.
   */
  #over(error: BeckonError | undefined): void {
    if (this.#owner.closing) return this.#finish(undefined);
    if (error?.code === "peer-unverified") return this.refuse(error);
    const first = this.#state === "connecting";
    if (first && error?.code !== "connection-lost") return this.#fail(error ?? new BeckonError("closed", "The other side gave up."));
    if (!error) return this.end(undefined);
    this.#why = error;
    if (this.#negotiation?.wasOpen) return this.#replace(error.message);
    this.#giveUp(error.message);
    this.#clocks.start("pause", this.#pause, () => this.#replace(error.message));
    this.#pause *= 2;
  }

  #become(state: PeerState): void {
    if (this.#state === state || this.#state === "closed") return;
    this.#state = state;
    this.#owner.changed();
  }

  /** Asks for something that the other side may be asked for already. */
  #ask(data: SignalData): void {
    const text = JSON.stringify(data);
    if (this.#asked === text) return;
    this.#asked = text;
    const done = () => {
      if (this.#asked === text) this.#asked = undefined;
    };
    this.#say(data).then(done, done);
  }

  /** Sends a signal. Without it there can be no first connection; later ones have their clocks. */
  #say(data: SignalData): Promise<void> {
    const saying = this.#owner.say(data);
    saying.catch((cause: unknown) => {
      if (this.#state === "connecting") this.#fail(new BeckonError("connect-failed", "A signal was refused.", { cause }));
    });
    return saying;
  }

  #late(): void {
    const pc = this.connection;
    const how = pc ? `ICE is ${pc.iceConnectionState}, signaling ${pc.signalingState}` : "it made no offer";
    const cause = this.#why ? { cause: this.#why } : {};
    this.#fail(new BeckonError("connect-failed", `not connected after ${this.#owner.connectTimeout / 1000} s (${how})`, cause));
  }

  /** Ends it because it was never connected, or is not connected again. */
  #fail(cause: unknown): void {
    if (this.#state !== "closed") this.#owner.failed();
    this.#finish(this.#failure(cause));
  }

  #failure(cause: unknown): BeckonError {
    const why = cause instanceof Error ? cause.message : String(cause);
    const code = this.#state === "connecting" ? "connect-failed" : "connection-lost";
    return new BeckonError(code, `connect to ${this.id}: ${why}`, { cause });
  }
}
