import { CARRIERS, type CarrierName } from "./carrier.js";
import { BeckonError } from "./error.js";

/** For how many milliseconds the carrier that worked is the first to be tried: who was behind a proxy may not be any more. */
const MEMORY = 600_000;

/** A carrier that ends so many milliseconds after it brought us into the room, or sooner, may be what the network does not bear. */
const YOUNG = 10_000;

/** So many ends in a row, young or before it got anywhere, and one that worked before is given up for the next. */
const STRIKES = 2;

/** The winners, where the page may store nothing. */
const remembered = new Map<string, string>();

/**
 * Decides which carrier the next attempt takes: the one that worked the last time, then the others in their order. One that has never
 * worked in this session is left after one failure; one that has, after two in a row, because then it may as well be the server.
 */
export class Ladder {
  readonly #url: string;
  readonly #carriers: readonly CarrierName[];
  /** Those that have failed since one worked, and why. */
  readonly #failed = new Map<CarrierName, BeckonError>();
  #worked: CarrierName | undefined;
  #strikes = 0;

  /** Throws a TypeError for carriers that there are not. */
  constructor(url: string, carriers: readonly CarrierName[] = CARRIERS) {
    if (carriers.length === 0 || !carriers.every((name) => CARRIERS.includes(name))) {
      throw new TypeError(`join: carriers is a list of ${CARRIERS.join(", ")}`);
    }
    this.#url = url;
    this.#carriers = [...new Set(carriers)];
  }

  /** The one to take now. */
  get current(): CarrierName {
    const left = this.#carriers.filter((name) => !this.#failed.has(name));
    const winner = recall(this.#url);
    return left.find((name) => name === winner) ?? (left[0] as CarrierName);
  }

  /** It brought us into the room, and what the server says comes through in time. */
  works(name: CarrierName): void {
    this.#failed.clear();
    if (this.#worked !== name) this.#strikes = 0;
    this.#worked = name;
    // The age is that of the ladder's last climb, or who joins every day would never try a better one.
    if (recall(this.#url) !== name) remember(this.#url, name);
  }

  /** It did not get us into the room. Returns undefined if another one is to be tried now, else why to give up for the moment. */
  failed(name: CarrierName, error: BeckonError): BeckonError | undefined {
    if (name === this.#worked && ++this.#strikes < STRIKES) return error;
    this.#failed.set(name, error);
    if (this.#failed.size < this.#carriers.length) return undefined;
    const all = this.#hopeless();
    this.reset();
    return all;
  }

  /** It had brought us into the room and has ended after so many milliseconds, by nobody's word. */
  died(name: CarrierName, lasted: number, error: BeckonError, blocked: boolean): void {
    this.#strikes = lasted < YOUNG ? this.#strikes + 1 : 0;
    if (!blocked && this.#strikes < STRIKES) return;
    this.#failed.set(name, error);
    if (this.#failed.size === this.#carriers.length) this.reset();
  }

  /** Begins anew: all have failed, or the server itself has spoken, and that is then not the carrier's fault. */
  reset(): void {
    this.#failed.clear();
    this.#strikes = 0;
  }

  #hopeless(): BeckonError {
    const tried = [...this.#failed].map(([name, { message }]) => `${name}: ${message}`);
    const question = hint(this.#url, tried.some((why) => why.includes("status")));
    return new BeckonError("connect-failed", `Cannot connect to ${this.#url}. ${tried.join("; ")}. ${question}`, {
      cause: [...this.#failed.values()],
    });
  }
}

/**
 * The question for who cannot connect. The browser tells nobody why, so this names what it may be. The page's origin is a reason only if
 * it is not the server's own, and in a program that is no page there is none.
 */
function hint(url: string, answered: boolean): string {
  if (answered) return "Something answers: is it a Beckon server, and does a proxy before it pass on what begins with /v1/?";
  const page = globalThis.location;
  if (!page || page.host === new URL(url).host) return "Is a Beckon server there?";
  return (
    `Is a Beckon server there, does it allow pages of ${page.origin} (--allow-origin), ` +
    "and does the page's Content-Security-Policy (connect-src) allow the server?"
  );
}

const key = (url: string) => `beckon-carrier ${url}`;

/** Storage is refused in some private windows, and not there in a program that is no page. */
function remember(url: string, name: CarrierName): void {
  const entry = `${name} ${Date.now()}`;
  try {
    localStorage.setItem(key(url), entry);
  } catch {
    remembered.set(url, entry);
  }
}

function recall(url: string): string | undefined {
  let entry: string | null | undefined;
  try {
    entry = localStorage.getItem(key(url));
  } catch {
    entry = remembered.get(url);
  }
  const [name, at] = (entry ?? "").split(" ");
  const age = Date.now() - Number(at);
  return age >= 0 && age < MEMORY ? name : undefined;
}
