import type { RelayProtocol } from "./protocol_gen.js";

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
 * How many bytes have come on a connection, without those of ICE's own checks, which come also when nobody speaks (W3C WebRTC
 * Statistics, bytesReceived of RTCTransportStats and RTCIceCandidatePairStats); undefined if that is not told.
 */
export function receivedOf(report: RTCStatsReport): number | undefined {
  for (const { type, bytesReceived } of report.values() as Iterable<Stats>) {
    if (type === "transport" && bytesReceived !== undefined) return bytesReceived;
  }
  return selectedPair(report)?.bytesReceived; // Firefox counts for transports since version 154
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
