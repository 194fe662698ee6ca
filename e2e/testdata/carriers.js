// One of two members who meet on whatever carries them to the server, and talk: to the room over the server, to each other past it.
export default async function ({ server, room: name, own, count }, log) {
  const { join } = await import(`${server}/sdk/beckon.js`);
  const room = await join(server, name);
  const { carrier } = room;
  await log("joined on", carrier, "with", room.peers.size, "others");
  room.addEventListener("state", () => log("the room is", room.state, "on", room.carrier ?? "nothing"));
  const [said, signalled] = ["message", "signal"].map(
    (type) => new Promise((done) => room.addEventListener(type, ({ data }) => done(data), { once: true })),
  );
  const peer = await room.accept();
  await log("connected");
  await room.send(`${own} to all`);
  await peer.signal(`${own} to one`);
  const channel = await (room.id < peer.id ? peer.open("talk") : peer.accept());
  for (let i = 0; i < count; i++) await channel.send(`${own} ${i}`);
  const received = [];
  while (received.length < count) received.push(await channel.recv());
  const report = { carrier, received, said: await said, signalled: await signalled, path: await peer.path(), last: room.carrier };
  // Who closes first takes nothing from the other: what was sent is delivered, and all has been received.
  await channel.send("done");
  await channel.recv();
  await room.close();
  return report;
}
