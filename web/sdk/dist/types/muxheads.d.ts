import { type Frame } from "./muxframes.js";
/** What OPEN and OPENED say: see the specification's table. */
export interface Head {
    label?: string | undefined;
    protocol?: string | undefined;
    unordered?: boolean | undefined;
    maxRetransmits?: number | undefined;
    maxPacketLifeTime?: number | undefined;
    durable?: string | undefined;
    received?: number | undefined;
    request?: boolean | undefined;
    deadline?: number | undefined;
    max: number;
    window: number;
}
/** Why a channel was reset. */
export interface Reason {
    code: string;
    message: string;
}
/** Reads the JSON of OPEN, OPENED or RESET; throws `bad-frame`. */
export declare function readHead({ type, payload }: Frame): Head & Reason;
/** Reads the text of CLOSE; throws `bad-frame`. */
export declare function readReason({ payload }: Frame): string;
/** JSON for a frame; what is undefined is left out. */
export declare function writeHead(head: Partial<Head & Reason>): Uint8Array;
