// Sends a lot to one that reads slowly, or is that reader, and looks at its own heap meanwhile. bulkmember_test.go does the same, and
// says what the fields mean.

export default async function (task, log) {
  const { join } = await import(`${task.server}/sdk/beckon.js`);
  const room = await join(task.server, task.room);
  const peer = await room.accept();
  const heap = new Heap();
  const took = await (task.sends ? send : read)(peer, task, heap);
  const { idle, peak } = heap;
  await log("done", { idle, peak, took });
  await room.close();
  return { idle, peak, took };
}

/** How large the heap is after garbage collection, what array buffers hold included. */
class Heap {
  idle = 0;
  peak = 0;
  #looks = 0;

  begin() {
    this.idle = size();
  }

  look() {
    if (this.#looks++ % 10 === 0) this.peak = Math.max(this.peak, size()); // collecting takes its time
  }
}

function size() {
  gc();
  return performance.memory.usedJSHeapSize;
}

async function send(peer, task, heap) {
  const pace = await peer.open("pace");
  const bulk = await peer.open("bulk");
  const answer = async () => {
    await pace.send(await pace.recv());
    heap.look();
  };
  await answer(); // the reader is there
  heap.begin();
  const sending = (async () => {
    for (let n = 0; n < task.bytes; n += task.message) await bulk.send(binaryAt(n, task.message));
    await bulk.closeWrite();
  })();
  try {
    for (;;) await answer();
  } catch (error) {
    if (error.code !== "closed") throw error; // the reader has everything
  }
  await sending;
  return 0;
}

async function read(peer, task, heap) {
  const channels = {};
  for (let i = 0; i < 2; i++) {
    const channel = await peer.accept();
    channels[channel.label] = channel;
  }
  const { bulk, pace } = channels;
  const pause = async (rounds) => {
    for (let i = 0; i < rounds; i++) {
      await pace.send("there");
      await pace.recv();
      heap.look();
    }
  };
  await pause(1);
  heap.begin();
  let took = 0;
  while (took < task.bytes) {
    const message = await bulk.recv();
    const want = String(took);
    const head = String.fromCharCode(...message.subarray(0, want.length));
    if (head !== want || message.length !== task.message) throw new Error(`the message at ${took} begins with ${head}`);
    took += message.length;
    if (took % task.portion === 0) await pause(task.rounds);
  }
  await pace.close();
  return took;
}

/** A message that tells where it belongs. */
function binaryAt(n, size) {
  const bytes = new Uint8Array(size);
  bytes.set([...String(n)].map((digit) => digit.charCodeAt(0)));
  return bytes;
}
