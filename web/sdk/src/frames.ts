// The codec. Encoding writes the type first. Decoding checks the shape of what a server sends as far as this library relies on
// it, so that a wrong frame is one error here and not a riddle elsewhere. Unknown fields pass: a newer server may send them.

import { validInstance, validRoom } from "./decide.js";
import { BeckonError } from "./error.js";
import { MAX_NUMBER, type ClientFrame, type ServerFrame } from "./protocol_gen.js";

type Fields = Readonly<Record<string, unknown>>;
type Test = (value: unknown) => boolean;

const object = (v: unknown): v is Fields => typeof v === "object" && v !== null && !Array.isArray(v);
const string: Test = (v) => typeof v === "string";
const name: Test = (v) => typeof v === "string" && v !== "";
const boolean: Test = (v) => typeof v === "boolean";
const whole: Test = (v) => Number.isInteger(v) && (v as number) >= 0 && (v as number) <= MAX_NUMBER;
const counting: Test = (v) => whole(v) && v !== 0;
const room: Test = (v) => typeof v === "string" && validRoom(v);
const instance: Test = (v) => typeof v === "string" && validInstance(v);
const present: Test = (v) => v !== undefined;
const optional = (test: Test): Test => (v) => v === undefined || test(v);
const list = (test: Test): Test => (v) => Array.isArray(v) && v.every(test);
const oneOf = (...values: string[]): Test => (v) => values.includes(v as string);
const shape = (fields: Readonly<Record<string, Test>>): Test => (v) =>
  object(v) && Object.entries(fields).every(([key, test]) => test(v[key]));

const iceServers = list(shape({ urls: list(string), username: optional(string), credential: optional(string) }));
const member = shape({
  peer: name,
  instance,
  identity: optional(string),
  capabilities: optional(object),
  away: optional(boolean),
  joined: counting,
  said: optional(whole),
});
const positions: Test = (v) => object(v) && Object.values(v).every(whole);
const route = { room, from: name, fromInstance: instance, to: name, n: counting };

/** What each type of a server's frames must look like. */
const shapes: { readonly [T in ServerFrame["type"]]: Readonly<Record<string, Test>> } = {
  welcome: {
    version: name,
    peer: name,
    resumed: boolean,
    heartbeat: shape({ interval: counting, timeout: counting }),
    limits: shape({
      frame: counting,
      attributes: whole,
      rate: counting,
      burst: counting,
      window: counting,
      rooms: whole,
      mesh: whole,
      reports: optional(whole),
    }),
    iceServers,
    resume: optional(string),
    grace: optional(whole),
  },
  joined: {
    room,
    epoch: instance,
    position: whole,
    stable: whole,
    topology: oneOf("mesh", "none"),
    replay: optional(boolean),
    until: optional(whole),
    said: optional(whole),
    gap: optional(boolean),
    members: optional(list(member)),
  },
  event: {
    room,
    kind: name,
    position: counting,
    stable: whole,
    peer: name,
    member: optional(member),
    instance: optional(instance),
    n: optional(counting),
  },
  signal: { ...route, after: optional(whole), data: present },
  receipt: route,
  ice: { iceServers },
  expiring: { within: whole },
  goaway: { within: whole },
  ping: { t: optional(whole) },
  pong: { t: optional(whole), stable: optional(positions) },
  error: {
    code: name,
    message: string,
    retryAfter: optional(whole),
    room: optional(string),
    to: optional(string),
    toInstance: optional(string),
    n: optional(whole),
  },
};

/** Types that only clients send: known, but not to be expected from a server. */
const clientTypes: readonly string[] = [
  "hello", "join", "leave", "update", "token", "bye", "message", "ack", "report",
] satisfies ClientFrame["type"][];

/** Makes the text of a frame. Throws a TypeError if something in it has no JSON form. */
export function encode(frame: ClientFrame | ServerFrame): string {
  const { type, ...fields } = frame;
  return JSON.stringify({ type, ...fields });
}

/** Reads what every frame is: one JSON object with a type of this version. Throws `bad-frame` or `unknown-type`. */
export function parse(frame: string): ClientFrame | ServerFrame {
  let value: unknown;
  try {
    value = JSON.parse(frame);
  } catch (cause) {
    throw new BeckonError("bad-frame", "The frame is not JSON.", { cause });
  }
  if (!object(value) || !name(value["type"])) throw new BeckonError("bad-frame", "The frame is not an object with a type.");
  const type = value["type"] as string;
  if (!Object.hasOwn(shapes, type) && !clientTypes.includes(type)) {
    throw new BeckonError("unknown-type", `There is no type ${JSON.stringify(type.slice(0, 64))}.`);
  }
  return value as unknown as ClientFrame | ServerFrame;
}

/** Reads a server's frame. Throws `bad-frame`, naming the field, or `unknown-type`. */
export function decode(frame: string): ServerFrame {
  const parsed = parse(frame);
  if (clientTypes.includes(parsed.type)) {
    throw new BeckonError("bad-frame", `A server does not send ${parsed.type}.`);
  }
  const fields = parsed as unknown as Fields;
  for (const [key, test] of Object.entries(shapes[parsed.type as ServerFrame["type"]])) {
    if (!test(fields[key])) throw new BeckonError("bad-frame", `${parsed.type}: ${key} is missing or not as documented.`);
  }
  if (parsed.type === "event" && (parsed.kind === "joined" || parsed.kind === "back") && !parsed.member) {
    throw new BeckonError("bad-frame", `event: ${parsed.kind} needs the member.`);
  }
  return parsed as ServerFrame;
}
