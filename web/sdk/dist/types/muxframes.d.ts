import { BeckonError } from "./error.js";
/** What the protocol field of a shared data channel says (RFC 8832, section 5.1). */
export declare const PROTOCOL = "beckon.v1";
export declare const OPEN = 1;
export declare const OPENED = 2;
export declare const WINDOW = 3;
export declare const ACK = 4;
export declare const FIN = 5;
export declare const CLOSE = 6;
export declare const CLOSED = 7;
export declare const RESET = 8;
export declare const CUT = 9;
/** Several others, of a lane. */
export declare const BATCH = 10;
/** A whole message, the first part of one, and the next part, in order. Added to all DATA but the last: the message is a text. */
export declare const DATA = 16;
export declare const FIRST = 18;
export declare const NEXT = 20;
/** A whole message and a part of one, numbered. */
export declare const NUMBERED = 24;
export declare const PART = 26;
/** How long a frame's header is at most. */
export declare const MAX_HEADER = 30;
/** What a frame says. */
export interface Frame {
    type: number;
    id: number;
    /** The numbers that follow the id, as the type has them; of CUT, one or none. */
    numbers: number[];
    payload: Uint8Array<ArrayBuffer>;
}
/** A text's bytes. */
export declare function utf8(text: string): Uint8Array<ArrayBuffer>;
/** The text that bytes of a message are; what is no UTF-8 becomes U+FFFD. */
export declare function textOf(bytes: Uint8Array): string;
/** The text in a frame's payload; throws `bad-frame`. */
export declare function strictText(bytes: Uint8Array): string;
/** Why the connection ends when the other side says what makes no sense. */
export declare function bad(why: string): BeckonError;
/** Makes one message of some frames. */
export declare function encodeBatch(frames: readonly Uint8Array<ArrayBuffer>[]): Uint8Array<ArrayBuffer>;
/**
 * The frames that a message of a trunk has: itself, or those of a BATCH, which are copied, so that what is kept of one does not keep the
 * others. Throws `bad-frame`.
 */
export declare function framesOf(bytes: Uint8Array<ArrayBuffer>): Generator<Uint8Array<ArrayBuffer>>;
/** Makes a frame. */
export declare function encodeFrame(type: number, id: number, numbers?: number[], payload?: Uint8Array): Uint8Array<ArrayBuffer>;
/** Reads a frame; undefined if its type is unknown. The payload is a view. Throws `bad-frame`. */
export declare function decodeFrame(bytes: Uint8Array<ArrayBuffer>): Frame | undefined;
