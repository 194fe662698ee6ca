// Says what is wrong with an app's options, in TypeErrors: JavaScript does not, and what is no number or no text must not get as far as
// the other side, who would end the connection for it.

import { PROTOCOL, utf8 } from "./muxframes.js";
import type { ChannelOptions } from "./options.js";
import type { Sendable } from "./outbox.js";

/** The bytes of a channel's label and protocol, and of a request's name. */
const MAX_NAME = 1024;
/** Retransmissions, milliseconds of a life time, and the bytes of a raw channel's label: whole numbers (RFC 8832, section 5.1). */
const MAX_WIRE = 65535;

/** Examples of what options are; of numbers, the largest. */
const SIGNAL = {};
const CHANNEL = {
  ...{ ordered: true, maxRetransmits: MAX_WIRE, maxPacketLifeTime: MAX_WIRE, maxQueueAge: Number.MAX_VALUE },
  ...{ durable: true, raw: true, protocol: "", signal: SIGNAL },
};
const REQUEST = { signal: SIGNAL, timeout: 2 ** 31 - 1 }; // what setTimeout counts up to: with more it runs at once

function refuse(what: string, why: string): never {
  throw new TypeError(`${what}: ${why}`);
}

/** Throws a TypeError for options that there are not, with the one that may be meant, and for those of another kind. */
function checkKinds(what: string, options: object, kinds: Readonly<Record<string, unknown>>): void {
  for (const [name, value] of Object.entries(options) as [string, unknown][]) {
    const kind = kinds[name];
    if (kind === undefined) {
      const all = Object.keys(kinds);
      const like = (a: string, b: string) => a.toLowerCase().includes(b.toLowerCase());
      const near = all.find((known) => like(name, known) || like(known, name.slice(0, 4)));
      refuse(what, `there is no option ${name}; ${near ? `is ${near} meant?` : `there are ${all.join(", ")}`}`);
    }
    let is: string = typeof kind;
    let fits = value === undefined || typeof value === is;
    if (kind === SIGNAL) {
      is = "n AbortSignal";
      fits &&= !value || "aborted" in (value as object);
    } else if (typeof kind === "number") {
      is = `${kind === MAX_WIRE ? "whole " : ""}number from 0 to ${kind}`;
      fits &&= value === undefined || ((value as number) >= 0 && (value as number) <= kind && (kind !== MAX_WIRE || Number.isInteger(value)));
    }
    if (!fits || value === null) refuse(what, `${name} is a${kind === SIGNAL ? "" : " "}${is}, and not ${String(value)}`);
  }
}

/** Throws a TypeError for what is no text of so many bytes. */
export function checkText(what: string, name: string, text: unknown, most = MAX_NAME): void {
  if (typeof text !== "string" || utf8(text).length > most) refuse(what, `the ${name} is a string of at most ${most} bytes, and not ${String(text).slice(0, 32)}`);
}

/** Throws a TypeError for options that cannot be meant. */
export function checkOptions(label: string, options: ChannelOptions): void {
  const what = "open";
  checkKinds(what, options, CHANNEL);
  const { ordered, maxRetransmits, maxPacketLifeTime, maxQueueAge, durable, raw, protocol = "" } = options;
  for (const [name, text] of Object.entries({ label, protocol })) checkText(what, name, text, raw ? MAX_WIRE : MAX_NAME);
  const reliable = maxRetransmits === undefined && maxPacketLifeTime === undefined;
  if (maxRetransmits !== undefined && maxPacketLifeTime !== undefined) refuse(what, "maxRetransmits and maxPacketLifeTime exclude each other");
  if (durable && (raw || ordered === false || !reliable)) refuse(what, "a durable channel is ordered and reliable, and not raw");
  if (durable && maxQueueAge !== undefined) refuse(what, "a durable channel delivers everything, so it excludes maxQueueAge");
  if (maxQueueAge !== undefined && (raw || reliable)) refuse(what, "maxQueueAge needs maxRetransmits or maxPacketLifeTime, and excludes raw");
  if (raw && protocol === PROTOCOL) refuse(what, `a raw channel cannot speak ${PROTOCOL}`);
}

/** The same for a request. */
export function checkRequest(name: string, body: unknown, options: object): void {
  checkKinds("request", options, REQUEST);
  checkText("request", "name", name);
  checkBody("request", body);
}

/** Whether something can be sent as a message. */
export function isSendable(data: unknown): data is Sendable {
  return typeof data === "string" || data instanceof Blob || data instanceof ArrayBuffer || ArrayBuffer.isView(data);
}

/** Throws a TypeError for what cannot be the body of a request or an answer. */
export function checkBody(what: string, body: unknown): void {
  if (body === undefined || isSendable(body) || body instanceof ReadableStream || Symbol.asyncIterator in (Object(body) as object)) return;
  refuse(what, "the body is none of string, bytes, Blob, ReadableStream and AsyncIterable; what is JSON goes by JSON.stringify");
}
