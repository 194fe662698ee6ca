// What an end in JavaScript does, in Node and in a page: the loads of load.go, over a channel that is open.
const lowWater = 512 << 10;
const highWater = 1 << 20;

// Wire is a plain RTCDataChannel with the water marks of pion.go. `opened` resolves to it.
export class Wire {
  #arrived = [];
  #wanted; // resolves the recv that waits

  constructor(dc) {
    this.dc = dc;
    dc.binaryType = "arraybuffer";
    dc.bufferedAmountLowThreshold = lowWater;
    dc.onmessage = ({ data }) => {
      this.#arrived.push(data);
      this.#wanted?.();
    };
    this.opened = new Promise((resolve) => {
      dc.onopen = () => resolve(this);
      if (dc.readyState === "open") resolve(this);
    });
  }

  async recv() {
    while (this.#arrived.length === 0) await new Promise((resolve) => (this.#wanted = resolve));
    return this.#arrived.shift();
  }

  async send(message) {
    // Not every stack fires the event each time, so it is not waited for alone.
    while (this.dc.bufferedAmount > highWater) {
      await new Promise((resolve) => {
        this.dc.onbufferedamountlow = resolve;
        setTimeout(resolve, 10);
      });
    }
    this.dc.send(message);
  }
}

const nanoseconds = (milliseconds) => Math.round(milliseconds * 1e6);

// loads are the methods of an end whose wire is wire(), and whose CPU time is used(), in µs; 0 where it cannot be known.
export function loads(wire, used) {
  const figures = async (work) => {
    const begun = performance.now();
    const cpu = used();
    const Samples = await work(wire());
    return { Took: nanoseconds(performance.now() - begun), CPU: (used() - cpu) * 1000, Samples };
  };
  return {
    Send: ({ Size, Count }) =>
      figures(async (w) => {
        const message = new Uint8Array(Size);
        for (let i = 0; i < Count; i++) await w.send(message);
        await w.recv();
      }),
    Take: ({ Count }) =>
      figures(async (w) => {
        for (let i = 0; i < Count; i++) await w.recv();
        await w.send(new TextEncoder().encode("all"));
      }),
    Ping: ({ Size, Count }) =>
      figures(async (w) => {
        const message = new Uint8Array(Size);
        const samples = [];
        for (let i = 0; i < Count; i++) {
          const sent = performance.now();
          await w.send(message);
          await w.recv();
          samples.push(nanoseconds(performance.now() - sent));
        }
        return samples;
      }),
    Echo: ({ Count }) =>
      figures(async (w) => {
        for (let i = 0; i < Count; i++) await w.send(await w.recv());
      }),
  };
}

// serve does what is asked, as JSON-RPC 1.0, one line for each call and each answer.
export async function serve(methods, line, answer) {
  const { id, method, params } = JSON.parse(line);
  try {
    answer(JSON.stringify({ id, result: (await methods[method.replace("End.", "")](params[0])) ?? {}, error: null }));
  } catch (error) {
    answer(JSON.stringify({ id, result: null, error: String(error.stack ?? error) }));
  }
}
