import { abortable, checkAborted, deferred, type Deferred } from "./abort.js";
import type { Connection } from "./connection.js";
import { BeckonError } from "./error.js";

type Attributes = Readonly<Record<string, unknown>>;

/** What Updates need from their room. */
export interface UpdatesHost {
  /** As a Connection's; rejects with `connection-lost` while the room is not joined. */
  readonly request: Connection["request"];
  /** As a Connection's. */
  readonly settle: Connection["settle"];
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
  #rejoining: Deferred<void> | undefined;
  #over: BeckonError | undefined;

  constructor(room: string, attributes: Attributes | undefined, host: UpdatesHost) {
    this.#room = room;
    this.#host = host;
    this.#newest = attributes;
  }

  /** What the join says of them that is being made now. */
  join(): { attributes?: Attributes } {
    this.#joined = this.#newest;
    return this.#newest === undefined ? {} : { attributes: this.#newest };
  }

  /** Replaces them, and waits until the others see that. */
  async add(attributes: Attributes, signal: AbortSignal | undefined): Promise<void> {
    const what = `update in ${this.#room}`;
    // One at a time: the event that answers does not say which update it answers.
    const run = this.#last.then(() => {
      checkAborted(signal, what);
      return this.#replace(attributes, what);
    });
    this.#last = run.catch(() => {});
    await abortable(run, signal, what);
  }

  /** The room's log has an update of this peer. */
  seen(): void {
    this.#host.settle(this.#id);
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

  /** Whether the server has taken them; false means that the connection was lost. */
  async #requested(attributes: Attributes, what: string, before: Attributes | undefined): Promise<boolean> {
    try {
      await this.#host.request({ type: "update", room: this.#room, attributes }, what, undefined, (id) => (this.#id = id));
      return true;
    } catch (error) {
      if (error instanceof BeckonError && error.code === "connection-lost") return false;
      this.#newest = before; // it was refused
      throw error;
    }
  }
}
