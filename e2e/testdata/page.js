// Runs one test script and tells the test what became of it. A script is a
// module whose default export takes (params, log) and returns, or promises,
// what the test shall see; throwing is the verdict that something is wrong.
//
// What nobody catches is a verdict too, at any time: also from a promise that
// the code under test forgot.

const { run, script, params } = JSON.parse(document.getElementById("run").textContent);

// Requests go out one after the other, so that the log keeps its order and the
// verdict comes after it. keepalive: they survive the page.
let sent = Promise.resolve();
function post(path, body) {
  sent = sent.then(() => fetch(`/${path}/${run}`, { method: "POST", body, keepalive: true }).catch(() => {}));
  return sent;
}

function describe(error) {
  if (!(error instanceof Error)) return `thrown: ${typeof error === "object" ? JSON.stringify(error) : error}`;
  const code = error.code === undefined ? "" : ` [${error.code}]`;
  const cause = error.cause === undefined ? "" : `\ncaused by ${describe(error.cause)}`;
  // Chromium's stack begins with the name and the message, Firefox's does not.
  const stack = String(error.stack ?? "").replace(`${error.name}: ${error.message}\n`, "");
  return `${error.name}${code}: ${error.message}\n${stack}${cause}`;
}

const verdict = (v) => post("verdict", JSON.stringify(v));
const fail = (error) => verdict({ ok: false, error: describe(error) });
const log = (...words) => post("log", words.map((w) => (typeof w === "string" ? w : JSON.stringify(w))).join(" "));

addEventListener("error", (e) => fail(e.error ?? new Error(e.message)));
addEventListener("unhandledrejection", (e) => fail(e.reason));

try {
  const { default: main } = await import(`/testdata/${script}`);
  verdict({ ok: true, data: (await main(params, log)) ?? null });
} catch (error) {
  fail(error);
}
