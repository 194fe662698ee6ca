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

  const say = async () => {
    for (let n = 1; n <= task.messages; n++) await channel.send(`${n} ${Date.now() * 1000} `);
    await channel.send("end");
  };
  let [heard, wrong] = [0, ""];
  const hear = async () => {
    for (let next = 1; ; next++) {
      const message = await channel.recv();
      if (message === "end") return;
      const number = parseInt(message);
      if (number !== next) wrong ||= `${message} came instead of ${next}`;
      heard++;
    }
  };
  await Promise.all([say(), hear()]);
  await room.close();
  const pair = `${local.candidateType}-${remote.candidateType}`;
  return { what: "done", opening, relayed, protocol, relay: local.relayProtocol ?? "", pair, heard, wrong };
}
