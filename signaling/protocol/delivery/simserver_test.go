package delivery

import (
	"fmt"
	"slices"
	"time"

	"github.com/beckon-rtc/beckon/signaling/protocol"
)

// The bounds of the model are smaller than a server's, so that they are met.
const (
	simQueue = 48
	simRing  = 400
	simGrace = 15 * time.Second
	simAck   = 60 * time.Second
)

// simServer models one life of a server with one room: it routes, logs and forgets. What it knows dies with it.
type simServer struct {
	w        *world
	epoch    string
	position uint64
	ring     []protocol.Event
	members  []*simMember
	stable   uint64
}

// simMember is a peer in the room.
type simMember struct {
	info    protocol.Member
	cursor  *simCursor // nil while away
	since   uint64     // from where on it may read the log
	acked   uint64
	waiting time.Duration
	said    uint64
	lease   int // counts the absences, so that a grace is of one of them
}

// simCursor is how far a connection has been told of the log.
type simCursor struct {
	m       *simMember
	wire    *wire
	at      uint64
	lagging bool
}

func newSimServer(w *world) *simServer {
	return &simServer{w: w, epoch: fmt.Sprintf("%016x", w.rng.Uint64())}
}

func (s *simServer) find(peer string) *simMember {
	for _, m := range s.members {
		if m.info.Peer == peer {
			return m
		}
	}
	return nil
}

func (s *simServer) has(after uint64) bool { return after+1 >= s.position-uint64(len(s.ring))+1 }

// log adds an event and tells everybody.
func (s *simServer) log(e protocol.Event) {
	s.settle()
	before := s.position
	s.position++
	e.Room, e.Position, e.Stable = "tea", s.position, s.stable
	s.ring = append(s.ring, e)
	if len(s.ring) > simRing {
		s.ring = s.ring[1:]
	}
	s.w.oracle.logged(s, e)
	for _, m := range s.members {
		if m.acked >= before {
			m.waiting = s.w.now
		}
		if cur := m.cursor; cur != nil && !cur.lagging {
			if cur.at+1 == s.position && len(cur.wire.queue) < simQueue/2 {
				cur.at = s.position
				cur.wire.enqueue(item{frame: e})
			} else {
				cur.lagging = true
				cur.wire.enqueue(item{cursor: cur})
			}
		}
	}
}

func (s *simServer) settle() {
	low := s.position
	for _, m := range s.members {
		if m.acked < low && s.has(m.acked) && s.w.now-m.waiting < simAck {
			low = m.acked
		}
	}
	s.stable = max(s.stable, low)
}

// enqueue puts an item into the queue to a client, which is written at the pace of its reader.
func (c *wire) enqueue(it item) {
	c.queue = append(c.queue, it)
	if !c.draining {
		c.draining = true
		c.w.after(c.pace, c.drain)
	}
}

func (c *wire) drain() {
	if c.dead || len(c.queue) == 0 || c.w.server == nil {
		c.draining = false
		return
	}
	it := c.queue[0]
	c.queue = c.queue[1:]
	if it.cursor == nil {
		c.toClient(it.frame)
	} else {
		for _, f := range c.w.server.catchUp(it.cursor) {
			c.toClient(f)
		}
	}
	c.w.after(c.pace, c.drain)
}

func (s *simServer) catchUp(cur *simCursor) (frames []protocol.Frame) {
	if cur.m.cursor != cur {
		return nil
	}
	cur.lagging = false
	at := cur.at
	cur.at = s.position
	if !s.has(at) {
		cur.m.acked = s.position
		return []protocol.Frame{s.snapshot(cur.m, true)}
	}
	for _, e := range s.ring {
		if e.Position > at {
			frames = append(frames, e)
		}
	}
	return frames
}

func (s *simServer) snapshot(m *simMember, gap bool) protocol.Joined {
	j := protocol.Joined{Room: "tea", Epoch: s.epoch, Position: s.position, Stable: s.stable, Topology: "none", Gap: gap, Said: m.said}
	for _, other := range s.members {
		j.Members = append(j.Members, other.info)
	}
	return j
}

