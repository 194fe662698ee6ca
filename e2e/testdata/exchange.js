// One side of an exchange between two members of a room: meets the other, opens channels to it and accepts as many, and on each
// sends what pattern.js makes and tells what came. goside_test.go does the same; party_test.go says what the fields mean.
import { binary, summary, text } from "./pattern.js";
import { selectedPair } from "./stats.js";

export default async function (task, log) {
  const { join } = await import(`${task.server}/sdk/beckon.js`);
  const room = await join(task.server, task.room, task.join);
  await log("joined as", room.id, "with", room.peers.size, "others");
  room.addEventListener("close", ({ error }) => log("the room closed", String(error)));

  const left = new Promise((done) => room.addEventListener("left", (event) => done(event.reason), { once: true }));
  const { peer, before } = await meet(room, task);
  await log("connected with", peer.id);
  peer.addEventListener("close", ({ error }) => log("the connection closed", String(error)));

  const report = { before, options: [], received: {}, closed: 0 };
  const run = async (label, step) => {
    await step.catch((cause) => {
      throw new Error(`${task.name}, ${label}`, { cause });
    });
    await log("done:", label);
  };
  const opened = task.channels.map(async ({ label, ...options }) => {
    const channel = await peer.open(label, options);
    await (isLimited(options) ? knock : swap)(channel, task, report.received, "opened");
    return channel;
  });
  const accepted = task.channels.map(async () => {
    const channel = await peer.accept();
    const { label, ordered, maxRetransmits, maxPacketLifeTime, protocol } = channel;
    report.options.push({ label, ordered, maxRetransmits, maxPacketLifeTime, protocol });
    if (isLimited(channel)) {
      await answer(channel, task, report.received);
      report.closed++;
    } else await swap(channel, task, report.received, "accepted");
    return channel;
  });
  const watch = setInterval(() => progress(peer, report).then((p) => log("so far:", p)), 5000);
  await Promise.all([...opened.map((o, i) => run(`opened ${task.channels[i].label}`, o)), ...accepted.map((a) => run("accepted", a))]);
  clearInterval(watch);
  report.path = await peer.path();
  report.pair = await selectedPair(peer.connection);

  // Neither side goes before both have all that they wait for.
  const ours = (await Promise.all(opened)).find((c) => c.label === "reliable");
  const theirs = (await Promise.all(accepted)).find((c) => c.label === "reliable");
  await ours.send("done");
  const said = await theirs.recv();
  if (said !== "done") throw new Error(`after all messages came ${JSON.stringify(summary(said))}`);
  if (!task.leaves) {
    const end = await theirs.recv().catch((error) => error);
    report.end = end.code ?? `a message: ${end}`;
    report.left = await left;
  }
  await room.close();
  return report;
}

/** How far it is, for the log of one that hangs. */
async function progress({ connection, state }, { received }) {
  const came = Object.entries(received).map(([where, messages]) => `${where} ${messages.length}`);
  const stats = [...(await connection.getStats()).values()].filter((s) => s.type === "data-channel");
  const moved = stats.map((s) => `${s.label} ${s.state} ${s.messagesSent} sent ${s.messagesReceived} received`);
  return { state, ice: connection.iceConnectionState, came, moved };
}

async function meet(room, task) {
  if (!task.connect) return { peer: await room.accept() };
  const [there] = room.peers.values();
  const other = there ?? (await new Promise((done) => room.addEventListener("peer", (event) => done(event.peer), { once: true })));
  const before = other.state;
  return { before, peer: await room.connect(other.id) };
}

const isLimited = ({ maxRetransmits, maxPacketLifeTime }) => maxRetransmits !== undefined || maxPacketLifeTime !== undefined;

/** Sends all messages of this side and takes as many, at the same time. */
async function swap(channel, { name, sizes }, received, how) {
  const came = (received[`${how}/${channel.label}`] = []);
  const send = async () => {
    for (const n of sizes) {
      await channel.send(binary(`${name}/${channel.label}/binary/${n}`, n));
      await channel.send(text(`${name}/${channel.label}/text/${n}`, n));
    }
  };
  const take = async () => {
    while (came.length < 2 * sizes.length) came.push(summary(await channel.recv()));
  };
  await Promise.all([send(), take()]);
}

/** On a channel that may lose messages: sends one until one comes back, and closes it. */
async function knock(channel, { name }, received) {
  for (let came; came === undefined; ) {
    await channel.send(binary(`${name}/${channel.label}`, 1000));
    came = await channel.recv({ signal: AbortSignal.timeout(250) }).catch((error) => {
      if (error.code !== "aborted") throw error;
    });
    if (came !== undefined) received[`opened/${channel.label}`] = [summary(came)];
  }
  await channel.close();
}

/** The other side of knock: answers every message until the channel is closed. */
async function answer(channel, { name }, received) {
  for await (const message of channel) {
    received[`accepted/${channel.label}`] ??= [summary(message)];
    await channel.send(binary(`${name}/${channel.label}`, 1000)).catch((error) => {
      if (error.code !== "closed") throw error; // it has had one answer
    });
  }
}
