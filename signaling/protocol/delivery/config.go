package delivery

import (
	"cmp"
	"time"
)

// Config says whose machine it is, and bounds it. A zero bound means its default, which the comment names.
type Config struct {
	// Room is the room's name; Peer and Instance are who this member is. All three are needed.
	Room, Peer, Instance string

	// Window is how many direct messages to one instance may be without a receipt (limits.window of the welcome): 16.
	Window int
	// MaxWaiting is how many further direct messages to one instance may wait for the window: 256. Beyond it Send fails with
	// CodeOverflow.
	MaxWaiting int
	// MaxUnstable is how many room messages may be said and not stable: 256.
	MaxUnstable int
	// MaxUnsaid is how many further room messages may wait for that: 256. Beyond it Say fails with CodeOverflow.
	MaxUnsaid int
	// MaxDeparted is how many members that have left are remembered, by their numbers alone: 1,024.
	MaxDeparted int
	// AckEvery is after how many events the server is told that they have come; heartbeats say so too: 16.
	AckEvery int

	// Resend is after how long without a receipt a direct message is sent again, doubling up to MaxResend: 2 s, 16 s.
	Resend, MaxResend time.Duration
	// ReceiptDelay is how long a receipt may wait for more to acknowledge: 20 ms.
	ReceiptDelay time.Duration
	// Grace is for how long a peer may be away before it has left (grace of the welcome): 15 s.
	Grace time.Duration
	// AskStable is the time between questions for the stable position while room messages wait for it: 1 s.
	AskStable time.Duration
}

func (c Config) withDefaults() Config {
	c.Window = cmp.Or(c.Window, 16)
	c.MaxWaiting = cmp.Or(c.MaxWaiting, 256)
	c.MaxUnstable = cmp.Or(c.MaxUnstable, 256)
	c.MaxUnsaid = cmp.Or(c.MaxUnsaid, 256)
	c.MaxDeparted = cmp.Or(c.MaxDeparted, 1024)
	c.AckEvery = cmp.Or(c.AckEvery, 16)
	c.Resend = cmp.Or(c.Resend, 2*time.Second)
	c.MaxResend = cmp.Or(c.MaxResend, 16*time.Second)
	c.ReceiptDelay = cmp.Or(c.ReceiptDelay, 20*time.Millisecond)
	c.Grace = cmp.Or(c.Grace, 15*time.Second)
	c.AskStable = cmp.Or(c.AskStable, time.Second)
	return c
}
