// A program for Node: takes somebody's WebRTC, talks to the echo bot, and prints what came back.
const { server, room: name, secret, webrtc } = JSON.parse(process.argv[2]);
const modules = new URL("../../web/node_modules/", import.meta.url);
const entry = { werift: "werift/lib/webrtc/src/index.js", "node-datachannel": "node-datachannel/dist/esm/polyfill/index.mjs" }[webrtc];
const implementation = await import(new URL(entry, modules).href);
globalThis.RTCPeerConnection = (implementation.default ?? implementation).RTCPeerConnection;

const { join } = await import(new URL("../../web/sdk/dist/beckon.js", import.meta.url).href);
const room = await join(server, name, { attributes: { name: "Node" }, secret });
const peer = await room.accept();
const channel = await peer.open("chat");
const echoed = [];
for (const text of ["hello", "grüße"]) {
  await channel.send(text);
  echoed.push(await channel.recv());
}
const data = Uint8Array.from({ length: 50_000 }, (_, i) => i * 7);
await channel.send(data);
const back = await channel.recv();
if (!back.every((byte, i) => byte === data[i])) throw new Error("other bytes came back");
const { carrier } = room;
const { verified } = peer;
await room.close();
console.log(JSON.stringify({ carrier, verified, echoed, bytes: back.length }));
// What others have left behind, sockets and threads, is not waited for.
process.exit();
