// Accepts channels, reads from each what was sent before it was closed, and tells how many ended in order.
export default async function (task, log) {
  const { join } = await import(`${task.server}/sdk/beckon.js`);
  const room = await join(task.server, task.room);
  const peer = await room.accept();
  await log("connected with", peer.id);
  const bulk = await peer.accept();
  (async () => {
    for await (const _ of bulk);
  })().catch(() => {}); // it ends with the room
  const ends = [];
  for (let i = 0; i < task.channels; i++) {
    const channel = await peer.accept();
    ends.push(readToTheEnd(channel));
  }
  const report = await Promise.all(ends);
  await room.close();
  return report;
}

async function readToTheEnd(channel) {
  const said = [];
  for await (const message of channel) {
    said.push(message);
    await channel.send(message);
  }
  const error = await channel.closed;
  return { label: channel.label, said, error: error?.code ?? "" };
}
