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
	"github.com/pion/ice/v4"
	"github.com/pion/transport/v4/vnet"
	"github.com/pion/webrtc/v4"
)

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
