package peer_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/beckon-rtc/beckon/peer"
	"github.com/beckon-rtc/beckon/peer/identity"
	"github.com/beckon-rtc/beckon/signaling/protocol"
	"github.com/gorilla/websocket"
	"github.com/pion/ice/v4"
	"github.com/pion/transport/v4/vnet"
	"github.com/pion/webrtc/v4"
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

// eavesdropper ends the connections of both sides itself, with its own certificates, and passes on what is said. With keys it signs for
// them as well, in the name of whom it poses as.
type eavesdropper struct {
	t   *testing.T
	w   *world
	key *identity.Key // by which it poses as each to the other; nil passes the proofs on
	// hides has the SDP name the certificate that was signed, and not the one that is used.
	hides bool
	over  chan struct{} // closed at the end
	pipes sync.WaitGroup

	mu     sync.Mutex
	pcs    [2]*webrtc.PeerConnection // with each client
	answer string                    // for who has offered
	heard  []string                  // what was said, in the clear
	hosts  [2]*vnet.Net
	shown  map[string]protocol.Member // as they really are
	ids    [2]string
	nonce  identity.Nonce
}

func newEavesdropper(w *world) *eavesdropper {
	e := &eavesdropper{t: w.t, w: w, shown: make(map[string]protocol.Member), over: make(chan struct{}), nonce: identity.NewNonce()}
	for i := range e.hosts {
		peer.VNet.Lock()
		host, err := vnet.NewNet(&vnet.NetConfig{StaticIPs: []string{fmt.Sprintf("10.0.0.%d", 200+i)}})
		peer.VNet.Unlock()
		must(w.t, err)
		must(w.t, w.router.AddNet(host))
		e.hosts[i] = host
	}
	w.t.Cleanup(func() {
		close(e.over)
		if !e.hides { // in a bubble; the rooms have closed their connections, and as in newWorld two ends should not do so at the same moment
			time.Sleep(time.Second)
		}
		for _, pc := range e.pcs {
			if pc != nil {
				pc.GracefulClose()
			}
		}
		e.pipes.Wait()
	})
	return e
}

// change takes over the negotiation.
func (e *eavesdropper) change() func(int, []byte) []byte {
	taken := signals(e.signal)
	if e.key == nil {
		return taken
	}
	posing := members(func(m *protocol.Member) {
		e.mu.Lock()
		defer e.mu.Unlock()
		e.shown[m.Peer] = *m
		m.Key, m.Nonce = e.key.Public().String(), e.nonce.String()
	})
	return func(to int, frame []byte) []byte {
		var w protocol.Welcome
		if env, err := protocol.Parse(frame); err == nil && env.Type == protocol.TypeWelcome && json.Unmarshal(frame, &w) == nil {
			e.mu.Lock()
			e.ids[to] = w.Peer
			e.mu.Unlock()
		}
		return both(posing, taken)(to, frame)
	}
}

// sign makes the proof of a description that it sends, in the name of the other.
func (e *eavesdropper) sign(to int, d *protocol.Description) *protocol.Proof {
	e.mu.Lock()
	defer e.mu.Unlock()
	f, err := identity.FingerprintIn(d.SDP)
	must(e.t, err)
	real := e.shown[e.ids[to]]
	key, err := identity.ParsePublicKey(real.Key)
	must(e.t, err)
	nonce, err := identity.ParseNonce(real.Nonce)
	must(e.t, err)
	role := identity.Offerer
	if d.Type == "answer" {
		role = identity.Answerer
	}
	proof := identity.Sign(e.key, identity.NewSecret(), identity.Binding{
		Role: role, Room: "tea", Fingerprint: f,
		Self:  identity.End{Peer: e.ids[1-to], Key: e.key.Public(), Nonce: e.nonce},
		Other: identity.End{Peer: e.ids[to], Key: key, Nonce: nonce},
	}, time.Now())
	return &proof
}

