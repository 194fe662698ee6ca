// Package signaling is Beckon's signaling server: rooms, presence, and the routing of what peers say to each other before
// (and beside) their data channels. [New] makes an http.Handler for the carriers: mount it at /v1/ws, /v1/stream, /v1/send and
// /v1/poll, or at /v1/ws alone to serve no other than the WebSocket. It does not listen by itself. The wire is specified in the README of package protocol.
//
// The server is a router that may drop, crash or be replaced at any moment: what must not be lost is kept by the endpoints
// until its recipient has acknowledged it. So nothing here is stored, and every queue has a bound and a named outcome.
//
//	Server ─┬─ sessions by peer id ── session ─┬─ conn, nil while the peer is away ── carrier: socket, stream or poll
//	        │                                  └─ member of rooms, by name
//	        └─ rooms by name ── room ─┬─ log: epoch, position, ring of recent events
//	                                  └─ members in order of joining, each with a cursor into the log
//
// # Goroutines
//
//	goroutine            owns                               ends
//	conn.serve           reading of one carrier, its        when the carrier has ended; Shutdown and Close wait
//	                     handlers, its session's detach     for it. Of a stream it is the request's own goroutine
//	conn.drain           writing to one carrier             when its queue is empty: an idle connection has none;
//	                                                        conn.serve waits for it
//	timers (see timer)   a grace, a ping, an ICE refresh,   at once, or after one callback of the Config; Shutdown
//	                     a grant's warning and its end,     and Close stop it or wait for it
//	                     a call of RelayEnded
//	Server.finish        the wait for all of the above      after them; Shutdown and Close wait for it
//
// The rest runs on the goroutine that calls ServeHTTP, Shutdown, Close, Kick or another method. For a WebSocket ServeHTTP returns after the upgrade, so that
// what net/http keeps for a request is not kept for a connection. For a send and a poll it waits, for what it brought to be read
// and for something to answer with: at most one of each for a carrier, for the newest sends the others home. The end of the carrier ends
// both, so Close leaves none waiting.
//
// # Locks
//
// In the order in which they may be taken: session.mu, room.mu, conn.mu, mailbox.mu. Server.mu, failures.mu and revocations.mu are leaves: nothing else is taken while
// one is held, and no two sessions, rooms or connections are locked at once. No lock is held during a read, a write or a
// callback of the Config.
//
// # Slow readers
//
// Nobody is disconnected for what others say. An event goes into a member's queue if that has room; otherwise the member's
// cursor lags, and a marker in its queue makes its drainer catch up from the ring when it gets there, so one slow reader
// costs the others nothing. If the ring has moved on, the member gets a fresh snapshot. The marker stands where the event
// would have stood, so a signal never overtakes an earlier event of its room. A signal to a full queue is dropped and its sender told `busy`.
// Answers to a connection's own requests are always queued; while the queue is full, no further request is read.
package signaling
