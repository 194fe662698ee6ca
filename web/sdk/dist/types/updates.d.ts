import type { Connection } from "./connection.js";
import { BeckonError } from "./error.js";
type Attributes = Readonly<Record<string, unknown>>;
/** What Updates need from their room. */
export interface UpdatesHost {
    /** As a Connection's; rejects with `connection-lost` while the room is not joined. */
    readonly request: Connection["request"];
    /** As a Connection's. */
    readonly settle: Connection["settle"];
}
/**
 * This peer's own attributes in a room, and what the app changes about them: one change at a time. One that meets a lost
 * connection is brought by the next join, which says the newest attributes.
 */
export declare class Updates {
    #private;
    constructor(room: string, attributes: Attributes | undefined, host: UpdatesHost);
    /** What the join says of them that is being made now. */
    join(): {
        attributes?: Attributes;
    };
    /** Replaces them, and waits until the others see that. */
    add(attributes: Attributes, signal: AbortSignal | undefined): Promise<void>;
    /** The room's log has an update of this peer. */
    seen(): void;
    /** The room has answered a join, completely. */
    rejoined(): void;
    /** There will be no rejoining. */
    end(error: BeckonError): void;
}
export {};
