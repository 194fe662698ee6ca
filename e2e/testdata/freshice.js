// A member that is relayed and gets a fresh token now and then. On the channel that the other side opens it answers each message with how
// many tokens it has had, and whether its connection is still the first one. Of the next one who comes it tells whether the connection to
// that has other credentials for the relay.
export default async function ({ server, tokens: { began, tokens } }) {
  const { join } = await import(`${server}/sdk/beckon.js`);
  const life = 8; // seconds, as of freshice_test.go
  let had = 0;
  const token = () => {
    had++;
    return tokens[Math.floor((Date.now() - began) / 1000 + life)];
  };
  const room = await join(server, "tea", { token, iceTransportPolicy: "relay" });
  const peer = await room.accept();
  const { connection } = peer;
  const talk = await peer.accept();
  const answer = async () => {
    for await (const _ of talk) await talk.send(JSON.stringify({ tokens: had, same: peer.connection === connection }));
  };
  answer().catch(() => {}); // the other side leaves
  const password = ({ connection }) => connection.getConfiguration().iceServers.find(({ credential }) => credential).credential;
  const first = password(peer);
  return password(await room.accept()) !== first;
}
