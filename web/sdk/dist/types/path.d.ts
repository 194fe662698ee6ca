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
/** Finds the path in a connection's statistics; undefined if no pair of candidates is selected. */
export declare function pathOf(report: RTCStatsReport): Path | undefined;
/**
 * How many bytes have come on a connection, without those of ICE's own checks, which come also when nobody speaks (W3C WebRTC
 * Statistics, bytesReceived of RTCTransportStats and RTCIceCandidatePairStats); undefined if that is not told.
 */
export declare function receivedOf(report: RTCStatsReport): number | undefined;
