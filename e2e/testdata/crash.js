// A member of a room whose server is killed again and again: says numbers to all others on all ways, and keeps account of what it
// sent and what came. crashmember_test.go does the same; crashdesk_test.go says what the fields mean.

/** Microseconds since 1970. */
const now = () => Math.round((performance.timeOrigin + performance.now()) * 1000);

export default async function (task, log) {
  const { join } = await import(`${task.server}/sdk/beckon.js`);
  const { name, streams } = task;
  const account = { name, joined: 0, connected: {}, states: {}, sent: {}, heard: {}, firstFor: {}, surprises: [] };
  const post = (path, body) => fetch(task.desk + path, { method: "POST", body: JSON.stringify(body) });
  const phase = async (which) => {
    const response = await fetch(`${task.desk}/phase/${which}`);
    if (!response.ok) throw new Error(`phase ${which}: ${response.status}`);
  };

  const settled = new Map(); // by sequence over the server: when the newest settled message was said
  let open = (task.members - 1) * 2 * (streams + 1) + task.members; // sequences that have not come to their last number
  let said = 0;
  const close = () => --open === 0 && post("/note", { name, what: "complete" });

  let stopping = false;
  const stopped = phase("stop").then(() => (stopping = true));
  const ticks = 1000 * task.every;
  const tick = () => Promise.race([stopped, new Promise((done) => setTimeout(done, (ticks - (now() % ticks)) / 1000))]);

  /** Says the numbers of a sequence. */
  const count = async (sequence, say) => {
    const sent = (account.sent[sequence] = []);
    for (let n = 1, last = false; !last; n++) {
      await tick();
      last = stopping;
      const began = now();
      if (sequence === "room") said = n;
      await say({ n, last });
      sent.push([began, now()]);
      if (settled.has(sequence)) settled.set(sequence, began);
      if (last) close();
    }
  };
  const heard = (sequence, { n, last }) => {
    (account.heard[sequence] ??= []).push(n);
    if (last) close();
  };

  /** Begins what is done with one other member. */
  const meet = (peer) => {
    const other = peer.attributes.name;
    account.firstFor[other] = said + 1;
    for (let stream = 0; stream < streams; stream++) {
      const sequence = `direct/${other}/${stream}`;
      settled.set(sequence, 0);
      count(sequence, (number) => peer.signal({ ...number, stream }));
    }
    (async () => {
      const channel = await peer.open("numbers");
      await count(`channel/${other}`, (number) => channel.send(JSON.stringify(number)));
    })();
    (async () => {
      for await (const text of await peer.accept()) heard(`channel/${other}`, JSON.parse(text));
    })();
  };

  const room = await join(task.server, task.room, { attributes: { name } });
  account.joined = now();
  const on = (type, listener) => room.addEventListener(type, listener);
  on("peer", ({ peer }) => meet(peer));
  on("connected", ({ peer }) => (account.connected[peer.attributes.name] = now()));
  on("signal", ({ peer, data }) => heard(`direct/${peer.attributes.name}/${data.stream}`, data));
  on("message", ({ peer, data }) => heard(`room/${peer.attributes.name}`, data));
  on("left", ({ peer, reason }) => account.surprises.push(`${peer.attributes.name} left (${reason})`));
  on("gap", () => account.surprises.push("a gap event"));
  on("state", () => log("the room is", room.state));
  on("close", ({ error }) => log("the room closed", String(error)));
  for (const peer of room.peers.values()) meet(peer);
  count("room", (number) => room.send(number));
  await post("/note", { name, what: "joined" });

  let ended = false;
  (async () => {
    while (!ended) {
      await new Promise((done) => setTimeout(done, (ticks - (now() % ticks)) / 1000));
      await post("/note", { name, what: "progress", peers: room.peers.size, since: Math.min(now(), ...settled.values()) });
    }
  })();

  await phase("account");
  for (const peer of room.peers.values()) account.states[peer.attributes.name] = peer.state;
  await post("/account", account);
  await phase("end");
  ended = true;
  await room.close();
}
