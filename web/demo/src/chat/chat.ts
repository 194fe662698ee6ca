// The chat: what is said goes over a durable channel to each peer, and who comes later asks the others what was said before.

import { BeckonError, type Channel, type Peer, type Request, type Room } from "/sdk/beckon.js";
import type { Announcer } from "../announce.js";
import { find } from "../dom.js";
import { cleanName, displayName } from "../names.js";
import { badge } from "../tabs.js";
import { ChatLog, type Taken } from "./log.js";
import { Store } from "./store.js";
import { ChatView } from "./view.js";
import { CHAT, HISTORY, type Line, MAX_HISTORY, MAX_TEXT, parseHistory, parseSaid, PLAIN } from "./wire.js";

/** For how many milliseconds a history is waited for: a bot may take no requests, and says nothing. */
const TELLING = 10_000;
/** How long after the last line the log is kept, in milliseconds. */
const SETTLE = 300;

export class Chat {
  #view = new ChatView();
  #input = find<HTMLTextAreaElement>("#say");
  #log: ChatLog;
  #store: Store;
  #room: Room | undefined;
  /** The way to each peer that is connected: what is said before a channel is open waits for it here. */
  #ways = new Map<Peer, Promise<Channel>>();
  #unread = 0;
  #title = document.title;
  #saving: ReturnType<typeof setTimeout> | undefined;
  /** Somebody has told what was said before. */
  #told = false;
  /** Lines from programs that do not count theirs. */
  #plain = 0;

