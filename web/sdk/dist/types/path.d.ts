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
/** A connection's statistics; undefined if there are none. Firefox never answers who has asked a connection that is closed meanwhile. */
export declare function reportOf(connection: RTCPeerConnection): Promise<RTCStatsReport | undefined>;
/** Finds the path in a connection's statistics; undefined if no pair of candidates is selected. */
export declare function pathOf(report: RTCStatsReport): Path | undefined;
/**
 * How many bytes have come on a connection and left on it, without those of ICE's own checks, which come also when nobody speaks (W3C
 * WebRTC Statistics, RTCTransportStats and RTCIceCandidatePairStats); undefined if that is not told.
 */
export declare function bytesOn(report: RTCStatsReport): {
    bytesReceived?: number;
    bytesSent?: number;
};
/** The addresses of a connection's two ends. */
export declare function addressesOn(report: RTCStatsReport): Pick<PeerStats, "localAddress" | "remoteAddress">;
/** What a server that asks is told of a connection that has opened; undefined if it has no path any more. */
export declare function outcomeOf(report: RTCStatsReport | undefined): Pick<Report, "outcome" | "protocol"> | undefined;
