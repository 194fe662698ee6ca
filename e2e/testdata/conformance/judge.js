// Compares what came with what a step expects. The same as e2e/conformance/judge.go.

/** The code of an error, "" if it has none. What can never be right, like options that exclude each other, is a TypeError here. */
export function codeOf(error) {
  if (error instanceof TypeError) return "unsupported";
  return error?.code ?? "";
}

/** Waits for how something ends, and compares that. Returns what it resolved with. */
export async function judge(step, promise) {
  let result;
  try {
    result = await promise;
  } catch (error) {
    judgeError(step, error);
    return undefined;
  }
  if (step.error && !mayGoWell(step)) throw new Error(`it went well, but must end with ${step.error}`);
  return result;
}

/** Whether the step need not end with an error, although it may. */
export function mayGoWell({ error = "" }) {
  return error.split("|").includes("none");
}

/** Compares an error with what the step expects. */
export function judgeError(step, error) {
  if (!step.error) throw error;
  if (!step.error.split("|").includes(codeOf(error))) throw new Error(`it ended with the code ${codeOf(error)}, but must with ${step.error}`, { cause: error });
  for (const name of step.names ?? []) {
    if (!error.message.toLowerCase().includes(name.toLowerCase())) throw new Error(`the error does not name ${name}`, { cause: error });
  }
}

/** Compares what comes behind the last message of a channel. */
export async function judgeEnd(step, channel, error) {
  if (!step.end) {
    judgeError(step, error);
    return judgeReason(step, channel);
  }
  // The other side sends no more, and reads on.
  if (codeOf(error) !== "closed") throw new Error("the end of one direction has not the code closed", { cause: error });
  const goes = Symbol();
  const end = await Promise.race([channel.closed, Promise.resolve(goes)]);
  if (end !== goes) throw new Error("with one direction, all of the channel ended", { cause: end });
}

/** Compares the text with which the other side closed. */
export function judgeReason(step, channel) {
  if (step.reason === undefined || step.do === "close") return;
  if (channel.reason !== step.reason) throw new Error(`the reason is ${JSON.stringify(channel.reason)}, want ${JSON.stringify(step.reason)}`);
}

/** Compares numbers with the ranges in which the step expects them. */
export function within(step, numbers) {
  for (const [name, { min = -Infinity, max = Infinity, is }] of Object.entries(step.expect ?? {})) {
    const got = numbers[name];
    if (typeof got !== "number") throw new Error(`there is no number ${name}`);
    if (got < min || got > max || (is !== undefined && got !== is)) {
      throw new Error(`${name} is ${got}, which it must not be; all are ${JSON.stringify(numbers)}`);
    }
  }
}
