// What the frames say that have more to say than numbers: OPEN, OPENED, RESET in JSON, CLOSE in words.

import { bad, CLOSE, OPEN, OPENED, RESET, strictText, utf8, type Frame } from "./muxframes.js";

/** What OPEN and OPENED say: see the specification's table. */
export interface Head {
  label?: string | undefined;
  protocol?: string | undefined;
  unordered?: boolean | undefined;
  maxRetransmits?: number | undefined;
  maxPacketLifeTime?: number | undefined;
  durable?: string | undefined;
  received?: number | undefined;
  request?: boolean | undefined;
  deadline?: number | undefined;
  max: number;
  window: number;
}

/** Why a channel was reset. */
export interface Reason {
  code: string;
  message: string;
}

const MAX_TEXT = 1024;
const n = Number.MAX_SAFE_INTEGER;
/** By type: what each field is at most, a number or (as the negative of it) the bytes of a text; true is a flag. */
const fields: Readonly<Record<number, Readonly<Record<string, number | true>>>> = {
  [OPEN]: {
    ...{ label: -MAX_TEXT, protocol: -MAX_TEXT, unordered: true, maxRetransmits: 65535, maxPacketLifeTime: 65535 },
    ...{ durable: -16, received: n, request: true, deadline: n, max: n, window: n },
  },
  [OPENED]: { received: n, max: n, window: n },
  [RESET]: { code: -64, message: -MAX_TEXT },
};

/** Reads the JSON of OPEN, OPENED or RESET; throws `bad-frame`. */
export function readHead({ type, payload }: Frame): Head & Reason {
  let head: Record<string, unknown>;
  const text = strictText(payload);
  try {
    head = JSON.parse(text) as Record<string, unknown>;
    if (!head || Array.isArray(head)) throw head;
  } catch {
    throw bad("no JSON object");
  }
  const check = (fine: boolean, name: string) => {
    if (!fine) throw bad(`${name} of type ${type}`);
  };
  for (const [name, most] of Object.entries(fields[type] ?? {})) {
    const value = head[name];
    if (value === undefined) check(!/^(max|window|code|message)$/.test(name), name);
    else if (most === true) check(typeof value === "boolean", name);
    else if (most < 0) check(typeof value === "string" && utf8(value).length <= -most, name);
    else {
      check(Number.isSafeInteger(value) && (value as number) >= 0 && (value as number) <= most, name);
      check(new RegExp(`"${name}"\\s*:\\s*${value}\\s*[,}]`).test(text), name); // in digits alone: not as 1e3
    }
  }
  const { durable, unordered, maxRetransmits, maxPacketLifeTime, received, request, deadline, code } = head;
  check(code !== "", "code");
  if (type !== OPEN) return head as unknown as Head & Reason;
  const partial = unordered === true || maxRetransmits !== undefined || maxPacketLifeTime !== undefined;
  check(durable === undefined || (/^[0-9a-f]{16}$/.test(durable as string) && !partial), "durable");
  check(maxRetransmits === undefined || maxPacketLifeTime === undefined, "maxRetransmits");
  check(received === undefined || durable !== undefined, "received");
  check(!request || !(partial || durable !== undefined), "request");
  check(deadline === undefined || request === true, "deadline");
  return head as unknown as Head & Reason;
}

/** Reads the text of CLOSE; throws `bad-frame`. */
export function readReason({ payload }: Frame): string {
  if (payload.length > MAX_TEXT) throw bad(`the text of type ${CLOSE}`);
  return strictText(payload);
}

/** JSON for a frame; what is undefined is left out. */
export function writeHead(head: Partial<Head & Reason>): Uint8Array {
  return utf8(JSON.stringify(head));
}
