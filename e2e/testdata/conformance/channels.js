// What is done with channels. The same as e2e/conformance/channels.go.
import { judge, judgeEnd, judgeError, mayGoWell, judgeReason, within } from "./judge.js";
import { nth, same, shapes, show } from "./message.js";

/** The label of the channel to be opened or accepted: by default, its name. */
export function label({ labelSize, label, channel }) {
  return labelSize ? "x".repeat(labelSize) : (label ?? channel);
}

export async function open(peer, step, signal) {
  const { protocolSize, ...options } = step.options ?? {};
  if (protocolSize) options.protocol = "x".repeat(protocolSize);
  return peer.open(label(step), { ...options, signal });
}

/** Compares a channel's options. maxQueueAge is the business of the side that set it. */
export function sameOptions(channel, { protocolSize, maxQueueAge, ...options }) {
  const want = { ordered: true, durable: false, raw: false, protocol: protocolSize ? "x".repeat(protocolSize) : "", ...options };
  for (const key of ["ordered", "maxRetransmits", "maxPacketLifeTime", "durable", "raw", "protocol"]) {
    if (channel[key] !== want[key]) throw new Error(`its ${key} is ${channel[key]}, want ${want[key]}`);
  }
}

/** The largest message that a test tries to send only to see it refused. */
const TOO_LARGE = 16 * 1024 * 1024;

async function send({ role }, known, step, signal, task = { sent: 0 }) {
  const all = shapes(step);
  for (const [i, shape] of all.entries()) {
    if (shape.size < 0) {
      shape.size = known.channel.maxMessageSize + 1;
      if (shape.size > TOO_LARGE) return;
    }
    const message = nth(known.name, role, known.sent + 1, shape);
    try {
      await known.channel.send(message, { signal });
    } catch (error) {
      try {
        return judgeError(step, error);
      } catch (cause) {
        throw new Error(`message ${i + 1}, of ${shape.size} bytes`, { cause });
      }
    }
    known.sent++;
    task.sent += shape.size;
  }
  if (step.error && !mayGoWell(step)) throw new Error(`it went well, but must end with ${step.error}`);
}

async function recv({ other }, known, step, signal) {
  const { channel } = known;
  const all = shapes(step);
  const before = known.received;
  const expected = all.map((shape, i) => nth(known.name, other, before + i + 1, shape));
  let next = 0; // what may come: those in order, from here on
  for (let i = 0; next < expected.length; i++) {
    let got;
    try {
      got = await channel.recv({ signal });
    } catch (error) {
      if (step.some) return enough(step, channel, i, error);
      if (mayGoWell(step)) return judgeError(step, error); // what came before was in order
      throw new Error(`message ${i + 1} of ${all.length}`, { cause: error });
    }
    known.received++;
    const at = indexFrom(expected, next, got);
    if (at < 0 || (at > next && !step.anyOrder && !step.some)) {
      throw new Error(`message ${i + 1} of ${all.length} is ${show(got)}, want ${show(expected[next])}`);
    }
    // Of those that may be lost, what was to come before did not, and must not any more.
    if (step.anyOrder) expected.splice(at, 1);
    else next = at + 1;
  }
  if (!step.end && (!step.error || mayGoWell(step))) return;
  const more = await channel.recv({ signal }).catch((error) => judgeEnd(step, channel, error));
  if (more !== undefined) throw new Error(`behind the last comes ${show(more)}`);
}

/** Where in a list a message is, from an index on; -1 if it is not. */
function indexFrom(list, index, message) {
  for (let i = index; i < list.length; i++) if (same(list[i], message)) return i;
  return -1;
}

/** Judges the end of a channel on which messages may be lost. */
async function enough(step, channel, received, cause) {
  if (received < step.some) throw new Error(`${received} messages came, want at least ${step.some}`, { cause });
  await judgeEnd(step, channel, cause);
}

/** Sends a message and receives one, or the other way round, again and again. */
async function exchange(script, known, step, signal) {
  const { times = 1, ...one } = step;
  const both = step.do === "pong" ? [recv, send] : [send, recv];
  const bulk = step.beside && script.channel(step.beside);
  const beside = () => (bulk ? bulk.stats().bytesSent : 0);
  const went = [];
  for (let i = 0; i < times; i++) {
    const before = beside();
    for (const half of both) await half(script, known, one, signal);
    went.push(beside() - before);
  }
  went.sort((a, b) => a - b);
  within(step, { bytes: went[went.length >> 1] });
}

/** How many milliseconds an answer may take before it is asked for again, on channels that may lose messages. */
const KNOCK_EVERY = 250;

/** Sends a message until one comes back. */
async function knock({ role }, { channel, name }, step, signal) {
  const message = nth(name, role, 1, shapes(step)[0]);
  const again = setInterval(() => channel.send(message, { signal }).catch(() => {}), KNOCK_EVERY);
  try {
    await channel.send(message, { signal });
    const back = await channel.recv({ signal });
    if (!same(back, message)) throw new Error(`${show(back)} came back`);
  } finally {
    clearInterval(again);
  }
}

/** Sends back what comes, until the other side closes the channel. */
async function echo(script, { channel }, step, signal) {
  for (let i = 0; ; i++) {
    let got;
    try {
      got = await channel.recv({ signal });
    } catch (error) {
      return enough(step, channel, i, error);
    }
    await channel.send(got, { signal }).catch(() => {}); // that it has been closed meanwhile says recv
  }
}

/** Waits for the end of the channel. */
async function closed(script, { channel }, step) {
  const error = await channel.closed;
  if (step.error === "closed" && error) throw error;
  if (step.error !== "closed") await judge(step, Promise.reject(error ?? new Error("it ended in order")));
  judgeReason(step, channel);
}

async function stats(script, { channel }, step) {
  within(step, { ...channel.stats(), maxMessageSize: channel.maxMessageSize });
}

export const channelSteps = {
  send,
  recv,
  ping: exchange,
  pong: exchange,
  knock,
  echo,
  closed,
  stats,
  // Closing in the background: it waits for the other side, which may be about to do something else first.
  close: async (script, { channel }, { reason }) => void channel.close(reason),
  closeWrite: (script, { channel }, step) => judge(step, channel.closeWrite()),
};
