// What keeps the room's delivery machine going: its timers, its messages' promises, its frames' way out. The rules of delivery
// are the machine's.

import { deferred, type Deferred } from "./abort.js";
import { BeckonError } from "./error.js";
import { encode } from "./frames.js";
import { Machine } from "./machine.js";
import type { MachineEffect, MachineEvent } from "./machineevents.js";
import { MAX_NUMBER, type ClientFrame, type ErrorCode, type Member, type ServerFrame, type Welcome } from "./protocol_gen.js";
import { byteLength } from "./text.js";

/** An effect that is not the delivery's own business, but the room's. */
export type Happening = Extract<
  MachineEffect,
  { effect: "direct" | "message" | "gap" | "joined" | "away" | "back" | "updated" | "left" | "synced" }
>;

/** What a Delivery needs from its owner. */
export interface DeliveryOwner {
  /** There is something to be sent: `next` gives it. */
  wake(): void;
  /** Sends a frame at once. */
  urgent(frame: ClientFrame): void;
  /** Takes what happened in one step, in order. */
  happened(happenings: Happening[]): void;
}

/** A message whose fate is not known yet. */
interface Outstanding {
  done: Deferred<void>;
  what: string;
}

/** The messages of one member of one room, for as long as the server gives it the same peer id. */
export class Delivery {
  /** Whose it is. */
  readonly peer: string;
  readonly instance: string;
  readonly #room: string;
  readonly #limit: number;
  readonly #owner: DeliveryOwner;
  readonly #machine: Machine;
  readonly #timers = new Map<string, ReturnType<typeof setTimeout>>();
  readonly #outstanding = new Map<number, Outstanding>();
  #token = 0;
  /** What all fails with that is outstanding at the end. */
  #end: BeckonError | undefined;
  /** What is being taken. */
  #heard: ServerFrame | undefined;

  constructor(room: string, instance: string, welcome: Welcome, owner: DeliveryOwner) {
    this.peer = welcome.peer;
    this.instance = instance;
    this.#room = room;
    this.#limit = welcome.limits.frame;
    this.#owner = owner;
    const grace = welcome.grace ? { grace: welcome.grace } : {};
    this.#machine = new Machine({ room, peer: this.peer, instance, window: welcome.limits.window, ...grace });
  }

  /** The members by rank, this one among them. */
  get members(): readonly Member[] {
    return this.#machine.members;
  }

  /** What a join says so that the log goes on where this member left it. */
  get place(): { epoch?: string; position?: number } {
    const { epoch, position } = this.#machine;
    return epoch === "" ? {} : { epoch, position };
  }

