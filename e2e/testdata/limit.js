// A member that uses the relay for so many kilobytes, each way, and tells which limit it was told of. The Go side of
// relaylimit_test.go does the same. The page stays: the other side may be told later.
export default async function ({ server, room: name, kilobytes, arrives }, log) {
  const { join } = await import(`${server}/sdk/beckon.js`);
  const room = await join(server, name, { iceTransportPolicy: "relay" });
  const told = new Promise((done) => room.addEventListener("limit", ({ error }) => done(error), { once: true }));
  const moved = move(await room.accept(), kilobytes);
  if (arrives) await moved;
  else moved.catch(() => {});
  await log(arrives ? "all is there" : "sending what will not arrive");
  const { code, message } = await told;
  return { code, message };
}

async function move(peer, kilobytes) {
  const ours = await peer.open("load");
  const theirs = await peer.accept();
  const send = async () => {
    for (let i = 0; i < kilobytes / 10; i++) await ours.send(new Uint8Array(10_000));
  };
  const take = async () => {
    for (let i = 0; i < kilobytes / 10; i++) await theirs.recv();
  };
  await Promise.all([send(), take()]);
}
