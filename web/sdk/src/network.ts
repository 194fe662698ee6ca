/** The Network Information API, as far as we use it: Chromium alone has it. */
interface Network {
  connection?: EventTarget;
}

/** Calls `changed` when the page has another network than before, as far as the browser tells. Returns what ends that. */
export function listenForNetwork(changed: () => void): () => void {
  const { connection } = (globalThis.navigator ?? {}) as Network;
  globalThis.addEventListener?.("online", changed);
  connection?.addEventListener?.("change", changed);
  return () => {
    globalThis.removeEventListener?.("online", changed);
    connection?.removeEventListener?.("change", changed);
  };
}
