// Package memnet is a network in memory: a net.Listener, and a Dial that reaches it. The project's tests run net/http,
// gorilla/websocket and their own code over it, inside testing/synctest bubbles, where time is fake and a real socket would
// keep the bubble from ever being idle.
//
// net.Pipe is not used because it has no buffer: a Write waits for the other side's Read, so two ends that both write before
// they read stand still for ever, which no TCP connection would do with a few bytes. Here each direction holds a bounded
// number of bytes, as the sockets of an operating system do, so a reader that does not read is also felt, but only then.
//
// A connection over a Link has delays, and can be cut or made a black hole; Listener.Kill is the sudden death of a server. These are faults
// of a network as its ends see them: bytes that never arrive, and errors that each end gets in its own time.
//
// The package starts no goroutine. A blocked call waits on a sync.Cond, which counts as durably blocked in a bubble;
// deadlines and arrivals are timers that wake it.
package memnet
