// Plays roles of the conformance suite with the browser's SDK, as many at once as it is told to over a WebSocket, until it is told to
// end. e2e/conformance/README.md says what a role is; conformancehub_test.go is the other end of the socket.
import { connectFirst } from "./conformance/room.js";
import { Script } from "./conformance/script.js";

export default async function ({ hub, sdk }, log) {
  const { join, RequestError } = await import(sdk);
  const socket = new WebSocket(hub);
  await new Promise((done, fail) => {
    socket.onopen = done;
    socket.onerror = () => fail(new Error(`no way to ${hub}`));
  });
  const say = (frame) => socket.send(JSON.stringify(frame));
  const runs = new Map(); // by their number
  const known = new Map(); // connections to others, by pair

  const meet = async ({ pair, server, room: name, role, alone, join: options }, signal) => {
    const old = alone ? undefined : known.get(pair);
    if (old) {
      known.delete(pair);
      return old;
    }
    const room = await join(server, name, { ...options, signal });
    try {
      // Where nobody connects to anybody by itself, one of the two asks for it.
      if (options.topology === "none" && role === "a") await connectFirst(room, signal);
      return { room, peer: await room.accept({ signal }) };
    } catch (error) {
      void room.close();
      throw error;
    }
  };
  const play = async (run) => {
    const { signal } = run.controller;
    const acquaintance = await meet(run, signal);
    try {
      await new Script(run, acquaintance, { join, RequestError }).play();
    } catch (error) {
      void acquaintance.room.close();
      throw error;
    }
    if (run.alone) await acquaintance.room.close();
    else known.set(run.pair, acquaintance);
  };

  /** Waits for the word of the hub on what has just been asked of it; there is one question of a run at a time with that name. */
  const asked = (run, frame) =>
    new Promise((done, fail) => {
      const key = frame.point ?? frame.act;
      const stop = () => fail(run.controller.signal.reason);
      run.waiting.set(key, done);
      run.controller.signal.addEventListener("abort", stop, { once: true });
      say({ ...frame, run: run.run });
    });

  return new Promise((end) => {
    socket.onclose = () => end(null);
    socket.onmessage = async ({ data }) => {
      const frame = JSON.parse(data);
      const run = runs.get(frame.run);
      switch (frame.type) {
        case "run":
          frame.controller = new AbortController();
          frame.waiting = new Map();
          frame.meet = (point) => asked(frame, { type: "meet", point });
          frame.act = (act) => asked(frame, { type: "act", act });
          runs.set(frame.run, frame);
          try {
            await play(frame);
            say({ type: "done", run: frame.run });
          } catch (error) {
            say({ type: "done", run: frame.run, error: told(error) });
          }
          runs.delete(frame.run);
          break;
        case "go":
          run?.waiting.get(frame.point)?.();
          break;
        case "stop":
          run?.controller.abort(new Error("stopped"));
          break;
        case "forget":
          void known.get(frame.pair)?.room.close();
          known.delete(frame.pair);
          break;
        case "end":
          for (const { room } of known.values()) await room.close();
          socket.close();
      }
    };
  });
}

/** What is told about an error: that of the step, and of what is below it. */
function told(error) {
  if (!(error instanceof Error)) return `thrown: ${String(error)}`;
  const code = error.code === undefined ? "" : ` [${error.code}]`;
  return `${error.name}${code}: ${error.message}${error.cause === undefined ? "" : `: ${told(error.cause)}`}`;
}
