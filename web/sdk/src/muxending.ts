import { bad, CLOSE, CLOSED, encodeFrame, FIN, utf8 } from "./muxframes.js";
import type { MuxLink } from "./muxlink.js";
import type { Trunk } from "./muxtrunk.js";

/** For how many milliseconds messages of an unreliable channel that were announced may be missing at its end. */
const MISSING = 1000;

/** What an Ending needs from its channel. */
export interface EndingOwner {
  readonly id: number;
  readonly lane: Trunk;
  readonly link: MuxLink | undefined;
  readonly durable: boolean;
  readonly _numbered: boolean;
  readonly _windowed: boolean;
  readonly _over: boolean;
  /** This side has said that it sends no more. */
  readonly _finished: boolean;
  /** Of this side's messages: how many have left. Of the other's: how many have come, and whether one has in part. */
  readonly _sent: number;
  readonly _came: { readonly count: number; readonly midway: boolean };
  /** All has come that ever will: there is an end for who reads, or for both, with the other side's reason. */
  _complete(reason: string | undefined): void;
}

/** How a channel ends, in each direction: FIN and CLOSE of either side, and that all has come which was announced. */
export class Ending {
  /** What this side is to say at its end. */
  text: string | undefined;
  /** This side has said CLOSE on this connection; it has said FIN. */
  closeSaid = false;
  #finSaid = false;
  /** How many messages the other side has announced, and with what it closes. */
  #announced: number | undefined;
  #farewell: string | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  readonly #owner: EndingOwner;

  constructor(owner: EndingOwner) {
    this.#owner = owner;
  }

  /** Message n, or the next where they have no numbers, is none of those that the other side has announced. */
  excludes(n: number): boolean {
    return this.#announced !== undefined && (!this.#owner._numbered || n > this.#announced);
  }

  /** The other side has said CLOSE, and what it has announced is not here yet. */
  get owes(): boolean {
    return this.#farewell !== undefined;
  }

  /** Says FIN, CLOSE or both: all has left. Who reads sees the same end, however fast the calls follow each other. */
  say(): void {
    const { id, lane, _sent, _finished } = this.#owner;
    if (this.closeSaid) return;
    if (_finished && !this.#finSaid) {
      this.#finSaid = true;
      lane.send(encodeFrame(FIN, id, [_sent]));
    }
    if (this.text === undefined) return;
    this.closeSaid = true;
    lane.send(encodeFrame(CLOSE, id, [_sent], utf8(this.text)));
  }

  /** On another connection it is said again. */
  again(): void {
    this.#finSaid = this.closeSaid = false;
  }

  /** The other side has said FIN or, with a reason, CLOSE. Throws `bad-frame`. */
  announce(n: number, farewell?: string): void {
    const { durable, _came, _numbered, _windowed } = this.#owner;
    // A durable channel's FIN is said again on each connection.
    const again = farewell === undefined && !durable;
    if (this.#announced !== undefined && (this.#announced !== n || again || this.owes)) throw bad("a second end");
    this.#farewell = farewell;
    this.#announced = n;
    if (_came.count > n || (!_numbered && (_came.count < n || _came.midway))) throw bad("another number of messages than came");
    if (_came.count < n && !_windowed) this.#timer ??= setTimeout(() => this.check(true), MISSING);
    this.check();
  }

  /** Looks whether all that was announced has arrived, or will not. */
  check(late = false): void {
    const { id, lane, link, _came, _over } = this.#owner;
    if (_over || this.#announced === undefined || (_came.count < this.#announced && !late)) return;
    this.stop();
    if (this.#farewell !== undefined && link) lane.send(encodeFrame(CLOSED, id));
    this.#owner._complete(this.#farewell);
  }

  /** Waits for nothing any more. */
  stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }
}