  /**
   * Brings data to one instance, in the order of the calls; resolves when it has arrived. Rejects with `unknown-peer`,
   * `stale-instance`, `closed` (it left), `overflow`, `message-too-large`, or what ended the delivery.
   */
  async send(to: { peer: string; instance: string }, data: unknown): Promise<void> {
    const { peer, instance } = to;
    const what = `signal to ${peer}`;
    const frame = { type: "signal", room: this.#room, to: peer, toInstance: instance, n: MAX_NUMBER, after: MAX_NUMBER } as const;
    const copy = this.#fitting({ ...frame, data }, what);
    return this.#accept(what, (token) => ({ event: "send", token, peer, instance, data: copy }));
  }

  /** Brings data to the room; resolves when the room's log has it. Rejects as `send` does. */
  async say(data: unknown): Promise<void> {
    const what = `send to ${this.#room}`;
    const copy = this.#fitting({ type: "message", room: this.#room, n: MAX_NUMBER, after: MAX_NUMBER, data }, what);
    return this.#accept(what, (token) => ({ event: "say", token, data: copy }));
  }

  /** Takes a frame of the server. */
  received(frame: ServerFrame): void {
    this.#heard = frame;
    this.#step({ event: "received", frame });
    this.#heard = undefined;
  }

  /** The carrier is gone. */
  lost(): void {
    this.#step({ event: "lost" });
  }

  /** Sends a ping, if this has something to say in one. Returns whether it did. */
  beat(): boolean {
    return this.#step({ event: "beat" });
  }

  /** Gives the next frame that is to be sent. */
  next(): ClientFrame | undefined {
    for (const effect of this.#did({ event: "writable" })) if (effect.effect === "transmit") return effect.frame;
    return undefined;
  }

  /** Ends it: what is outstanding is rejected. */
  close(error: BeckonError): void {
    this.#end = error;
    this.#step({ event: "close", code: error.code });
    for (const timer of this.#timers.values()) clearTimeout(timer);
    this.#timers.clear();
  }

  /** The data as it is on the wire: it may have to be sent again, and its owner may change it meanwhile. */
  #fitting(frame: ClientFrame & { data: unknown }, what: string): unknown {
    const text = encode(frame);
    if (byteLength(text, this.#limit) > this.#limit) {
      throw new BeckonError("message-too-large", `${what}: the server takes frames of up to ${this.#limit} bytes.`);
    }
    return (JSON.parse(text) as typeof frame).data;
  }

  #accept(what: string, event: (token: number) => MachineEvent): Promise<void> {
    const token = ++this.#token;
    const done = deferred<void>();
    this.#outstanding.set(token, { done, what });
    this.#step(event(token));
    return done.promise;
  }

  /** Steps, and does all that is to be done. Returns whether a frame was sent. */
  #step(event: MachineEvent): boolean {
    const effects = this.#did(event);
    const frames = effects.flatMap((effect) => (effect.effect === "transmit" ? [effect.frame] : []));
    for (const frame of frames) this.#owner.urgent(frame);
    if (effects.some(({ effect }) => effect === "wake")) this.#owner.wake();
    const happenings = effects.filter((effect): effect is Happening => happening(effect));
    if (happenings.length > 0) this.#owner.happened(happenings);
    return frames.length > 0;
  }

  /**
   * Steps, and does what concerns timers and promises. That comes before all else, because the rest may step the machine again:
   * a listener that is told of a message may answer it.
   */
  #did(event: MachineEvent): MachineEffect[] {
    const effects = this.#machine.step(event);
    for (const effect of effects) {
      if (effect.effect === "setTimer") this.#start(effect.key, effect.after);
      else if (effect.effect === "clearTimer") this.#clear(effect.key);
      else if (effect.effect === "resolved") this.#settle(effect.token)?.done.resolve();
      else if (effect.effect === "failed") {
        const failed = this.#settle(effect.token);
        failed?.done.reject(this.#end ?? new BeckonError(effect.code, `${failed.what}: ${this.#why(effect.code)}`));
      }
    }
    return effects;
  }

  /** What a code means here, for people: the server has its own words. */
  #why(code: ErrorCode): string {
    const heard = this.#heard;
    return heard?.type === "error" && heard.code === code ? heard.message : (WHY[code] ?? code);
  }

  #settle(token: number): Outstanding | undefined {
    const outstanding = this.#outstanding.get(token);
    this.#outstanding.delete(token);
    return outstanding;
  }

  #start(key: string, after: number): void {
    this.#clear(key);
    const fire = () => {
      this.#timers.delete(key);
      this.#step({ event: "timerFired", key });
    };
    this.#timers.set(key, setTimeout(fire, after));
  }

  #clear(key: string): void {
    clearTimeout(this.#timers.get(key));
    this.#timers.delete(key);
  }
}

/** What the machine itself refuses. */
const WHY: { readonly [C in ErrorCode]?: string } = {
  closed: "it is closed, or has left the room",
  overflow: "too much is on its way already",
  "stale-instance": "the peer is now another instance than the one you named",
  "unknown-peer": "no such peer is in this room",
};

const OWN: readonly MachineEffect["effect"][] = ["transmit", "wake", "setTimer", "clearTimer", "resolved", "failed"];

function happening(effect: MachineEffect): effect is Happening {
  return !OWN.includes(effect.effect);
}
