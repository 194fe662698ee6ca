/**
 * The length of a string in UTF-8 bytes, if that can be more than `limit`; otherwise an upper bound of it, which costs nothing.
 */
export declare function byteLength(text: string, limit: number): number;
