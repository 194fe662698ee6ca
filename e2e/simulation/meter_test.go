package simulation

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"net"

	"github.com/beckon-rtc/beckon/signaling/protocol"
)

// meter is a connection's end that reads along what is written.
type meter struct {
	net.Conn
	wrote, got *scanner // got may be nil
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

// scanner finds the WebSocket frames in one direction of a connection, behind the HTTP header with which it begins.
type scanner struct {
	frame   func(text []byte) // for each; nil for a ping, a pong or a close
	started bool
	rest    []byte // what has no end yet
}

func (s *scanner) scan(b []byte) {
	s.rest = append(s.rest, b...)
	if !s.started {
		_, after, found := bytes.Cut(s.rest, []byte("\r\n\r\n"))
		if !found {
			return
		}
		s.started, s.rest = true, after
	}
	for s.next() {
	}
}

// next takes one frame (RFC 6455, section 5.2).
func (s *scanner) next() bool {
	b := s.rest
	if len(b) < 2 {
		return false
	}
	const text, masked = 1, 0x80
	head, size := 2, int(b[1]&0x7f)
	switch size {
	case 126:
		if head = 4; len(b) < head {
			return false
		}
		size = int(binary.BigEndian.Uint16(b[2:]))
	case 127:
		if head = 10; len(b) < head {
			return false
		}
		size = int(binary.BigEndian.Uint64(b[2:]))
	}
	var mask [4]byte
	if b[1]&masked != 0 {
		if len(b) < head+4 {
			return false
		}
		copy(mask[:], b[head:])
		head += 4
	}
	if len(b) < head+size {
		return false
	}
	payload := bytes.Clone(b[head : head+size])
	for i := range payload {
		payload[i] ^= mask[i%4]
	}
	s.rest = b[head+size:]
	if len(s.rest) == 0 {
		s.rest = nil
	}
	if b[0]&0x0f != text {
		payload = nil
	}
	s.frame(payload)
	return true
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
