// Offers of others: each is checked, asked about, fetched and answered. What is seen of it is a Row's, what is fetched an Incoming's.

import { BeckonError, type Peer, type Request } from "/sdk/beckon.js";
import type { Item } from "./depot.js";
import { Incoming } from "./incoming.js";
import { provenKey, type Trust } from "./trust.js";
import { FileError, type Offer, readOffer, type Receipt } from "./wire.js";
import type { Calls } from "./worker.js";

/** So many offers of one peer wait for an answer; further ones are declined. */
const MAX_ASKED = 8;
/** For so many milliseconds nothing has come when somebody else may go on with the same file. */
const STALLED = 2000;
/** So many milliseconds after a request has failed it is known whether the connection has. */
const SETTLING = 2000;

export type ReceptionState = "asked" | "waiting" | "moving" | "lost" | "done" | "cancelled" | "failed";

/** What shows an offer. */
export interface Row {
  /** Asks the user; resolves with whether it is wanted. `have` is how many bytes of it are here already, and `room` how many more there is room for. */
  ask(have: number, room: number): Promise<boolean>;
  /** Something has changed. */
  paint(): void;
}

export class Reception {
  state: ReceptionState = "asked";
  error?: FileError;
  receipt?: Receipt;
  readonly cancelled = new AbortController();
  readonly incoming: Incoming;
  #row: Row | undefined;
  /** Settles when nothing of it runs any more. */
  #running: Promise<void> = Promise.resolve();

  constructor(
    readonly offer: Offer,
    public peer: Peer,
    keeper: Calls,
  ) {
    this.incoming = new Incoming(offer, keeper, () => this.#row?.paint());
  }

  get over(): boolean {
    return this.state === "done" || this.state === "cancelled" || this.state === "failed";
  }

  show(row: Row): void {
    this.#row = row;
  }

  set(state: ReceptionState): void {
    this.state = state;
    this.#row?.paint();
  }

  end(error: FileError): void {
    this.error = error;
    this.set(error.code === "cancelled" || error.code === "declined" ? "cancelled" : "failed");
  }

  /** The user wants it, or not. */
  decided(yes: boolean): void {
    if (this.over) return;
    if (yes) this.set("waiting");
    else this.end(new FileError("declined", "You declined it."));
  }

  /** The user does not want it any more. */
  cancel(): void {
    if (this.over) return;
    this.cancelled.abort();
    if (this.state !== "moving") this.end(new FileError("cancelled", "You cancelled it.")); // else what runs ends it
  }

  /** Fetches on behalf of this request, and answers it, after what ran before has come to its end. */
  run(request: Request): Promise<void> {
    this.#running = this.#running.then(() => this.#run(request)).catch((error: unknown) => this.#failed(request, error));
    return this.#running;
  }

  async #run(request: Request): Promise<void> {
    if (this.over) return this.#repeat(request);
    this.peer = request.peer;
    this.set("moving");
    const stop = new AbortController();
    const follow = () => stop.abort();
    for (const signal of [request.signal, this.cancelled.signal]) {
      signal.addEventListener("abort", follow, { once: true });
      if (signal.aborted) follow();
    }
    this.receipt = await this.incoming.fetch((name, body, signal) => request.peer.request(name, body, { signal }), stop.signal);
    this.set("done");
    await request.respond(JSON.stringify(this.receipt)).catch(() => {}); // it will be offered again, and told then
  }

  /** Says once more how it ended. */
  async #repeat(request: Request): Promise<void> {
    const said = this.error ? request.fail(this.error.code, this.error.message) : request.respond(JSON.stringify({ ...this.receipt, received: 0 }));
    await said.catch(() => {});
  }

  async #failed(request: Request, thrown: unknown): Promise<void> {
    const error = await this.#reason(request, thrown);
    await this.incoming.release().catch(() => {}); // a worker that is gone holds nothing
    if (!error) return this.set("lost");
    this.end(error);
    if (!error.remote || error.code !== "cancelled") await request.fail(error.code, error.message.slice(0, 300)).catch(() => {});
  }

  /** What an error means to the user; undefined if the connection was lost, after which it goes on. */
  async #reason(request: Request, thrown: unknown): Promise<FileError | undefined> {
    if (this.cancelled.signal.aborted) return new FileError("cancelled", "You cancelled it.");
    if (thrown instanceof FileError) return thrown;
    if (!request.signal.aborted && thrown instanceof BeckonError) {
      // The requests of a connection do not all hear of its end at once.
      await Promise.race([new Promise((resolve) => request.signal.addEventListener("abort", resolve)), pause(SETTLING)]);
    }
    const why: unknown = request.signal.reason;
    if (!request.signal.aborted) return new FileError("unreadable", thrown instanceof Error ? thrown.message : String(thrown));
    return why instanceof BeckonError && why.code === "aborted" ? new FileError("cancelled", "The sender took it back.", true) : undefined;
  }

  /** Lets go of files that somebody else may go on with, if nothing comes here any more. */
  async yield(): Promise<void> {
    if (this.state !== "moving") return;
    const { here } = this.incoming;
    await pause(STALLED);
    if (!this.over && this.incoming.here === here) await this.incoming.release();
  }
}

