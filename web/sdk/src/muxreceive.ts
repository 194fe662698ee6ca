import type { Unread } from "./channel.js";
import { BeckonError } from "./error.js";
import type { Budget } from "./muxbudget.js";
import { bad, DATA, FIRST, NEXT, NUMBERED, PART, type Frame } from "./muxframes.js";
import { OVERHEAD } from "./outbox.js";

/** What a receiver grants beyond what its application has taken: at first, and once that is GROWS bytes. */
export const WINDOW_SIZE = 256 * 1024;
const GROWN = 1024 * 1024;
const GROWS = 128 * 1024;
/** On unreliable channels: the largest message, what may wait to be read, and what is kept of incomplete messages, in bytes. */
export const UNRELIABLE = 1024 * 1024;
/** How many incomplete messages are kept of an unreliable channel. */
const MAX_PARTIAL = 16;
/** What is kept on all unreliable channels of a peer together of which the application has not asked for a message yet, in bytes. */
const MAX_UNASKED = 16 * 1024 * 1024;
/** How many cut messages are remembered, of which parts may still be on their way. */
const MAX_CUT = 64;
/** How many incomplete messages a channel with windows may have: who sends one after the other, in parts of 16 KiB, has fewer on their way. */
const MAX_BEGUN = 256;

/** A message of which not all has arrived. */
interface Partial {
  readonly total: number;
  readonly text: boolean;
  got: number;
  /** The end of what has come. */
  reach: number;
  /** What has come, and room for more: as much again at a time, so that a total alone takes no memory, nor do many small parts. */
  bytes: Uint8Array<ArrayBuffer>;
  /** What it has of the budget. */
  claim: number;
}

/** What a Receiver needs from its channel. */
export interface ReceiverOwner {
  readonly _numbered: boolean;
  readonly _windowed: boolean;
  readonly _unread: { readonly length: number; readonly weight: number; take(): Unread };
  readonly _count: { bytesReceived: number; missed: number };
  readonly _budget: Budget;
  /** Nobody will read what comes; somebody has begun to. */
  readonly _closing: boolean;
  readonly _asked: boolean;
  /** A message has arrived. */
  _arrived(item: Unread): void;
  /** A grant or an acknowledgement is to be said. */
  _dirty(): void;
}

/** What one side of a channel receives: it puts messages together, and grants what its application has room for. */
export class Receiver {
  /** How many messages have arrived whole; in numbered delivery, those that were cut among them. */
  count = 0;
  /** Up to which offset the other side may send. */
  granted: number;
  #offset = 0;
  #taken = 0;
  /** What of the budget is in whole messages that are not taken. */
  #claimed = 0;
  /** By number; in ordered delivery there is one at most, 0. What they reach counts as sent. */
  readonly #partials = new Map<number, Partial>();
  #reached = 0;
  /** Cut messages, and whether a part of them had come. */
  readonly #cut = new Map<number, boolean>();
  #waived = false;
  /** What counts as unasked. */
  #counted = 0;
  readonly #owner: ReceiverOwner;

  constructor(owner: ReceiverOwner) {
    this.#owner = owner;
    this.granted = owner._windowed ? WINDOW_SIZE : 0;
  }

  /** Whether a message has arrived in part. */
  get midway(): boolean {
    return this.#partials.size > 0;
  }

