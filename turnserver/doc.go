// Package turnserver is Beckon's STUN and TURN server: pion/turn, with what a server on the open Internet needs around
// it.
//
// Pion does the protocol (RFC 8489, RFC 8656): messages, nonces, integrity, allocations, permissions, channels. It is
// pion/turn v5 because that is the one that webrtc v4 itself links, and v4 of it is frozen. This package adds
//
//   - virtual relay ports: two allocations reach each other in memory, nothing else can be reached, and there is no port
//     range to open; or, for peers that allocate elsewhere, sockets from the whole range, with buffers that hold a burst;
//   - policy: a relay with sockets reaches public peers only, never this machine, judged for each packet by address and
//     port; and a scope, if the caller has one;
//   - payload: relays carry STUN and DTLS, with peers that have passed a check (payload.go, gate.go);
//   - quotas of identities, rooms and addresses: allocations, bytes a day, bits a second (ledger.go);
//   - credentials in the TURN REST form, or static ones, for the server's own realm only; the age of one counts when a
//     relay is opened, and a revoked one opens nothing;
//   - the right refusals, as a whole and by name, where Pion has others, halves or none (front.go, decide.go);
//   - framing of TCP streams, because the parser of Pion v5.1.0 can be made to spin by anyone (see tcp.go);
//   - a cap and deadlines for TCP, reads that survive errors, ends on request (End, Revoke), a Shutdown that lets allocations
//     live on, and a Close that waits and leaves nothing open.
//
// It listens on any number of UDP and TCP addresses, and serves the connections of listeners that others own, TLS among them
// (Server.Serve). Relays have an address of each family or of one of the two. Relaying over TCP (RFC 6062) and reserved ports
// (EVEN-PORT) are not offered.
//
// A datagram's ways. The short one is that of what is bound to a channel, which is nearly everything (fast.go); it takes many
// datagrams at a time:
//
//	client → udpConn ─────── fastPath ───────→ socket → peer, or → udpConn → another relay's client
//	            └→ front → Pion → relay.WriteTo → socket → peer
//	                                        └→ another relay's inbox → relay.ReadFrom → Pion → front → its client
//	client ← udpConn ─────── fastPath ───────← poller ← socket ← peer
//	            └─ front ← Pion ← relay.ReadFrom ← inbox ┘
//
// Goroutines, all of which Close waits for:
//
//	goroutine                owns                               ends
//	Server.Serve             accepts from one listener          when the listener is closed, by anybody
//	Pion, each UDP listener  reads it and handles what comes    when udpConn.ReadFrom fails: the socket is closed
//	Pion, each stream        reads and handles its tcpConn      when tcpConn.ReadFrom fails: end, deadline, bad frame, Close
//	Pion, each allocation    reads its relay's inbox            when relay.ReadFrom fails: the relay is closed
//	Server.poller            reads all relays' sockets          with Close; there is none with virtual ports
//	notices.run              tells Config.Limited, if any       with Close
//
// Pion's goroutines run a few more instructions of its own after the call that Close waits for, and touch nothing of
// this package or of the network in them.
package turnserver
