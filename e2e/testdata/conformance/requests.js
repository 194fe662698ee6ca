// What is asked and answered. The same as e2e/conformance/requests.go.
import { judgeError } from "./judge.js";
import { bytesOf, same, show } from "./message.js";

/** The body of a request, or of the answer to it, as a stream of pieces; one that breaks ends with an error. */
async function* bodyOf(name, part, size = 0, breaks = false) {
  const bytes = bytesOf(`${name}/${part}`, size);
  for (let at = 0; at < size; at += 100_000) yield bytes.subarray(at, at + 100_000);
  if (breaks) throw new Error("the body breaks");
}

async function readBody(body, name, part, size = 0) {
  const got = await body.bytes();
  if (!same(got, bytesOf(`${name}/${part}`, size))) throw new Error(`the ${part} has a body of ${show(got)}, want ${size} bytes`);
}

/** Asks, and reads the answer. */
export async function request({ peer, RequestError }, step, signal) {
  try {
    const body = step.body || step.breaks ? bodyOf(step.name, "request", step.body, step.breaks) : undefined;
    const answer = await peer.request(step.name, body, { signal, timeout: step.deadline });
    await readBody(answer, step.name, "answer", step.answer);
  } catch (error) {
    if (!step.fail) return step.breaks && !step.error ? undefined : judgeError(step, error);
    const { code, message } = step.fail;
    if (error instanceof RequestError && error.code === code && error.message === message) return;
    throw new Error(`it must be answered by ${code}: ${message}`, { cause: error });
  }
  if (step.fail || step.error || step.breaks) throw new Error(`it went well, but must end with ${step.error ?? "a failure"}`);
}

/** Answers a request. */
export async function serve(request, step) {
  try {
    if (!step.early && !step.never) await readBody(request, step.name, "request", step.body);
    if (step.never) await never(request.signal);
    else if (step.fail) await request.fail(step.fail.code, step.fail.message);
    else await request.respond(step.answer || step.breaks ? bodyOf(step.name, "answer", step.answer, step.breaks) : undefined);
  } catch (error) {
    if (step.breaks && !step.error) return; // what counts is what the other side sees
    return judgeError(step, error);
  }
  if (step.error) throw new Error(`it went well, but must end with ${step.error}`);
}

/** Rejects when the answer is of no use any more. */
function never(signal) {
  return new Promise((_, fail) => {
    if (signal.aborted) fail(signal.reason);
    else signal.addEventListener("abort", () => fail(signal.reason), { once: true });
  });
}