// handle does what a client's frame asks.
func (s *simServer) handle(c *wire, f protocol.Frame) {
	m := s.find(c.client.peer)
	if j, ok := f.(protocol.Join); ok {
		s.join(c, m, j)
		return
	}
	if m == nil || m.cursor == nil || m.cursor.wire != c {
		return // of an older connection
	}
	switch f := f.(type) {
	case protocol.Signal:
		f.From, f.FromInstance = c.client.peer, c.client.instance
		if s.w.chance(0.002) {
			s.refuse(c, f, protocol.CodeRateLimited, 100)
		} else if code := s.route(f.To, f.ToInstance, f); code != "" {
			s.refuse(c, f, code, 0)
		}
	case protocol.Receipt:
		f.From, f.FromInstance = c.client.peer, c.client.instance
		s.route(f.To, f.ToInstance, f)
	case protocol.Message:
		switch {
		case s.w.chance(0.005):
			c.enqueue(item{frame: protocol.ErrorReply{Code: protocol.CodeRateLimited, RetryAfter: 100, Room: "tea", N: f.N}})
		case f.After <= m.said && m.said < f.N:
			m.said, m.info.Said = f.N, f.N
			s.log(protocol.Event{Kind: protocol.EventMessage, Peer: m.info.Peer, Instance: m.info.Instance, N: f.N, Data: f.Data})
		}
	case protocol.Ack:
		s.ack(m, f.Position)
	case protocol.Ping:
		s.ack(m, f.Acks["tea"])
		s.settle()
		c.enqueue(item{frame: protocol.Pong{T: f.T, Stable: map[string]uint64{"tea": s.stable}}})
	case protocol.Bye:
		s.leave(m, protocol.LeftBye)
	}
}

func (s *simServer) refuse(c *wire, f protocol.Signal, code protocol.ErrorCode, retryAfter int64) {
	if code == protocol.CodeBusy {
		s.w.tally.busy++
	}
	c.enqueue(item{frame: protocol.ErrorReply{Code: code, RetryAfter: retryAfter, Room: "tea", To: f.To, ToInstance: f.ToInstance, N: f.N}})
}

func (s *simServer) ack(m *simMember, position uint64) {
	if position <= m.cursor.at && position > m.acked {
		m.acked, m.waiting = position, s.w.now
	}
}

func (s *simServer) route(to, instance string, f protocol.Frame) protocol.ErrorCode {
	m := s.find(to)
	switch {
	case m == nil:
		return protocol.CodeUnknownPeer
	case m.info.Instance != instance:
		return protocol.CodeStaleInstance
	case m.cursor == nil:
		return ""
	case len(m.cursor.wire.queue) >= simQueue:
		return protocol.CodeBusy
	}
	m.cursor.wire.enqueue(item{frame: f})
	return ""
}

func (s *simServer) join(c *wire, m *simMember, j protocol.Join) {
	s.w.oracle.present(c.client)
	member := protocol.Member{Peer: c.client.peer, Instance: c.client.instance, Joined: s.position + 1}
	if m == nil {
		m = &simMember{info: member, since: s.position + 1, acked: s.position + 1}
		s.members = append(s.members, m)
		s.log(protocol.Event{Kind: protocol.EventJoined, Peer: member.Peer, Member: &member})
	} else {
		if m.cursor != nil { // the newest connection wins
			s.away(m)
		}
		if m.info.Instance != member.Instance {
			m.said = 0
		}
		member.Said = m.said
		member.Joined = m.info.Joined
		m.info = member
		m.lease++
		s.log(protocol.Event{Kind: protocol.EventBack, Peer: member.Peer, Member: &member})
	}
	m.cursor = &simCursor{m: m, wire: c, at: s.position}
	from, replay := j.Position, j.Epoch == s.epoch && j.Position >= m.since && s.has(j.Position)
	if j.Epoch != "" && j.Epoch != s.epoch && s.has(0) {
		from, replay = 0, true
		m.since, m.acked = 0, 0
	}
	if !replay {
		m.acked = s.position
		c.enqueue(item{frame: s.snapshot(m, j.Epoch != "")})
		return
	}
	m.acked = max(m.acked, from)
	m.cursor.at, m.cursor.lagging = from, true
	c.enqueue(item{frame: protocol.Joined{
		Room: "tea", Epoch: s.epoch, Position: from, Stable: s.stable, Topology: "none", Replay: true, Until: s.position, Said: m.said,
	}})
	c.enqueue(item{cursor: m.cursor})
}

// lost takes the end of a connection.
func (s *simServer) lost(c *wire) {
	c.dead = true
	if m := s.find(c.client.peer); m != nil && m.cursor != nil && m.cursor.wire == c {
		s.away(m)
	}
}

func (s *simServer) away(m *simMember) {
	m.cursor = nil
	m.info.Away = true
	m.lease++
	lease := m.lease
	s.log(protocol.Event{Kind: protocol.EventAway, Peer: m.info.Peer})
	s.w.after(simGrace, func() {
		if s == s.w.server && m.lease == lease && m.cursor == nil {
			s.leave(m, protocol.LeftTimeout)
		}
	})
}

func (s *simServer) leave(m *simMember, reason protocol.LeftReason) {
	i := slices.Index(s.members, m)
	if i < 0 {
		return
	}
	s.log(protocol.Event{Kind: protocol.EventLeft, Peer: m.info.Peer, Reason: reason})
	s.members = slices.Delete(s.members, i, i+1)
	m.lease++
	m.cursor = nil
}
