/** What a Heartbeat needs from its owner. */
export interface Pulse {
    /** Milliseconds between pings. */
    interval: number;
    /** Milliseconds of silence that mean death. */
    timeout: number;
    /** Sends a ping. */
    ping(): void;
    /** Nothing answers any more. Is called again if it asks again. */
    dead(): void;
}
/**
 * Notices a dead connection, from a place where timers cannot be trusted. Silence alone proves nothing: in a hidden tab a
 * minute can pass between two timers, in which nothing was asked. So only a ping that stays without any frame after it counts,
 * and if the timer that judges it comes late, then it is asked once more: what arrived meanwhile may not have been handed to us.
 */
export declare class Heartbeat {
    #private;
    constructor(pulse: Pulse);
    /** Pings because the server has: the next ping of this side's own is due an interval later. */
    beat(): void;
    /** Any frame came. */
    heard(): void;
    /** Asks now, because the page has reason to doubt: it was asleep, or the network is another one. */
    probe(): void;
    /** Stops for good. */
    stop(): void;
}
