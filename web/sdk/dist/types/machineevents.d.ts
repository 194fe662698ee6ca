import type { ErrorCode, LeftReason, Member, Ack, Message, Ping, Receipt, ServerFrame, Signal } from "./protocol_gen.js";
/** Whose machine it is, and its bounds. Durations are in milliseconds. */
export interface MachineConfig {
    /** The room's name. */
    room: string;
    /** Who this member is. */
    peer: string;
    instance: string;
    /** How many direct messages to one instance may be without a receipt (limits.window of the welcome): 16. */
    window?: number;
    /** How many further direct messages to one instance may wait for the window: 256. Beyond it a send fails with `overflow`. */
    maxWaiting?: number;
    /** How many room messages may be said and not stable: 256. */
    maxUnstable?: number;
    /** How many further room messages may wait for that: 256. Beyond it a say fails with `overflow`. */
    maxUnsaid?: number;
    /** How many members that have left are remembered, by their numbers alone: 1,024. */
    maxDeparted?: number;
    /** After how many events the server is told that they have come; heartbeats say so too: 16. */
    ackEvery?: number;
    /** After how long without a receipt a direct message is sent again, doubling up to maxResend: 2,000 and 16,000. */
    resend?: number;
    maxResend?: number;
    /** How long a receipt may wait for more to acknowledge: 20. */
    receiptDelay?: number;
    /** For how long a peer may be away before it has left (grace of the welcome): 15,000. */
    grace?: number;
    /** The time between questions for the stable position while room messages wait for it: 1,000. */
    askStable?: number;
}
/** Something that happens to a machine. */
export type MachineEvent = 
/** Bring a direct message to one instance: answered by exactly one `resolved` or `failed` with the token. */
{
    event: "send";
    token: number;
    peer: string;
    instance: string;
    data: unknown;
}
/** Bring a message to the room: answered likewise. */
 | {
    event: "say";
    token: number;
    data: unknown;
}
/** A frame came. The `joined` that answers the join of a new carrier takes the machine online. */
 | {
    event: "received";
    frame: ServerFrame;
}
/** The carrier is gone, with all that it may have had in flight. */
 | {
    event: "lost";
}
/** The carrier can take a frame: asked after a `wake`, until no `transmit` comes of it. */
 | {
    event: "writable";
}
/** The heartbeat wants its ping. */
 | {
    event: "beat";
}
/** A timer has run out. */
 | {
    event: "timerFired";
    key: string;
}
/** The end: whatever is outstanding fails with the code. */
 | {
    event: "close";
    code: ErrorCode;
};
/** Something that the owner of a machine must do, in the order in which they come. */
export type MachineEffect = 
/** Hand a frame to the carrier. */
{
    effect: "transmit";
    frame: Signal | Receipt | Message | Ack | Ping;
}
/** There is something to write: answer with `writable` as soon as the carrier can take a frame. */
 | {
    effect: "wake";
}
/** Start a timer, or start it anew if one of that key runs. */
 | {
    effect: "setTimer";
    key: string;
    after: number;
} | {
    effect: "clearTimer";
    key: string;
}
/** A direct message has reached its recipient, or a room message the room's log. */
 | {
    effect: "resolved";
    token: number;
}
/** A message was given up. A direct message may have arrived all the same, with its receipt lost. */
 | {
    effect: "failed";
    token: number;
    code: ErrorCode;
}
/** A direct message came. */
 | {
    effect: "direct";
    peer: string;
    instance: string;
    data: unknown;
}
/** A room message came, perhaps the own one. */
 | {
    effect: "message";
    peer: string;
    instance: string;
    data: unknown;
}
/** Events were missed, messages among them, and cannot be had any more. */
 | {
    effect: "gap";
}
/** A peer is here; it may be away. */
 | {
    effect: "joined";
    member: Member;
} | {
    effect: "away";
    member: Member;
} | {
    effect: "back";
    member: Member;
}
/** A peer, perhaps this one, has other attributes. */
 | {
    effect: "updated";
    member: Member;
}
/** A peer, perhaps this one, is gone. */
 | {
    effect: "left";
    member: Member;
    reason: LeftReason;
}
/** The members are as they are now: after a join, whatever was missed has been told. Ranks may have changed. */
 | {
    effect: "synced";
};
/** Fills in the defaults. */
export declare function withDefaults(config: MachineConfig): Required<MachineConfig>;
/** Collects the effects of a step, and knows which timers run. */
export declare class MachineOutput {
    #private;
    emit(effect: MachineEffect): void;
    /** Returns the effects of the step. */
    take(): MachineEffect[];
    set(key: string, after: number): void;
    clear(key: string): void;
    /** Whether the timer was running, which it then is no more. */
    fired(key: string): boolean;
    armed(key: string): boolean;
}
