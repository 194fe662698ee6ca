package signaling

import (
	"cmp"
	"time"
)

// Limits bound what clients can make the server do. A zero field means its default, which the comment names.
type Limits struct {
	// Hello is how long a new connection may take to say hello: 5 s.
	Hello time.Duration
	// Body is how long a body of frames, posted over HTTP, may take to come: 10 s.
	Body time.Duration
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
	// Warning is how long before its grant ends a client is told, or a quarter of what the grant has to live, if that is less: 5 min.
	Warning time.Duration
	// Resume is for how long a resume token is good: 24 h.
	Resume time.Duration
	// GoAway is the window in which clients shall reconnect elsewhere after a Shutdown; then they are closed: 5 s.
	GoAway time.Duration

	// Frame is the largest frame that a client may send, in bytes: 65,536.
	Frame int
	// SendBytes and SendFrames bound a body of frames that is posted over HTTP: 256 KiB, 64 frames.
	SendBytes, SendFrames int
	// Attributes is the largest attributes object, in bytes: 4,096.
	Attributes int
	// Rate is how many frames a second a client may send in the long run: 50.
	Rate int
	// Burst is how many frames a client may send at once: 200.
	Burst int
	// Joins is how many times a minute a client may join: 20.
	Joins int
	// Reports is how many times a minute a client is listened to about its connections, if there is a Config.Reported: 60.
	Reports int
	// Refused is how many more frames of a client may be refused than were accepted: 100.
	Refused int
	// Window is how many signals to one instance a client may leave without a receipt; the server only announces it: 16.
	Window int
	// Mesh is how many members of a room connect to each other; the server only announces it: 16.
	Mesh int

	// Rooms is how many rooms a client may be in: 16.
	Rooms int
	// Candidates is how many addresses of a member are remembered, the newest, if there is Config.Candidates: 64.
	Candidates int
	// Members is how many members a room may have: 1,000.
	Members int
	// QueueFrames and QueueBytes bound what waits to be written to one connection: 256 frames, 512 KiB.
	QueueFrames, QueueBytes int
	// RingEvents and RingBytes bound the recent events that a room keeps: 512 events, 1 MiB.
	RingEvents, RingBytes int

	// PerAddress is how many connections an address (IPv6: a /64) may have: 50.
	PerAddress int
	// Failures is how often an address (IPv6: a /64) may have been refused, as a hello or a token, before the next one that
	// would have to be authorized must wait: 10. One is forgiven in each Forgive: 30 s.
	Failures int
	Forgive  time.Duration
	// Delay is the first such wait, and doubles with each further failure up to LongestDelay: 1 s, 1 min.
	Delay, LongestDelay time.Duration
	// FailedAddresses is for how many addresses failures are remembered; beyond it, chance decides whose are forgotten: 10,000.
	FailedAddresses int
	// Revocations is how many the server remembers; beyond it, those that would end first are forgotten, which it logs: 10,000.
	Revocations int
	// Sessions is how many sessions the server may have: 100,000.
	Sessions int
	// AllRooms is how many rooms the server may have: 100,000.
	AllRooms int
}

// withDefaults returns l with its zero fields filled in.
func (l Limits) withDefaults() Limits {
	return Limits{
		Hello:    cmp.Or(l.Hello, 5*time.Second),
		Body:     cmp.Or(l.Body, 10*time.Second),
		Ping:     cmp.Or(l.Ping, 15*time.Second),
		Silence:  cmp.Or(l.Silence, 25*time.Second),
		Write:    cmp.Or(l.Write, 10*time.Second),
		Linger:   cmp.Or(l.Linger, time.Second),
		Callback: cmp.Or(l.Callback, 10*time.Second),
		Grace:    cmp.Or(l.Grace, 15*time.Second),
		Ack:      cmp.Or(l.Ack, 60*time.Second),
		Warning:  cmp.Or(l.Warning, 5*time.Minute),
		Resume:   cmp.Or(l.Resume, 24*time.Hour),
		GoAway:   cmp.Or(l.GoAway, 5*time.Second),

		Frame:      cmp.Or(l.Frame, 64<<10),
		SendBytes:  cmp.Or(l.SendBytes, 256<<10),
		SendFrames: cmp.Or(l.SendFrames, 64),
		Attributes: cmp.Or(l.Attributes, 4<<10),
		Rate:       cmp.Or(l.Rate, 50),
		Burst:      cmp.Or(l.Burst, 200),
		Joins:      cmp.Or(l.Joins, 20),
		Reports:    cmp.Or(l.Reports, 60),
		Refused:    cmp.Or(l.Refused, 100),
		Window:     cmp.Or(l.Window, 16),
		Mesh:       cmp.Or(l.Mesh, 16),

		Rooms:       cmp.Or(l.Rooms, 16),
		Candidates:  cmp.Or(l.Candidates, 64),
		Members:     cmp.Or(l.Members, 1000),
		QueueFrames: cmp.Or(l.QueueFrames, 256),
		QueueBytes:  cmp.Or(l.QueueBytes, 512<<10),
		RingEvents:  cmp.Or(l.RingEvents, 512),
		RingBytes:   cmp.Or(l.RingBytes, 1<<20),

		Failures:        cmp.Or(l.Failures, 10),
		Forgive:         cmp.Or(l.Forgive, 30*time.Second),
		Delay:           cmp.Or(l.Delay, time.Second),
		LongestDelay:    cmp.Or(l.LongestDelay, time.Minute),
		FailedAddresses: cmp.Or(l.FailedAddresses, 10_000),

		PerAddress:  cmp.Or(l.PerAddress, 50),
		Revocations: cmp.Or(l.Revocations, 10_000),
		Sessions:    cmp.Or(l.Sessions, 100_000),
		AllRooms:    cmp.Or(l.AllRooms, 100_000),
	}
}
