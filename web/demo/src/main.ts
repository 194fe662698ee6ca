// The demo: a room to meet in. It uses nothing but the SDK, and takes it from the server as any other page would.

import { join, type Room } from "/sdk/beckon.js";
import { Chat } from "./chat.js";
import { find, setText } from "./dom.js";
import { FilePanel } from "./files/panel.js";
import { flag, hoist } from "./flag.js";
import { cleanName, nickname } from "./names.js";
import { showJoined, showJoining, showLost, showReconnecting, showRefused } from "./notice.js";
import { People } from "./people.js";
import { Session } from "./session.js";
import { onlyHere, roomLink, showLink } from "./share.js";

/** Where the own name is kept between visits. */
const NAME_KEY = "beckon-name";

/** For how many milliseconds the server may be out of reach before the page speaks of it: most of the time it is back at once. */
const DISCREET = 1000;

const field = find<HTMLInputElement>("#my-name");
let room: Room | undefined; // of the current or last stay

/** The name of the room that this page is for: the server sends the page for /r/ROOM only. */
function pageRoom(): string {
  const name = location.pathname.slice("/r/".length);
  try {
    return decodeURIComponent(name);
  } catch {
    return name; // a stray %: no room has such a name, as the SDK will say
  }
}

function announce(text: string): void {
  setText(find("#announcer"), text);
}

/** What the others are told. Without a name nothing is: they make the same one up from the id. */
function attributes(): { name?: string } {
  const name = cleanName(field.value);
  return name ? { name } : {};
}

function self(): { id: string; name: string } {
  const id = room?.id ?? "";
  return { id, name: cleanName(field.value) || nickname(id) };
}

/** Lets the own name be changed, here and for everybody. */
function nameYourself(): void {
  // Storage is refused in some private windows; then the name lasts as long as the page.
  try {
    field.value = cleanName(localStorage.getItem(NAME_KEY) ?? "");
  } catch {}
  field.onchange = () => {
    field.value = cleanName(field.value);
    try {
      localStorage.setItem(NAME_KEY, field.value);
    } catch {}
    // A room that is closed has nobody to tell; the next one is told when it is joined.
    room?.update(attributes()).catch(() => {});
  };
  find<HTMLFormElement>("#me").onsubmit = (event) => {
    event.preventDefault();
    field.blur(); // which is what makes it a change
  };
}

function furnish(name: string): void {
  setText(find("#room"), name);
  find("#hoist").replaceChildren(...hoist(name));
  setText(find("#bot-command"), `beckon bot echo ${roomLink(name)}`);
  find("#only-here").hidden = !onlyHere();
  showLink(name);
  nameYourself();
}

/** What is said of a way to the server that is not the usual one. */
const WAYS = { stream: "a stream over HTTP", poll: "polls over HTTP" } as const;

/** Shows what the others call a peer without a name, its flag, and how it reaches the server if that is worth a word. */
function showSelf({ id, carrier }: Room): void {
  field.placeholder = nickname(id);
  find("#my-flag").replaceChildren(flag(id));
  const way = find("#way");
  way.hidden = !carrier || carrier === "websocket";
  way.dataset.carrier = carrier ?? "";
  if (carrier && carrier !== "websocket") setText(way, `No WebSocket gets through here: the server is reached by ${WAYS[carrier]}.`);
}

/** Shows how it stands with the server. */
function follow(here: Room): void {
  if (here.state === "joined") {
    showSelf(here); // a server that has forgotten this peer has given it another id
    showJoined();
    return;
  }
  setTimeout(() => {
    if (here.state === "reconnecting") showReconnecting();
  }, DISCREET);
}

/** Enters the room and stays until it closes; then offers to come back. */
async function enter(name: string, chat: Chat, files: FilePanel): Promise<void> {
  const again = () => void enter(name, chat, files);
  showJoining();
  try {
    room = await join(location.origin, name, { attributes: attributes() });
  } catch (error) {
    showRefused(error, again);
    return;
  }
  const here = room;
  showSelf(here);
  here.addEventListener("state", () => follow(here));
  const people = new People({ sendTo: (peer) => files.pickFor(peer), rejoin: () => void here.close() });
  new Session(room, people, chat, files).start();
  showJoined();
  const why = await room.closed;
  people.stop();
  if (why) showLost(why, again);
  else again(); // closed by `rejoin`
}

const name = pageRoom();
furnish(name);
const chat = new Chat(self);
chat.title = `${name} · Beckon`;
void enter(name, chat, new FilePanel(find("#files"), announce));
