import { Control } from "./control.js";
import { asBeckonError, BeckonError } from "./error.js";
import { Held } from "./held.js";
import { bytesOn } from "./path.js";
import type { Description, SignalData } from "./protocol_gen.js";

/** The largest message where a description names none (RFC 8841, section 6.1). */
const DEFAULT_MESSAGE_SIZE = 65536;
/** How many candidates are kept while there is no description to add them to. */
const MAX_KEPT = 256;

/** What is said of a connection that the app has closed. */
export const CLOSED = "The RTCPeerConnection was closed.";

/** What a Negotiation tells its Link. */
export interface Negotiator {
  /** Whether this side makes the offers. */
  readonly offers: boolean;
  /** What the RTCPeerConnection gets; asked for again whenever candidates are gathered anew, for credentials that still count. */
  configuration(): RTCConfiguration;
  /** Says something to the other side. */
  say(data: SignalData): void;
  /** This side wants an offer and cannot make one. */
  want(): void;
  /** Resolves when the certificate in use is that of whom it should be: before that, nothing gets to the app. Rejects if it is not. */
  readonly confirm: ((connection: RTCPeerConnection) => Promise<void>) | undefined;
  /** The control channel is open, and what `confirm` confirms is. */
  connected(): void;
  /** The other side opened a channel. */
  channel(dc: RTCDataChannel): void;
  /** A number that is another one whenever the other side has taken something since. */
  progress(): number;
  /** There is no path: it may yet come back by itself, or not. Perhaps more than once. */
  lost(forGood: boolean): void;
  /** There is one again. */
  found(): void;
  /** The connection is over: undefined means that the other side closed it on purpose. Once. */
  over(error: BeckonError | undefined): void;
}

/** Whether a signal's data is the SDKs' own. Apps use other keys. */
export function isNegotiation(data: unknown): data is SignalData {
  if (typeof data !== "object" || data === null) return false;
  return ["description", "candidate", "want", "over", "unverified"].some((key) => Object.hasOwn(data, key));
}

/**
 * One RTCPeerConnection, and what is said to get and keep it connected. One side offers, always the same, so offers never
 * cross; the other asks for an offer with a `want`. What comes in is worked off one after another.
 */
export class Negotiation {
  readonly connection: RTCPeerConnection;
  readonly control: Control;
  /** Names it to both sides; "" if the other side gives no names. */
  readonly session: string;
  readonly #peer: Negotiator;
  /** Candidates that there was no description for, perhaps of a generation that is yet to come. */
  #kept: (RTCIceCandidateInit | null)[] = [];
  #work: Promise<void> = Promise.resolve();
  /** An offer is out, or is being made. */
  #unanswered: boolean;
  /** The first offer has its answer: the other side had this connection, whatever became of it since. */
  #answered = false;
  /** It is one for another path. */
  #restarting = false;
  /** Another path is wanted as soon as that offer has its answer. */
  #again = false;
  /** Why there is no path. */
  readonly #missing = new Set<"ice" | "silence">();
  #wasOpen = false;
  /** Channels of the other side's while that is not confirmed. */
  readonly #held: Held[] = [];
  #over = false;

