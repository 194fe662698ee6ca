// Package turnserver is Beckon's STUN and TURN server: pion/turn, with what a server on the open Internet needs around
// it.
//
// Pion does the protocol (RFC 8489, RFC 8656): messages, nonces, integrity, allocations, permissions, channels. It is
// pion/turn v5 because that is the one that webrtc v4 itself links, and v4 of it is frozen. This package adds
//
//   - policy: a relay reaches public peers only, never this machine, judged for each packet by address and port;
//   - credentials in the TURN REST form, for the server's own realm only, whose age counts when a relay is opened;
//   - framing of TCP streams, because the parser of Pion v5.1.0 can be made to spin by anyone (see tcp.go);
//   - relay sockets from the whole port range, with buffers that hold a burst;
//   - a cap and deadlines for TCP, reads that survive errors, and a Close that waits and leaves nothing open.
//
// Relaying over TCP (RFC 6062), reserved ports (EVEN-PORT) and TLS are not offered. Relays have one address, so one
// family.
//
// Goroutines, all of which Close waits for:
//
//	goroutine                owns                              ends
//	Server.accept            the TCP listener                  when the listener is closed
//	Pion, UDP                reads and handles the UDP socket  when udpConn.ReadFrom fails: the socket is closed
//	Pion, each TCP client    reads and handles its tcpConn     when tcpConn.ReadFrom fails: end, deadline, bad frame, Close
//	Pion, each allocation    reads its relayConn               when relayConn.ReadFrom fails: the allocation has ended
//
// Pion's goroutines run a few more instructions of its own after the call that Close waits for, and touch nothing of
// this package or of the network in them.
package turnserver
