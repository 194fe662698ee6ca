// The panel of the game: a sea, a button to set sail, the score, and how it stands in words.

import type { Channel, Peer, Room } from "/sdk/beckon.js";
import { el, setAttribute, setText } from "../dom.js";
import { displayName } from "../names.js";
import { Beat } from "./beat.js";
import { coloursOf } from "./colours.js";
import { Crew } from "./crew.js";
import { Painter, type Scene, SPARK, type Shown, type Spark } from "./paint.js";
import { between, Past } from "./past.js";
import { type Boat, numberOf, seedOf } from "./rules.js";
import { ScoreList } from "./scores.js";
import { type Other, Sea } from "./sea.js";
import { Steering } from "./steer.js";
import { lightsOf, nearest, standing } from "./words.js";

export { GAME } from "./wire.js";

/** What the page does with the game. */
export interface Game {
  /** A stay in a room begins. */
  enter(room: Room): void;
  /** It has ended; the boat waits for the next. */
  leave(): void;
  /** A peer is connected. */
  add(peer: Peer): void;
  /** A peer has opened a channel of label GAME. Resolves when that is over, and never rejects. */
  take(peer: Peer, channel: Channel): Promise<void>;
}

/** Puts the game into an empty element. */
export function placeGame(host: HTMLElement): Game {
  return new Panel(host);
}

/** How often something is said in words, and how often the numbers below are written anew, in milliseconds. */
const WORDS = 3000;
const FIGURES = 1000;

