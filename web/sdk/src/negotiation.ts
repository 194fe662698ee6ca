import { asBeckonError, BeckonError } from "./error.js";
import type { Description, SignalData } from "./protocol_gen.js";

/** How many candidates are kept while there is no description to add them to. */
const MAX_KEPT = 256;
/** The largest message where a description names none (RFC 8841, section 6.1). */
const DEFAULT_MESSAGE_SIZE = 65536;

/** How many milliseconds a path that is silent may take to come back by itself. */
const SILENCE = 2000;

/** What a Negotiation tells its Peer. */
export interface Negotiator {
  /** Whether this side makes the offers. */
  readonly offers: boolean;
  /** For how many milliseconds a lost path is looked for. */
  readonly patience: number;
  /** Says something to the other side. */
  say(data: SignalData): void;
  /** The control channel is open. */
  connected(): void;
  /** The other side opened a channel. */
  channel(dc: RTCDataChannel): void;
  /** The connection is over: undefined means that the other side closed it in order. Perhaps more than once. */
  over(error: BeckonError | undefined): void;
}

/** Whether a signal's data is the SDKs' own. Apps use other keys. */
export function isNegotiation(data: unknown): data is SignalData {
  if (typeof data !== "object" || data === null) return false;
  return ["description", "candidate", "want"].some((key) => Object.hasOwn(data, key));
}

/**
 * One RTCPeerConnection, and what is said to get and keep it connected. One side offers, always the same, so offers never
 * cross; the other asks for an offer with a `want`. What comes in is worked off one after another.
 *
 * A path that is lost is looked for again (an ICE restart, RFC 8445, section 9): the channels live on meanwhile.
 */
export class Negotiation {
  readonly connection: RTCPeerConnection;
  readonly #peer: Negotiator;
  /** Both sides make it, before anything is negotiated: it puts SCTP into the first offer, and its end is the peer's goodbye. */
  readonly #control: RTCDataChannel;
  readonly #kept: (RTCIceCandidateInit | null)[] = [];
  #work: Promise<void> = Promise.resolve();
  #fault: RTCError | undefined;
  /** The path is silent: it may yet come back by itself. */
  #silence: ReturnType<typeof setTimeout> | undefined;
  /** The path is lost: it is looked for. */
  #search: ReturnType<typeof setTimeout> | undefined;
  #over = false;

  constructor(configuration: RTCConfiguration, peer: Negotiator) {
    this.#peer = peer;
    const pc = (this.connection = new RTCPeerConnection(configuration));
    const control = (this.#control = pc.createDataChannel("beckon", { negotiated: true, id: 0, ordered: true }));
    control.onopen = () => this.#peer.connected();
    control.onerror = (event) => (this.#fault = event.error);
    control.onclose = () => this.#lost();
    pc.ondatachannel = (event) => this.#peer.channel(event.channel);
    pc.onicecandidate = ({ candidate }) => this.#gathered(candidate);
    pc.onnegotiationneeded = () => this.#needed();
    pc.onconnectionstatechange = () => this.#watch();
  }

  /** The largest message in bytes that the other side takes. */
  get maxMessageSize(): number {
    return this.connection.sctp?.maxMessageSize ?? DEFAULT_MESSAGE_SIZE;
  }

  /** Takes what the other side said. */
  receive(data: SignalData): void {
    if (data.description) {
      const { description } = data;
      this.#do(() => this.#describe(description));
    } else if ("candidate" in data) {
      const candidate = data.candidate as RTCIceCandidateInit | null;
      this.#do(() => this.#add(candidate));
    } else if (data.want && this.#peer.offers) {
      // Whoever has a description and wants another one has lost the path, or cannot be harmed by a new one.
      this.#do(async () => (this.connection.remoteDescription ? this.#restart() : this.#offer()));
    }
  }

  /** Looks for another path now, because the network is another one. */
  restart(): void {
    if (this.#over || !this.connection.remoteDescription) return; // a first one is being looked for
    if (this.#peer.offers) this.#do(async () => this.#restart());
    else this.#peer.say({ want: true });
  }

  /** Tells the other side that this one is done, and resolves when it has heard, or after `ms` milliseconds. */
  async farewell(ms: number): Promise<void> {
    if (this.#control.readyState !== "open") return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.#control.onclose = () => {
        clearTimeout(timer);
        resolve();
      };
      this.#control.close();
    });
  }

  /** Closes the connection now. */
  close(): void {
    this.#over = true;
    this.#found();
    this.connection.close();
  }

  /** Runs a step after those before it. A step that throws ends this connection, and no other. */
  #do(step: () => Promise<void>): void {
    this.#work = this.#work.then(async () => {
      if (this.#over) return;
      try {
        await step();
      } catch (error) {
        this.#fail(asBeckonError(error, "connect-failed", "negotiation"));
      }
    });
  }

