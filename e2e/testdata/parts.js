// Joins with an SDK of which parts cannot be had, at first.
export default async function ({ server, room: name, sdk }) {
  const { join } = await import(`${sdk}/sdk/beckon.js`);
  const failed = async (options) => {
    const room = await join(server, name, options).catch((error) => error);
    if (room instanceof Error) return `${room.code}: ${room.message}`;
    await room.close();
    return "joined";
  };
  const peers = await failed();
  await fetch(`${sdk}/allow/peers`, { method: "POST" });
  const peersAgain = await failed();
  const http = await failed({ carriers: ["poll"] });
  await fetch(`${sdk}/allow/http`, { method: "POST" });
  const httpAgain = await failed({ carriers: ["poll"] });
  return { peers, peersAgain, http, httpAgain };
}
