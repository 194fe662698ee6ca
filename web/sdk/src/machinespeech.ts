// This member's messages to the room. The same as speech.go of package delivery.

import type { MachineConfig, MachineOutput } from "./machineevents.js";
import { transient } from "./machinelink.js";
import type { ErrorCode, Message } from "./protocol_gen.js";

/** Ends a pause. */
export const SAY_TIMER = "say";
/** Asks for the stable position. */
export const STABLE_TIMER = "stable";

/** A room message of this member that not everybody has yet. */
interface Utterance {
  n: number;
  token: number;
  data: unknown;
  /** The position that the stable one must reach before this is forgotten; 0 while it is not in this epoch's log. */
  hold: number;
  resolved: boolean;
}

/**
 * A message in the log is not safe, because the log dies with its server: it is kept until everybody has it, and said again in
 * an epoch that does not have it.
 */
export class Speech {
  /** Nothing may be said until the timer. */
  paused = false;
  readonly #config: Required<MachineConfig>;
  readonly #out: MachineOutput;
  /** The number of the newest message. */
  #last = 0;
  /** In order. */
  #kept: Utterance[] = [];
  /** Without a number yet. */
  #waiting: Utterance[] = [];
  /** The index in kept of what is to be said next on this carrier. */
  #next = 0;
  /** The number that was said last on this carrier, 0 if none was. */
  #before = 0;
  /** The carrier lives. */
  #up = false;

  constructor(config: Required<MachineConfig>, out: MachineOutput) {
    this.#config = config;
    this.#out = out;
  }

  /** Takes a message. */
  say(token: number, data: unknown): void {
    const utterance = { n: 0, token, data, hold: 0, resolved: false };
    if (this.#kept.length < this.#config.maxUnstable) {
      this.#keep(utterance); // none waits
    } else if (this.#waiting.length < this.#config.maxUnsaid) {
      this.#waiting.push(utterance);
      this.ask();
    } else {
      this.#out.emit({ effect: "failed", token, code: "overflow" });
    }
  }

  #keep(utterance: Utterance): void {
    utterance.n = ++this.#last;
    this.#kept.push(utterance);
  }

  /** Starts the timer that asks for the stable position, if anything waits for that. */
  ask(): void {
    if (this.#up && this.#waiting.length > 0 && !this.#out.armed(STABLE_TIMER)) {
      this.#out.set(STABLE_TIMER, this.#config.askStable);
    }
  }

  get ready(): boolean {
    return !this.paused && this.#next < this.#kept.length;
  }

  /** Makes the next frame, which names the one before it on this carrier. */
  take(): Message {
    const { n, data } = this.#kept[this.#next] as Utterance;
    const after = this.#before > 0 ? { after: this.#before } : {};
    this.#next++;
    this.#before = n;
    return { type: "message", room: this.#config.room, n, ...after, data };
  }

  /** Forgets what an older log held. */
  restart(): void {
    for (const utterance of this.#kept) utterance.hold = 0;
  }

  /** Goes on, on a new carrier, behind the newest message that the log has. */
  resume(said: number): void {
    this.#up = true;
    this.#before = 0;
    this.#next = this.#kept.findIndex(({ n, hold }) => n > said && hold === 0);
    if (this.#next < 0) this.#next = this.#kept.length;
    this.ask();
  }

  /** Takes it that message n is in the log, at that position or before it. */
  logged(n: number, position: number): void {
    const utterance = this.#kept.find((kept) => kept.n === n);
    if (!utterance) return;
    utterance.hold = Math.max(utterance.hold, position);
    if (!utterance.resolved) {
      utterance.resolved = true;
      this.#out.emit({ effect: "resolved", token: utterance.token });
    }
  }

  /** The same for all up to n: their echoes were missed. */
  loggedUpTo(n: number, position: number): void {
    for (const utterance of this.#kept) if (utterance.n <= n) this.logged(utterance.n, position);
  }

  /** Keeps what was said until a member that has returned has it too. */
  extend(position: number): void {
    for (const utterance of this.#kept) if (utterance.hold > 0) utterance.hold = Math.max(utterance.hold, position);
  }

  /** Forgets what everybody has, and lets those go on that waited for it. */
  release(stable: number): void {
    for (let first = this.#kept[0]; first && first.hold > 0 && first.hold <= stable; first = this.#kept[0]) {
      this.#kept.shift();
      this.#next = Math.max(0, this.#next - 1);
    }
    while (this.#waiting.length > 0 && this.#kept.length < this.#config.maxUnstable) {
      this.#keep(this.#waiting.shift() as Utterance);
    }
    if (this.#waiting.length === 0) this.#out.clear(STABLE_TIMER);
  }

  /** Takes the server's refusal of a message. It logs none of those behind it. */
  refused(n: number, code: ErrorCode, retryAfter: number): void {
    const i = this.#kept.findIndex((kept) => kept.n === n);
    const utterance = this.#kept[i];
    if (!utterance || utterance.hold > 0) return;
    if (!transient(code)) {
      if (!utterance.resolved) this.#out.emit({ effect: "failed", token: utterance.token, code });
      this.#kept.splice(i, 1);
    } else if (!this.paused) {
      this.paused = true;
      this.#out.set(SAY_TIMER, retryAfter || this.#config.resend);
    }
    if (i < this.#next) {
      this.#next = i;
      const previous = this.#kept[i - 1];
      // That one may have been said again already and be refused once more: the refusals of what was in flight come late.
      this.#before = previous?.hold === 0 ? previous.n : 0;
    }
  }

  /** Ends what belongs to the carrier. */
  lost(): void {
    this.#up = false;
    this.paused = false;
    this.#out.clear(SAY_TIMER);
    this.#out.clear(STABLE_TIMER);
  }

  /** Gives up everything. */
  fail(code: ErrorCode): void {
    for (const { resolved, token } of [...this.#kept, ...this.#waiting]) {
      if (!resolved) this.#out.emit({ effect: "failed", token, code });
    }
    this.#kept = [];
    this.#waiting = [];
    this.#next = 0;
  }
}
