package simulation

import (
	"encoding/json"
	"net"

	"github.com/beckon-rtc/beckon/signaling/protocol"
)

// meter is a connection's end that reads along what is written.
type meter struct {
	net.Conn
	wrote, got *scanner // got may be nil
	closed     func()   // may be nil
}

// Write counts before it writes: a frame that is lost was sent all the same.
func (m *meter) Write(b []byte) (int, error) {
	m.wrote.scan(b)
	return m.Conn.Write(b)
}

func (m *meter) Read(b []byte) (int, error) {
	n, err := m.Conn.Read(b)
	if m.got != nil {
		m.got.scan(b[:n])
	}
	return n, err
}

func (m *meter) Close() error {
	if m.closed != nil {
		m.closed()
	}
	return m.Conn.Close()
}

// typeOf is what kind of frame that is.
func typeOf(text []byte) string {
	if text == nil {
		return "control"
	}
	env, err := protocol.Parse(text)
	if err != nil {
		return "unreadable"
	}
	return string(env.Type)
}

// logged returns the room message that a frame of the server tells, if it tells one.
func logged(text []byte) (e protocol.Event, s said, ok bool) {
	e, err := protocol.Decode[protocol.Event](text)
	if err != nil || e.Kind != protocol.EventMessage || json.Unmarshal(e.Data, &s) != nil {
		return e, s, false
	}
	return e, s, true
}
