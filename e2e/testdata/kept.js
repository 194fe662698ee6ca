// A member that goes to another page, which comes back at once, and tells how it is when the browser has kept it.
export default async function ({ server, room: name }) {
  if (sessionStorage.getItem("away")) return { persisted: false }; // it was loaded anew
  const { join } = await import(`${server}/sdk/beckon.js`);
  const room = await join(server, name, { topology: "none" });
  const first = room.id;
  const heard = [];
  room.addEventListener("gap", () => heard.push("gap"));
  room.addEventListener("left", () => heard.push("left"));
  room.addEventListener("peer", () => heard.push("peer"));
  const again = new Promise((done) => room.addEventListener("state", () => room.state === "joined" && done()));
  const shown = new Promise((done) => addEventListener("pageshow", ({ persisted }) => done(persisted)));
  sessionStorage.setItem("away", "yes");
  setTimeout(() => location.assign("/testdata/back.html"));
  const persisted = await shown;
  await again;
  await room.send("back");
  return { persisted, heard, another: room.id !== first };
}
