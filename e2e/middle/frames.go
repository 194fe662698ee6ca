package middle

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/beckon-rtc/beckon/peer/identity"
	"github.com/beckon-rtc/beckon/signaling/protocol"
)

// Please is what an app says to the other peer to have the Server ask, in its name, for another path: an ICE restart. An SDK does so
// when its network changes, which a test cannot have.
const Please = "restart"

// wish is how that is said.
type wish struct {
	Please string `json:"please"`
}

// recorded is a description that somebody has said, with its proof.
type recorded struct {
	peer string
	key  identity.PublicKey
	data protocol.SignalData
}

// up takes what the client says, and returns what the real server is told instead.
func (l *link) up(raw []byte) []byte {
	var frame struct{ Type protocol.Type }
	if json.Unmarshal(raw, &frame) != nil {
		return raw
	}
	switch frame.Type {
	case protocol.TypeHello:
		l.mu.Lock()
		_ = json.Unmarshal(raw, &l.shown)
		l.mu.Unlock()
	case protocol.TypeSignal:
		var signal protocol.Signal
		if json.Unmarshal(raw, &signal) != nil {
			return raw
		}
		l.mu.Lock()
		from := l.peer
		l.mu.Unlock()
		data, err := l.s.signal(from, signal)
		if err != nil {
			l.s.failed(fmt.Errorf("middle: what %s says in %s: %w", from, signal.Room, err))
			return raw
		}
		if data == nil {
			return raw
		}
		signal.Data = data
		return protocol.Encode(signal)
	}
	return raw
}

// down takes what the real server says, and returns what the client is told instead.
func (l *link) down(raw []byte) []byte {
	var frame struct{ Type protocol.Type }
	if json.Unmarshal(raw, &frame) != nil {
		return raw
	}
	switch frame.Type {
	case protocol.TypeWelcome:
		var welcome protocol.Welcome
		if json.Unmarshal(raw, &welcome) == nil {
			l.welcomed(welcome.Peer)
		}
	case protocol.TypeJoined:
		var joined protocol.Joined
		if l.s.attack == Keys && json.Unmarshal(raw, &joined) == nil {
			for i := range joined.Members {
				l.pose(&joined.Members[i])
			}
			return protocol.Encode(joined)
		}
	case protocol.TypeEvent:
		var event protocol.Event
		if l.s.attack == Keys && json.Unmarshal(raw, &event) == nil && event.Member != nil {
			l.pose(event.Member)
			return protocol.Encode(event)
		}
	}
	return raw
}

// welcomed notes who the client is.
func (l *link) welcomed(id string) {
	l.mu.Lock()
	l.peer = id
	shown := l.shown
	l.mu.Unlock()
	key, err := identity.ParsePublicKey(shown.Key)
	nonce, err2 := identity.ParseNonce(shown.Nonce)
	if err != nil || err2 != nil {
		return
	}
	l.s.mu.Lock()
	defer l.s.mu.Unlock()
	l.s.ends[id] = identity.End{Peer: id, Key: key, Nonce: nonce}
}

// pose shows the Server's key for that of another member.
func (l *link) pose(m *protocol.Member) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if m.Peer != l.peer && m.Key != "" {
		m.Key, m.Nonce = l.s.key.Public().String(), l.s.nonce.String()
	}
}

// signal returns what is said instead of what a peer said; nil to leave it.
func (s *Server) signal(from string, signal protocol.Signal) (json.RawMessage, error) {
	var asked wish
	if json.Unmarshal(signal.Data, &asked) == nil && asked.Please == Please {
		s.mu.Lock()
		defer s.mu.Unlock()
		return json.Marshal(protocol.SignalData{Want: true, Session: s.sessions[signal.Room]})
	}
	var data protocol.SignalData
	if json.Unmarshal(signal.Data, &data) != nil {
		return nil, nil
	}
	if data.Description != nil {
		s.noted(signal.Room, data)
	}
	var err error
	switch s.attack {
	case Swap, Strip, Keys:
		err = s.between(from, signal, &data)
	case Replay:
		s.replay(from, signal.Room, &data)
	default:
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return json.Marshal(data)
}

// noted counts the restarts that both sides have described.
func (s *Server) noted(room string, data protocol.SignalData) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.sessions[room] = data.Session
	switch {
	case data.ICERestart:
		s.again[room] = true
	case s.again[room]:
		s.again[room] = false
		s.restarts[room]++
	}
}

// replay puts in the place of a description what the same key has said under another peer id, and remembers what is new.
func (s *Server) replay(from, room string, data *protocol.SignalData) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if data.Description == nil {
		return
	}
	key := s.ends[from].Key
	for _, old := range s.records[room] {
		if old.peer != from && old.key == key {
			data.Description = &protocol.Description{Type: data.Description.Type, SDP: old.data.Description.SDP}
			data.Proof = old.data.Proof
			return
		}
	}
	s.records[room] = append(s.records[room], recorded{from, key, *data})
}

// sign makes the proof of a description of the Server's, under its own key, in the name of a peer and for another. It has no link's secret.
func (s *Server) sign(role identity.Role, room, from, to, sdp string) (*protocol.Proof, error) {
	own, err := identity.FingerprintIn(sdp)
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	other := s.ends[to]
	s.mu.Unlock()
	proof := identity.Sign(s.key, identity.Secret{}, identity.Binding{
		Role: role, Room: room, Self: identity.End{Peer: from, Key: s.key.Public(), Nonce: s.nonce}, Other: other, Fingerprint: own,
	}, time.Now())
	return &proof, nil
}
