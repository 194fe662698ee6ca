// Keeps a Yjs document the same in all members of a room, over channels between them: no server ever has it.
//
//     STATE  what I have (a state vector)      first, on both sides
//     UPDATE what you lack, or what is new     the answer to that, and every change from then on
//
// A change goes to everybody from whoever made it, and to nobody twice: in a mesh all are connected to all.

import * as Y from "yjs";

const STATE = 0;
const UPDATE = 1;

/** Follows the room until it is closed. `changed` is told how many are connected. */
export function follow(doc, room, changed = () => {}) {
  const channels = new Set();

  function say(channel, kind, data) {
    const message = new Uint8Array(1 + data.length);
    message[0] = kind;
    message.set(data, 1);
    // A channel that cannot is over: the other side is gone, or this one has left. What it lacks is told when they meet again.
    channel.send(message).catch(() => {});
  }

  async function sync(channel) {
    channels.add(channel);
    changed(channels.size);
    say(channel, STATE, Y.encodeStateVector(doc));
    try {
      for await (const message of channel) {
        const data = message.subarray(1);
        if (message[0] === STATE) say(channel, UPDATE, Y.encodeStateAsUpdate(doc, data));
        else Y.applyUpdate(doc, data, channel);
      }
    } finally {
      channels.delete(channel);
      changed(channels.size);
    }
  }

  /** One of the two opens, the other takes it. It is durable: no change is lost or comes twice while they lose each other. */
  async function meet(peer) {
    await sync(await (room.id < peer.id ? peer.open("yjs", { durable: true }) : peer.accept()));
  }

  function updated(update, origin) {
    if (!channels.has(origin)) for (const channel of channels) say(channel, UPDATE, update);
  }

  doc.on("update", updated);
  room.closed.then(() => doc.off("update", updated));
  (async () => {
    for await (const peer of room) meet(peer).catch(() => {}); // it is gone
  })().catch(() => {}); // so is the room: room.closed says why
}
