package udpbatch

import "time"

// afterError is how long a socket is left alone after an error, so that one that does not go away costs nothing.
const afterError = 10 * time.Millisecond

// Handler takes the datagrams of one socket that a Poller reads. Its methods are called one at a time, together with those of all
// other sockets of the Poller, and must not wait for anything. A call may still come while Remove runs in another goroutine.
type Handler interface {
	// Room is how many datagrams may be received now. After 0 the socket is left alone until Polled.Resume.
	Room() int
	// Received takes the datagrams of the inbox from first on. They stay in place until the Poller's flush has been called.
	Received(in *Inbox, first int)
	// Failed is told of an error of the socket. It is read again a little later.
	Failed(err error)
}

// Config of a Poller. Both fields are required.
type Config struct {
	Inbox *Inbox // the Poller's from now on; where each socket has its own goroutine, a pattern for theirs
	Flush func() // called when nothing more is there for now, or the inbox is full: what was received goes away after it
}
