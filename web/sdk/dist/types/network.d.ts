/** Calls `changed` when the page has another network than before, as far as the browser tells. Returns what ends that. */
export declare function listenForNetwork(changed: () => void): () => void;
