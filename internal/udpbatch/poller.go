package udpbatch

// Handler takes the datagrams of one socket that a Poller reads. Its methods are called one at a time, together with those of all
// other sockets of the Poller, and must not wait for anything. A call may still come while Remove runs in another goroutine.
type Handler interface {
	// Room is how many datagrams may be received now. After 0 the socket is left alone until Polled.Resume.
	Room() int
	// Received takes the datagrams of the inbox from first on. They stay in place until the Poller's flush has been called.
	Received(in *Inbox, first int)
}

// Config of a Poller. All fields are required.
type Config struct {
	Slots, Size, Headroom int    // of its Inbox, as of NewInbox
	Flush                 func() // called when nothing more is there for now, or the inbox is full: what was received goes away after it
}