func (e *eavesdropper) signal(to int, data *protocol.SignalData) {
	if d := data.Description; d != nil {
		defer func(theirs string) {
			if e.hides {
				d.SDP = withFingerprintOf(theirs, d.SDP)
			}
			if e.key != nil {
				data.Proof = e.sign(to, d)
			}
		}(d.SDP)
	}
	switch {
	case data.Description != nil && data.Description.Type == "offer":
		from := e.connection(1 - to)
		must(e.t, from.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeOffer, SDP: data.Description.SDP}))
		answer, err := from.CreateAnswer(nil)
		must(e.t, err)
		answer = e.gathered(from, answer)
		on := e.connection(to)
		e.join(from, on)
		offer, err := on.CreateOffer(nil)
		must(e.t, err)
		data.Description.SDP = e.gathered(on, offer).SDP
		e.mu.Lock()
		e.answer = answer.SDP
		e.mu.Unlock()
	case data.Description != nil:
		from := e.pcs[1-to]
		must(e.t, from.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeAnswer, SDP: data.Description.SDP}))
		data.Description.SDP = e.answer
	case data.Candidate != nil:
		var c webrtc.ICECandidateInit
		if pc := e.pcs[1-to]; pc != nil && json.Unmarshal(data.Candidate, &c) == nil && c.Candidate != "" {
			pc.AddICECandidate(c)
		}
		data.Candidate = json.RawMessage("null") // its own are in the descriptions
	}
}

func (e *eavesdropper) connection(with int) *webrtc.PeerConnection {
	var s webrtc.SettingEngine
	s.SetNet(e.hosts[with])
	s.DetachDataChannels()
	s.DisableCloseByDTLS(true) // as package peer has it: it would close at the same time as below
	s.SetICEMulticastDNSMode(ice.MulticastDNSModeDisabled)
	s.DisableCertificateFingerprintVerification(true) // it takes everybody
	pc, err := webrtc.NewAPI(webrtc.WithSettingEngine(s)).NewPeerConnection(webrtc.Configuration{})
	must(e.t, err)
	e.mu.Lock()
	defer e.mu.Unlock()
	e.pcs[with] = pc
	return pc
}

func (e *eavesdropper) gathered(pc *webrtc.PeerConnection, d webrtc.SessionDescription) webrtc.SessionDescription {
	done := webrtc.GatheringCompletePromise(pc)
	must(e.t, pc.SetLocalDescription(d))
	<-done
	return *pc.LocalDescription()
}

// join passes on what comes on the channels of one connection to the other.
func (e *eavesdropper) join(a, b *webrtc.PeerConnection) {
	negotiated, id := true, uint16(0)
	open := func(pc *webrtc.PeerConnection) *webrtc.DataChannel {
		dc, err := pc.CreateDataChannel("beckon", &webrtc.DataChannelInit{Negotiated: &negotiated, ID: &id})
		must(e.t, err)
		return dc
	}
	e.pipe(open(a), open(b))
	for from, to := range map[*webrtc.PeerConnection]*webrtc.PeerConnection{a: b, b: a} {
		from.OnDataChannel(func(dc *webrtc.DataChannel) {
			ordered, protocol := dc.Ordered(), dc.Protocol()
			other, err := to.CreateDataChannel(dc.Label(), &webrtc.DataChannelInit{Ordered: &ordered, Protocol: &protocol})
			if err == nil {
				e.pipe(dc, other)
			}
		})
	}
}

// pipe passes on the messages of two channels, once both are open.
func (e *eavesdropper) pipe(a, b *webrtc.DataChannel) {
	opened := make(chan struct{}, 2)
	var raw [2]interface {
		ReadDataChannel([]byte) (int, bool, error)
		WriteDataChannel([]byte, bool) (int, error)
	}
	for i, dc := range []*webrtc.DataChannel{a, b} {
		dc.OnOpen(func() {
			r, err := dc.Detach()
			if err == nil {
				raw[i] = r
				opened <- struct{}{}
			}
		})
	}
	e.pipes.Go(func() {
		for range 2 {
			select {
			case <-opened:
			case <-e.over:
				return
			}
		}
		for i := range raw {
			e.pipes.Go(func() {
				buffer := make([]byte, 64<<10)
				for {
					n, text, err := raw[i].ReadDataChannel(buffer)
					if err != nil {
						return
					}
					e.mu.Lock()
					e.heard = append(e.heard, string(buffer[:n]))
					e.mu.Unlock()
					if _, err := raw[1-i].WriteDataChannel(buffer[:n], text); err != nil {
						return
					}
				}
			})
		}
	})
}

// knows tells whether it has heard somebody say that.
func (e *eavesdropper) knows(text string) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	return slices.ContainsFunc(e.heard, func(s string) bool { return strings.Contains(s, text) })
}
