// A server of one room that runs in the test: it takes the place of WebSocket and is told what to say.

import type { ClientFrame, ErrorReply, Event, Hello, Join, Joined, Member, Welcome } from "../src/protocol_gen.js";
import { settled } from "./clock.js";

export const welcome: Welcome = {
  type: "welcome",
  version: "beckon.v1",
  peer: "ada",
  resumed: false,
  resume: "token 1",
  heartbeat: { interval: 15000, timeout: 25000 },
  limits: { frame: 65536, attributes: 4096, rate: 50, burst: 200, window: 16, rooms: 16, mesh: 16 },
  iceServers: [{ urls: ["stun:192.0.2.1:3478"] }],
};

export const bob: Member = { peer: "bob", instance: "00000000000000b2", attributes: { name: "Bob" }, joined: 1 };

/** The WebSocket that the library made last. */
export class FakeSocket {
  static readonly OPEN = 1;
  static last: FakeSocket;
  static made = 0;
  /** Hears whatever the library sends. */
  static listener: ((socket: FakeSocket, frame: ClientFrame) => void) | undefined;
  readonly url: string;
  readonly protocol: string;
  readyState = 0;
  sent: string[] = [];
  onopen: (() => void) | null = null;
  onmessage: ((event: { data: unknown }) => void) | null = null;
  onclose: ((event: { code: number; reason: string }) => void) | null = null;

  constructor(url: string, protocol: string) {
    this.url = url;
    this.protocol = protocol;
    FakeSocket.last = this;
    FakeSocket.made++;
  }

  send(frame: string): void {
    this.sent.push(frame);
    FakeSocket.listener?.(this, JSON.parse(frame) as ClientFrame);
  }

  close(): void {
    this.readyState = 3;
  }

  /** What the library said since the last call. */
  frames(): ClientFrame[] {
    return this.sent.splice(0).map((frame) => JSON.parse(frame) as ClientFrame);
  }

  open(): void {
    this.readyState = 1;
    this.onopen?.();
  }

  /** The server says something. */
  async say(...frames: object[]): Promise<void> {
    for (const frame of frames) this.onmessage?.({ data: JSON.stringify(frame) });
    await settled();
  }

  /** The connection ends, on the server's side or on the way. */
  async drop(code = 1006, reason = ""): Promise<void> {
    this.readyState = 3;
    this.onclose?.({ code, reason });
    await settled();
  }
}

/** Puts FakeSocket, and what `join` looks for, into the global scope. Nothing comes through over HTTP. */
export function installSocket(extra: object = {}): void {
  install({ WebSocket: FakeSocket, RTCPeerConnection: class {}, fetch: () => Promise.reject(new TypeError("no network")), ...extra });
}

function install(globals: object): void {
  for (const [name, value] of Object.entries(globals)) {
    Object.defineProperty(globalThis, name, { value, configurable: true, writable: true });
  }
}

/** Makes the global scope that of a page, as far as its events go, until `remove`. */
export function installPage() {
  const page = new EventTarget();
  const listeners = new Map<unknown, string>();
  install({
    addEventListener: (type: string, listener: EventListener, options?: AddEventListenerOptions) => {
      if (!options?.once) listeners.set(listener, type);
      page.addEventListener(type, listener, options);
    },
    removeEventListener: (type: string, listener: EventListener) => {
      listeners.delete(listener);
      page.removeEventListener(type, listener);
    },
    document: { visibilityState: "visible" },
  });
  return {
    get listeners() {
      return listeners.size;
    },
    fire: (type: string, more: object = {}) => void page.dispatchEvent(Object.assign(new Event(type), more)),
    remove() {
      for (const name of ["addEventListener", "removeEventListener", "document"]) Reflect.deleteProperty(globalThis, name);
    },
  };
}

/** A room's answer to a join. */
export const snapshot = (members: Member[], more: Partial<Joined> = {}): Joined => {
  return { type: "joined", room: "tea", epoch: "00000000000000e1", position: 9, stable: 0, topology: "none", members, ...more };
};

/** Plays the server's part in a hello. Returns that and the join that follows. */
export async function greet(socket: FakeSocket, more: Partial<Welcome> = {}): Promise<{ hello: Hello; join: Join }> {
  socket.open();
  await settled();
  const [hello] = socket.frames();
  if (hello?.type !== "hello") throw new Error(`got ${hello?.type}, want hello`);
  await socket.say({ ...welcome, id: hello.id, ...more });
  const join = socket.frames().find((frame) => frame.type === "join");
  if (join?.type !== "join") throw new Error("there was no join");
  return { hello, join };
}

/** Plays the server's part in a join. Returns the instance that joined. */
export async function letIn(socket: FakeSocket, members: Member[] = [], topology: "mesh" | "none" = "none"): Promise<string> {
  const { hello, join } = await greet(socket);
  await socket.say({ ...snapshot([...members, self(hello.instance)], { topology }), id: join.id });
  return hello.instance;
}

/** The library's own entry in the room. */
export const self = (instance: string): Member => {
  return { peer: "ada", instance, capabilities: { rollback: true }, joined: 9 };
};

/** An entry of the room's log. */
export const event = (position: number, kind: Event["kind"], peer: string, more: Partial<Event> = {}): Event => {
  return { type: "event", room: "tea", kind, position, stable: 0, peer, ...more };
};

/** The refusal of a frame. */
export const refusal = (code: ErrorReply["code"], more: Partial<ErrorReply> = {}): ErrorReply => {
  return { type: "error", code, message: `no: ${code}`, ...more };
};

/** A promise that may reject before the test looks at it. */
export function watched<T>(promise: Promise<T>): Promise<T> {
  promise.catch(() => {});
  return promise;
}
