/** A join token, or what gets one: from the app's own backend, say. It is asked each time that a fresh one is needed. */
export type TokenSource = string | (() => string | Promise<string>);
/** The tokens of one session. */
export declare class Tokens {
    #private;
    /** The one to show; undefined if there is none, or the last one is not good any more. */
    current: string | undefined;
    constructor(source: TokenSource | undefined);
    /** Whether a fresh one can be had. */
    get renewable(): boolean;
    /** Gets a fresh one. Rejects with `connect-failed` if the app has none, or with what `signal` was aborted with. */
    renew(signal?: AbortSignal): Promise<string | undefined>;
    /** The server has taken it, or the session has gone on without that: one that ends then is followed by another. */
    accepted(): void;
    /** The server has refused it. Returns whether to come back with a fresh one. */
    refused(): boolean;
    /** The one that the server had has expired. Returns whether to come back: with a fresh one that is on its way already, or another. */
    expired(): boolean;
}
