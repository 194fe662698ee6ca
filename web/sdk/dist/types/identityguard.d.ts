import type { PeerGuard } from "./hosts.js";
import type { Identity } from "./identity.js";
import type { Member, SignalData } from "./protocol_gen.js";
import type { Trust } from "./trust.js";
/** What all guards of a room have in common. */
export interface Duty {
    readonly identity: Identity;
    readonly trust: Trust | undefined;
    /** The key for HMACs, of a capability link. */
    readonly link: CryptoKey | undefined;
    readonly server: string;
    readonly room: string;
}
/**
 * Sees that nobody is between this peer and one other. What each says of itself was in its hello, so that the first description is signed
 * already; the server, which passes all of it on, can make the two fail, and no more.
 */
export declare class Guard implements PeerGuard {
    #private;
    constructor(duty: Duty, self: Member, member: Member);
    get verified(): boolean;
    seal(data: SignalData): Promise<SignalData>;
    check({ description, proof, session }: SignalData): Promise<void>;
    confirm(session: string, connection: RTCPeerConnection): Promise<void>;
    safetyNumber(): Promise<string>;
}