  #restart(): void {
    // An offer that is out brings new candidates of either side anyway, if it is a restart; if not, the next want will.
    if (this.connection.signalingState === "stable") this.connection.restartIce(); // which makes an offer needed
  }

  /** Follows what becomes of the path. */
  #watch(): void {
    const { connectionState, iceConnectionState } = this.connection;
    if (connectionState === "connected") return this.#found();
    if (connectionState !== "disconnected" && connectionState !== "failed") return;
    const lost = new BeckonError("connection-lost", "The connection failed.");
    // There is no way back from a failure of DTLS; and what has never been connected has its own deadline.
    const hopeless = connectionState === "failed" && (iceConnectionState !== "failed" || this.#control.readyState !== "open");
    if (hopeless) return this.#fail(lost);
    this.#search ??= setTimeout(() => this.#fail(lost), this.#peer.patience);
    clearTimeout(this.#silence);
    this.#silence = setTimeout(() => this.restart(), connectionState === "failed" ? 0 : SILENCE);
  }

  /** There is a path, or none is needed any more. */
  #found(): void {
    clearTimeout(this.#silence);
    clearTimeout(this.#search);
    this.#search = undefined;
  }

  async #offer(): Promise<void> {
    // An offer is out: its answer comes before whatever the other side may want next, so this want is the one it serves.
    if (this.connection.signalingState !== "stable") return;
    await this.connection.setLocalDescription();
    this.#describeSelf();
  }

  async #describe({ type, sdp }: Description): Promise<void> {
    const expected = this.#peer.offers ? "answer" : "offer";
    if (type !== expected) throw new BeckonError("connect-failed", `An ${expected} was due, but the peer sent: ${type}.`);
    await this.connection.setRemoteDescription({ type: expected, sdp });
    for (const candidate of this.#kept.splice(0)) await this.#add(candidate);
    if (this.#peer.offers) return;
    await this.connection.setLocalDescription();
    this.#describeSelf();
  }

  #describeSelf(): void {
    const description = this.connection.localDescription;
    if (description && !this.#over) this.#peer.say({ description: { type: description.type, sdp: description.sdp } });
  }

  async #add(candidate: RTCIceCandidateInit | null): Promise<void> {
    if (!this.connection.remoteDescription) {
      if (this.#kept.length < MAX_KEPT) this.#kept.push(candidate);
      return;
    }
    try {
      await this.connection.addIceCandidate(candidate);
    } catch {
      // A candidate that this browser cannot use (a kind or name it does not know) is one way less, not a failure.
    }
  }

  #gathered(candidate: RTCIceCandidate | null): void {
    // An empty one ends a generation of candidates; null, which follows, ends them all, and every implementation knows it.
    if (this.#over || candidate?.candidate === "") return;
    this.#peer.say({ candidate: candidate === null ? null : candidate.toJSON() });
  }

  #needed(): void {
    if (this.#peer.offers) this.#do(() => this.#offer());
    else if (this.connection.remoteDescription) this.#peer.say({ want: true });
  }

  /** The control channel closed: the other side closed the connection, or the connection was lost. */
  #lost(): void {
    const fault = this.#fault;
    // RFC 9260, section 3.3.10.12: cause 12 is an abort on purpose, such as closing the page.
    if (!fault || fault.sctpCauseCode === 12) this.#fail(undefined);
    else this.#fail(new BeckonError("connection-lost", fault.message, { cause: fault }));
  }

  #fail(error: BeckonError | undefined): void {
    if (!this.#over) this.#peer.over(error);
  }
}
