import { selectedPair } from "./stats.js";

// Two connections in one page meet without any server and move bytes both ways.
// Returns the bytes' sums, the pair of candidates that carried them, and the
// addresses of all candidates.
export default async function ({ bytes }, log) {
  const one = new RTCPeerConnection();
  const two = new RTCPeerConnection();
  const gathered = [];
  for (const [from, to] of [[one, two], [two, one]]) {
    from.addEventListener("icecandidate", (e) => {
      if (e.candidate?.address) gathered.push(e.candidate.address);
      if (e.candidate) to.addIceCandidate(e.candidate);
    });
    from.addEventListener("iceconnectionstatechange", () => log("ice", from.iceConnectionState));
  }
  const near = one.createDataChannel("bytes");
  const arrived = new Promise((done) => two.addEventListener("datachannel", (e) => done(e.channel), { once: true }));
  await one.setLocalDescription();
  await two.setRemoteDescription(one.localDescription);
  await two.setLocalDescription();
  await one.setRemoteDescription(two.localDescription);
  const far = await arrived;
  await Promise.all([near, far].map(opened));

  const sent = new Uint8Array(bytes).map((_, i) => i * 7);
  const sums = [];
  for (const [from, to] of [[near, far], [far, near]]) {
    const received = message(to);
    from.send(sent);
    sums.push(new Uint8Array(await received).reduce((a, b) => a + b, 0));
  }
  const pair = await selectedPair(one);
  // A pair can be found before the last interface has been looked at.
  await Promise.all([one, two].map(gatheringDone));
  one.close();
  two.close();
  return { sums, expected: sent.reduce((a, b) => a + b, 0), gathered, ...pair };
}

function opened(channel) {
  channel.binaryType = "arraybuffer";
  if (channel.readyState === "open") return;
  return new Promise((done) => channel.addEventListener("open", done, { once: true }));
}

function gatheringDone(connection) {
  return new Promise((done) => {
    const check = () => connection.iceGatheringState === "complete" && done();
    connection.addEventListener("icegatheringstatechange", check);
    check();
  });
}

function message(channel) {
  return new Promise((done) => channel.addEventListener("message", (e) => done(e.data), { once: true }));
}