class Panel implements Game {
  #box: HTMLElement;
  #canvas = el("canvas", {
    class: "game-sea", tabindex: 0, role: "application", "aria-label": "The sea. Arrow keys steer, the space bar asks for the nearest light.",
    "data-testid": "game-canvas",
  });
  #button = el("button", { type: "button", class: "primary", disabled: true, "data-testid": "game-sail" }, "Set sail");
  #status = el("p", { class: "game-status", role: "status", "data-testid": "game-status" });
  #packets = el("p", { class: "game-packets", "data-testid": "game-packets" });
  #scores = new ScoreList((number) => this.#name(number));
  #painter: Painter;
  #steering = new Steering(this.#canvas, () => this.#say(nearest(this.#sea), true));
  #beat = new Beat(() => this.#tick());
  #crew = new Crew({ heard: (peer, data) => this.#heard(peer, data), gone: (peer) => this.#gone(peer) });
  #room: Room | undefined;
  #sea = new Sea(0, 1); // until a room is entered
  #sailing = false;
  #before: Boat = this.#sea.boat; // where the own boat was a tick ago
  #pasts = new Map<number, Past>();
  #names = new Map<number, Peer>();
  #taken: number[] = [];
  #sparks: Spark[] = [];
  #frame = 0;
  #said = 0; // when something was said last
  #leader = 0;
  #afloat = 0; // how many others the page was told of
  #figures = { at: 0, told: 0, heard: 0 };

  constructor(host: HTMLElement) {
    this.#box = el(
      "div",
      { class: "game-box", "data-testid": "game", "data-sailing": "false" },
      this.#canvas,
      el("div", { class: "game-row" }, this.#button, this.#status),
      this.#scores.list,
      this.#packets,
    );
    host.append(this.#box);
    this.#painter = new Painter(this.#canvas, coloursOf(this.#box));
    this.#button.onclick = () => this.#setSail(!this.#sailing);
    const calm = matchMedia("(prefers-reduced-motion: reduce)");
    const dark = matchMedia("(prefers-color-scheme: dark)");
    const look = () => {
      this.#painter.still = calm.matches;
      this.#painter.colours = coloursOf(this.#box);
      this.#painter.fit();
      this.#draw();
    };
    for (const query of [calm, dark]) query.addEventListener("change", look);
    new ResizeObserver(() => requestAnimationFrame(look)).observe(this.#box); // later, for it changes the canvas
    document.addEventListener("visibilitychange", () => this.#shown());
    setInterval(() => this.#second(), FIGURES);
    this.#say("Gather the lights with a boat: arrow keys, WASD, or hold the pointer where to go.", true);
  }

  enter(room: Room): void {
    if (!this.#room) this.#sea = new Sea(seedOf(room.name), numberOf(room.id));
    this.#room = room;
    this.#crew.enter(room);
    this.#sea.be(this.#crew.number);
    this.#before = this.#sea.boat;
    this.#button.disabled = false;
    this.#draw();
  }

  leave(): void {
    this.#crew.leave();
    for (const { number } of this.#sea.others) this.#sea.forget(number);
    this.#pasts.clear();
    this.#names.clear();
  }

  add(peer: Peer): void {
    this.#crew.add(peer);
    this.#sea.be(this.#crew.number); // which is another one when the server has forgotten this page; then all others are new, too
  }

  take(peer: Peer, channel: Channel): Promise<void> {
    return this.#crew.take(peer, channel);
  }

  #setSail(sailing: boolean): void {
    this.#sailing = sailing;
    this.#steering.active = sailing;
    this.#steering.rest();
    this.#crew.sailing = sailing;
    setText(this.#button, sailing ? "Leave the sea" : "Set sail");
    setAttribute(this.#box, "data-sailing", String(sailing));
    if (sailing) {
      this.#canvas.focus({ preventScroll: true });
      this.#say(`You are at sea. ${nearest(this.#sea)}`, true);
    } else {
      this.#say(`You are ashore, with ${lightsOf(this.#sea.score)}.`, true);
    }
    this.#shown();
    this.#draw();
    this.#count();
  }

  /** The page is looked at or not, and one sails or not. */
  #shown(): void {
    if (this.#sailing && !document.hidden) {
      this.#beat.start();
      return;
    }
    this.#beat.stop();
    this.#steering.rest();
    if (this.#sailing) this.#rest();
  }

  /** Says that one looks elsewhere. */
  #rest(): void {
    this.#sea.pause();
    this.#before = this.#sea.boat;
    this.#crew.say(this.#sea.packet(true));
  }

  #tick(): void {
    this.#before = this.#sea.boat;
    const score = this.#sea.score;
    this.#sea.sail(this.#steering.input(this.#before));
    this.#crew.say(this.#sea.packet(false, this.#steering.pointer));
    if (this.#sea.score > score) this.#say(`${standing(this.#sea, (number) => this.#name(number))} ${nearest(this.#sea)}`);
    this.#changed();
  }

  #heard(peer: Peer, data: Uint8Array): void {
    const number = numberOf(peer.id);
    const at = performance.now();
    if (!this.#sea.hear(number, data, Math.floor(at))) return;
    if (!this.#names.has(number)) this.#say(`${displayName(peer.id, peer.attributes)} is at sea.`);
    this.#names.set(number, peer);
    const other = this.#sea.others.find((other) => other.number === number)!; // it was just heard
    let past = this.#pasts.get(number);
    if (!past) this.#pasts.set(number, (past = new Past()));
    past.note(other.tick, at, other.boat);
    this.#changed();
  }

  #gone(peer: Peer): void {
    const number = numberOf(peer.id);
    this.#sea.forget(number);
    this.#pasts.delete(number);
    if (this.#names.delete(number)) this.#say(`${displayName(peer.id, peer.attributes)} has left the sea.`);
    this.#changed();
  }

  /** Something has moved: there will be a picture of it, when the browser wants one. */
  #changed(): void {
    const { lights } = this.#sea;
    lights.forEach(({ taken, by }, i) => {
      const known = this.#taken[i];
      if (known !== undefined && taken > known) this.#sparks.push({ ...this.#sea.lightBefore(i), at: performance.now(), by });
      this.#taken[i] = taken;
    });
    this.#frame ||= requestAnimationFrame(() => {
      this.#frame = 0;
      this.#draw();
      // Between two ticks there are more pictures, but not for who wants few.
      if (this.#moving() && !this.#painter.still) this.#changed();
    });
  }

  #moving(): boolean {
    return this.#beat.running || this.#pasts.size > 0 || this.#sparks.length > 0;
  }

  #draw(): void {
    const now = performance.now();
    this.#sparks = this.#sparks.filter(({ at }) => now - at < SPARK);
    this.#painter.draw({
      now, sparks: this.#sparks, boats: this.#boats(now), lights: this.#sea.lights.map((_, i) => this.#sea.light(i)),
    } satisfies Scene);
  }

  #boats(now: number): Shown[] {
    const boats = this.#sea.others.map(({ number, boat, paused, pointer }) => ({
      number, name: this.#name(number), own: false, paused, pointer, boat: this.#pasts.get(number)?.at(now) ?? boat,
    }));
    if (!this.#sailing) return boats;
    const part = this.#beat.running && !this.#painter.still ? this.#beat.part(now) : 1;
    const boat = between(this.#before, this.#sea.boat, part);
    return [...boats, { number: this.#crew.number, name: "", own: true, paused: !this.#beat.running, pointer: undefined, boat }];
  }

  #name(number: number): string {
    const peer = this.#names.get(number);
    return peer ? displayName(peer.id, peer.attributes) : "somebody";
  }

  /** Says how it stands, once in a while: a screen reader reads it out. */
  #say(text: string, now = false): void {
    const at = performance.now();
    if (!now && at - this.#said < WORDS) return;
    this.#said = at;
    setText(this.#status, text);
  }

  /** Writes the figures, and stays in touch while nobody looks. */
  #second(): void {
    if (this.#sailing && !this.#beat.running) this.#rest();
    const { counts, others, score } = this.#sea;
    this.#scores.show(this.#sailing || score > 0 ? { number: this.#crew.number, score, paused: false } : undefined, others);
    const leader = others.find((other) => other.score > score)?.number ?? 0;
    if (this.#sailing && leader && leader !== this.#leader) this.#say(standing(this.#sea, (number) => this.#name(number)));
    this.#leader = leader;
    if (others.length !== this.#afloat) {
      this.#afloat = others.length;
      document.dispatchEvent(new CustomEvent("badge", { detail: { tab: "game", count: others.length } }));
    }
    this.#count();
    const { told } = this.#crew;
    const at = performance.now();
    const seconds = (at - this.#figures.at) / 1000;
    const rate = (now: number, before: number) => Math.round((now - before) / seconds);
    const quiet = told === this.#figures.told && counts.heard === this.#figures.heard;
    const odd = counts.malformed + counts.foreign + sum(others, "held") + sum(others, "refused");
    setText(
      this.#packets,
      quiet
        ? ""
        : `Packets each second: ${rate(told, this.#figures.told)} sent, ${rate(counts.heard, this.#figures.heard)} received` +
            `${counts.old ? `; ${counts.old} came too late` : ""}${odd ? `; ${odd} not believed` : ""}`,
    );
    this.#figures = { at, told, heard: counts.heard };
  }

  /** For who measures: everything by counts, nothing by a clock. */
  #count(): void {
    const { counts, others, score, tick, boat } = this.#sea;
    const { told, skipped } = this.#crew;
    const facts = { tick, told, skipped, score, x: boat.x, y: boat.y, others: others.length, held: sum(others, "held"), refused: sum(others, "refused"), ...counts };
    for (const [name, value] of Object.entries(facts)) setAttribute(this.#box, `data-${name}`, String(value));
    setAttribute(this.#box, "data-scores", others.map((other) => other.score).join(" "));
    setAttribute(this.#box, "data-ticks", others.map((other) => other.tick).join(" "));
    setAttribute(this.#box, "data-places", others.map((other) => `${other.boat.x},${other.boat.y}`).join(" "));
  }
}

function sum(others: readonly Other[], what: "held" | "refused"): number {
  return others.reduce((all, other) => all + other[what], 0);
}
