// Signals from instance to instance: numbering, the window, receipts. What is sent is sent once; sending again what got lost
// belongs here too when it comes, which is why this knows neither sockets nor WebRTC.

import { deferred, type Deferred } from "./abort.js";
import { BeckonError } from "./error.js";
import type { ErrorReply, Receipt, Signal } from "./protocol_gen.js";

/** A member as signals see it. */
export interface Address {
  peer: string;
  instance: string;
}

/** How many signals to one instance may wait for the window. */
const MAX_WAITING = 256;
/** A receipt is sent at once for this many signals, and after this many milliseconds for fewer. */
const RECEIPT_EVERY = 8;
const RECEIPT_DELAY = 25;

interface Outgoing {
  data: unknown;
  done: Deferred<void>;
}

/** What one instance has been sent. */
interface Outbox {
  to: Address;
  /** The n of the last signal that was sent. */
  sent: number;
  /** Sent and without a receipt, by n, in order. */
  inFlight: Map<number, Outgoing>;
  waiting: Outgoing[];
  /** Why none can be sent any more: one was refused, and its recipient accepts only the next number. */
  broken: BeckonError | undefined;
}

/** What one instance has sent us. */
interface Inbox {
  from: Address;
  /** The n of the last signal that was accepted. */
  accepted: number;
  /** How many of those have not been answered by a receipt. */
  unanswered: number;
}

/** The signals of one room. */
export class Delivery {
  readonly #room: string;
  readonly #window: number;
  readonly #send: (frame: Signal | Receipt) => void;
  readonly #outboxes = new Map<string, Outbox>();
  readonly #inboxes = new Map<string, Inbox>();
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** `window` is how many signals to one instance may be without a receipt. `send` may throw. */
  constructor(room: string, window: number, send: (frame: Signal | Receipt) => void) {
    this.#room = room;
    this.#window = window;
    this.#send = send;
  }

  /**
   * Sends data to an instance, in the order of the calls. Resolves with the receipt; rejects when the server refuses it or the
   * instance is forgotten. A server drops signals to one who is away: then neither happens until it is forgotten.
   */
  send(to: Address, data: unknown): Promise<void> {
    let box = this.#outboxes.get(to.instance);
    if (!box) {
      box = { to, sent: 0, inFlight: new Map(), waiting: [], broken: undefined };
      this.#outboxes.set(to.instance, box);
    }
    if (box.broken) return Promise.reject(box.broken);
    if (box.waiting.length >= MAX_WAITING) {
      return Promise.reject(new BeckonError("overflow", `${MAX_WAITING} signals to ${to.peer} wait to be received.`));
    }
    const done = deferred<void>();
    box.waiting.push({ data, done });
    this.#fill(box);
    return done.promise;
  }

  /** Whether a signal is the next one of its sender, and so is to be handled. Doubles and what follows a gap are not. */
  accept(frame: Signal): boolean {
    const from = { peer: frame.from as string, instance: frame.fromInstance as string };
    let box = this.#inboxes.get(from.instance);
    if (!box) {
      box = { from, accepted: 0, unanswered: 0 };
      this.#inboxes.set(from.instance, box);
    }
    if (frame.n > box.accepted + 1) return false;
    const next = frame.n === box.accepted + 1;
    if (next) box.accepted++;
    // A double is answered too: its sender has not seen the receipt.
    box.unanswered++;
    if (box.unanswered >= RECEIPT_EVERY) this.#answer(box);
    else this.#timer ??= setTimeout(() => this.#answerAll(), RECEIPT_DELAY);
    return next;
  }

  /** Takes a receipt: all up to its n have arrived. */
  received(frame: Receipt): void {
    const box = this.#outboxes.get(frame.fromInstance as string);
    if (!box) return;
    for (const [n, { done }] of box.inFlight) {
      if (n > frame.n) break;
      box.inFlight.delete(n);
      done.resolve();
    }
    this.#fill(box);
  }

  /** Takes the server's refusal of a signal. Those after it cannot be accepted, so they are rejected with it. */
  refused(frame: ErrorReply, error: BeckonError): void {
    const box = this.#outboxes.get(frame.toInstance ?? "");
    if (!box?.inFlight.has(frame.n ?? 0)) return;
    box.broken = error;
    rejectAll(box, error, frame.n);
  }

  /** Forgets an instance that is gone; what it has not received is rejected with `error`. */
  forget(instance: string, error: BeckonError): void {
    const box = this.#outboxes.get(instance);
    this.#outboxes.delete(instance);
    this.#inboxes.delete(instance);
    if (box) rejectAll(box, error);
  }

  /** Forgets all instances. */
  close(error: BeckonError): void {
    clearTimeout(this.#timer);
    for (const instance of [...this.#outboxes.keys()]) this.forget(instance, error);
    this.#inboxes.clear();
  }

  #fill(box: Outbox): void {
    while (box.inFlight.size < this.#window) {
      const next = box.waiting.shift();
      if (!next) return;
      const { peer, instance } = box.to;
      const n = box.sent + 1;
      try {
        this.#send({ type: "signal", room: this.#room, to: peer, toInstance: instance, n, data: next.data });
        box.sent = n;
        box.inFlight.set(n, next);
      } catch (error) {
        next.done.reject(error); // it was not sent, so its number is free
      }
    }
  }

  #answer(box: Inbox): void {
    const { peer, instance } = box.from;
    box.unanswered = 0;
    try {
      this.#send({ type: "receipt", room: this.#room, to: peer, toInstance: instance, n: box.accepted });
    } catch {
      // The session is over or overfull: a later receipt says the same and more.
    }
  }

  #answerAll(): void {
    this.#timer = undefined;
    for (const box of this.#inboxes.values()) if (box.unanswered > 0) this.#answer(box);
  }
}

/** Rejects what has no receipt, from number n on. */
function rejectAll(box: Outbox, error: BeckonError, n = 1): void {
  for (const [number, { done }] of box.inFlight) {
    if (number < n) continue;
    box.inFlight.delete(number);
    done.reject(error);
  }
  for (const { done } of box.waiting.splice(0)) done.reject(error);
}
