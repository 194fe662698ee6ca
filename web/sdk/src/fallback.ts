// What a page needs only where no WebSocket gets through: a file of its own in the build, loaded when it is needed.

import { PollCarrier } from "./poll.js";
import { StreamCarrier } from "./stream.js";

export const stream = StreamCarrier;
export const poll = PollCarrier;
