import { MachinePresence } from "./machinepresence.js";
import type { ErrorReply, Event as LogEvent, Pong, ServerFrame, Signal } from "./protocol_gen.js";
/** The machine, as far as reading is concerned. */
export declare class MachineReceive extends MachinePresence {
    /** Takes a frame. Before the room has answered the join, only that answer counts: the rest is of an older membership. */
    protected received(frame: ServerFrame): void;
    /** Takes a direct message. One of somebody whom the log does not show is dropped: there is no peer that it could be from. */
    protected signal({ from: peer, fromInstance: instance, n, after, data }: Signal): void;
    protected refused({ to, toInstance, code, retryAfter }: ErrorReply, n: number): void;
    /** Takes the stable position, and decides about the missing: whoever came back in time was in the log before the ping. */
    protected pong({ t, stable }: Pong): void;
    /** Takes an entry of the room's log. */
    protected entry(event: LogEvent): void;
    /** Delivers a message of the room, unless it was said before, in this epoch or in another. */
    protected hear({ peer, instance, n, position, data }: LogEvent): void;
}
