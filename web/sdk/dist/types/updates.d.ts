import type { Connection } from "./connection.js";
import { BeckonError } from "./error.js";
type Attributes = Readonly<Record<string, unknown>>;
/** What Updates need from their room. */
export interface UpdatesHost {
    /** As a Connection's; rejects with `connection-lost` while the room is not joined. */
    readonly request: Connection["request"];
    /** As a Connection's. */
    readonly settle: Connection["settle"];
    /** How many bytes of attributes the server takes; 0 if it does not say. */
    readonly limit: number;
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
    /**
     * Replaces them, and waits until the others see that. What the server would refuse is refused here: said by a rejoining, it would
     * be the end of the room.
     */
    add(attributes: Attributes, signal: AbortSignal | undefined): Promise<void>;
    /**
     * The room shows this peer with these attributes: by an event, which answers an update, or in a snapshot, when the event was missed
     * with others. They are compared, because the event of an update that a snapshot has answered may yet come.
     */
    shown(attributes: unknown): void;
    /** The room has answered a join, completely. */
    rejoined(): void;
    /** There will be no rejoining. */
    end(error: BeckonError): void;
}
export {};
