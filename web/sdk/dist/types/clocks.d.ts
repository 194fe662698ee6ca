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
    /** Whether a clock has been started and has not run out. */
    runs(name: N): boolean;
    /** Whether the time goes on. */
    get going(): boolean;
    /** Lets the time go on, or not. */
    go(going: boolean): void;
}
