// A room with other members whose part, and whose connections', a test plays.

import assert from "node:assert/strict";
import { afterEach, beforeEach } from "node:test";
import { join, type JoinOptions, type Peer, type Room } from "../src/index.js";
import type { Member, SignalData } from "../src/protocol_gen.js";
import { Clock, settled } from "./clock.js";
import { FakePeerConnection } from "./rtc.js";
import { FakeSocket, installSocket, letIn } from "./server.js";

/** One that offers to us (it cannot roll back), and one that we offer to (the largest instance). */
export const pion: Member = { peer: "bob", instance: "00000000000000b2", joined: 1 };
export const browser: Member = { peer: "cyd", instance: "ffffffffffffffff", capabilities: { rollback: true }, joined: 2 };

export const offer = { type: "offer", sdp: "x" };
export const answer = { type: "answer", sdp: "x" };

/** What the side that offers says when it looks for another path, and when it makes its i-th connection. */
export const restart = { description: { type: "offer", sdp: "local offer" }, session: "s1", iceRestart: true };
export const fresh = (i: number) => ({ description: { type: "offer", sdp: "local offer" }, session: `s${i}` });

/** Writes down the peer's states. */
export function states(peer: Peer): string[] {
  const seen: string[] = [];
  peer.addEventListener("state", () => seen.push(peer.state));
  void peer.closed.then((error) => seen.push(`closed ${error?.code ?? "in order"}`));
  return seen;
}

/** Opens a raw channel. */
export async function channelOf(peer: Peer, pc: FakePeerConnection, label = "x") {
  const opening = peer.open(label, { raw: true });
  await settled();
  pc.channels.at(-1)?.open();
  return opening;
}

/** What all tests of a file share; begins and ends with each of them. */
export class Meeting {
  clock!: Clock;
  room!: Room;
  socket!: FakeSocket;
  instance = "";
  /** The others have receipts for nothing. */
  deaf = false;
  #numbers = new Map<string, number>();
  /** The names of our sessions, in the order in which they were heard of. */
  #sessions: string[] = [];

  constructor() {
    beforeEach(() => {
      this.clock = new Clock();
      FakePeerConnection.made = [];
      installSocket({ RTCPeerConnection: FakePeerConnection });
      this.deaf = false;
      FakeSocket.listener = (socket, frame) => {
        if (frame.type === "ping") queueMicrotask(() => void socket.say({ type: "pong" }));
        if (frame.type !== "signal" || this.deaf) return;
        const { to: from, toInstance: fromInstance, n } = frame;
        const receipt = { type: "receipt", room: "tea", from, fromInstance, to: "ada", toInstance: this.instance, n };
        queueMicrotask(() => void socket.say(receipt));
      };
    });
    afterEach(async () => {
      await this.socket.drop(4505);
      FakeSocket.listener = undefined;
      assert.equal(this.clock.running, 0, "timers outlive the room");
      this.clock.restore();
    });
  }

  /** Joins a room with these members. */
  async enter(members: Member[], topology: "mesh" | "none" = "mesh", options: JoinOptions = {}): Promise<void> {
    const { made } = FakeSocket;
    const joining = join("http://127.0.0.1", "tea", { connectTimeout: 10000, ...options });
    while (FakeSocket.made === made) await settled(); // what verifies peers makes a key first
    this.socket = FakeSocket.last;
    this.instance = await letIn(this.socket, members, topology);
    this.room = await joining;
    this.#sessions = [];
    await settled();
  }

  get(id: string): Peer {
    return this.room.peers.get(id) as Peer;
  }

  /** The connection that was made last. */
  get pc(): FakePeerConnection {
    return FakePeerConnection.last as FakePeerConnection;
  }

  /** A member says something to us. */
  async hear(from: Member, data: unknown): Promise<void> {
    const key = from.instance + this.instance;
    const n = (this.#numbers.get(key) ?? 0) + 1;
    this.#numbers.set(key, n);
    const route = { from: from.peer, fromInstance: from.instance, to: "ada", toInstance: this.instance };
    await this.socket.say({ type: "signal", room: "tea", ...route, n, data });
  }

  /** What we said since the last call: to whom, and what. Sessions that we named are called s1, s2 … */
  said(): [string, SignalData][] {
    return this.socket.frames().flatMap((frame): [string, SignalData][] => {
      if (frame.type !== "signal") return [];
      const data = frame.data as SignalData;
      if (!/^[0-9a-f]{16}$/.test(data.session ?? "")) return [[frame.to, data]];
      let i = this.#sessions.indexOf(data.session as string);
      if (i < 0) i = this.#sessions.push(data.session as string) - 1;
      return [[frame.to, { ...data, session: `s${i + 1}` }]];
    });
  }

  /** The real name of the session that `said` calls s1, s2 … */
  session(i: number): string {
    this.said();
    return this.#sessions[i - 1] as string;
  }

  /** Enters with one other browser, which we offer to, and connects. */
  async connected(): Promise<{ peer: Peer; pc: FakePeerConnection }> {
    await this.enter([browser]);
    this.said();
    await this.hear(browser, { description: answer, session: this.session(1) });
    this.pc.become("connected");
    this.pc.control.open();
    await settled();
    return { peer: this.get("cyd"), pc: this.pc };
  }

  /** Enters with one that offers to us, in session p1, and connects. */
  async accepted(): Promise<{ peer: Peer; pc: FakePeerConnection }> {
    await this.enter([pion]);
    await this.hear(pion, { description: offer, session: "p1" });
    this.pc.become("connected");
    this.pc.control.open();
    await settled();
    this.said();
    return { peer: this.get("bob"), pc: this.pc };
  }
}
