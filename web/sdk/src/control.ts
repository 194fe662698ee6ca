/** A ping is sent after so many milliseconds in which nothing was heard. */
const TICK = 1250;
/** So many pings in a row without an answer mean that the path is lost. */
const MAX_UNANSWERED = 3;
/** On a path that is there the channel is open within so many ticks, or never: the other side may have closed already. */
const MAX_CLOSED = 6;
/** A timer that fires this many milliseconds late was held up: a hidden tab's timers are throttled, a lid was closed. */
const LATE = 1000;
/** Nothing that is said here is longer, in UTF-16 units. */
const LONGEST = 256;
/** With so many bytes of answers that the other side does not take, further pings of its stay without one. */
const MAX_BACKLOG = 16384;
/** For so many milliseconds the verdict waits for the browser to say whether bytes have come. */
const LOOK_TIMEOUT = 500;
/** RFC 9260, section 3.3.10.12: the other side closed the whole association on purpose. */
const USER_INITIATED_ABORT = 12;

/** With a path, as ICE calls it. */
const PATH = new Set(["connected", "completed"]);

/** What a Control tells its owner. */
export interface ControlOwner {
  /** The channel is open, which is what connected means. */
  opened(): void;
  /** Nothing answers any more, nor does the other side take what is being sent. */
  silent(): void;
  /** After that, something was heard. */
  heard(): void;
  /** A number that is another one whenever the other side has taken something since. */
  progress(): number;
  /** How many bytes the other side has got here; undefined if the browser does not say. */
  received(): Promise<number | undefined>;
  /** The connection is over: the other side closed it on purpose, or the association is gone, perhaps with a reason. Once. */
  ended(onPurpose: boolean, fault: RTCError | undefined): void;
}

/**
 * The control channel: both sides make it before anything is negotiated, which puts SCTP into the first offer. It tells whether the
 * other side is there, and its goodbye.
 *
 * Silence is counted in pings, not in time: a page that was asleep has asked nothing meanwhile. And the last ping's verdict, when
 * its timer comes late, waits for one more: what arrived meanwhile may not have been handed to us yet.
 *
 * A large message is handed over when it is whole, and answers wait behind it: on a slow path nothing is heard for longer than
 * silence lasts. So while a ping is unanswered, the browser is asked whether bytes come; in good times it is not.
 */
export class Control {
  readonly #owner: ControlOwner;
  readonly #connection: RTCPeerConnection;
  readonly #dc: RTCDataChannel;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #fault: RTCError | undefined;
  /** When something was heard, and when the timer is due, as of performance.now. */
  #last = 0;
  #due = 0;
  /** For how many ticks there was a path, and the channel not open. */
  #closedFor = 0;
  #progress = 0;
  #pings = 0;
  #unanswered = 0;
  /** What had come at the last look since something was heard. */
  #bytes: number | undefined;
  #looking: Promise<void> | undefined;
  #silent = false;
  #excused = false;
  /** The other side has asked or answered, so it knows how: one that does not is not dead for that. */
  #speaks = false;
  /** It says goodbye before it closes the connection. */
  #parts: boolean;
  #over = false;

