// The worker of worker.js.
addEventListener("message", async ({ data: { server, name, mesh } }) => {
  const told = new Promise((done) => addEventListener("message", done, { once: true })); // that nobody needs this one any more
  try {
    const { join } = await import(`${server}/sdk/beckon.js`);
    const code = (promise) => promise.then(() => "none", (error) => error.code);
    const plain = await code(join(server, name));
    const inMesh = await code(join(server, mesh, { topology: "none" }));
    const room = await join(server, name, { topology: "none", attributes: { name: "worker" } });
    const [said, signalled] = ["message", "signal"].map((type) => new Promise((done) => room.addEventListener(type, done, { once: true })));
    const [peer] = room.peers.values();
    const connecting = await code(room.connect(peer.id));
    const heard = [(await said).data.from, (await signalled).data];
    await room.send({ from: "worker" });
    postMessage({ carrier: room.carrier, heard, plain, inMesh, connecting });
    await told;
    await room.close();
  } catch (error) {
    postMessage({ error: String(error?.stack ?? error) });
  }
});
