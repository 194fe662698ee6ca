// A role that is being played. The same as e2e/conformance/script.go.
import { channelSteps, label, open, sameOptions } from "./channels.js";
import { cut, counts } from "./connection.js";
import { Inbox } from "./inbox.js";
import { judge, within } from "./judge.js";
import { request, serve } from "./requests.js";
import { joins, Speech, sees, update } from "./room.js";

export class Script {
  #tasks = new Map(); // the steps in the background
  #channels = new Map();
  #accepted;
  #requests;

  constructor(run, { room, peer }, { join, RequestError }) {
    Object.assign(this, { run, room, peer, join, RequestError, role: run.role, other: run.role === "a" ? "b" : "a" });
    this.#accepted = new Inbox((signal) => peer.accept({ signal }), (channel) => channel.label);
    this.speech = new Speech(room);
    const requests = peer.requests();
    this.#requests = new Inbox(async () => (await requests.next()).value, (request) => request.name);
  }

  /** Does all steps, closes what was opened, and resolves when the other role has done as much. */
  async play() {
    const { signal } = this.run.controller;
    for (const [i, step] of this.run.steps.entries()) {
      try {
        await stopped(this.#begin(step, signal), signal);
      } catch (cause) {
        throw new Error(`step ${i + 1}, ${step.do} ${step.channel ?? step.name ?? step.task ?? step.point ?? step.act ?? ""}`, { cause });
      }
    }
    await this.run.meet("the end");
    this.speech.end();
    await Promise.all([...this.#channels.values()].map(({ channel }) => channel.close()));
  }

  #begin(step, signal) {
    if (!step.background) return this.#all(step, signal, {});
    const controller = new AbortController();
    signal.addEventListener("abort", () => controller.abort(signal.reason), { once: true });
    const task = { controller, sent: 0, over: false };
    task.done = this.#all(step, controller.signal, task).finally(() => (task.over = true));
    task.done.catch(() => {}); // await says it
    this.#tasks.set(step.background, task);
  }

  /** Does a step, or as many at once as it says. */
  async #all(step, signal, task) {
    if (!step.each) return this.#do(step, signal, task);
    await Promise.all(
      Array.from({ length: step.each }, (_, i) => {
        const numbered = (name) => (name === undefined ? name : `${name}${i}`);
        return this.#do({ ...step, channel: numbered(step.channel), name: numbered(step.name) }, signal, task);
      }),
    );
  }

  async #do(step, signal, task) {
    switch (step.do) {
      case "open":
        return this.#name(step.channel, await judge(step, open(this.peer, step, signal)));
      case "accept":
        return this.#accept(step, signal);
      case "request":
        return request(this, step, signal);
      case "serve":
        return this.#serve(step);
      case "await":
        return this.#tasks.get(step.task).done;
      case "cancel":
        return this.#tasks.get(step.task).controller.abort();
      case "stalled":
        return this.#stalled(step);
      case "meet":
        return this.run.meet(step.point);
      case "server":
        return this.run.act(step.act);
      case "cut":
        return cut(this.peer, signal);
      case "hangup":
        return this.peer.close();
      case "peer":
        return counts(this.peer, step, signal);
      case "say":
        return this.speech.say(this, step, signal);
      case "hear":
        return this.speech.hear(this, step, signal);
      case "update":
        return update(this, step, signal);
      case "sees":
        return sees(this, step, signal);
      case "connect":
        return judge(step, this.room.connect(step.name, { signal }));
      case "join":
        return joins(this, step, signal);
    }
    const known = this.#channels.get(step.channel);
    if (!known) throw new Error("there is no such channel");
    return channelSteps[step.do](this, known, step, signal, task);
  }

  async #serve(step) {
    const request = await this.#requests.take(step.name);
    if (step.point) await this.run.meet(step.point);
    return serve(request, step);
  }

  async #accept(step, signal) {
    const channel = await judge(step, this.#accepted.take(label(step), signal));
    this.#name(step.channel, channel);
    if (channel && step.options) sameOptions(channel, step.options);
  }

  /** The channel of that name. */
  channel(name) {
    return this.#channels.get(name).channel;
  }

  /** Makes a channel known to the steps that follow. */
  #name(name, channel) {
    if (channel) this.#channels.set(name, { channel, name, sent: 0, received: 0 });
  }

  /** Sees to it that what is sent in the background waits, and has not got far. */
  #stalled(step) {
    const task = this.#tasks.get(step.task);
    if (task.over) throw new Error("it does not wait: it is done");
    within(step, { sent: task.sent });
  }
}

/** How many milliseconds a step has to say what it was waiting for when all is stopped. */
const LAST_WORD = 500;

/** Waits for a promise, or for the end of all. */
function stopped(promise, signal) {
  return new Promise((done, fail) => {
    Promise.resolve(promise).then(done, fail);
    signal.addEventListener("abort", () => setTimeout(() => fail(signal.reason), LAST_WORD), { once: true });
  });
}
