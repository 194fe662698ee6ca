// An end in Node, made of a package that has the browsers' RTCPeerConnection: node end.mjs FOLDER PACKAGE SOCKET, where the package is
// installed in the folder. It does what end.go's do.
import { createRequire } from "node:module";
import { connect } from "node:net";
import { createInterface } from "node:readline";
import { loads, serve, Wire } from "./load.mjs";

const [folder, name, address] = process.argv.slice(2);
const { RTCPeerConnection } = createRequire(`${folder}/`)(name);

const all = [];
let pc; // the last one
let wire;
let arrived; // resolves to the other side's channel

// described resolves to the description with its candidates: these two have nobody to say them one by one.
async function described(description) {
  await pc.setLocalDescription(description);
  while (pc.iceGatheringState !== "complete") await new Promise((resolve) => (pc.onicegatheringstatechange = resolve));
  return { type: pc.localDescription.type, sdp: pc.localDescription.sdp };
}

function begin() {
  pc = new RTCPeerConnection({ iceServers: [] });
  all.push(pc);
  arrived = new Promise((resolve) => (pc.ondatachannel = ({ channel }) => resolve(new Wire(channel))));
}

const used = () => process.resourceUsage().userCPUTime + process.resourceUsage().systemCPUTime;

const methods = {
  ...loads(() => wire, used),
  async Offer() {
    begin();
    arrived = new Wire(pc.createDataChannel("bench"));
    return described(await pc.createOffer());
  },
  async Answer(offer) {
    begin();
    await pc.setRemoteDescription(offer);
    return described(await pc.createAnswer());
  },
  Accept: (answer) => pc.setRemoteDescription(answer),
  async Opened() {
    wire = await (await arrived).opened;
  },
  Used: () => used() * 1000,
  Leave: () => all.splice(0).forEach((each) => each.close()),
};

const socket = connect(address);
socket.on("close", () => process.exit());
for await (const line of createInterface({ input: socket })) serve(methods, line, (said) => socket.write(`${said}\n`));
