package middle

import (
	"bytes"
	"encoding/json"
	"errors"
	"net"
	"sync"

	"github.com/pion/ice/v4"
	"github.com/pion/logging"
	"github.com/pion/webrtc/v4"

	"github.com/beckon-rtc/beckon/peer/identity"
	"github.com/beckon-rtc/beckon/signaling/protocol"
)

// What is changed in what goes through: as long as what was there, so that no length is wrong.
var tea, gin = []byte("tea"), []byte("gin")

// pairName are two peers: the one that offers first.
type pairName struct{ offerer, answerer string }

// pair is the Server between two peers: a connection to each, whose channels are joined.
type pair struct {
	s *Server
	// toOfferer answers the one that offers, toAnswerer offers to the one that answers.
	toOfferer, toAnswerer *webrtc.PeerConnection

	mu   sync.Mutex
	kept []webrtc.ICECandidateInit // of the answerer's, that came before its answer; guarded by mu
}

// between puts the Server between two peers, by what one of them says to the other.
func (s *Server) between(from string, signal protocol.Signal, data *protocol.SignalData) error {
	switch d := data.Description; {
	case d != nil && d.Type == "offer":
		p, err := s.newPair(pairName{from, signal.To})
		if err != nil {
			return err
		}
		if d.SDP, err = p.offer(d.SDP); err != nil {
			return err
		}
		return s.prove(identity.Offerer, from, signal, data)
	case d != nil:
		p := s.pair(pairName{signal.To, from})
		if p == nil {
			return errors.New("an answer to no offer")
		}
		sdp, err := p.answer(d.SDP)
		if err != nil {
			return err
		}
		d.SDP = sdp
		return s.prove(identity.Answerer, from, signal, data)
	case data.Candidate != nil:
		var candidate *webrtc.ICECandidateInit
		if json.Unmarshal(data.Candidate, &candidate) != nil || candidate == nil {
			return nil
		}
		data.Candidate = json.RawMessage("null") // the Server's are in its descriptions
		if p := s.pair(pairName{from, signal.To}); p != nil {
			return p.toOfferer.AddICECandidate(*candidate)
		}
		if p := s.pair(pairName{signal.To, from}); p != nil {
			return p.keep(*candidate)
		}
	}
	return nil
}

// prove puts beside a description what the attack has for a proof. Who verifies nobody gets none.
func (s *Server) prove(role identity.Role, from string, signal protocol.Signal, data *protocol.SignalData) (err error) {
	switch {
	case s.attack == Strip:
		data.Proof = nil
	case s.attack == Keys && data.Proof != nil:
		data.Proof, err = s.sign(role, signal.Room, from, signal.To, data.Description.SDP)
	}
	return err
}

func (s *Server) pair(name pairName) *pair {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.pairs[name]
}

func (s *Server) newPair(name pairName) (*pair, error) {
	var engine webrtc.SettingEngine
	engine.SetSCTPMaxMessageSize(262144)
	// A link-local address of IPv6 pairs with its like alone (RFC 8445, section 6.1.2.2), which Pion does not look at: it nominated one with a
	// browser's global address whose answer came first, and that browser, which knows better, stayed at checking.
	engine.SetIPFilter(func(ip net.IP) bool { return ip.To4() != nil || !ip.IsLinkLocalUnicast() })
	engine.SetICEMulticastDNSMode(ice.MulticastDNSModeDisabled)
	engine.LoggerFactory = &logging.DefaultLoggerFactory{DefaultLogLevel: logging.LogLevelDisabled, ScopeLevels: map[string]logging.LogLevel{}}
	api := webrtc.NewAPI(webrtc.WithSettingEngine(engine))
	p := &pair{s: s}
	var err error
	if p.toOfferer, err = api.NewPeerConnection(webrtc.Configuration{}); err != nil {
		return nil, err
	}
	if p.toAnswerer, err = api.NewPeerConnection(webrtc.Configuration{}); err != nil {
		return nil, err
	}
	// The control channel is there without being opened.
	negotiated, id := true, uint16(0)
	var ends [2]*webrtc.DataChannel
	for i, pc := range []*webrtc.PeerConnection{p.toOfferer, p.toAnswerer} {
		if ends[i], err = pc.CreateDataChannel("beckon", &webrtc.DataChannelInit{Negotiated: &negotiated, ID: &id}); err != nil {
			return nil, err
		}
	}
	s.join(ends[0], ends[1])
	p.toOfferer.OnDataChannel(func(dc *webrtc.DataChannel) { s.mirror(dc, p.toAnswerer) })
	p.toAnswerer.OnDataChannel(func(dc *webrtc.DataChannel) { s.mirror(dc, p.toOfferer) })
	s.mu.Lock()
	old := s.pairs[name]
	if s.pairs != nil {
		s.pairs[name] = p
	}
	s.mu.Unlock()
	if old != nil {
		err = old.close()
	}
	return p, err
}

