package delivery

import (
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/beckon-rtc/beckon/signaling/protocol"
)

// oracle knows what was said, and holds every client to it.
type oracle struct {
	w       *world
	clients map[string]*record // by address, also of the dead
	order   []*record
	logs    map[string]map[uint64]string // by epoch and position: which message
	wrong   []string
}

// record is what the oracle knows of one instance.
type record struct {
	c      *simClient
	alive  bool
	absent time.Duration // since when; -1 while present
	spells [][2]time.Duration

	sent    map[uint64]*sentMessage // by token
	spoken  map[uint64]*sentMessage // those to the room, by their number
	pending int
	room    uint64 // the number of room messages
	got     map[string]uint64
	heard   map[string]uint64
	owed    map[string]uint64 // the first message of each that was logged while this one was a member
	gap     map[string]bool   // a hole was told since the last message of that one
	place   place
	synced  bool
}

type place struct {
	epoch    string
	position uint64
}

type sentMessage struct {
	to       string // "" for the room
	id       uint64
	at       time.Duration
	settled  bool
	resolved bool
	arrived  bool
	logged   bool
}

func newOracle(w *world) *oracle {
	return &oracle{w: w, clients: map[string]*record{}, logs: map[string]map[uint64]string{}}
}

func (o *oracle) errorf(format string, args ...any) {
	if len(o.wrong) < 20 {
		o.wrong = append(o.wrong, fmt.Sprintf("%v: ", o.w.now)+fmt.Sprintf(format, args...))
	}
}

func (o *oracle) of(c *simClient) *record { return o.clients[c.address()] }

func (o *oracle) born(c *simClient) {
	r := &record{
		c: c, alive: true, absent: o.w.now, sent: map[uint64]*sentMessage{}, spoken: map[uint64]*sentMessage{}, got: map[string]uint64{},
		heard: map[string]uint64{}, owed: map[string]uint64{}, gap: map[string]bool{},
	}
	o.clients[c.address()] = r
	o.order = append(o.order, r)
}

func (o *oracle) died(c *simClient) {
	o.gone(c)
	o.of(c).alive = false
}

// gone and present bound the absences of a client: from the end of its carrier until the server has its join.
func (o *oracle) gone(c *simClient) {
	if r := o.of(c); r.absent < 0 {
		r.absent = o.w.now
	}
}

func (o *oracle) present(c *simClient) {
	r := o.of(c)
	if r.absent >= 0 {
		r.spells = append(r.spells, [2]time.Duration{r.absent, o.w.now})
		r.absent = -1
	}
}

// longAway tells whether a client was absent for at least the grace, after a moment.
func (o *oracle) longAway(r *record, since time.Duration) bool {
	return !r.alive || r.absent >= 0 && o.w.now-r.absent >= simGrace || slices.ContainsFunc(r.spells, func(s [2]time.Duration) bool {
		return s[1] > since && s[1]-s[0] >= simGrace
	})
}

func (o *oracle) toSend(c *simClient, token uint64, to protocol.Member) json.RawMessage {
	r := o.of(c)
	r.sent[token] = &sentMessage{to: addressOf(to.Peer, to.Instance), id: token, at: o.w.now}
	r.pending++
	return number(token)
}

func (o *oracle) toSay(c *simClient, token uint64) json.RawMessage {
	r := o.of(c)
	r.room++
	r.sent[token] = &sentMessage{id: r.room, at: o.w.now}
	r.spoken[r.room] = r.sent[token]
	r.pending++
	return number(r.room)
}

// logged is told of every event in the server's log.
func (o *oracle) logged(s *simServer, e protocol.Event) {
	if e.Kind != protocol.EventMessage {
		return
	}
	from := addressOf(e.Peer, e.Instance)
	if o.logs[s.epoch] == nil {
		o.logs[s.epoch] = map[uint64]string{}
	}
	o.logs[s.epoch][e.Position] = from + " " + string(e.Data)
	id := parse(e.Data)
	spoken := o.clients[from].spoken[id]
	fresh := !spoken.logged // what is said again is owed to those alone who were there the first time
	spoken.logged = true
	for _, m := range s.members {
		r := o.clients[addressOf(m.info.Peer, m.info.Instance)]
		if fresh && r.synced && (r.owed[from] == 0 || id < r.owed[from]) && r.heard[from] == 0 {
			r.owed[from] = id
		}
		if m.info.Peer != e.Peer {
			o.w.tally.heard++
		}
	}
}

func (o *oracle) joined(c *simClient, j protocol.Joined) {
	r := o.of(c)
	r.synced = true
	r.place = place{j.Epoch, j.Position}
	if j.Gap {
		for _, other := range o.order {
			r.gap[other.c.address()] = true
		}
	}
}

func parse(data json.RawMessage) (id uint64) {
	if err := json.Unmarshal(data, &id); err != nil {
		panic(err)
	}
	return id
}

