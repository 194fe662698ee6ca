// What is said of a connection, and of who is at the other end, in words.

import type { BeckonError, Path, Peer } from "/sdk/beckon.js";
import { milliseconds } from "../format.js";

/** How it stands with a peer: what its line shows. */
export interface Standing {
  peer: Peer;
  path: Path | undefined;
  /** Why the connection ended. */
  why: BeckonError | undefined;
  /** The room's link has a secret, which everybody has to prove. */
  secret: boolean;
}

/** Whether it may be that nobody is there any more: a page that was reloaded leaves such a one behind, until the server gives it up. */
export function gone({ peer }: Standing): boolean {
  return peer.away && peer.state !== "connected";
}

/** Whether the one or the other was not content with what was proved. */
export function refused({ peer, why }: Standing): boolean {
  return peer.state === "closed" && why?.code === "peer-unverified";
}

/** The line below the name. */
export function status(standing: Standing): string {
  const { peer, path, why } = standing;
  if (gone(standing)) return "Away, may come back";
  const away = peer.away ? "Lost the server, may come back. " : "";
  switch (peer.state) {
    case "waiting":
      return `${away}Not connected: the room has more people than connect to each other`;
    case "connecting":
      return `${away}Connecting…`;
    case "reconnecting":
      return `${away}Reconnecting…`;
    case "closed":
      if (refused(standing)) return standing.secret ? "Refused: not verified" : "Refused you: your link has no secret";
      return `${away}${why?.code === "connect-failed" ? "Could not connect" : "Connection lost"}`;
    case "connected": {
      if (!path) return `${away}Connected`;
      return `${away}${way(path)}${path.rtt === undefined ? "" : `, ${milliseconds(path.rtt)}`}`;
    }
  }
}

/** The way that a connection takes: `Direct, UDP`, `Relayed, TLS`. */
export function way({ relayed, relay, protocol }: Path): string {
  return `${relayed ? "Relayed" : "Direct"}, ${(relay ?? protocol).toUpperCase()}`;
}

/** What it means that somebody is verified, is not, or was refused: sentences for the dialog. */
export function meaning(standing: Standing, name: string): { title: string; text: string } {
  if (refused(standing)) {
    return standing.secret
      ? {
          title: "Refused: not verified",
          text: `${name} could not prove to have the secret in this room’s link, so nothing was sent to or taken from there. Either they opened the link without its end, from # on, or somebody in between is pretending to be them. Send them the whole link again, another way than before.`,
        }
      : {
          title: "Refused you",
          text: `They opened this room by a link with a secret in it, and yours has none. Ask them for the whole link: what counts is its end, from # on.`,
        };
  }
  if (standing.peer.verified) {
    return {
      title: "Verified by the link",
      text: `${name} proved to have the secret in this room’s link, and that the encryption between you ends there and nowhere in between. Not even the server could join in without the link.`,
    };
  }
  if (standing.secret) return { title: "Not verified yet", text: "As soon as you are connected, both sides prove to each other that they have the room’s link." };
  return {
    title: "Not verified",
    text: `What you say to ${name} is encrypted, but nothing proves who holds the other end: this room’s link has no secret in it. A dishonest server could sit in between and read along.`,
  };
}
