// What a page finds around it, in this browser and at this origin.
export default async function () {
  return {
    agent: navigator.userAgent,
    rtc: typeof RTCPeerConnection === "function",
    socket: typeof WebSocket === "function",
    random: crypto.getRandomValues(new Uint8Array(8)).length,
    secure: isSecureContext,
    origin: location.origin,
  };
}
