// Package middle is a signaling server that has gone bad, for tests of verified peers: it stands before a real one, passes everything on,
// and changes what two peers tell each other about their connection.
//
// It can put itself between them for real. To each it is the other one, with a connection and a certificate of its own, and what comes on
// one it says on the other, with "gin" where there was "tea". Against peers that verify nobody this works, as it would for every
// server: a test that says so is how one knows that the attack is one.
//
//	peer A ══ DTLS, certificate 1 ══ Server ══ DTLS, certificate 2 ══ peer B
//	   ╲──────── WebSocket ────────╱       ╲──────── WebSocket ────────╱
//
// | goroutine | owns | ends |
// |---|---|---|
// | two per client: `link.up`, `link.down` | what the client says, what it is told | with either connection |
// | Pion's | the connections of a pair | with Server.Close |
package middle
