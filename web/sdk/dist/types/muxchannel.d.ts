import { Channel, type ChannelInfo, type Unread } from "./channel.js";
import { BeckonError } from "./error.js";
import type { Budget } from "./muxbudget.js";
import { type Frame } from "./muxframes.js";
import { type Head } from "./muxheads.js";
import type { MuxLink } from "./muxlink.js";
import { Receiver } from "./muxreceive.js";
import type { Trunk } from "./muxtrunk.js";
import { type Sendable } from "./outbox.js";
import type { ErrorCode } from "./protocol_gen.js";
/** What a MuxChannel needs from its Mux. */
export interface MuxChannelOwner {
    /** The peer's id. */
    readonly id: string;
    readonly budget: Budget;
    /** The channel is over. */
    gone(channel: MuxChannel, inOrder: boolean): void;
}
/** What only requests have. */
export interface RequestHead {
    request?: true;
    deadline?: number | undefined;
}
/** A channel that shares data channels with others. */
export declare class MuxChannel extends Channel {
    #private;
    /** Whether this side has opened it. */
    readonly ours: boolean;
    /** A durable channel's name beyond connections. */
    readonly name: string | undefined;
    readonly request: RequestHead;
    /** Where it is now; undefined while a durable channel waits for the next connection. */
    link: MuxLink | undefined;
    id: number;
    lane: Trunk;
    /** Resolves when the other side has taken it. */
    readonly opened: import("./abort.js").Deferred<void>;
    readonly _windowed: boolean;
    readonly _budget: Budget;
    constructor(info: ChannelInfo, ours: boolean, name: string | undefined, request: RequestHead, owner: MuxChannelOwner);
    get bufferedAmount(): number;
    get maxMessageSize(): number;
    get _moved(): number;
    get _held(): boolean;
    _send(data: Sendable, size: number, signal: AbortSignal | undefined): Promise<void>;
    /** Opens it on a connection, the first one or the next. Throws what the browser does, or `overflow`. */
    open(link: MuxLink): void;
    /** Takes it on a connection, as the other side says. */
    take(link: MuxLink, id: number, lane: Trunk, { max, window, received }: Head): void;
    /** The next frame of its messages; once there is none, it says its end. */
    _next(part: number): Uint8Array<ArrayBuffer> | undefined;
    _receive(frame: Frame): void;
    /** Says what is granted and acknowledged by now. */
    _report(): void;
    _dirty(): void;
    _pump(): void;
    _shut(reason: string): void;
    _taken(item: Unread): void;
    _giveUp(): void;
    _ask(): void;
    _arrived(item: Unread): void;
    /** Ends it because of this side, and tells the other, perhaps with another code. */
    _fail(error: BeckonError, code?: ErrorCode): void;
    /** The peer is being closed. */
    _breakOff(): void;
    /** Its connection is over: that is its end, unless it is durable. */
    _detach(error: BeckonError | undefined): void;
    _end(error: BeckonError | undefined): void;
    get _sent(): number;
    get _came(): Receiver;
    _complete(reason: string | undefined): void;
}
