// Joins a room again and again, and tells how many milliseconds each time took from the joining to an open channel.
export default async function ({ server, room: name, times }) {
  const { join } = await import(`${server}/sdk/beckon.js`);
  const took = [];
  for (let i = 0; i < times; i++) {
    const begin = performance.now();
    const room = await join(server, name);
    const [peer] = room.peers.values();
    await peer.open("test");
    took.push(performance.now() - begin);
    await room.close();
  }
  return took;
}
