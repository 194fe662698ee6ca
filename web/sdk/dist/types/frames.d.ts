import { type ClientFrame, type ServerFrame } from "./protocol_gen.js";
/** Makes the text of a frame. Throws a TypeError if something in it has no JSON form. */
export declare function encode(frame: ClientFrame | ServerFrame): string;
/** Reads what every frame is: one JSON object with a type of this version. Throws `bad-frame` or `unknown-type`. */
export declare function parse(frame: string): ClientFrame | ServerFrame;
/** Reads a server's frame. Throws `bad-frame`, naming the field, or `unknown-type`. */
export declare function decode(frame: string): ServerFrame;
