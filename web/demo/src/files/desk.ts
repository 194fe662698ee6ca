// The page's end of the worker that keeps files: its calls, as functions.

import type { Call, Calls, Reply } from "./worker.js";

/** A worker's error, by the name that the browser gave it. */
export class DeskError extends Error {
  constructor(
    override readonly name: string,
    message: string,
  ) {
    super(message);
  }
}

/** What TypeScript does not know of every browser's trusted types (W3C). */
interface TrustedTypes {
  createPolicy(name: string, rules: { createScriptURL(url: string): string }): { createScriptURL(url: string): string };
}

/** Starts the worker. The page's policy lets no string become a script's address but by the one policy that is named there. */
function start(): Worker {
  const address = new URL("files-worker.js", import.meta.url).href;
  const { trustedTypes } = globalThis as { trustedTypes?: TrustedTypes };
  const policy = trustedTypes?.createPolicy("beckon-worker", { createScriptURL: () => address });
  return new Worker(policy ? policy.createScriptURL("") : address, { type: "module" });
}

/** Opens the desk: the functions of the worker. There is one in a page. */
export function openDesk(): Calls {
  const worker = start();
  const waiting = new Map<number, { resolve(value: unknown): void; reject(error: Error): void }>();
  let count = 0;
  worker.onmessage = ({ data: { id, value, error } }: MessageEvent<Reply>) => {
    const one = waiting.get(id);
    waiting.delete(id);
    if (error) one?.reject(new DeskError(error.name, error.message));
    else one?.resolve(value);
  };
  // It could not be loaded, or has thrown where nobody waits: whoever waits would do so for ever.
  worker.onerror = (event) => {
    for (const one of waiting.values()) one.reject(new DeskError("WorkerError", event.message || "The worker could not be started."));
    waiting.clear();
  };
  const call = (name: keyof Calls, args: unknown[]) =>
    new Promise<unknown>((resolve, reject) => {
      const id = ++count;
      waiting.set(id, { resolve, reject });
      // Bytes that are written are handed over, not copied: the caller has made them for this.
      const moved = name === "write" ? [(args[2] as Uint8Array<ArrayBuffer>).buffer] : [];
      worker.postMessage({ id, name, args } satisfies Call, moved);
    });
  return new Proxy({} as Calls, {
    get: (_, name) => (...args: unknown[]) => call(name as keyof Calls, args),
  });
}
