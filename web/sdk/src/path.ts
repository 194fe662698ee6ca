import type { RelayProtocol, Report } from "./protocol_gen.js";

/** How two peers are connected. */
export interface Path {
  /** Whether the data goes through a relay (a TURN server), on either side. */
  relayed: boolean;
  /** What this side's packets go in, to the peer or to the relay. */
  protocol: "udp" | "tcp";
  /** What they go in to the relay that this side uses; undefined if it uses none. */
  relay: RelayProtocol | undefined;
  /** The round-trip time in milliseconds as last measured; undefined if it has not been measured yet. */
  rtt: number | undefined;
}

/** What has gone through the connection with a peer. */
export interface PeerStats {
  /** How the two are connected; undefined while they are not. */
  path: Path | undefined;
  /** Bytes on the current connection as the browser counts them, headers among them; 0 if it does not say. */
  bytesSent: number;
  bytesReceived: number;
  /** How many bytes were handed to all channels' `send` and have not left yet. */
  buffered: number;
  /** How often a path that was lost was found again by looking for another one. */
  restarts: number;
  /** How many connections there have been, one after another. */
  connections: number;
  /**
   * How often the other side has broken the protocol of channels. Each time another connection takes the place of the one on which it did;
   * the fourth within a minute ends the peer.
   */
  violations: number;
  /** The two ends of the path, as `address:port`; only if asked for, and if the browser tells. */
  localAddress?: string | undefined;
  remoteAddress?: string | undefined;
}

/** The fields that we read, of the several kinds of statistics (W3C WebRTC Statistics, sections 6.14 to 6.16). */
interface Stats {
  type: string;
  selectedCandidatePairId?: string;
  /** Firefox's own: its transports do not name the pair. */
  selected?: boolean;
  nominated?: boolean;
  state?: string;
  localCandidateId?: string;
  remoteCandidateId?: string;
  currentRoundTripTime?: number;
  candidateType?: string;
  protocol?: string;
  relayProtocol?: string;
  bytesReceived?: number;
  bytesSent?: number;
  address?: string;
  port?: number;
}

/** For how many milliseconds statistics are waited for. */
const STATS_WITHIN = 1000;

/** A connection's statistics; undefined if there are none. Firefox never answers who has asked a connection that is closed meanwhile. */
export function reportOf(connection: RTCPeerConnection): Promise<RTCStatsReport | undefined> {
  return new Promise((resolve) => {
    const none = () => resolve(undefined);
    const timer = setTimeout(none, STATS_WITHIN);
    connection.getStats().then(resolve, none).finally(() => clearTimeout(timer));
  });
}

/** Finds the path in a connection's statistics; undefined if no pair of candidates is selected. */
export function pathOf(report: RTCStatsReport): Path | undefined {
  const pair = selectedPair(report);
  const local = stats(report, pair?.localCandidateId);
  const remote = stats(report, pair?.remoteCandidateId);
  if (!pair || !local) return undefined;
  const relayed = local.candidateType === "relay" || remote?.candidateType === "relay";
  const relay = local.candidateType === "relay" ? local.relayProtocol : undefined;
  const spoken = relay ?? local.protocol;
  const rtt = pair.currentRoundTripTime;
  return {
    relayed,
    protocol: spoken?.toLowerCase() === "udp" ? "udp" : "tcp", // "tls" is tcp underneath
    relay: relay as RelayProtocol | undefined,
    rtt: rtt === undefined ? undefined : rtt * 1000,
  };
}

/**
 * How many bytes have come on a connection and left on it, without those of ICE's own checks, which come also when nobody speaks (W3C
 * WebRTC Statistics, RTCTransportStats and RTCIceCandidatePairStats); undefined if that is not told.
 */
export function bytesOn(report: RTCStatsReport): { bytesReceived?: number; bytesSent?: number } {
  for (const entry of report.values() as Iterable<Stats>) {
    if (entry.type === "transport" && entry.bytesReceived !== undefined) return entry;
  }
  return selectedPair(report) ?? {}; // Firefox counts for transports since version 154
}

/** The addresses of a connection's two ends. */
export function addressesOn(report: RTCStatsReport): Pick<PeerStats, "localAddress" | "remoteAddress"> {
  const pair = selectedPair(report);
  const text = (end: Stats | undefined) => {
    const { address, port } = end ?? {};
    return address && `${address.includes(":") ? `[${address}]` : address}:${port}`;
  };
  return { localAddress: text(stats(report, pair?.localCandidateId)), remoteAddress: text(stats(report, pair?.remoteCandidateId)) };
}

function selectedPair(report: RTCStatsReport): Stats | undefined {
  let guess: Stats | undefined;
  for (const entry of report.values() as Iterable<Stats>) {
    if (entry.type === "transport" && entry.selectedCandidatePairId) return stats(report, entry.selectedCandidatePairId);
    if (entry.type !== "candidate-pair") continue;
    if (entry.selected || (!guess && entry.nominated && entry.state === "succeeded")) guess = entry;
  }
  return guess;
}

function stats(report: RTCStatsReport, id: string | undefined): Stats | undefined {
  return id === undefined ? undefined : (report.get(id) as Stats | undefined);
}

/** What a server that asks is told of a connection that has opened; undefined if it has no path any more. */
export function outcomeOf(report: RTCStatsReport | undefined): Pick<Report, "outcome" | "protocol"> | undefined {
  const path = report && pathOf(report);
  if (!path) return undefined;
  return { outcome: path.relayed ? "relayed" : "direct", ...(path.relay ? { protocol: path.relay } : {}) };
}
