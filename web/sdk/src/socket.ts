import { OPEN_TIMEOUT, patience, type Carrier, type CarrierOwner, type Ending } from "./carrier.js";
import { VERSION } from "./protocol_gen.js";

/** A WebSocket. The browser buffers for it, and answers the server's heartbeats. */
export class SocketCarrier implements Carrier {
  readonly free = true;
  readonly #socket: WebSocket;
  readonly #owner: CarrierOwner;
  readonly #inTime: () => void;

  /** Throws what the browser throws about the URL, or the page's rules about it. */
  constructor(url: string, hello: string, owner: CarrierOwner) {
    this.#owner = owner;
    const socket = (this.#socket = new WebSocket(`${url.replace("http", "ws")}ws`, VERSION));
    this.#inTime = patience(OPEN_TIMEOUT, () => this.#end({ why: `it did not open within ${OPEN_TIMEOUT / 1000} s` }));
    let opened = false;
    socket.onopen = () => {
      this.#inTime();
      opened = true;
      socket.send(hello);
    };
    socket.onmessage = (event: MessageEvent<unknown>) => {
      owner.proven();
      owner.frame(event.data);
    };
    // Why one did not open, the browser tells nobody.
    socket.onclose = ({ code, reason }) =>
      this.#end(opened ? { code, why: reason || `it was closed with code ${code}` } : { why: "it did not open" });
  }

  send(frame: string): void {
    if (this.#socket.readyState === WebSocket.OPEN) this.#socket.send(frame);
  }

  finish(bye: string): void {
    if (this.#socket.readyState === WebSocket.OPEN) this.#socket.send(bye);
    else this.#end({ why: "it was not open" });
  }

  again(): boolean {
    return false;
  }

  drop(): void {
    this.#inTime();
    const socket = this.#socket;
    socket.onopen = socket.onmessage = socket.onclose = null;
    if (socket.readyState <= WebSocket.OPEN) socket.close(1000);
  }

  #end(ending: Ending): void {
    this.drop();
    this.#owner.ended(ending);
  }
}
