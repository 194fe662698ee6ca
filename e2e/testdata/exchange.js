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
  const watch = setInterval(() => progress(peer, report).then((p) => log("so far:", p)), 5000);
  const step = async (label, done) => {
    const result = await done.catch((cause) => {
      throw new Error(`${task.name}, ${label}`, { cause });
    });
    await log("done:", label);
    return result;
  };
  const opening = task.channels.map(({ label, ...options }) => step(`open ${label}`, openOne(peer, label, options, task, report)));
  const answers = []; // one promise for each channel that may lose messages: the other side closes it at the end
  const accepting = task.channels.map(() => step("accept", acceptOne(peer, task, report, answers)));
  const opened = await Promise.all(opening);
  const accepted = await Promise.all(accepting);
  report.path = await peer.path();
  report.pair = await selectedPair(peer.connection);
  report.carrier = room.carrier;

  // Neither side goes on before both have come as far.
  const ours = opened.find((c) => c.label === "reliable");
  const theirs = accepted.find((c) => c.label === "reliable");
  const meetAt = async (point) => {
    await ours.send(point);
    const said = await theirs.recv();
    if (said !== point) throw new Error(`not ${point} came but ${JSON.stringify(summary(said))}`);
    await log("both have", point);
  };
  await meetAt("exchanged");
  for (const channel of opened.filter(isLimited)) await channel.close();
  await Promise.all(answers);
  await meetAt("closed");
  clearInterval(watch);
  if (!task.leaves) {
    const end = await theirs.recv().catch((error) => error);
    report.end = end.code ?? `a message: ${end}`;
    report.left = await left;
  }
  await room.close();
  return report;
}

async function openOne(peer, label, options, task, report) {
  const channel = await peer.open(label, options);
  await (isLimited(channel) ? knock : swap)(channel, task, report.received, "opened");
  return channel;
}

async function acceptOne(peer, task, report, answers) {
  const channel = await peer.accept();
  const { label, ordered, maxRetransmits, maxPacketLifeTime, protocol } = channel;
  report.options.push({ label, ordered, maxRetransmits, maxPacketLifeTime, protocol });
  if (isLimited(channel)) answers.push(answer(channel, task, report));
  else await swap(channel, task, report.received, "accepted");
  return channel;
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

/** On a channel that may lose messages: sends one until one comes back. */
async function knock(channel, { name }, received) {
  for (let came; came === undefined; ) {
    await channel.send(binary(`${name}/${channel.label}`, 1000));
    came = await channel.recv({ signal: AbortSignal.timeout(250) }).catch((error) => {
      if (error.code !== "aborted") throw error;
    });
    if (came !== undefined) received[`opened/${channel.label}`] = [summary(came)];
  }
}

/** The other side of knock: answers every message until the channel is closed. */
async function answer(channel, { name }, report) {
  for await (const message of channel) {
    report.received[`accepted/${channel.label}`] ??= [summary(message)];
    await channel.send(binary(`${name}/${channel.label}`, 1000));
  }
  report.closed++;
}
