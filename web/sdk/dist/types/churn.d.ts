/** So many connections with one peer may follow each other… */
export declare const MAX_CHURN = 8;
/**
 * Bounds how often a connection is replaced. Each costs an RTCPeerConnection, of which a page has a few hundred until they are
 * collected, and the other side alone can ask for it: so who never stops is left.
 */
export declare class Churn {
    #private;
    /** Counts one more; whether that may be. */
    allows(): boolean;
}
