package simulation

import (
	"encoding/json"
	"fmt"
	"sync"
	"time"

	"github.com/beckon-rtc/beckon/peer"
	"github.com/beckon-rtc/beckon/signaling/protocol"
)

// grace is for how long a member may be away, the server's default.
const grace = 15 * time.Second

// oracle knows what was said, and holds everybody to it.
type oracle struct {
	mu       sync.Mutex // guards everything, also of what it points to
	records  map[string]*record
	names    map[string]string // by peer id
	messages map[said]*message
	open     []*message // those about which something is still to come
	life     int        // which server lives; 0 for none
	logs     map[place]said
	places   map[said][]place
	tally    tally
	wrong    []string
	start    time.Time
}

// record is what the oracle knows of a player.
type record struct {
	name   string
	alive  bool
	member bool      // its Join has returned
	absent time.Time // since when; zero while it is there
	spells []spell   // its absences of before
	heard  map[string]*stream
	place  place // of the newest room message that it heard
}

// spell is an absence.
type spell struct{ from, to time.Time }

// lapsed tells whether a player was away for so long, around a moment, that it has left by right. It is a new member then: what
// was said to the one before fails by name, and what the room said meanwhile is not for it.
func (r *record) lapsed(about time.Time) bool {
	if !r.absent.IsZero() && time.Since(r.absent) >= grace {
		return about.After(r.absent.Add(-2 * grace))
	}
	for _, s := range r.spells {
		if s.to.Sub(s.from) >= grace && about.After(s.from.Add(-2*grace)) && about.Before(s.to.Add(2*grace)) {
			return true
		}
	}
	return false
}

// stream is what a player heard of another: of one kind, the direct messages or those to the room.
type stream struct {
	seen map[int]bool
	last int
}

// message is something that was said.
type message struct {
	said
	from     *record
	to       *record // nil for the room
	begun    time.Time
	owed     []*record // who must hear it
	missing  map[*record]bool
	answered bool
	err      error
}

// place is one in the log of a life.
type place struct {
	life     int
	position uint64
}

func (p place) before(q place) bool {
	return p.life < q.life || p.life == q.life && p.position < q.position
}

func newOracle() *oracle {
	return &oracle{
		records: map[string]*record{}, names: map[string]string{}, messages: map[said]*message{},
		logs: map[place]said{}, places: map[said][]place{}, tally: newTally(), start: time.Now(),
	}
}

// errorf notes what is wrong. o.mu must be held.
func (o *oracle) errorf(format string, args ...any) {
	o.tally.wrong++
	if len(o.wrong) < 20 {
		o.wrong = append(o.wrong, fmt.Sprintf("%v: ", time.Since(o.start))+fmt.Sprintf(format, args...))
	}
}

func (o *oracle) born(p *player) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.records[p.name] = &record{name: p.name, alive: true, heard: map[string]*stream{}}
}

func (o *oracle) entered(p *player, id string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.names[id] = p.name
	o.records[p.name].member = true
}

func (o *oracle) died(p *player) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.records[p.name].alive = false
}

// gone and back bound an absence.
func (o *oracle) gone(p *player, since time.Time) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if r := o.records[p.name]; r.absent.IsZero() {
		r.absent = since
	}
}

func (o *oracle) back(name string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if r := o.records[name]; !r.absent.IsZero() {
		if time.Since(r.absent) >= grace {
			o.tally.lapsed++
		}
		r.spells = append(r.spells, spell{r.absent, time.Now()})
		r.absent = time.Time{}
	}
}

func (o *oracle) nameOf(id string) string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.names[id]
}

// lives tells which server lives; 0 for none.
func (o *oracle) lives(number int) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.life = number
}

func (o *oracle) fromClient(text []byte) {
	kind := typeOf(text)
	o.mu.Lock()
	defer o.mu.Unlock()
	o.tally.frames++
	o.tally.kinds["> "+kind]++
}

// fromServer counts a frame, and keeps the log.
func (o *oracle) fromServer(life int, text []byte) {
	kind := typeOf(text)
	e, s, message := protocol.Event{}, said{}, false
	if kind == string(protocol.TypeEvent) {
		e, s, message = logged(text)
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	if life != o.life {
		return // a dead one's
	}
	o.tally.frames++
	o.tally.kinds["< "+kind]++
	if !message {
		return
	}
	at := place{life, e.Position}
	if known, ok := o.logs[at]; !ok {
		o.logs[at] = s
		o.places[s] = append(o.places[s], at)
	} else if known != s {
		o.tally.reordered++
		o.errorf("reordered: the log of life %d has %v and %v at %d", life, known, s, e.Position)
	}
}

// begun takes it that a player says something now.
func (o *oracle) begun(p *player, s said) *message {
	o.mu.Lock()
	defer o.mu.Unlock()
	m := &message{said: s, from: o.records[p.name], to: o.records[s.To], begun: time.Now(), missing: map[*record]bool{}}
	if m.to != nil {
		m.owed = []*record{m.to}
	} else {
		for _, r := range o.records {
			if r != m.from && r.member && r.alive {
				m.owed = append(m.owed, r)
			}
		}
	}
	for _, r := range m.owed {
		m.missing[r] = true
	}
	o.messages[s] = m
	o.open = append(o.open, m)
	return m
}

// answered takes a call's result.
func (o *oracle) answered(m *message, err error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	m.answered, m.err = true, err
	if err == nil {
		return
	}
	code := peer.Code(err)
	switch {
	case !m.from.alive:
		o.tally.withSender++
	case m.to != nil && (!m.to.alive || m.to.lapsed(m.begun)) && (code == protocol.CodeClosed || code == protocol.CodeUnknownPeer || code == protocol.CodeStaleInstance):
		o.tally.withRecipient++
	default:
		o.errorf("failed for no reason: %v: %v", m.said, err)
	}
}

// saw takes an event of a player's room.
func (o *oracle) saw(p *player, e peer.Event) {
	o.mu.Lock()
	defer o.mu.Unlock()
	r := o.records[p.name]
	if e.Missed > 0 {
		o.errorf("%s reads too slowly: %d events dropped", r.name, e.Missed)
	}
	switch e.Kind {
	case peer.EventSignal, peer.EventMessage:
		var s said
		if err := json.Unmarshal(e.Data, &s); err != nil {
			o.errorf("%s heard %s: %v", r.name, e.Data, err)
			return
		}
		o.heard(r, e, s)
	case peer.EventLeft:
		o.left(r, o.records[o.names[e.Peer.ID()]], e.Reason)
	case peer.EventGap:
		if !r.lapsed(time.Now()) {
			o.errorf("gap: told to %s", r.name)
		}
	}
}
