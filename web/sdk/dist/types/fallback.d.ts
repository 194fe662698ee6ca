import { PollCarrier } from "./poll.js";
import { StreamCarrier } from "./stream.js";
export declare const stream: typeof StreamCarrier;
export declare const poll: typeof PollCarrier;