  constructor(
    room: string,
    secret: string | undefined,
    private readonly self: () => { id: string; name: string },
    private readonly announcer: Announcer,
  ) {
    this.#title = `${room} · Beckon`;
    this.#store = new Store(room, secret);
    const { authors, lines } = this.#store.load();
    const present = (instance: string) => Array.from(this.#room?.peers.values() ?? []).some((peer) => peer.instance === instance);
    this.#log = new ChatLog(newAuthor(), present, authors);
    for (const line of this.#log.restore(lines)) this.#view.line(line, this.#log.isOwn(line));
    this.#listen();
    this.#count(0);
  }

  /** Begins a stay in the room. */
  enter(room: Room): void {
    this.#room = room;
    this.#ways.clear();
  }

  /** Keeps a way to a connected peer for as long as it is there, and has it tell what was said before this page came. */
  async attach(peer: Peer): Promise<void> {
    const way = peer.open(CHAT, { durable: true });
    this.#ways.set(peer, way);
    void this.#catchUp(peer);
    try {
      // A bot answers where it was spoken to.
      await this.listen(peer, await way);
    } catch {
      // The peer is closed, which is shown where it is.
    } finally {
      this.#ways.delete(peer);
    }
  }

  /** Shows what comes on a channel until it closes. */
  async listen(peer: Peer, channel: Channel): Promise<void> {
    for await (const message of channel) {
      if (typeof message !== "string") continue;
      const name = displayName(peer.id, peer.attributes);
      if (channel.label === PLAIN) {
        this.#plainly(peer, name, message);
        continue;
      }
      const said = parseSaid(message, this.#log.clock);
      const taken = said && this.#log.hear(said, peer.instance, peer.id, name);
      if (taken) this.#show(taken, true);
    }
  }

  /** Tells who asks what was said so far. */
  answer(request: Request): void {
    const { authors, last } = this.#log;
    request.respond(JSON.stringify({ authors, lines: last })).catch(() => {}); // it has left, or asks no more
  }

  /** Writes a line that nobody said: who came, who went. */
  note(text: string): void {
    this.#view.note(text, this.#log.clock);
  }

  /** The panel has come into view. */
  seen(): void {
    this.#count(0);
    this.#view.shown();
  }

  #listen(): void {
    const form = find<HTMLFormElement>("#composer");
    form.onsubmit = (event) => {
      event.preventDefault();
      void this.#say();
    };
    this.#input.onkeydown = (event) => {
      // Enter while an input method composes a word belongs to that word.
      if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
      event.preventDefault();
      form.requestSubmit();
    };
    document.addEventListener("visibilitychange", () => !document.hidden && this.#looking() && this.seen());
    addEventListener("pagehide", () => this.#save());
  }

  async #say(): Promise<void> {
    const text = this.#input.value.trim().slice(0, MAX_TEXT);
    if (!text) return;
    this.#input.value = "";
    const { id, name } = this.self();
    const line = this.#log.say(text, Date.now(), id, name);
    const place = this.#view.line(line, true);
    this.#saveSoon();
    const { author, n, clock, at } = line;
    const message = JSON.stringify({ author, n, clock, at, text });
    const ways = Array.from(this.#ways.values(), (way) => way.then((channel) => channel.send(message)));
    if (ways.length === 0) this.#view.fate(place, "Nobody is here to hear this. Who comes while you stay will see it.");
    const results = await Promise.allSettled(ways);
    const reached = results.filter((result) => result.status === "fulfilled").length;
    place.parentElement?.setAttribute("data-reached", String(reached));
    if (reached < results.length) this.#view.fate(place, `Reached ${reached} of ${results.length}.`);
  }

  /** Asks a peer what was said before this page came. */
  async #catchUp(peer: Peer): Promise<void> {
    try {
      const answer = await peer.request(HISTORY, undefined, { timeout: TELLING });
      const { authors, lines } = parseHistory(await read(answer, MAX_HISTORY), this.#log.clock);
      let news = 0;
      for (const told of lines) {
        const line = { ...told, name: cleanName(told.name) || displayName(told.peer, undefined) };
        const taken = this.#log.told(line, peer.instance, authors, displayName(peer.id, peer.attributes));
        if (!taken) continue;
        this.#show(taken, false);
        if (taken.new) news++;
      }
      if (news === 0 || this.#told) return;
      this.#told = true;
      this.#view.note(`Said before you came, as ${displayName(peer.id, peer.attributes)} has it`, this.#log.clock, "before");
      this.announcer.say(`${news} earlier ${news === 1 ? "message" : "messages"}`);
    } catch (error) {
      // Bots keep no history, and who has left tells nothing any more.
      if (!(error instanceof Error)) throw error;
    }
  }

  #show({ line, new: isNew }: Taken, live: boolean): void {
    const own = this.#log.isOwn(line);
    this.#view.line(line, own);
    this.#saveSoon();
    if (!isNew || !live) return;
    this.announcer.read(`${line.name}: ${line.text}`);
    if (document.hidden || !this.#looking()) this.#count(this.#unread + 1);
  }

  #plainly(peer: Peer, name: string, said: string): void {
    const text = said.length > MAX_TEXT ? `${said.slice(0, MAX_TEXT)}…` : said;
    const line: Line = { author: `plain ${peer.instance}`, n: ++this.#plain, clock: this.#log.clock, at: Date.now(), text, peer: peer.id, name };
    this.#show({ line, new: true }, true);
  }

  /** Whether the chat is in view: on a narrow page one panel is. */
  #looking(): boolean {
    return this.#input.offsetParent !== null;
  }

  #saveSoon(): void {
    clearTimeout(this.#saving);
    this.#saving = setTimeout(() => this.#save(), SETTLE);
  }

  #save(): void {
    this.#store.save(this.#log.authors, this.#log.last);
  }

  #count(unread: number): void {
    this.#unread = unread;
    document.title = unread > 0 ? `(${unread}) ${this.#title}` : this.#title;
    badge("chat", unread);
  }
}

function newAuthor(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(8)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** Reads a text of so many bytes at most. */
async function read(body: AsyncIterable<Uint8Array<ArrayBuffer>>, max: number): Promise<string> {
  const pieces: Uint8Array<ArrayBuffer>[] = [];
  let size = 0;
  for await (const piece of body) {
    size += piece.length;
    if (size > max) throw new BeckonError("message-too-large", "The history is longer than one can be.");
    pieces.push(piece);
  }
  return new Blob(pieces).text();
}
