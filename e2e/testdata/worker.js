// A page and a worker of its own, both members of a room without connections: they talk over the server.
export default async function ({ server, room: name }, log) {
  const { join } = await import(`${server}/sdk/beckon.js`);
  const mesh = await join(server, `${name}-mesh`);
  const room = await join(server, name, { topology: "none", attributes: { name: "page" } });
  const met = next(room, "peer");
  const heard = next(room, "message");
  const worker = new Worker("/testdata/workerside.js", { type: "module" });
  const reported = new Promise((done, fail) => {
    worker.onmessage = ({ data }) => (data.error ? fail(new Error(data.error)) : done(data));
    worker.onerror = (event) => fail(new Error(`the worker failed: ${event.message}`));
  });
  worker.postMessage({ server, name, mesh: mesh.name });
  const { peer } = await Promise.race([met, reported]);
  await log("the worker has joined");
  await room.send({ from: "page" });
  await peer.signal("to the worker alone");
  const report = await reported;
  const { data } = await heard;
  const left = next(room, "left");
  worker.postMessage("done");
  const { reason } = await left;
  await Promise.all([room.close(), mesh.close()]);
  worker.terminate();
  return { ...report, pageHeard: data.from, pageSaw: peer.attributes.name, reason };
}

const next = (target, type) => new Promise((done) => target.addEventListener(type, done, { once: true }));
