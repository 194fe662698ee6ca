// An end made of npm's @roamhq/wrtc, which is libwebrtc. It does what end.go's do, as JSON-RPC 1.0 at a socket: node end.mjs FOLDER SOCKET.
import { createRequire } from "node:module";
import { connect } from "node:net";
import { createInterface } from "node:readline";

const [folder, address] = process.argv.slice(2);
const wrtc = createRequire(`${folder}/`)("@roamhq/wrtc");
const pc = new wrtc.RTCPeerConnection();
const lowWater = 512 << 10;
const highWater = 1 << 20;

let channel;
const arrived = [];
let wanted; // resolves the recv that waits
const open = new Promise((resolve) => {
  pc.ondatachannel = (event) => use(event.channel, resolve);
  if (process.env.OFFERS) use(pc.createDataChannel("bench"), resolve);
});

function use(dc, opened) {
  channel = dc;
  dc.binaryType = "arraybuffer";
  dc.bufferedAmountLowThreshold = lowWater;
  dc.onmessage = ({ data }) => {
    arrived.push(data);
    wanted?.();
  };
  dc.onopen = () => opened();
  if (dc.readyState === "open") opened();
}

async function recv() {
  while (arrived.length === 0) await new Promise((resolve) => (wanted = resolve));
  return arrived.shift();
}

async function send(message) {
  // The event is not always fired here, so it is not waited for alone.
  while (channel.bufferedAmount > highWater) {
    await new Promise((resolve) => {
      channel.onbufferedamountlow = resolve;
      setTimeout(resolve, 10);
    });
  }
  channel.send(message);
}

// described resolves to the description with its candidates: these two have nobody to say them one by one.
async function described(description) {
  await pc.setLocalDescription(description);
  while (pc.iceGatheringState !== "complete") await new Promise((resolve) => (pc.onicegatheringstatechange = resolve));
  return pc.localDescription;
}

const used = () => process.resourceUsage().userCPUTime + process.resourceUsage().systemCPUTime;

async function figures(work) {
  const begun = process.hrtime.bigint();
  const cpu = used();
  const Samples = await work();
  return { Took: Number(process.hrtime.bigint() - begun), CPU: (used() - cpu) * 1000, Samples };
}

const methods = {
  Offer: async () => described(await pc.createOffer()),
  async Answer(offer) {
    await pc.setRemoteDescription(offer);
    return described(await pc.createAnswer());
  },
  Accept: (answer) => pc.setRemoteDescription(answer),
  Opened: () => open,
  Send: ({ Size, Count }) =>
    figures(async () => {
      const message = new Uint8Array(Size);
      for (let i = 0; i < Count; i++) await send(message);
      await recv();
    }),
  Take: ({ Count }) =>
    figures(async () => {
      for (let i = 0; i < Count; i++) await recv();
      await send("all");
    }),
  Ping: ({ Size, Count }) =>
    figures(async () => {
      const message = new Uint8Array(Size);
      const samples = [];
      for (let i = 0; i < Count; i++) {
        const sent = process.hrtime.bigint();
        await send(message);
        await recv();
        samples.push(Number(process.hrtime.bigint() - sent));
      }
      return samples;
    }),
  Echo: ({ Count }) =>
    figures(async () => {
      for (let i = 0; i < Count; i++) await send(await recv());
    }),
};

const socket = connect(address);
socket.on("close", () => process.exit());
for await (const line of createInterface({ input: socket })) {
  const { id, method, params } = JSON.parse(line);
  methods[method.replace("End.", "")](params[0]).then(
    (result) => socket.write(`${JSON.stringify({ id, result: result ?? {}, error: null })}\n`),
    (error) => socket.write(`${JSON.stringify({ id, result: null, error: String(error) })}\n`),
  );
}
