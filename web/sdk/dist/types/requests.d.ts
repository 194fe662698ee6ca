import type { MuxChannel } from "./muxchannel.js";
import { type Sendable } from "./outbox.js";
import type { Peer } from "./peer.js";
/** What a request or an answer may carry: nothing, bytes or text, or a stream of them. */
export type Sending = Sendable | AsyncIterable<Sendable> | ReadableStream<Sendable> | undefined;
/**
 * What came with a request or an answer. It can be read once, as it comes by iterating, or as a whole. All reading rejects with
 * `aborted`, `timeout`, or what ended the connection. Who stops iterating gives up the rest, and of an answer the request.
 */
export declare class Body implements AsyncIterable<Uint8Array<ArrayBuffer>> {
    /** The bytes, in pieces as they come. */
    [Symbol.asyncIterator](): AsyncGenerator<Uint8Array<ArrayBuffer>, void, undefined>;
    /** All of it. */
    bytes(): Promise<Uint8Array<ArrayBuffer>>;
    /** All of it, as UTF-8. */
    text(): Promise<string>;
    /** All of it, as JSON; rejects with a SyntaxError if it is none. */
    json(): Promise<unknown>;
}
/** What came back for a request. */
export declare class Answer extends Body {
    [Symbol.asyncIterator](): AsyncGenerator<Uint8Array<ArrayBuffer>, void, undefined>;
}
/** What a peer asks for. It is answered with `respond` or `fail`, perhaps before its body has been read. */
export declare class Request extends Body {
    #private;
    /** What is asked for. */
    readonly name: string;
    /** Who asks. */
    readonly peer: Peer;
    /** Is aborted when the answer is of no use any more, with why: `aborted` (who asked gave up), `timeout`, or what ended the connection. */
    readonly signal: AbortSignal;
    /**
     * Answers. Resolves when the other side has all of it. Rejects with what the body throws, which the other side sees as `aborted`, and
     * with `closed` (it is answered already), `aborted`, `timeout`, or what ended the connection.
     */
    respond(body?: Sending): Promise<void>;
    /** Answers that it cannot be done: with a word of up to 64 letters, digits and `-`, and a sentence of up to 1,024 bytes. */
    fail(code: string, message?: string): Promise<void>;
}
/**
 * Asks on a channel that is open, until `signal` is aborted. The body is on its way while the answer is waited for, which may come
 * before its end.
 */
export declare function ask(channel: MuxChannel, body: Sending, signal: AbortSignal, what: string): Promise<Answer>;
