/** What a Control tells its owner. */
export interface ControlOwner {
    /** The channel is open, which is what connected means. */
    opened(): void;
    /** Nothing answers any more, nor does the other side take what is being sent. */
    silent(): void;
    /** After that, something was heard. */
    heard(): void;
    /** A number that is another one whenever the other side has taken something since. */
    progress(): number;
    /** How many bytes the other side has got here; undefined if the browser does not say. */
    received(): Promise<number | undefined>;
    /** The connection is over: the other side closed it on purpose, or the association is gone, perhaps with a reason. Once. */
    ended(onPurpose: boolean, fault: RTCError | undefined): void;
}
/**
 * The control channel: both sides make it before anything is negotiated, which puts SCTP into the first offer. It tells whether the
 * other side is there, and its goodbye.
 *
 * Silence is counted in pings, not in time: a page that was asleep has asked nothing meanwhile. And the last ping's verdict, when
 * its timer comes late, waits for one more: what arrived meanwhile may not have been handed to us yet.
 *
 * A large message is handed over when it is whole, and answers wait behind it: on a slow path nothing is heard for longer than
 * silence lasts. So while a ping is unanswered, the browser is asked whether bytes come; in good times it is not.
 */
export declare class Control {
    #private;
    /** `parts`: the other side is known to say goodbye. Who knows heartbeats does so, too, but that is not heard in the first moments. */
    constructor(connection: RTCPeerConnection, parts: boolean, owner: ControlOwner);
    /** Whether the association is there. */
    get open(): boolean;
    /** Something came of the other side, on any channel; `sdk` says that nobody but an SDK says such things. */
    heard(sdk?: boolean): void;
    /** Says goodbye without waiting: all that a page that goes away can do. */
    bye(): void;
    /** Says goodbye, and resolves when the other side has heard it, or after `ms` milliseconds. */
    farewell(ms: number): Promise<void>;
    /** Says and tells nothing any more. */
    stop(): void;
}
