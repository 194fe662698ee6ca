import type { MuxLink } from "./muxlink.js";
import type { Trunk } from "./muxtrunk.js";
/** What an Ending needs from its channel. */
export interface EndingOwner {
    readonly id: number;
    readonly lane: Trunk;
    readonly link: MuxLink | undefined;
    readonly durable: boolean;
    readonly _numbered: boolean;
    readonly _windowed: boolean;
    readonly _over: boolean;
    /** This side has said that it sends no more. */
    readonly _finished: boolean;
    /** Of this side's messages: how many have left. Of the other's: how many have come, and whether one has in part. */
    readonly _sent: number;
    readonly _came: {
        readonly count: number;
        readonly midway: boolean;
    };
    /** All has come that ever will: there is an end for who reads, or for both, with the other side's reason. */
    _complete(reason: string | undefined): void;
}
/** How a channel ends, in each direction: FIN and CLOSE of either side, and that all has come which was announced. */
export declare class Ending {
    #private;
    /** What this side is to say at its end. */
    text: string | undefined;
    /** This side has said CLOSE on this connection; it has said FIN. */
    closeSaid: boolean;
    constructor(owner: EndingOwner);
    /** Message n, or the next where they have no numbers, is none of those that the other side has announced. */
    excludes(n: number): boolean;
    /** The other side has said CLOSE, and what it has announced is not here yet. */
    get owes(): boolean;
    /** Says FIN, CLOSE or both: all has left. Who reads sees the same end, however fast the calls follow each other. */
    say(): void;
    /** On another connection it is said again. */
    again(): void;
    /** The other side has said FIN or, with a reason, CLOSE. Throws `bad-frame`. */
    announce(n: number, farewell?: string): void;
    /** Looks whether all that was announced has arrived, or will not. */
    check(late?: boolean): void;
    /** Waits for nothing any more. */
    stop(): void;
}
