// What the page has to say about itself: that it is not in the room, why, and what can be done.

import { BeckonError } from "/sdk/beckon.js";
import { find, setText } from "./dom.js";
import type { Entry } from "./entry.js";

/** The state of the page: `data-state` of its body, for style and for who drives the page. */
export type PageState = "joining" | "joined" | "reconnecting" | "lost" | "refused";

interface Notice {
  title: string;
  body: string;
  /** The label of the button; none where nothing can be done. */
  action?: string;
  /** What the button does, unless that is to try again. */
  instead?: () => void;
}

/** Says that the page is on its way into the room. */
export function showJoining(): void {
  show("joining", { title: "Joining…", body: "" });
}

/** Says nothing: all is well. */
export function showJoined(): void {
  document.body.dataset.state = "joined";
  find("main").inert = false;
  find("#notice").hidden = true;
}

/** Says that the server is out of reach. */
export function showReconnecting(): void {
  show("reconnecting", { title: "Reconnecting…", body: "The server is out of reach. Who is connected to you still is: chats and files go on." });
}

/** Says that the link's secret is damaged. Going in without it would be to go where the others are not, unprotected and unasked. */
export function showDamaged(): void {
  show("refused", {
    title: "This link is damaged",
    body: "Its end, from # on, should be k= and 22 letters, digits, - or _: the secret that lets you in. Perhaps it was cut off when it was copied; ask for it again.",
    action: "Make a fresh room",
    instead: fresh,
  }, fresh, "bad-url");
}

/** Says why the page could not enter the room. */
export function showRefused(error: unknown, again: () => void, entry: Entry): void {
  show("refused", refusal(error, entry), again, code(error));
}

/** Says that the page is no longer in the room. */
export function showLost(error: unknown, again: () => void, entry: Entry): void {
  const notice: Notice =
    code(error) === "connection-lost"
      ? { title: "You are no longer in the room", body: "The server has ended this stay.", action: "Rejoin" }
      : { title: "You are no longer in the room", body: refusal(error, entry).body, action: "Rejoin" };
  show("lost", notice, again, code(error));
}

function show(state: PageState, notice: Notice, again?: () => void, why?: string): void {
  document.body.dataset.state = state;
  // Who has lost the room may still read and save what came; who has not been let in has nothing there.
  find("main").inert = state === "refused";
  const box = find("#notice");
  box.dataset.kind = state === "joining" || state === "reconnecting" ? "calm" : "bad";
  box.dataset.code = why ?? "";
  setText(find("#notice-title"), notice.title);
  setText(find("#notice-body"), notice.body);
  const button = find<HTMLButtonElement>("#notice-action");
  button.hidden = !notice.action || !again;
  setText(button, notice.action ?? "");
  button.onclick = notice.instead ?? again ?? null;
  box.hidden = false;
}

function code(error: unknown): string {
  return error instanceof BeckonError ? error.code : "";
}

/** Errors begin as parts of a sentence; here they are whole ones. */
function sentence(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** Goes to a room that is open, where the server knows one. */
function fresh(): void {
  location.assign("/");
}

function refusal(error: unknown, { secret, capable }: Entry): Notice {
  const body = sentence(error instanceof Error ? error.message : String(error ?? ""));
  switch (code(error)) {
    case "unsupported":
      if (secret !== undefined && !capable) {
        return {
          title: "This link needs https",
          body: `It has a secret that you and the others prove to each other, for which browsers want https, or localhost. This page came over plain http from ${location.hostname}. Ask who runs the server for its https address.`,
        };
      }
      return { title: "This browser cannot take part", body: "It has no WebRTC, or it is switched off. Every current browser has it." };
    case "bad-room":
    case "bad-url":
      return { title: "No room can have this name", body };
    case "room-full":
      return { title: "The room is full", body: "It has as many members as it may have.", action: "Try again" };
    case "unauthorized":
      // Of those who are let in without one, this page would be.
      return {
        title: "This room needs a token",
        body: `${body}. A token comes from the app that uses this server, and this page has none to show. Who runs the server can open rooms to everybody with --allow-anonymous.`,
      };
    case "forbidden":
      return {
        title: "This room is not open to everybody",
        body: "Who runs this server decides which rooms are.",
        action: "Go to an open room",
        instead: fresh,
      };
    case "rate-limited":
      return { title: "Too fast", body: "The server asks for a moment of patience.", action: "Try again" };
    case "connect-failed":
    case "connection-lost":
    case "aborted":
      return { title: "The server cannot be reached", body: "Is it running, and are you online?", action: "Try again" };
    default:
      return { title: "You could not join", body, action: "Try again" };
  }
}