  /** Takes DATA. Throws `bad-frame`, which ends the connection, or `overflow` or `message-too-large`, which end the channel. */
  data({ type, numbers, payload }: Frame): void {
    const { _numbered, _windowed, _budget, _count } = this.#owner;
    if (type >= NUMBERED !== _numbered) throw bad("DATA of another delivery");
    const kind = type & ~1;
    const whole = kind === DATA || kind === NUMBERED;
    const n = _numbered ? (numbers[0] as number) : 0;
    const before = this.#partials.get(n);
    if (kind === NEXT ? !before : before && (kind !== PART || before.total !== numbers[1])) throw bad("a part of another message");
    const total = before?.total ?? (whole ? payload.length : (numbers[kind === FIRST ? 0 : 1] as number));

    const cost = payload.length + (before || this.#cut.get(n) ? 0 : OVERHEAD);
    if (_windowed && this.#offset + cost > this.granted) throw new BeckonError("overflow", "More was sent than was granted.");
    this.#offset += cost;
    _count.bytesReceived += payload.length;
    if (this.#cut.has(n)) {
      this.#cut.set(n, true);
      return this.#took(cost);
    }
    const max = _windowed ? _budget.max : Math.min(_budget.max, UNRELIABLE);
    if (total > max) throw new BeckonError("message-too-large", `A message of ${total} bytes was sent, and its receiver takes ${max} at most.`);
    const text = kind !== NEXT && type !== kind;
    if (whole) return this.#done({ data: payload, text, cost });

    const partial: Partial = before ?? { total, text, got: 0, reach: 0, bytes: new Uint8Array(), claim: 0 };
    const at = kind === PART ? (numbers[2] as number) : partial.got;
    if (partial.got + payload.length > total || (kind === PART && partial.text !== text)) throw bad("parts that do not make one message");
    if (!before) this.#reached += OVERHEAD;
    this.#partials.set(n, partial);
    partial.got += payload.length;
    if (this.#waived) this.#took(cost);
    else this.#put(partial, at, payload);
    if (partial.got < total && _windowed) return this.#check();
    if (partial.got < total) {
      this.#evict();
      return this.#fit();
    }
    this.#remove(n, partial);
    const { bytes, claim } = partial;
    this.#claimed += claim;
    this.#done({ data: bytes, text: partial.text, cost: this.#waived ? 0 : total + OVERHEAD, claim });
  }

  /** Takes CUT. Throws `bad-frame`. */
  cut(n: number | undefined): void {
    const { _numbered } = this.#owner;
    const partial = this.#partials.get(n ?? 0);
    if (_numbered !== (n !== undefined) || !(partial || _numbered)) throw bad("CUT of no message");
    if (n !== undefined) {
      this.count++;
      this.#cut.set(n, partial !== undefined);
      if (this.#cut.size > MAX_CUT) this.#cut.delete(this.#cut.keys().next().value as number);
    }
    if (!partial) return;
    this.#remove(n ?? 0, partial);
    this.#owner._budget.free(partial.claim, this);
    this.weigh();
    if (!this.#waived) this.#took(partial.got + OVERHEAD);
  }

  /** The application has taken a message. */
  taken(item: Unread): void {
    if (!this.#waived) this.#drop(item);
  }

  /** The application will take no more: what waits for it does not keep the other side from sending what it announces. */
  waive(): void {
    if (this.#waived) return;
    this.#waived = true;
    let [cost, claim] = [this.#owner._unread.weight, this.#claimed];
    for (const partial of this.#partials.values()) {
      cost += partial.got + OVERHEAD;
      claim += partial.claim;
      this.#claimed += partial.claim;
      partial.bytes = new Uint8Array();
      partial.claim = partial.reach = 0;
    }
    this.#drop({ data: "", cost, claim });
    this.weigh();
  }

  /** What the incomplete message that is the next to be taken needs of the budget; 0: nothing, or there is none. */
  get wanted(): number {
    const partial = this.#next;
    return partial && !partial.claim && this.#end(partial) > this.granted ? partial.total : 0;
  }

  /** The budget has room for what is wanted. */
  grant(): void {
    const partial = this.#next as Partial;
    partial.claim = partial.total;
    grow(partial, partial.total);
    this.#say(this.#end(partial));
  }

  /** The connection is gone: what has not arrived whole comes again, or not. Returns what is granted from here. */
  forget(): number {
    for (const { got, claim } of this.#partials.values()) {
      this.#offset -= got + OVERHEAD;
      if (this.#waived) this.#taken -= got + OVERHEAD;
      this.#owner._budget.free(claim);
    }
    this.#partials.clear();
    this.#reached = 0;
    return (this.granted = this.#taken + this.#window);
  }

  /** The channel is over. What is not read yet keeps its room until it is, or is waived: it takes its memory until then. */
  end(): void {
    const claim = [...this.#partials.values()].reduce((sum, partial) => sum + partial.claim, 0);
    this.#partials.clear();
    this.#owner._budget.free(claim, this);
    this.weigh();
  }

  get #window(): number {
    return this.#taken < GROWS ? WINDOW_SIZE : GROWN;
  }

  /** The incomplete message before which nothing is to be taken. */
  get #next(): Partial | undefined {
    return this.#partials.size === 1 && this.#owner._unread.length === 0 && !this.#waived ? this.#partials.values().next().value : undefined;
  }

  #end(partial: Partial): number {
    return this.#taken + OVERHEAD + partial.total;
  }

  #done(item: Unread): void {
    const { _windowed, _closing, _unread, _count } = this.#owner;
    this.count++;
    if (_closing) return this.#drop(item);
    this.#owner._arrived(item);
    if (_windowed) return;
    for (; _unread.weight > UNRELIABLE; _count.missed++) _unread.take();
    this.#fit();
  }

  /** Counts what an unreliable channel holds among what nobody has asked for; also one that is over. */
  weigh(): void {
    const { _windowed, _asked, _unread, _budget } = this.#owner;
    let now = 0;
    if (!_windowed && !_asked && !this.#waived) now = [...this.#partials.values()].reduce((sum, { bytes }) => sum + bytes.length, _unread.weight);
    _budget.unasked += now - this.#counted;
    this.#counted = now;
  }

  /** Drops the oldest of what nobody has asked for, while there is too much of that. */
  #fit(): void {
    const { _unread, _count, _budget } = this.#owner;
    for (this.weigh(); this.#counted > 0 && _budget.unasked > MAX_UNASKED; this.weigh()) {
      const [oldest] = this.#partials;
      if (_unread.length > 0) {
        _unread.take();
        _count.missed++;
      } else if (oldest) this.#remove(...oldest);
    }
  }

  #drop({ cost, claim = 0 }: Unread): void {
    this.#claimed -= claim;
    this.#took(cost);
    this.#owner._budget.free(claim);
  }

  #took(bytes: number): void {
    this.#taken += bytes;
    this.#check();
  }

  /** Grants more, if that is worth a frame or needed. */
  #check(): void {
    if (!this.#owner._windowed) return;
    const partial = this.#next;
    const needed = partial ? this.#end(partial) : 0;
    // What has its room keeps it, also if what was sent before it comes later.
    const grant = Math.max(this.#taken + this.#window, partial?.claim ? needed : 0);
    if (grant - this.granted >= this.#window / 4 || (needed > this.granted && needed <= grant)) this.#say(grant);
    if (this.wanted > 0) this.#owner._budget.ask(this);
  }

  #say(grant: number): void {
    this.granted = grant;
    this.#owner._dirty();
  }

  /** Puts a part where it belongs. Throws `overflow`. */
  #put(partial: Partial, at: number, payload: Uint8Array): void {
    const reach = Math.max(partial.reach, at + payload.length);
    this.#reached += reach - partial.reach;
    partial.reach = reach;
    // What lies before a part was sent, so it was granted; and many are not begun at a time.
    if (this.#owner._windowed && (this.#taken + this.#reached > this.granted || this.#partials.size > MAX_BEGUN)) {
      throw new BeckonError("overflow", "Parts came of more than was granted.");
    }
    if (reach > partial.bytes.length) grow(partial, Math.max(reach, 2 * partial.bytes.length));
    partial.bytes.set(payload, at);
  }

  #remove(n: number, { reach }: Partial): void {
    this.#partials.delete(n);
    this.#reached -= reach + OVERHEAD;
  }

  /** Keeps the newest of an unreliable channel's incomplete messages. */
  #evict(): void {
    let room = UNRELIABLE;
    for (const { bytes } of this.#partials.values()) room -= bytes.length;
    for (const [n, partial] of this.#partials) {
      if (this.#partials.size <= MAX_PARTIAL && room >= 0) return;
      this.#remove(n, partial);
      room += partial.bytes.length;
    }
  }
}

/** Makes room for so many bytes of a message. */
function grow(partial: Partial, size: number): void {
  const { bytes, total } = partial;
  partial.bytes = new Uint8Array(Math.min(size, total));
  partial.bytes.set(bytes);
}
