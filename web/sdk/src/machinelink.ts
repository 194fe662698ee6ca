// Direct messages between this instance and others. The same as link.go, inbound.go and links.go of package delivery.

import type { MachineConfig, MachineOutput } from "./machineevents.js";
import type { ErrorCode, Signal } from "./protocol_gen.js";

/** Names an instance as messages are numbered for it: a peer id or an instance alone could be somebody else's later. */
export const addressOf = (peer: string, instance: string): string => `${peer}/${instance}`;

/** Whether a refusal is of the moment, or would be repeated. */
export const transient = (code: ErrorCode): boolean => code === "busy" || code === "rate-limited" || code === "not-in-room";

/** A direct message that has no receipt yet. */
interface Parcel {
  n: number;
  token: number;
  data: unknown;
}

/** The receiving half of a link. */
class Inbound {
  /** The number of the newest message that was accepted. */
  accepted = 0;
  /** How many messages have come since the last receipt. */
  owed = 0;
  /** The receipt is not to wait any longer. */
  due = false;

  /** Whether a message is to be delivered: the one that follows those that were. Doubles owe a receipt at once. */
  accept(n: number, after: number, window: number): boolean {
    if (n <= this.accepted) {
      this.owed++;
      this.due = true;
      return false;
    }
    if (after > this.accepted) return false;
    this.accepted = n;
    this.owed++;
    // Half a window, or the sender would come to wait.
    if (2 * this.owed >= window) this.due = true;
    return true;
  }

  /** Returns the number for a receipt. */
  take(): number {
    this.owed = 0;
    this.due = false;
    return this.accepted;
  }
}

/** The direct messages to one other instance and from it. */
export class Link {
  readonly peer: string;
  readonly instance: string;
  readonly inbound = new Inbound();
  /** Frames can reach the other side now: this side is online, the other is a member and not away. */
  up = false;
  /** The number of the newest room message of that instance. */
  heard = 0;
  /** A gap was told: the next room message may have any higher number. */
  skip = false;
  readonly #config: Required<MachineConfig>;
  readonly #out: MachineOutput;
  /** The number of the newest message. */
  #last = 0;
  /** The highest number that was ever handed to a carrier. */
  #sent = 0;
  /** Without a receipt, in order. */
  #kept: Parcel[] = [];
  /** Those below it are on their way: they are not sent again until something says that they are lost. */
  #next = 0;
  /** The first of kept alone may go: its receipt will tell which of the others must. */
  #probing = false;
  /** Nothing may go: the other side, or the server, had no room. */
  #paused = false;
  #backoff: number;

  constructor(config: Required<MachineConfig>, out: MachineOutput, peer: string, instance: string) {
    this.#config = config;
    this.#out = out;
    this.peer = peer;
    this.instance = instance;
    this.#backoff = config.resend;
  }

  get address(): string {
    return addressOf(this.peer, this.instance);
  }

