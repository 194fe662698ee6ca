// A browser in a lab: what labmember_test.go is for Go. It meets the only other member, opens a channel to it, and both send numbers.
import { selectedPair } from "./stats.js";

export default async function (task, log) {
  const { join } = await import(`${task.server}/sdk/beckon.js`);
  const began = performance.now();
  const room = await join(task.server, task.room);
  const peer = await room.accept();
  await log("connected with", peer.id);
  const channel = task.opens ? await peer.open("lab") : await peer.accept();
  const opening = Math.round((performance.now() - began) * 1e6); // in nanoseconds, as Go has it
  const { local, remote } = await selectedPair(peer.connection);
  const { relayed, protocol } = await peer.path();

  // Without a number of messages, this side stops when the other one has.
  let [said, heard, silence, ended, wrong] = [0, 0, 0, false, ""];
  const say = async () => {
    while (task.messages ? said < task.messages : !ended) {
      await channel.send(`${said + 1} ${Date.now() * 1000} `);
      said++;
      if (task.every) await new Promise((done) => setTimeout(done, task.every / 1e6));
    }
    await channel.send("end");
  };
  const hear = async () => {
    for (let next = 1, last = performance.now(); ; next++) {
      const message = await channel.recv();
      if (message === "end") break;
      const number = parseInt(message);
      if (number !== next) wrong ||= `${message} came instead of ${next}`;
      heard++;
      const now = performance.now();
      [silence, last] = [Math.max(silence, now - last), now];
    }
    ended = true;
  };
  await Promise.all([say(), hear()]);
  await room.close();
  const pair = `${local.candidateType}-${remote.candidateType}`;
  const relay = local.relayProtocol ?? "";
  return { what: "done", opening, relayed, protocol, relay, pair, said, heard, silence: Math.round(silence * 1e6), wrong };
}
