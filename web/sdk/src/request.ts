import type { Ending } from "./carrier.js";
import type { ErrorCode, ErrorReply } from "./protocol_gen.js";

/** What our server refuses on one carrier, it refuses on all. */
const NAMED: readonly ErrorCode[] = ["forbidden", "unauthorized", "rate-limited", "going-away"];

/** Posts a body, and resolves with the answer as soon as its headers are there. */
export function post(url: string, body: string, more: RequestInit): Promise<Response> {
  // A redirect could lead a token to another host. A string is text/plain, which pages of other origins may post without a preflight.
  return fetch(url, { method: "POST", body, cache: "no-store", redirect: "error", ...more });
}

/** Says of an answer that is a refusal what it means: the server's own words, or somebody else's status. */
export async function refusalOf(response: Response): Promise<Ending> {
  const why = `status ${response.status}`;
  try {
    const refusal = JSON.parse(await response.text()) as ErrorReply;
    if (refusal.type === "error" && NAMED.includes(refusal.code)) return { why, refusal };
    return { why: `${why}: ${refusal.code}` };
  } catch {
    return { why };
  }
}

/** Says what it means that a request was not answered. The page is not told more than that. */
export function failureOf(cause: unknown): Ending {
  return { why: cause instanceof Error ? cause.message : String(cause), cause };
}
