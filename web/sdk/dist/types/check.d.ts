import type { ChannelOptions } from "./options.js";
import type { Sendable } from "./outbox.js";
/** Throws a TypeError for what is no text of so many bytes. */
export declare function checkText(what: string, name: string, text: unknown, most?: number): void;
/** Throws a TypeError for options that cannot be meant. */
export declare function checkOptions(label: string, options: ChannelOptions): void;
/** The same for a request. */
export declare function checkRequest(name: string, body: unknown, options: object): void;
/** Whether something can be sent as a message. */
export declare function isSendable(data: unknown): data is Sendable;
/** Throws a TypeError for what cannot be the body of a request or an answer. */
export declare function checkBody(what: string, body: unknown): void;
