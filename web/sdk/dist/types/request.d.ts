import type { Ending } from "./carrier.js";
/** Posts a body, and resolves with the answer as soon as its headers are there. */
export declare function post(url: string, body: string, more: RequestInit): Promise<Response>;
/** Says of an answer that is a refusal what it means: the server's own words, or somebody else's status. */
export declare function refusalOf(response: Response): Promise<Ending>;
/** Says what it means that a request was not answered. The page is not told more than that. */
export declare function failureOf(cause: unknown): Ending;