  /** Runs while messages are on their way, and while the link is paused. */
  get #timer(): string {
    return `resend ${this.address}`;
  }

  /** Takes a message. */
  send(token: number, data: unknown): void {
    if (this.#kept.length >= this.#config.window + this.#config.maxWaiting) {
      this.#out.emit({ effect: "failed", token, code: "overflow" });
      return;
    }
    this.#last++;
    this.#kept.push({ n: this.#last, token, data });
  }

  /** Makes the other side reachable. */
  rise(): void {
    if (this.up) return;
    this.up = true;
    this.#backoff = this.#config.resend;
    this.#again();
  }

  /** Begins anew with the first message, as a probe if it was sent before. */
  #again(): void {
    this.#next = 0;
    const first = this.#kept[0];
    this.#probing = first !== undefined && first.n <= this.#sent;
  }

  /** Makes the other side unreachable. */
  fall(): void {
    this.up = false;
    this.#paused = false;
    this.#out.clear(this.#timer);
    this.inbound.owed = 0;
    this.inbound.due = false;
  }

  /** Returns the index in kept of what may be sent now, -1 if nothing may. */
  ready(): number {
    if (!this.up || this.#paused) return -1;
    const i = this.#kept.findIndex((parcel) => parcel.n >= this.#next);
    return i >= this.#config.window || (i > 0 && this.#probing) ? -1 : i;
  }

  /** Makes the frame of the message at index i of kept. */
  take(i: number): Signal {
    const { n, data } = this.#kept[i] as Parcel;
    const before = this.#kept[i - 1];
    this.#next = n + 1;
    this.#sent = Math.max(this.#sent, n);
    if (!this.#out.armed(this.#timer)) this.#out.set(this.#timer, this.#backoff);
    return {
      type: "signal",
      room: this.#config.room,
      to: this.peer,
      toInstance: this.instance,
      n,
      ...(before ? { after: before.n } : {}),
      data,
    };
  }

  /** Takes a receipt: all up to n have arrived. */
  receipted(n: number): void {
    if (n > this.#sent || !this.#reached(n)) return;
    while (this.#reached(n)) {
      this.#out.emit({ effect: "resolved", token: (this.#kept.shift() as Parcel).token });
    }
    this.#backoff = this.#config.resend;
    if (this.#probing) {
      // The other side has dropped whatever came early, so it needs all that it does not acknowledge now.
      this.#probing = false;
      this.#next = n + 1;
    }
    if (this.#paused || !this.up) return; // the timer ends the pause; out of reach there is none
    const first = this.#kept[0];
    if (first && first.n < this.#next) this.#out.set(this.#timer, this.#backoff);
    else this.#out.clear(this.#timer);
  }

  #reached(n: number): boolean {
    const first = this.#kept[0];
    return first !== undefined && first.n <= n;
  }

  /** The resend timer has run out: there was no progress for that long, or the pause is over. */
  overdue(): void {
    this.#paused = false;
    this.#backoff = Math.min(2 * this.#backoff, this.#config.maxResend);
    this.#again();
  }

  /** Takes the server's refusal of a message. */
  refused(n: number, code: ErrorCode, retryAfter: number): void {
    const i = this.#kept.findIndex((parcel) => parcel.n === n);
    if (i < 0 || n > this.#sent) return; // it has been settled since
    if (code === "unknown-peer" || code === "stale-instance") {
      this.fail(code);
    } else if (!transient(code)) {
      // Those behind it are dropped on arrival, for want of it; they are sent again with another one before them.
      this.#out.emit({ effect: "failed", token: (this.#kept[i] as Parcel).token, code });
      this.#kept.splice(i, 1);
      this.#out.clear(this.#timer);
      this.#paused = false;
      this.#again();
    } else if (!this.#paused) {
      // Those behind it are refused too, or dropped on arrival: one pause serves all.
      this.#paused = true;
      this.#out.set(this.#timer, retryAfter || this.#backoff);
    }
  }

  /** Gives up everything. The numbers go on: the other side may have accepted some of these. */
  fail(code: ErrorCode): void {
    for (const { token } of this.#kept) this.#out.emit({ effect: "failed", token, code });
    this.#kept = [];
    this.#paused = false;
    this.#probing = false;
    this.#out.clear(this.#timer);
  }
}

/** A link for each instance that is a member and has been talked with, and for those of the past. */
export class Links {
  /** The living and the departed. */
  readonly byAddress = new Map<string, Link>();
  /** In the order in which they were made. */
  readonly living: Link[] = [];
  /** The index in living of who is to be served first. */
  turn = 0;
  readonly #config: Required<MachineConfig>;
  readonly #out: MachineOutput;
  /** In the order in which they left. */
  readonly #departed: Link[] = [];

  constructor(config: Required<MachineConfig>, out: MachineOutput) {
    this.#config = config;
    this.#out = out;
  }

  /** Returns the living link to an instance. One that had departed goes on where it was. */
  open(peer: string, instance: string): Link {
    const address = addressOf(peer, instance);
    let link = this.byAddress.get(address);
    if (!link) {
      link = new Link(this.#config, this.#out, peer, instance);
      this.byAddress.set(address, link);
      this.living.push(link);
      return link;
    }
    const i = this.#departed.indexOf(link);
    if (i >= 0) {
      this.#departed.splice(i, 1);
      this.living.push(link);
    }
    return link;
  }

  /** Keeps a link's numbers for the case that the instance returns; the oldest are forgotten. */
  depart(link: Link): void {
    const i = this.living.indexOf(link);
    if (i < 0) return;
    this.living.splice(i, 1);
    if (i < this.turn) this.turn--;
    this.#departed.push(link);
    if (this.#departed.length > this.#config.maxDeparted) {
      this.byAddress.delete((this.#departed.shift() as Link).address);
    }
  }

  /** Lets the numbers of all instances jump once, because a gap was told. */
  skip(): void {
    for (const link of [...this.living, ...this.#departed]) link.skip = true;
  }
}
