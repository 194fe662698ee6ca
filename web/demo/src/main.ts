// The demo: a room to meet in. It uses nothing but the SDK, and takes it from the server as any other page would.

import { Identity, join, type JoinOptions, type Room } from "/sdk/beckon.js";
import { Announcer } from "./announce.js";
import { Chat } from "./chat/chat.js";
import { listenDialogs } from "./dialogs.js";
import { find, setText } from "./dom.js";
import { type Entry, enterBy, onlyHere } from "./entry.js";
import { FilePanel } from "./files/panel.js";
import { flag, hoist } from "./flag.js";
import { placeGame } from "./game/game.js";
import { cleanName, nickname } from "./names.js";
import { showDamaged, showJoined, showJoining, showLost, showReconnecting, showRefused } from "./notice.js";
import { OfferBar } from "./offerbar.js";
import { People } from "./people/people.js";
import { Privacy } from "./privacy.js";
import { type Panels, Session } from "./session.js";
import { showLink } from "./share.js";
import { choose, listenTabs } from "./tabs.js";

/** Where the own name is kept between visits. */
const NAME_KEY = "beckon-name";

/** For how many milliseconds the server may be out of reach before the page speaks of it: most of the time it is back at once. */
const DISCREET = 1000;

const field = find<HTMLInputElement>("#my-name");
/** What who sits here is called without having said a name. It is made up here and told like one, so that programs without such names show it, too. */
const unnamed = nickname(crypto.getRandomValues(new Uint32Array(2)).join());
let room: Room | undefined; // of the current or last stay

/** What the others are told. */
function attributes(): { name: string } {
  return { name: cleanName(field.value) || unnamed };
}

function self(): { id: string; name: string } {
  return { id: room?.id ?? "", ...attributes() };
}

/** Lets the own name be changed, here and for everybody. */
function nameYourself(): void {
  field.placeholder = unnamed;
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

function furnish(entry: Entry): void {
  setText(find("#room"), entry.room);
  find("#hoist").replaceChildren(...hoist(entry.room));
  setText(find("#bot-command"), `beckon bot echo '${entry.link}'`);
  find("#only-here").hidden = !onlyHere(location);
  showLink(entry.link);
  listenDialogs();
  nameYourself();
  find("#skip").onclick = () => {
    choose("chat");
    find("#say").focus();
  };
  // Another link to the same room differs behind the # only, for which a browser does not load the page again.
  addEventListener("hashchange", () => location.reload());
}

/** What is said of a way to the server that is not the usual one. */
const WAYS = { stream: "a stream over HTTP", poll: "polls over HTTP" } as const;

/** Shows the own flag, and how the server is reached if that is worth a word. */
function showSelf({ id, carrier }: Room): void {
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

/** How to join: a link with a secret has the others prove that they have it, by a key that stays in this browser. */
async function options(secret: string | undefined): Promise<JoinOptions> {
  if (secret === undefined) return { attributes: attributes() };
  // Where the browser keeps nothing, the key lasts as long as the page.
  const identity = await Identity.load().catch(() => Identity.create());
  return { attributes: attributes(), secret, identity };
}

/** Enters the room and stays until it closes; then offers to come back. */
async function enter(entry: Entry, panels: Panels): Promise<void> {
  const again = () => void enter(entry, panels);
  showJoining();
  try {
    room = await join(location.origin, entry.room, await options(entry.secret));
  } catch (error) {
    showRefused(error, again, entry);
    return;
  }
  const here = room;
  showSelf(here);
  here.addEventListener("state", () => follow(here));
  const sendTo = (peer: Parameters<FilePanel["pickFor"]>[0]) => {
    choose("files");
    panels.files.pickFor(peer);
  };
  const people = new People(entry.secret !== undefined, { sendTo, rejoin: () => void here.close(), strangers: (names) => privacy.differs(names) });
  new Session(here, people, panels).start();
  showJoined();
  const why = await here.closed;
  people.stop();
  panels.game.leave();
  if (why) showLost(why, again, entry);
  else again(); // closed by `rejoin`
}

const entry = enterBy(location);
furnish(entry);
const announcer = new Announcer();
const privacy = new Privacy(entry, announcer.say);
const chat = new Chat(entry.room, entry.secret, self, announcer);
listenTabs((tab) => tab === "chat" && chat.seen());
const offers = new OfferBar();
const panels = { chat, announcer, files: new FilePanel(find("#files"), announcer.say, offers.show), game: placeGame(find("#game")) };
if (entry.broken) showDamaged();
else void enter(entry, panels);
