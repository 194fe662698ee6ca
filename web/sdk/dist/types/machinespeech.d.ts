import type { MachineConfig, MachineOutput } from "./machineevents.js";
import type { ErrorCode, Message } from "./protocol_gen.js";
/** Ends a pause. */
export declare const SAY_TIMER = "say";
/** Asks for the stable position. */
export declare const STABLE_TIMER = "stable";
/**
 * A message in the log is not safe, because the log dies with its server: it is kept until everybody has it, and said again in
 * an epoch that does not have it.
 */
export declare class Speech {
    #private;
    /** Nothing may be said until the timer. */
    paused: boolean;
    constructor(config: Required<MachineConfig>, out: MachineOutput);
    /** Takes a message. */
    say(token: number, data: unknown): void;
    /** Starts the timer that asks for the stable position, if anything waits for that. */
    ask(): void;
    get ready(): boolean;
    /** Makes the next frame, which names the one before it on this carrier. */
    take(): Message;
    /** Forgets what an older log held. */
    restart(): void;
    /** Goes on, on a new carrier, behind the newest message that the log has. */
    resume(said: number): void;
    /** Takes it that message n is in the log, at that position or before it. */
    logged(n: number, position: number): void;
    /** The same for all up to n: their echoes were missed. */
    loggedUpTo(n: number, position: number): void;
    /** Keeps what was said until a member that has returned has it too. */
    extend(position: number): void;
    /** Forgets what everybody has, and lets those go on that waited for it. */
    release(stable: number): void;
    /** Takes the server's refusal of a message. It logs none of those behind it. */
    refused(n: number, code: ErrorCode, retryAfter: number): void;
    /** Ends what belongs to the carrier. */
    lost(): void;
    /** Gives up everything. */
    fail(code: ErrorCode): void;
}
