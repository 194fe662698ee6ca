package peer_test

import (
	"encoding/json"
	"strings"
	"sync"
	"testing"

	"github.com/beckon-rtc/beckon/signaling/protocol"
	"github.com/gorilla/websocket"
)

// middle is a server between two peers: a real one, of which everything passes through here, and is changed. It knows the peers by the order in which
// they come; what it changes is what the other one hears.
type middle struct {
	t *testing.T
	w *world

	mu      sync.Mutex
	clients int
	// change rewrites a frame on its way down to a client; nil leaves all as it is.
	change func(to int, frame []byte) []byte
	closed bool
	socks  []*websocket.Conn
}

// newMiddle puts one in front of w's server, for the WebSockets of those that config is for.
func newMiddle(w *world) (*middle, *front) {
	m := &middle{t: w.t, w: w}
	f := newFront(w)
	f.on("ws", opensAnd(m.carry))
	w.t.Cleanup(m.close)
	return m, f
}

func (m *middle) set(change func(to int, frame []byte) []byte) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.change = change
}

func (m *middle) close() {
	m.mu.Lock()
	m.closed = true
	socks := m.socks
	m.mu.Unlock()
	for _, s := range socks {
		s.Close()
	}
}

// carry passes the frames of a client on, both ways, until either way ends.
func (m *middle) carry(client *websocket.Conn) {
	d := websocket.Dialer{Subprotocols: []string{protocol.Version}, NetDialContext: m.w.signals.DialContext}
	server, _, err := d.Dial("ws://beckon.test/v1/ws", nil)
	if err != nil {
		return
	}
	m.mu.Lock()
	who := m.clients
	m.clients++
	m.socks = append(m.socks, server, client)
	m.mu.Unlock()
	done := make(chan struct{})
	go func() {
		defer close(done)
		defer server.Close()
		for {
			kind, frame, err := client.ReadMessage()
			if err != nil || server.WriteMessage(kind, frame) != nil {
				return
			}
		}
	}()
	for {
		kind, frame, err := server.ReadMessage()
		if err != nil {
			break
		}
		m.mu.Lock()
		change := m.change
		m.mu.Unlock()
		if change != nil {
			frame = change(who, frame)
		}
		if client.WriteMessage(kind, frame) != nil {
			break
		}
	}
	client.Close()
	<-done
}

// signals changes the SDK's own signals.
func signals(change func(to int, data *protocol.SignalData)) func(int, []byte) []byte {
	return func(to int, frame []byte) []byte {
		var s protocol.Signal
		var data protocol.SignalData
		env, err := protocol.Parse(frame)
		if err != nil || env.Type != protocol.TypeSignal || json.Unmarshal(frame, &s) != nil || json.Unmarshal(s.Data, &data) != nil {
			return frame
		}
		change(to, &data)
		raw, err := json.Marshal(data)
		if err != nil {
			return frame
		}
		s.Data = raw
		return protocol.Encode(s)
	}
}

// descriptions changes those alone.
func descriptions(change func(to int, data *protocol.SignalData)) func(int, []byte) []byte {
	return signals(func(to int, data *protocol.SignalData) {
		if data.Description != nil {
			change(to, data)
		}
	})
}

// members changes what a client learns of the others: in the snapshot, and in the events of who joins and comes back.
func members(change func(m *protocol.Member)) func(int, []byte) []byte {
	self := make(map[int]string)
	return func(to int, frame []byte) []byte {
		env, err := protocol.Parse(frame)
		if err != nil {
			return frame
		}
		switch env.Type {
		case protocol.TypeWelcome:
			var w protocol.Welcome
			if json.Unmarshal(frame, &w) == nil {
				self[to] = w.Peer // each client is carried by one goroutine, and tests join one after the other
			}
		case protocol.TypeJoined:
			var j protocol.Joined
			if json.Unmarshal(frame, &j) == nil {
				for i := range j.Members {
					if j.Members[i].Peer != self[to] {
						change(&j.Members[i])
					}
				}
				return protocol.Encode(j)
			}
		case protocol.TypeEvent:
			var e protocol.Event
			if json.Unmarshal(frame, &e) == nil && e.Member != nil && e.Peer != self[to] {
				change(e.Member)
				return protocol.Encode(e)
			}
		}
		return frame
	}
}

// both does one change after the other.
func both(a, b func(int, []byte) []byte) func(int, []byte) []byte {
	return func(to int, frame []byte) []byte { return b(to, a(to, frame)) }
}

// otherFingerprint is an SDP with another certificate's fingerprint.
func otherFingerprint(sdp string) string {
	return withFingerprintOf("a=fingerprint:sha-256 "+strings.Repeat("AB:", 31)+"AB\r\n", sdp)
}

// withFingerprintOf is an SDP with the fingerprint of another.
func withFingerprintOf(other, sdp string) string {
	_, rest, _ := strings.Cut(other, "a=fingerprint:")
	theirs, _, _ := strings.Cut(rest, "\r\n")
	head, rest, _ := strings.Cut(sdp, "a=fingerprint:")
	_, tail, _ := strings.Cut(rest, "\r\n")
	return head + "a=fingerprint:" + theirs + "\r\n" + tail
}
