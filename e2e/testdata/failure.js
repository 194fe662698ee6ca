// A member that finds no way to the only other one: tells the code of that.
export default async function ({ server, room: name, join: options }) {
  const { join } = await import(`${server}/sdk/beckon.js`);
  const room = await join(server, name, options);
  const [there] = room.peers.values();
  const { id } = there ?? (await new Promise((done) => room.addEventListener("peer", (event) => done(event.peer), { once: true })));
  return room.connect(id).then(
    () => "connected",
    (error) => error.code,
  );
}