  /** `parts`: the other side is known to say goodbye. Who knows heartbeats does so, too, but that is not heard in the first moments. */
  constructor(connection: RTCPeerConnection, parts: boolean, owner: ControlOwner) {
    this.#owner = owner;
    this.#connection = connection;
    this.#parts = parts;
    const dc = (this.#dc = connection.createDataChannel("beckon", { negotiated: true, id: 0, ordered: true }));
    dc.onopen = () => this.#opened();
    dc.onmessage = (event: MessageEvent<unknown>) => this.#received(event.data);
    dc.onerror = (event) => (this.#fault = event.error);
    dc.onclose = () => this.#closed();
    this.#arm(TICK);
  }

  /** Whether the association is there. */
  get open(): boolean {
    return this.#dc.readyState === "open";
  }

  /** Something came of the other side, on any channel; `sdk` says that nobody but an SDK says such things. */
  heard(sdk = false): void {
    this.#speaks ||= sdk;
    this.#last = performance.now();
    this.#unanswered = 0;
    this.#bytes = undefined;
    this.#excused = false;
    if (!this.#silent) return;
    this.#silent = false;
    this.#owner.heard();
  }

  /** Says goodbye without waiting: all that a page that goes away can do. */
  bye(): void {
    this.#say({ bye: true });
  }

  /** Says goodbye, and resolves when the other side has heard it, or after `ms` milliseconds. */
  async farewell(ms: number): Promise<void> {
    if (!this.open || this.#over) return;
    this.stop();
    this.bye();
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.#dc.onclose = () => {
        clearTimeout(timer);
        resolve();
      };
      // Closing waits for what is on the wire; what is not there yet, Chromium would throw away.
      this.#dc.bufferedAmountLowThreshold = 0;
      this.#dc.onbufferedamountlow = () => this.#dc.close();
      if (this.#dc.bufferedAmount === 0) this.#dc.close();
    });
  }

  /** Says and tells nothing any more. */
  stop(): void {
    this.#over = true;
    clearTimeout(this.#timer);
  }

  #opened(): void {
    if (this.#over) return;
    this.#last = performance.now();
    this.#owner.opened();
    // The first one shows the other side at once that this one knows how.
    this.#ping();
    clearTimeout(this.#timer);
    this.#arm(TICK);
  }

  #received(data: unknown): void {
    if (this.#over) return;
    this.heard();
    if (typeof data !== "string" || data.length > LONGEST) return;
    const { ping, pong, bye } = parse(data);
    if (bye === true) return this.#ended(true);
    if (Number.isSafeInteger(ping) && this.#dc.bufferedAmount <= MAX_BACKLOG) this.#say({ pong: ping });
    if (ping !== undefined || pong !== undefined) this.#speaks = true;
  }

  #arm(ms: number): void {
    this.#due = performance.now() + ms;
    this.#timer = setTimeout(() => this.#tick(), ms);
  }

  #tick(): void {
    // An app may close the connection itself, of which browsers tell nobody.
    if (this.#connection.connectionState === "closed") return this.#ended(false);
    if (!this.open) {
      this.#closedFor = PATH.has(this.#connection.iceConnectionState) ? this.#closedFor + 1 : 0;
      return this.#closedFor >= MAX_CLOSED ? this.#ended(false) : this.#arm(TICK);
    }
    const late = performance.now() - this.#due > LATE;
    const progress = this.#owner.progress();
    // What leaves may leave to nobody: browsers do not say what has arrived. But while it keeps the last ping from leaving, it
    // leaves only because the other side takes something.
    if (progress !== this.#progress && this.#dc.bufferedAmount > 0) this.heard();
    this.#progress = progress;
    const quiet = performance.now() - this.#last;
    if (quiet < TICK) return this.#arm(TICK - quiet);
    const looked = this.#unanswered > 0 ? this.#look() : undefined;
    if (this.#unanswered >= MAX_UNANSWERED && !this.#silent) {
      if (!late || this.#excused) return this.#judge(looked);
      this.#excused = true;
    }
    this.#ping();
    this.#arm(TICK);
  }

  /** Gives the verdict after the look, or without it if that hangs. */
  #judge(looked: Promise<void> | undefined): void {
    let judged = false;
    const judge = () => {
      if (judged || this.#over) return;
      judged = true;
      clearTimeout(this.#timer);
      if (this.#unanswered >= MAX_UNANSWERED) {
        this.#silent = true;
        this.#owner.silent();
        if (this.#over) return;
        this.#ping();
      } // else the last ping still counts, or none
      this.#arm(TICK);
    };
    this.#timer = setTimeout(judge, LOOK_TIMEOUT);
    void looked?.then(judge);
  }

  /** Looks whether bytes have come since the last look; one that hangs is the last. */
  #look(): Promise<void> {
    return (this.#looking ??= this.#compare().finally(() => (this.#looking = undefined)));
  }

  async #compare(): Promise<void> {
    const last = this.#last;
    // A browser that does not say it has nothing to excuse the silence.
    const bytes = await this.#owner.received().catch(() => undefined);
    if (this.#over || this.#last !== last) return; // of what was heard meanwhile are the bytes
    const before = this.#bytes;
    this.#bytes = bytes;
    if (before === undefined || bytes === undefined || bytes <= before) return;
    this.heard();
    this.#bytes = bytes;
    // They came at some time since the last look, so the ping of this one is the first that counts: who dies in the midst of a
    // message is noticed no later than others.
    this.#unanswered = 1;
  }

  #ping(): void {
    this.#say({ ping: ++this.#pings });
    if (this.#speaks) this.#unanswered++;
  }

  #say(message: object): void {
    if (this.open) this.#dc.send(JSON.stringify(message));
  }

  #closed(): void {
    // One that knows no heartbeat knows no goodbye either: it just closes.
    const { sctpCauseCode } = this.#fault ?? {};
    this.#ended(!this.#parts && !this.#speaks && (!this.#fault || sctpCauseCode === USER_INITIATED_ABORT));
  }

  #ended(onPurpose: boolean): void {
    if (this.#over) return;
    this.stop();
    this.#owner.ended(onPurpose, this.#fault);
  }
}

/** Reads a message; one that is none says nothing. */
function parse(text: string): { ping?: unknown; pong?: unknown; bye?: unknown } {
  try {
    return Object(JSON.parse(text)) as object;
  } catch {
    return {};
  }
}
