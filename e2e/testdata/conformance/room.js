// What goes through the server: who is there, and what is said to all and to one. The same as e2e/conformance/room.go.
import { until } from "./connection.js";
import { judge, judgeError } from "./judge.js";
import { nth, shapes, show } from "./message.js";

/** Connects to the first other member, waiting for it. */
export function connectFirst(room, signal) {
  return until(signal, async () => {
    const [first] = room.peers.keys();
    if (first === undefined) throw new Error("there is no other member");
    await room.connect(first, { signal });
  });
}

/** What this role says, and what it hears. */
export class Speech {
  #room;
  #listeners = new AbortController();
  #of = { room: { said: 0, heard: 0, came: [] }, peer: { said: 0, heard: 0, came: [] } };

  constructor(room) {
    this.#room = room;
    const { signal } = this.#listeners;
    room.addEventListener("message", (event) => this.#of.room.came.push(event), { signal });
    room.addEventListener("signal", (event) => this.#of.peer.came.push(event), { signal });
  }

  end() {
    this.#listeners.abort();
  }

  /** Says texts. */
  async say({ role, peer }, step, signal) {
    const to = step.to ?? "room";
    const count = this.#of[to];
    for (const [i, { size }] of shapes(step).entries()) {
      const data = nth(to, role, count.said + 1, { size, text: true });
      try {
        await (to === "room" ? this.#room.send(data, { signal }) : peer.signal(data, { signal }));
      } catch (error) {
        try {
          return judgeError(step, error);
        } catch (cause) {
          throw new Error(`the ${i + 1}. thing said, of ${size} bytes`, { cause });
        }
      }
      if (step.error) throw new Error(`it went well, but must end with ${step.error}`);
      count.said++;
    }
  }

  /** Hears these texts, in this order. */
  async hear({ other, peer }, step, signal) {
    const to = step.to ?? "room";
    const count = this.#of[to];
    for (const [i, { size }] of shapes(step).entries()) {
      await until(signal, () => {
        if (count.came.length === 0) throw new Error(`the ${i + 1}. thing heard did not come`);
      });
      const event = count.came.shift();
      const want = nth(to, other, ++count.heard, { size, text: true });
      if (event.peer !== peer || event.data !== want) throw new Error(`the ${i + 1}. thing heard is ${show(String(event.data))}, want ${show(want)}`);
    }
  }
}

/** The attributes of a step; with `fill` there is one of so many x. */
const attributesOf = ({ attributes, fill }) => (fill ? { fill: "x".repeat(fill) } : (attributes ?? {}));

export function update({ room }, step, signal) {
  return judge(step, room.update(attributesOf(step), { signal }));
}

/** Waits until the other role's attributes are these. */
export function sees({ peer }, step, signal) {
  return until(signal, () => {
    const sorted = (o) => JSON.stringify(Object.entries(o).sort());
    if (sorted(peer.attributes) !== sorted(attributesOf(step))) throw new Error(`the attributes are ${JSON.stringify(peer.attributes)}`);
  });
}

/** Joins a room as a further member, and leaves it. */
export async function joins({ run, join }, step, signal) {
  const room = await judge(step, join(step.url || run.server, step.name, { ...step.join, signal }));
  await room?.close();
}