export class Receiver {
  #all = new Map<string, Reception>(); // by the id of the offer
  #rows = new WeakMap<Reception, Row>();
  #asking = new WeakMap<Reception, Promise<boolean>>();

  constructor(
    private readonly keeper: Calls,
    private readonly trust: Trust,
    /** Makes the row of an offer; undefined if there is no place for one more. */
    private readonly show: (reception: Reception) => Row | undefined,
  ) {}

  /** Takes an offer, and ends when it has been answered or its connection is lost. */
  async take(request: Request): Promise<void> {
    try {
      const offer = await readOffer(request);
      const known = this.#all.get(offer.id);
      if (!known && this.trust.done(offer, request.peer)) await this.#again(request, offer);
      else if (!known) await this.#new(request, offer);
      else if (JSON.stringify(known.offer) !== JSON.stringify(offer) || provenKey(known.peer) !== provenKey(request.peer)) throw new FileError("bad-offer", "this id was another offer's");
      else if (known.state !== "asked") await known.run(request);
      else await this.#decide(known, request);
    } catch (error) {
      if (error instanceof FileError) await request.fail(error.code, error.message.slice(0, 300)).catch(() => {});
    }
  }

  /** Says of an offer that has come before that it is here, or was: what became of it is the user's. */
  async #again(request: Request, { entries, size }: Offer): Promise<void> {
    const receipt: Receipt = { files: entries.filter(({ folder }) => !folder).length, bytes: size, received: 0 };
    await request.respond(JSON.stringify(receipt)).catch(() => {});
  }

  /** Forgets what is over: the row was removed. */
  forget(reception: Reception): void {
    this.#all.delete(reception.offer.id);
  }

  async #new(request: Request, offer: Offer): Promise<void> {
    const { peer } = request;
    const asked = [...this.#all.values()].filter((other) => other.peer.id === peer.id && other.state === "asked");
    if (asked.length >= MAX_ASKED) throw new FileError("declined", "Too many offers wait for an answer.");
    const reception = new Reception(offer, peer, this.keeper);
    const row = this.show(reception);
    if (!row) throw new FileError("declined", "The list of files there is full.");
    reception.show(row);
    this.#all.set(offer.id, reception);
    this.#rows.set(reception, row);
    let place: { have: number; room: number };
    try {
      place = await this.#roomFor(reception);
    } catch (error) {
      const failed = error instanceof FileError ? error : new FileError("write-failed", error instanceof Error ? error.message : String(error));
      reception.end(failed);
      throw failed;
    }
    await this.#decide(reception, request, place);
  }

  /** Asks the user, once, and fetches if it is wanted. */
  async #decide(reception: Reception, request: Request, { have, room } = { have: 0, room: 0 }): Promise<void> {
    const { offer, peer } = reception;
    let wanted = this.#asking.get(reception);
    if (!wanted) {
      const asked = this.trust.always(peer) || this.trust.accepted(offer, peer) ? Promise.resolve(true) : this.#rows.get(reception)!.ask(have, room);
      wanted = asked.then((yes) => {
        reception.decided(yes);
        if (yes) this.trust.setAccepted(offer, peer);
        return yes;
      });
      this.#asking.set(reception, wanted);
    }
    const gone = new Promise<"gone">((resolve) => {
      request.signal.addEventListener("abort", () => resolve("gone"), { once: true });
      if (request.signal.aborted) resolve("gone");
    });
    const answer = await Promise.race([wanted, gone]);
    if (answer === "gone") {
      const why: unknown = request.signal.reason;
      if (reception.state === "asked" && why instanceof BeckonError && why.code === "aborted") {
        reception.end(new FileError("cancelled", "The sender took it back.", true));
      }
      return;
    }
    if (!answer) throw new FileError("declined", "The other side does not want it.");
    await this.#stalled(reception);
    await reception.run(request);
    // Memory has it only as long as this page does.
    if (reception.state === "done" && (await this.keeper.lasting())) this.trust.setDone(offer, peer);
  }

  /** Has others let go of the files of this offer: the sender may have been killed, and come back with another offer, before we noticed. */
  async #stalled(reception: Reception): Promise<void> {
    const mine = new Set(reception.offer.entries.map(({ path, size }) => `${size} ${path}`));
    const others = [...this.#all.values()].filter((other) => other !== reception && other.offer.entries.some(({ path, size }) => mine.has(`${size} ${path}`)));
    await Promise.all(others.map((other) => other.yield()));
  }

  /** Rejects with `no-room` if it does not fit beside what is being received. Returns how much of it is here, and how much more there is room for. */
  async #roomFor(reception: Reception): Promise<{ have: number; room: number }> {
    const items = new Map<string, Item>();
    for (const item of await this.keeper.list()) items.set(`${item.size} ${item.path}`, item);
    const have = reception.offer.entries.reduce((sum, { path, size }) => sum + (items.get(`${size} ${path}`)?.have ?? 0), 0);
    let coming = 0;
    for (const other of this.#all.values()) {
      if (other !== reception && !other.over && other.state !== "asked") coming += other.offer.size - other.incoming.here;
    }
    const room = Math.max(0, (await this.keeper.room()) - coming);
    if (reception.offer.size - have > room) throw new FileError("no-room", `There is room for ${room} bytes.`);
    return { have, room };
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
