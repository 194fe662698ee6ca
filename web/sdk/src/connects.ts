import { BeckonError } from "./error.js";

/** Whether this environment can connect to peers. A worker cannot, nor can Node without somebody's WebRTC. */
export function connects(): boolean {
  return "RTCPeerConnection" in globalThis;
}

/** Throws `unsupported` where it cannot. */
export function checkConnects(what: string): void {
  if (!connects()) throw new BeckonError("unsupported", `${what}: this environment has no RTCPeerConnection, which connecting to peers needs.`);
}
