// The worker of the page's files: a Store, and the digests of what is sent. A call is {id, name, args}, its answer {id, value} or
// {id, error}; see desk.ts for the other end.

import { openDepot } from "./depot.js";
import { digestOf, digestsOf } from "./hashing.js";
import { Store } from "./store.js";

/** What the page may call. */
export interface Calls {
  /** Whether what is received outlives the page. */
  lasting(): Promise<boolean>;
  room: Store["room"];
  list: Store["list"];
  open: Store["open"];
  verify: Store["verify"];
  write(...args: Parameters<Store["write"]>): Promise<void>;
  digest(...args: Parameters<Store["digest"]>): Promise<ReturnType<Store["digest"]>>;
  finish: Store["finish"];
  close(...args: Parameters<Store["close"]>): Promise<void>;
  remove: Store["remove"];
  blob: Store["blob"];
  digestOf: typeof digestOf;
  digestsOf: typeof digestsOf;
}

export interface Call {
  id: number;
  name: keyof Calls;
  args: unknown[];
}

export interface Reply {
  id: number;
  value?: unknown;
  error?: { name: string; message: string };
}

async function run(store: Promise<Store>, { name, args }: Call): Promise<unknown> {
  if (name === "digestOf") return digestOf(...(args as Parameters<typeof digestOf>));
  if (name === "digestsOf") return digestsOf(...(args as Parameters<typeof digestsOf>));
  const here = await store;
  if (name === "lasting") return here.lasting;
  return (here[name] as (...args: unknown[]) => unknown)(...args);
}

const store = openDepot().then((depot) => new Store(depot));
addEventListener("message", ({ data }: MessageEvent<Call>) => {
  run(store, data).then(
    (value) => postMessage({ id: data.id, value } satisfies Reply),
    // An error as it is may lose its name on the way: not every browser clones a DOMException.
    (error: unknown) => {
      const { name = "Error", message = String(error) } = Object(error) as Partial<Error>;
      postMessage({ id: data.id, error: { name, message } } satisfies Reply);
    },
  );
});
