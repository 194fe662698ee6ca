import { abortable, checkAborted, deferred, type Deferred } from "./abort.js";
import type { Connection } from "./connection.js";
import { BeckonError } from "./error.js";
import { byteLength } from "./text.js";

/** How many updates of a room may wait for their answer, the one that is under way among them. */
const MAX_UPDATES = 64;

type Attributes = Readonly<Record<string, unknown>>;

/** What Updates need from their room. */
export interface UpdatesHost {
  /** As a Connection's; rejects with `connection-lost` while the room is not joined. */
  readonly request: Connection["request"];
  /** As a Connection's. */
  readonly settle: Connection["settle"];
  /** How many bytes of attributes the server takes; 0 if it does not say. */
  readonly limit: number;
}

/**
 * This peer's own attributes in a room, and what the app changes about them: one change at a time. One that meets a lost
 * connection is brought by the next join, which says the newest attributes.
 */
export class Updates {
  readonly #room: string;
  readonly #host: UpdatesHost;
  #newest: Attributes | undefined;
  /** Those of the last join. */
  #joined: Attributes | undefined;
  #last: Promise<unknown> = Promise.resolve();
  /** The request that is under way. */
  #id = 0;
  /** What it asks for, as JSON; undefined while there is none. */
  #asked: string | undefined;
  #waiting = 0;
  #rejoining: Deferred<void> | undefined;
  #over: BeckonError | undefined;

  constructor(room: string, attributes: Attributes | undefined, host: UpdatesHost) {
    this.#room = room;
    this.#host = host;
    this.#newest = attributes;
  }

  /** What the join says of them that is being made now. */
  join(): { attributes?: Attributes } {
    // As they are now: what the app does to its object later is not to be said by a rejoining.
    if (this.#joined === undefined && this.#newest !== undefined) this.#newest = copyOf(this.#newest);
    this.#joined = this.#newest;
    return this.#newest === undefined ? {} : { attributes: this.#newest };
  }

  /**
   * Replaces them, and waits until the others see that. What the server would refuse is refused here: said by a rejoining, it would
   * be the end of the room.
   */
  async add(attributes: Attributes, signal: AbortSignal | undefined): Promise<void> {
    const what = `update in ${this.#room}`;
    const copy = this.#fitting(attributes, what);
    if (this.#waiting >= MAX_UPDATES) throw new BeckonError("overflow", `${what}: ${MAX_UPDATES} wait for the server already.`);
    this.#waiting++;
    // One at a time: the event that answers does not say which update it answers.
    const run = this.#last.then(() => {
      checkAborted(signal, what);
      return this.#replace(copy, what);
    });
    const done = () => void this.#waiting--;
    this.#last = run.then(done, done);
    await abortable(run, signal, what);
  }

  /**
   * The room shows this peer with these attributes: by an event, which answers an update, or in a snapshot, when the event was missed
   * with others. They are compared, because the event of an update that a snapshot has answered may yet come.
   */
  shown(attributes: unknown): void {
    if (this.#asked === JSON.stringify(attributes ?? {})) this.#host.settle(this.#id);
  }

  /** The room has answered a join, completely. */
  rejoined(): void {
    this.#rejoining?.resolve();
    this.#rejoining = undefined;
  }

  /** There will be no rejoining. */
  end(error: BeckonError): void {
    this.#over = error;
    this.#rejoining?.reject(error);
  }

  async #replace(attributes: Attributes, what: string): Promise<void> {
    const before = this.#newest;
    this.#newest = attributes;
    while (!(await this.#requested(attributes, what, before))) {
      if (this.#over) throw this.#over;
      await (this.#rejoining ??= deferred()).promise;
      if (this.#joined === attributes) return;
    }
  }

  #fitting(attributes: Attributes, what: string): Attributes {
    const text = JSON.stringify(attributes) as string | undefined;
    if (!text?.startsWith("{")) throw new TypeError("update: the attributes are an object");
    const { limit } = this.#host;
    if (limit > 0 && byteLength(text, limit) > limit) {
      throw new BeckonError("message-too-large", `${what}: the server takes attributes of up to ${limit} bytes.`);
    }
    return JSON.parse(text) as Attributes;
  }

  /** Whether the server has taken them; false means that the connection was lost. */
  async #requested(attributes: Attributes, what: string, before: Attributes | undefined): Promise<boolean> {
    try {
      await this.#host.request({ type: "update", room: this.#room, attributes }, what, undefined, (id) => {
        this.#id = id;
        this.#asked = JSON.stringify(attributes);
      });
      return true;
    } catch (error) {
      if (error instanceof BeckonError && error.code === "connection-lost") return false;
      this.#newest = before; // it was refused
      throw error;
    } finally {
      this.#asked = undefined;
    }
  }
}

function copyOf(attributes: Attributes): Attributes {
  return JSON.parse(JSON.stringify(attributes)) as Attributes;
}
