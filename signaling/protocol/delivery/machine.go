package delivery

import (
	"strings"

	"github.com/beckon-rtc/beckon/signaling/protocol"
)

// Machine is the delivery of one room's messages for one of its members. It is a value without clock, goroutine or I/O: its
// owner guards it, feeds it events and does what the effects say. The same events always have the same effects.
type Machine struct {
	cfg Config
	out output

	online bool // the carrier lives, and the room has answered the join
	closed bool
	awake  bool // the owner has been told that there is something to write

	epoch    string
	position uint64 // of the newest event that was taken in
	until    uint64 // where the replay ends that is going on
	acked    uint64 // the position that the server was told
	stable   uint64
	pings    uint64 // how many pings were made; each carries its number

	roster roster
	links  links
	speech speech
}

// New makes a machine, which is offline.
func New(cfg Config) *Machine {
	m := &Machine{cfg: cfg.withDefaults()}
	m.out.armed = map[string]bool{}
	m.roster.byPeer = map[string]*member{}
	m.links = links{cfg: &m.cfg, out: &m.out, byAddress: map[string]*link{}}
	m.speech = speech{cfg: &m.cfg, out: &m.out}
	return m
}

// Epoch and Position are what a join must say to go on where the log was left; "" and 0 before the first.
func (m *Machine) Epoch() string    { return m.epoch }
func (m *Machine) Position() uint64 { return m.position }

// Members are the members of the room by rank, this one among them. Who is missing from a restarted server has the last ranks.
func (m *Machine) Members() []protocol.Member { return m.roster.infos() }

// Step takes an event and returns what is to be done because of it, in order.
func (m *Machine) Step(event Event) []Effect {
	switch e := event.(type) {
	case Send:
		m.send(e)
	case Say:
		m.say(e)
	case Received:
		m.received(e)
	case Lost:
		m.lost()
	case Writable:
		m.writable()
	case Beat:
		m.beat()
	case TimerFired:
		m.fired(e)
	case Close:
		m.close(e)
	}
	if m.online && !m.awake && m.busy() {
		m.awake = true
		m.out.emit(Wake{})
	}
	return m.out.take()
}

// send takes a direct message. The instance is named because the caller means the object that it knows, not its successor.
func (m *Machine) send(e Send) {
	switch known := m.roster.byPeer[e.Peer]; {
	case m.closed:
		m.out.emit(Failed{e.Token, protocol.CodeClosed})
	case known == nil:
		m.out.emit(Failed{e.Token, protocol.CodeUnknownPeer})
	case known.info.Instance != e.Instance:
		m.out.emit(Failed{e.Token, protocol.CodeStaleInstance})
	default:
		m.link(known).send(e.Token, e.Data)
	}
}

func (m *Machine) say(e Say) {
	if m.closed {
		m.out.emit(Failed{e.Token, protocol.CodeClosed})
		return
	}
	m.speech.say(e.Token, e.Data)
}

// lost ends all that belongs to the carrier. What was in flight has arrived or not; the next one will tell.
func (m *Machine) lost() {
	m.online, m.awake = false, false
	for _, l := range m.links.living {
		l.fall()
	}
	for _, x := range m.roster.all {
		// Without a carrier nobody can be seen to come back.
		x.doubt = 0
		m.out.clear(x.graceTimer())
	}
	m.out.clear(flushTimer)
	m.speech.lost()
}

// beat makes a ping.
func (m *Machine) beat() {
	if m.online {
		m.ping()
	}
}

// ping asks for the stable position, and says how far this member is. The pong comes behind all events of before.
func (m *Machine) ping() {
	m.pings++
	m.acked = m.position
	m.out.emit(Transmit{protocol.Ping{T: m.pings, Acks: map[string]uint64{m.cfg.Room: m.position}}})
}

// fired takes a timer that has run out.
func (m *Machine) fired(e TimerFired) {
	if !m.out.fired(e.Key) {
		return // it was cleared while its message was on its way to us
	}
	kind, address, _ := strings.Cut(e.Key, " ")
	switch kind {
	case flushTimer:
		m.flush()
	case sayTimer:
		m.speech.paused = false
	case stableTimer:
		m.ping()
		m.speech.ask()
	case "resend":
		m.links.byAddress[address].overdue()
	case "grace":
		m.doubt(address)
	}
}

// close gives up everything.
func (m *Machine) close(e Close) {
	m.lost()
	for _, l := range m.links.living {
		l.fail(e.Code)
	}
	m.speech.fail(e.Code)
	m.closed = true
}

// link is the link to a member, which is reachable if the member is.
func (m *Machine) link(to *member) *link {
	l := m.links.open(to.info.Peer, to.info.Instance)
	if m.online && !to.missing && !to.info.Away {
		l.rise()
	} else {
		l.fall()
	}
	return l
}
