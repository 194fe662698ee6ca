package peer

import (
	"encoding/json"
	"time"

	"github.com/beckon-rtc/beckon/signaling/protocol"
	"github.com/beckon-rtc/beckon/signaling/protocol/delivery"
)

// membership is a room's delivery machine with what keeps it going: its timers, the calls that wait for it, and the order in which
// its effects are done. It lasts for as long as the server gives this side the same peer id. Room.mu guards it.
type membership struct {
	// Set once.
	room           *Room
	peer, instance string
	machine        *delivery.Machine

	timers  map[string]*time.Timer
	calls   map[uint64]func(error) // by token; each is called once
	token   uint64                 // the last one
	effects []delivery.Effect      // not done yet
	doing   bool
	end     error // what all fail with that is outstanding at the end
}

func newMembership(r *Room, w protocol.Welcome, instance string) *membership {
	return &membership{
		room: r, peer: w.Peer, instance: instance,
		machine: delivery.New(delivery.Config{
			Room: r.name, Peer: w.Peer, Instance: instance,
			Window: w.Limits.Window, Grace: milliseconds(w.Grace),
		}),
		timers: make(map[string]*time.Timer),
		calls:  make(map[uint64]func(error)),
	}
}

// send brings data to one instance; settled is called with the result, perhaps before send returns.
func (m *membership) send(p *Peer, data json.RawMessage, settled func(error)) {
	m.step(delivery.Send{Token: m.call(settled), Peer: p.id, Instance: p.instance, Data: data})
}

// say brings data to the room; settled is called with the result, perhaps before say returns.
func (m *membership) say(data json.RawMessage, settled func(error)) {
	m.step(delivery.Say{Token: m.call(settled), Data: data})
}

func (m *membership) call(settled func(error)) uint64 {
	m.token++
	m.calls[m.token] = settled
	return m.token
}

// close fails all that is outstanding, and stops the timers.
func (m *membership) close(cause error) {
	m.end = cause
	m.step(delivery.Close{Code: Code(cause)})
	for key := range m.timers {
		m.clear(key)
	}
}

// step does what the machine says to an event. An effect may step the machine again, by what it makes the room say: the effects
// of that come behind those that are still to be done.
func (m *membership) step(event delivery.Event) {
	m.effects = append(m.effects, m.machine.Step(event)...)
	if m.doing {
		return
	}
	m.doing = true
	for len(m.effects) > 0 {
		effect := m.effects[0]
		m.effects = m.effects[1:]
		m.do(effect)
	}
	m.doing = false
}

func (m *membership) do(effect delivery.Effect) {
	switch e := effect.(type) {
	case delivery.Transmit:
		if c := m.room.carrier; c != nil {
			c.post(e.Frame)
		}
	case delivery.Wake:
		if c := m.room.carrier; c != nil {
			c.signalWake()
		}
	case delivery.SetTimer:
		m.start(e.Key, e.After)
	case delivery.ClearTimer:
		m.clear(e.Key)
	case delivery.Resolved:
		m.settle(e.Token, nil)
	case delivery.Failed:
		err := m.end
		if err == nil {
			err = codeError(e.Code)
		}
		m.settle(e.Token, err)
	default:
		m.room.happened(effect)
	}
}

func (m *membership) settle(token uint64, err error) {
	settled := m.calls[token]
	delete(m.calls, token)
	settled(err)
}

// start runs a timer, anew if it runs.
func (m *membership) start(key string, after time.Duration) {
	m.clear(key)
	var timer *time.Timer
	timer = time.AfterFunc(after, func() {
		m.room.mu.Lock()
		defer m.room.mu.Unlock()
		if m.timers[key] == timer {
			delete(m.timers, key)
			m.step(delivery.TimerFired{Key: key})
		}
	})
	m.timers[key] = timer
}

func (m *membership) clear(key string) {
	if timer := m.timers[key]; timer != nil {
		timer.Stop()
		delete(m.timers, key)
	}
}