// offer takes the offer of one, and returns the Server's to the other.
func (p *pair) offer(sdp string) (string, error) {
	if err := p.toOfferer.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeOffer, SDP: sdp}); err != nil {
		return "", err
	}
	offer, err := p.toAnswerer.CreateOffer(nil)
	return described(p.toAnswerer, offer, err)
}

// answer takes the answer to that, and returns the Server's to the one that began.
func (p *pair) answer(sdp string) (string, error) {
	if err := p.toAnswerer.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeAnswer, SDP: sdp}); err != nil {
		return "", err
	}
	p.mu.Lock()
	kept := p.kept
	p.kept = nil
	p.mu.Unlock()
	for _, candidate := range kept {
		if err := p.toAnswerer.AddICECandidate(candidate); err != nil {
			return "", err
		}
	}
	answer, err := p.toOfferer.CreateAnswer(nil)
	return described(p.toOfferer, answer, err)
}

// described takes a description for the Server's own, and returns it with all candidates.
func described(pc *webrtc.PeerConnection, description webrtc.SessionDescription, err error) (string, error) {
	if err != nil {
		return "", err
	}
	gathered := webrtc.GatheringCompletePromise(pc)
	if err := pc.SetLocalDescription(description); err != nil {
		return "", err
	}
	<-gathered
	return pc.LocalDescription().SDP, nil
}

// keep takes a candidate of the one that answers.
func (p *pair) keep(candidate webrtc.ICECandidateInit) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.toAnswerer.RemoteDescription() == nil {
		p.kept = append(p.kept, candidate)
		return nil
	}
	return p.toAnswerer.AddICECandidate(candidate)
}

func (p *pair) close() error {
	return errors.Join(p.toOfferer.GracefulClose(), p.toAnswerer.GracefulClose())
}

// mirror opens towards the one what the other has opened.
func (s *Server) mirror(dc *webrtc.DataChannel, to *webrtc.PeerConnection) {
	ordered, protocol := dc.Ordered(), dc.Protocol()
	other, err := to.CreateDataChannel(dc.Label(), &webrtc.DataChannelInit{
		Ordered: &ordered, Protocol: &protocol, MaxRetransmits: dc.MaxRetransmits(), MaxPacketLifeTime: dc.MaxPacketLifeTime(),
	})
	if err == nil {
		s.join(dc, other)
	}
}

// join says on each of two channels what comes on the other.
func (s *Server) join(one, other *webrtc.DataChannel) {
	s.carry(one, other)
	s.carry(other, one)
}

// carry says on a channel what comes on another, as soon as it is open.
func (s *Server) carry(from, to *webrtc.DataChannel) {
	var mu sync.Mutex
	var early []webrtc.DataChannelMessage // guarded by mu; what waits for the other channel to open
	open := false                         // guarded by mu
	send := func(m webrtc.DataChannelMessage) {
		data := s.changed(m.Data)
		if m.IsString {
			_ = to.SendText(string(data))
		} else {
			_ = to.Send(data)
		}
	}
	from.OnMessage(func(m webrtc.DataChannelMessage) {
		mu.Lock()
		defer mu.Unlock()
		if open {
			send(m)
		} else {
			early = append(early, m)
		}
	})
	to.OnOpen(func() {
		mu.Lock()
		defer mu.Unlock()
		open = true
		for _, m := range early {
			send(m)
		}
		early = nil
	})
	from.OnClose(func() { _ = to.Close() })
}

// changed is what a message becomes on its way.
func (s *Server) changed(data []byte) []byte {
	if !bytes.Contains(data, tea) {
		return data
	}
	s.mu.Lock()
	s.heard = append(s.heard, string(data))
	s.mu.Unlock()
	return bytes.ReplaceAll(data, tea, gin)
}
