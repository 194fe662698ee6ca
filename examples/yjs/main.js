// A text that several people edit at the same time, also while they are offline.

import * as Y from "yjs";
import { follow } from "./provider.js";

// The server is that of ?server=, and the room is what follows the #.
const server = new URLSearchParams(location.search).get("server") ?? "http://127.0.0.1:8080";
const { join } = await import(`${server}/sdk/beckon.js`);
const [area, online, status] = ["text", "online", "status"].map((id) => document.getElementById(id));

const doc = new Y.Doc();
const text = doc.getText("text");

/** What was typed is the difference: all but what is the same at the beginning and at the end. */
area.addEventListener("input", () => {
  const [before, after] = [text.toString(), area.value];
  const shorter = Math.min(before.length, after.length);
  let start = 0;
  while (start < shorter && before[start] === after[start]) start++;
  let end = 0;
  while (end < shorter - start && before.at(-1 - end) === after.at(-1 - end)) end++;
  doc.transact(() => {
    text.delete(start, before.length - end - start);
    text.insert(start, after.slice(start, after.length - end));
  });
});

text.observe((_, { local }) => {
  if (local) return;
  const { selectionStart, selectionEnd } = area;
  area.value = text.toString();
  area.setSelectionRange(selectionStart, selectionEnd);
});

let room;
async function enter() {
  status.textContent = "joining";
  room = await join(server, location.hash.slice(1) || "text");
  const show = (count) => (status.textContent = `${count} connected`);
  show(0);
  follow(doc, room, show);
}

online.addEventListener("change", async () => {
  online.disabled = true;
  if (online.checked) await enter();
  else await room.close();
  if (!online.checked) status.textContent = "offline";
  online.disabled = false;
});

await enter();
