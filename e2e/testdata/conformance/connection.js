// What happens to the connection. The same as e2e/conformance/connection.go.
import { within } from "./judge.js";

/** For how many milliseconds what nothing announces is not looked at. */
const EVERY = 20;

/** Closes the connection under the SDK's feet, and waits until another one has taken its place. */
export async function cut(peer, signal) {
  const old = await connected(peer, undefined, signal);
  old.close();
  await connected(peer, old, signal);
}

async function connected(peer, old, signal) {
  let connection;
  await until(signal, () => {
    connection = peer.connection;
    if (peer.state !== "connected") throw new Error(`the peer is ${peer.state}`);
    if (!connection || connection === old) throw new Error("there is no other connection");
  });
  return connection;
}

/** Waits until the peer's counts are as they must be. */
export function counts(peer, step, signal) {
  return until(signal, async () => {
    const { path, ...numbers } = await peer.stats();
    within(step, { ...numbers, relayed: Number(path?.relayed ?? 0) });
  });
}

/** Looks again and again, until what is looked at is well. When it is told to stop before, the error is how it was last. */
export async function until(signal, look) {
  for (;;) {
    try {
      return await look();
    } catch (error) {
      if (signal.aborted) throw error;
    }
    await new Promise((done) => setTimeout(done, EVERY));
  }
}
