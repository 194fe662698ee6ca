// A member who answers one message and then, when a second one comes, leaves for another page.
export default async function ({ server, room: name }) {
  const { join } = await import(`${server}/sdk/beckon.js`);
  const room = await join(server, name);
  const peer = await room.accept();
  const channel = await peer.accept();
  await channel.send(await channel.recv());
  channel.recv().then(() => location.assign("about:blank"));
}
