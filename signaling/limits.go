package signaling

import (
	"cmp"
	"time"
)

// Limits bound what clients can make the server do. A zero field means its default, which the comment names.
type Limits struct {
	// Hello is how long a new connection may take to say hello: 5 s.
	Hello time.Duration
	// Ping is the time between heartbeats, of both sides: 15 s.
	Ping time.Duration
	// Silence is how long nothing may be heard from a client before its connection is dead: 25 s.
	Silence time.Duration
	// Write is how long one write may take before the connection is dropped, and all that is queued when it is closed: 10 s.
	Write time.Duration
	// Linger is how long the server waits for the client to answer a close: 1 s.
	Linger time.Duration
	// Callback is how long Authorize and ICEServers may take: 10 s.
	Callback time.Duration
	// Grace is how long a peer may be away before it has left: 15 s.
	Grace time.Duration
	// Ack is for how long a member that acknowledges nothing holds back its rooms' stable position: 60 s. It should be more than
	// Ping, Silence and Grace together: that long can a member have said nothing and still be back in time.
	Ack time.Duration
	// Resume is for how long a resume token is good: 24 h.
	Resume time.Duration
	// GoAway is the window in which clients shall reconnect elsewhere after a Shutdown; then they are closed: 5 s.
	GoAway time.Duration

	// Frame is the largest frame that a client may send, in bytes: 65,536.
	Frame int
	// Attributes is the largest attributes object, in bytes: 4,096.
	Attributes int
	// Rate is how many frames a second a client may send in the long run: 50.
	Rate int
	// Burst is how many frames a client may send at once: 200.
	Burst int
	// Joins is how many times a minute a client may join: 20.
	Joins int
	// Refused is how many more frames of a client may be refused than were accepted: 100.
	Refused int
	// Window is how many signals to one instance a client may leave without a receipt; the server only announces it: 16.
	Window int
	// Mesh is how many members of a room connect to each other; the server only announces it: 16.
	Mesh int

	// Rooms is how many rooms a client may be in: 16.
	Rooms int
	// Members is how many members a room may have: 1,000.
	Members int
	// QueueFrames and QueueBytes bound what waits to be written to one connection: 256 frames, 512 KiB.
	QueueFrames, QueueBytes int
	// RingEvents and RingBytes bound the recent events that a room keeps: 512 events, 1 MiB.
	RingEvents, RingBytes int

	// PerAddress is how many connections an address (IPv6: a /64) may have: 50.
	PerAddress int
	// Sessions is how many sessions the server may have: 100,000.
	Sessions int
	// AllRooms is how many rooms the server may have: 100,000.
	AllRooms int
}

// withDefaults returns l with its zero fields filled in.
func (l Limits) withDefaults() Limits {
	return Limits{
		Hello:    cmp.Or(l.Hello, 5*time.Second),
		Ping:     cmp.Or(l.Ping, 15*time.Second),
		Silence:  cmp.Or(l.Silence, 25*time.Second),
		Write:    cmp.Or(l.Write, 10*time.Second),
		Linger:   cmp.Or(l.Linger, time.Second),
		Callback: cmp.Or(l.Callback, 10*time.Second),
		Grace:    cmp.Or(l.Grace, 15*time.Second),
		Ack:      cmp.Or(l.Ack, 60*time.Second),
		Resume:   cmp.Or(l.Resume, 24*time.Hour),
		GoAway:   cmp.Or(l.GoAway, 5*time.Second),

		Frame:      cmp.Or(l.Frame, 64<<10),
		Attributes: cmp.Or(l.Attributes, 4<<10),
		Rate:       cmp.Or(l.Rate, 50),
		Burst:      cmp.Or(l.Burst, 200),
		Joins:      cmp.Or(l.Joins, 20),
		Refused:    cmp.Or(l.Refused, 100),
		Window:     cmp.Or(l.Window, 16),
		Mesh:       cmp.Or(l.Mesh, 16),

		Rooms:       cmp.Or(l.Rooms, 16),
		Members:     cmp.Or(l.Members, 1000),
		QueueFrames: cmp.Or(l.QueueFrames, 256),
		QueueBytes:  cmp.Or(l.QueueBytes, 512<<10),
		RingEvents:  cmp.Or(l.RingEvents, 512),
		RingBytes:   cmp.Or(l.RingBytes, 1<<20),

		PerAddress: cmp.Or(l.PerAddress, 50),
		Sessions:   cmp.Or(l.Sessions, 100_000),
		AllRooms:   cmp.Or(l.AllRooms, 100_000),
	}
}
