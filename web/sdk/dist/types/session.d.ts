import type { CarrierName } from "./carrier.js";
import { Connection } from "./connection.js";
import type { JoinOptions } from "./options.js";
import type { ClientFrame, ICEServer, ServerFrame, Welcome } from "./protocol_gen.js";
import { type SessionOwner, type Shown } from "./sessionterms.js";
/**
 * A membership of a server that outlives its connections: one Connection after another, each resuming what the one before was, on whatever
 * carrier gets through.
 * The first attempt fails as it fails; a session that has been in the room ends only when the server says that it is no use,
 * or when `close` is called.
 */
export declare class Session {
    #private;
    /** The newest welcome; there once `open` has got so far. */
    welcome: Welcome;
    /** The newest ICE servers; they are replaced before their credentials expire. */
    iceServers: ICEServer[];
    /** Names this session to the others. */
    instance: string;
    /** What it shows them of its key. */
    shown: Shown;
    /** `url` is what the carriers' URLs begin with. Throws a TypeError for carriers that there are not. */
    constructor(url: string, { token, carriers }: Pick<JoinOptions, "token" | "carriers">, owner: SessionOwner);
    /** What carries the connection that there is. */
    get carrier(): CarrierName | undefined;
    /** Gets into the room for the first time. Rejects with why that did not work, and is over then. */
    open(signal: AbortSignal): Promise<void>;
    /** As a Connection's. Rejects with `connection-lost` while there is none. */
    request(...args: Parameters<Connection["request"]>): Promise<ServerFrame | undefined>;
    /** As a Connection's. */
    settle(id: number): void;
    /** As a Connection's. */
    wake(): void;
    /** As a Connection's. */
    urgent(frame: ClientFrame): void;
    /** As a Connection's. Without one, there is nothing to say. */
    close(hurry?: boolean): Promise<void>;
    /**
     * The page goes into the browser's cache, out of which it may never come: says bye, and if it does, begins anew as another instance. The
     * connection that says bye is let go of, and not dropped, which could cut the bye off; an attempt is.
     */
    hide(): void;
}