// saw judges what a client was told.
func (o *oracle) saw(c *simClient, effect Effect) {
	r := o.of(c)
	switch e := effect.(type) {
	case Direct:
		o.direct(r, e)
	case Message:
		o.message(r, e)
	case Resolved:
		o.settled(r, e.Token, "")
	case Failed:
		o.settled(r, e.Token, e.Code)
	case Gap:
		o.w.tally.gaps++
		if r.place.epoch == c.machine.epoch && r.place.position < c.machine.position {
			o.w.tally.skipped++ // it was seen at a message, not told by the server
		}
		for _, other := range o.order {
			r.gap[other.c.address()] = true
		}
	case Left:
		gone := o.clients[addressOf(e.Member.Peer, e.Member.Instance)]
		if !o.longAway(gone, o.w.now-time.Minute) {
			o.errorf("false left: %s says that %s left (%s), absences %v", c.address(), gone.c.address(), e.Reason, gone.spells)
		}
	}
}

func (o *oracle) direct(r *record, e Direct) {
	from := o.clients[addressOf(e.Peer, e.Instance)]
	id := parse(e.Data)
	m := from.sent[id]
	switch {
	case m.arrived:
		o.errorf("duplicated: direct %d from %s to %s", id, from.c.address(), r.c.address())
	case id < r.got[from.c.address()]:
		o.errorf("reordered: direct %d from %s to %s after %d", id, from.c.address(), r.c.address(), r.got[from.c.address()])
	case m.to != r.c.address():
		o.errorf("misrouted: direct %d from %s to %s, for %s", id, from.c.address(), r.c.address(), m.to)
	}
	m.arrived = true
	r.got[from.c.address()] = id
}

func (o *oracle) message(r *record, e Message) {
	from := addressOf(e.Peer, e.Instance)
	id, last := parse(e.Data), r.heard[from]
	switch {
	case id == last:
		o.errorf("duplicated: room %d from %s to %s", id, from, r.c.address())
	case id < last:
		o.errorf("reordered: room %d from %s to %s after %d", id, from, r.c.address(), last)
	case last > 0 && id > last+1 && !r.gap[from]:
		o.errorf("lost: room %d from %s to %s, after %d, and no gap told", id, from, r.c.address(), last)
	case last == 0 && r.owed[from] > 0 && id > r.owed[from] && !r.gap[from]:
		o.errorf("lost: room %d from %s is the first to %s, which was there for %d", id, from, r.c.address(), r.owed[from])
	}
	r.heard[from] = id
	r.gap[from] = false
	m := r.c.machine
	if o.logs[m.epoch][m.position] != from+" "+string(e.Data) {
		o.errorf("reordered: %s heard %d of %s at %d of %s, where the log has %q", r.c.address(), id, from, m.position, m.epoch, o.logs[m.epoch][m.position])
	}
	if r.place.epoch == m.epoch && r.place.position >= m.position {
		o.errorf("reordered: %s is at %v and heard of %d", r.c.address(), r.place, m.position)
	}
	r.place = place{m.epoch, m.position}
}

func (o *oracle) settled(r *record, token uint64, code protocol.ErrorCode) {
	m := r.sent[token]
	if m.settled {
		o.errorf("settled twice: %d of %s", token, r.c.address())
		return
	}
	m.settled = true
	r.pending--
	switch {
	case code == protocol.CodeOverflow:
		if m.to == "" {
			o.errorf("overflow: room message of %s", r.c.address())
		}
		m.settled, m.arrived = true, true
	case code != "":
		o.w.tally.failed++
		if m.to == "" || !o.longAway(o.clients[m.to], m.at-simGrace) {
			o.errorf("failed for no reason: %d of %s to %q: %s", token, r.c.address(), m.to, code)
		}
	case m.to != "" && !m.arrived:
		o.errorf("lost: %d of %s to %s is resolved and has not arrived", token, r.c.address(), m.to)
	case m.to == "" && !m.logged:
		o.errorf("lost: room %d of %s is resolved and not logged", m.id, r.c.address())
	default:
		m.resolved = true
	}
}

// quiet tells whether everything has settled, everybody is back and all have heard the same.
func (o *oracle) quiet() bool {
	if o.w.server == nil {
		return false
	}
	for _, c := range o.w.clients {
		if o.of(c).pending > 0 || !c.machine.online || c.machine.position != o.w.server.position {
			return false
		}
	}
	return true
}

// finish judges what must be true in the end.
func (o *oracle) finish() {
	for _, r := range o.order {
		if !r.alive {
			continue
		}
		for token, m := range r.sent {
			switch {
			case !m.settled:
				o.errorf("unsettled: %d of %s to %q", token, r.c.address(), m.to)
			case m.resolved && m.to != "" && !m.arrived:
				o.errorf("lost: %d of %s to %s", token, r.c.address(), m.to)
			}
		}
		for _, from := range o.order {
			address := from.c.address()
			if from.alive && r.heard[address] != from.room && !r.gap[address] && (r.heard[address] > 0 || r.owed[address] > 0) {
				o.errorf("lost: %s heard %s up to %d of %d", r.c.address(), address, r.heard[address], from.room)
			}
		}
	}
}