  constructor(session: string, peer: Negotiator) {
    this.session = session;
    this.#peer = peer;
    this.#unanswered = peer.offers;
    const pc = (this.connection = new RTCPeerConnection(peer.configuration()));
    // Who names a connection says goodbye to it.
    this.control = new Control(pc, session !== "", {
      opened: () => (peer.confirm ? this.#do(() => this.#confirm()) : this.#opened()),
      silent: () => this.#miss("silence", true),
      heard: () => this.#found("silence"),
      progress: () => peer.progress(),
      received: async () => bytesOn(await pc.getStats()).bytesReceived,
      ended: (onPurpose, fault) => this.#end(onPurpose ? undefined : lost(fault?.message ?? "closed without a goodbye", fault)),
    });
    pc.ondatachannel = (event) => {
      this.control.heard();
      if (peer.confirm && !this.#wasOpen) this.#held.push(new Held(event.channel));
      else peer.channel(event.channel);
    };
    pc.onicecandidate = ({ candidate }) => this.#gathered(candidate);
    pc.onnegotiationneeded = () => this.#needed();
    pc.onconnectionstatechange = () => this.#watch();
  }

  /** Whether it has been connected. */
  get wasOpen(): boolean {
    return this.#wasOpen;
  }

  /** Whether it is connected: there is a path, as far as is known. */
  get whole(): boolean {
    return this.#wasOpen && this.#missing.size === 0;
  }

  /** Whether an offer of this side's has no answer yet. */
  get unanswered(): boolean {
    return this.#unanswered;
  }

  /** Whether the first offer has an answer. */
  get answered(): boolean {
    return this.#answered;
  }

  /** The largest message in bytes that the other side takes. */
  get maxMessageSize(): number {
    return this.connection.sctp?.maxMessageSize ?? DEFAULT_MESSAGE_SIZE;
  }

  /** Takes a description; `iceRestart` says that it is one for another path. */
  describe(description: Description, iceRestart = false): void {
    this.#answered = true;
    this.#do(() => this.#describe(description, iceRestart));
  }

  /** Takes a candidate. */
  add(candidate: RTCIceCandidateInit | null): void {
    this.#do(() => this.#add(candidate));
  }

  /**
   * Looks for another path (an ICE restart, RFC 8445, section 9): the channels live on meanwhile. An offer for another path that is
   * out will do, unless `moved` says that this side's network is another one than it was when that was made.
   */
  restart(moved = false): void {
    if (this.#over) return;
    if (this.connection.connectionState === "closed") return this.#end(lost(CLOSED));
    if (!this.#peer.offers) return this.#peer.want();
    if (this.#unanswered) {
      this.#again ||= moved || !this.#restarting;
      return;
    }
    this.#unanswered = this.#restarting = true;
    this.#configure();
    this.connection.restartIce(); // which makes an offer needed
  }

  /** Ends it because of what was said on it. */
  fail(error: BeckonError): void {
    this.#end(error);
  }

  /** Closes the connection now. */
  close(): void {
    this.#over = true;
    this.control.stop();
    this.connection.close();
  }

  /** Runs a step after those before it. A step that throws ends this connection, and no other. */
  #do(step: () => Promise<void>): void {
    this.#work = this.#work.then(async () => {
      if (this.#over) return;
      try {
        await step();
      } catch (error) {
        this.#end(this.connection.connectionState === "closed" ? lost(CLOSED) : asBeckonError(error, "connect-failed", "negotiation"));
      }
    });
  }

  async #confirm(): Promise<void> {
    await this.#peer.confirm?.(this.connection);
    if (!this.#over) this.#opened();
  }

  #opened(): void {
    this.#wasOpen = true;
    this.#peer.connected();
    for (const held of this.#held.splice(0)) held.release(() => this.#peer.channel(held.dc));
  }

  /** Follows what becomes of the path. */
  #watch(): void {
    const { connectionState, iceConnectionState, sctp } = this.connection;
    // There is no way back from a failure of DTLS. Once that has been there, it says so itself: Chromium calls ICE that has failed
    // "disconnected" (crbug.com/957487), and another path may be found for it. In Firefox DTLS fails with ICE, and all channels end.
    const dtls = this.#wasOpen ? sctp?.transport.state === "failed" : iceConnectionState !== "failed";
    if (connectionState === "connected") this.#found("ice");
    else if (connectionState === "disconnected") this.#miss("ice", false);
    else if (connectionState === "failed" && dtls) this.#end(lost("DTLS failed"));
    else if (connectionState === "failed") this.#miss("ice", true);
  }

  #miss(what: "ice" | "silence", forGood: boolean): void {
    this.#missing.add(what);
    if (!this.#over) this.#peer.lost(forGood);
  }

  #found(what: "ice" | "silence"): void {
    if (this.#missing.delete(what) && this.#missing.size === 0 && !this.#over) this.#peer.found();
  }

  async #offer(): Promise<void> {
    if (this.connection.signalingState !== "stable") return;
    this.#unanswered = true;
    await this.connection.setLocalDescription();
    this.#describeSelf(this.#restarting ? { iceRestart: true } : {});
  }

  async #describe({ type, sdp }: Description, iceRestart: boolean): Promise<void> {
    const expected = this.#peer.offers ? "answer" : "offer";
    if (type !== expected) throw new BeckonError("connect-failed", `An ${expected} was due, but the peer sent: ${type}.`);
    if (iceRestart) this.#configure();
    await this.connection.setRemoteDescription({ type: expected, sdp });
    for (const candidate of this.#kept.splice(0)) await this.#add(candidate, false);
    if (this.#peer.offers) return this.#settled();
    await this.connection.setLocalDescription();
    this.#describeSelf({});
  }

  #settled(): void {
    this.#unanswered = this.#restarting = false;
    if (!this.#again) return;
    this.#again = false;
    this.restart();
  }

  #describeSelf(more: { iceRestart?: true }): void {
    const description = this.connection.localDescription;
    if (description && !this.#over) this.#peer.say({ description: { type: description.type, sdp: description.sdp }, ...more });
  }

  async #add(candidate: RTCIceCandidateInit | null, keep = true): Promise<void> {
    try {
      if (this.connection.remoteDescription) return await this.connection.addIceCandidate(candidate);
    } catch {
      // One that this browser cannot use (a kind or name that it does not know) is one way less, not a failure. But it may as well
      // be one of the next description's, and have come before it.
    }
    if (keep && this.#kept.length < MAX_KEPT) this.#kept.push(candidate);
  }

  #gathered(candidate: RTCIceCandidate | null): void {
    // An empty one ends a generation of candidates; null, which follows, ends them all, and every implementation knows it.
    if (this.#over || candidate?.candidate === "") return;
    this.#peer.say({ candidate: candidate === null ? null : candidate.toJSON() });
  }

  #needed(): void {
    if (this.#peer.offers) this.#do(() => this.#offer());
    else if (this.connection.remoteDescription) this.#peer.want();
  }

  /** Takes the newest ICE servers: the credentials of those that it was made with may have expired. */
  #configure(): void {
    this.connection.setConfiguration?.(this.#peer.configuration()); // Firefox has it since version 119
  }

  #end(error: BeckonError | undefined): void {
    if (this.#over) return;
    this.#over = true;
    this.#peer.over(error);
  }
}

function lost(why: string, cause?: RTCError): BeckonError {
  return new BeckonError("connection-lost", `The connection failed: ${why}.`, cause ? { cause } : {});
}
