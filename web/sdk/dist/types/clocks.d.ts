/**
 * Timers by name that can be stopped all together and go on where they were: what is waited for can come only while the other side
 * is within reach, so only that time counts.
 */
export declare class Clocks<N extends string> {
    #private;
    /** Starts a clock of `ms` milliseconds, anew if it runs. */
    start(name: N, ms: number, run: () => void): void;
    /** Starts it unless it runs already. */
    begin(name: N, ms: number, run: () => void): void;
    /** Stops clocks; without a name, all of them. */
    stop(...names: N[]): void;
    /** Lets the time go on, or not. */
    go(going: boolean): void;
}
