//go:build linux

package main

import (
	"context"
	"encoding/json"
	"errors"

	"github.com/beckon-rtc/beckon/peer"
	"github.com/beckon-rtc/beckon/signaling/protocol"
	"github.com/pion/webrtc/v4"
)

// The water marks of Pion's own example of flow control.
const lowWater, highWater = 512 << 10, 1 << 20

// pionStack is Pion with its default settings: candidates one by one, channels with callbacks. Its signals go the way that ours go, so what
// comes before the first of them costs both the same.
type pionStack struct {
	room *peer.Room
	pc   *webrtc.PeerConnection
}

type pionWire struct {
	dc  *webrtc.DataChannel
	low chan struct{}
	got chan []byte
}

// envelope is a signal of this stack.
type envelope struct {
	SDP *webrtc.SessionDescription `json:"sdp,omitempty"`
	ICE *webrtc.ICECandidateInit   `json:"ice,omitempty"`
}

func (w *pionWire) send(ctx context.Context, b []byte) error {
	for w.dc.BufferedAmount() > highWater {
		select {
		case <-w.low:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return w.dc.Send(b)
}

func (w *pionWire) recv(ctx context.Context) ([]byte, error) {
	select {
	case b := <-w.got:
		return b, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func newPionWire(dc *webrtc.DataChannel, opened chan<- *pionWire) {
	w := &pionWire{dc: dc, low: make(chan struct{}, 1), got: make(chan []byte, 64)}
	dc.SetBufferedAmountLowThreshold(lowWater)
	dc.OnBufferedAmountLow(func() {
		select {
		case w.low <- struct{}{}:
		default:
		}
	})
	dc.OnMessage(func(m webrtc.DataChannelMessage) { w.got <- m.Data })
	dc.OnOpen(func() { opened <- w })
}

func (s *pionStack) join(ctx context.Context, to Place) (wire, error) {
	var err error
	if s.room, err = peer.Join(ctx, to.URL, to.Room, &peer.Config{Topology: protocol.TopologyNone}); err != nil {
		return nil, err
	}
	var settings webrtc.SettingEngine
	if to.Delay > 0 {
		settings.SetNet(newDelayed(to.Delay))
	}
	// Without a media engine and interceptors, as whoever wants channels alone would make it; NewPeerConnection has both.
	s.pc, err = webrtc.NewAPI(webrtc.WithSettingEngine(settings)).NewPeerConnection(webrtc.Configuration{})
	if err != nil {
		return nil, err
	}
	opened := make(chan *pionWire, 1)
	s.pc.OnDataChannel(func(dc *webrtc.DataChannel) { newPionWire(dc, opened) })
	failed := make(chan error, 1)
	go func() { failed <- s.negotiate(ctx, to.First, opened) }()
	select {
	case w := <-opened:
		return w, nil
	case err := <-failed:
		return nil, err
	}
}

// negotiate offers, if it is second, and does what the other side says, until the room ends.
func (s *pionStack) negotiate(ctx context.Context, first bool, opened chan<- *pionWire) error {
	var early []webrtc.ICECandidateInit
	if !first {
		if len(s.room.Peers()) == 0 {
			return errNobody
		}
		s.trickle(ctx, s.room.Peers()[0])
		dc, err := s.pc.CreateDataChannel(label, nil)
		if err != nil {
			return err
		}
		newPionWire(dc, opened)
		if err := s.describe(ctx, s.room.Peers()[0], s.pc.CreateOffer); err != nil {
			return err
		}
	}
	for {
		event, err := s.room.Recv(ctx)
		if err != nil {
			return err
		}
		var said envelope
		if event.Kind != peer.EventSignal || json.Unmarshal(event.Data, &said) != nil {
			continue
		}
		switch {
		case said.ICE != nil && s.pc.RemoteDescription() == nil:
			early = append(early, *said.ICE)
		case said.ICE != nil:
			err = s.pc.AddICECandidate(*said.ICE)
		case said.SDP != nil:
			if err = s.pc.SetRemoteDescription(*said.SDP); err == nil && said.SDP.Type == webrtc.SDPTypeOffer {
				s.trickle(ctx, event.Peer)
				err = s.describe(ctx, event.Peer, func(*webrtc.OfferOptions) (webrtc.SessionDescription, error) { return s.pc.CreateAnswer(nil) })
			}
			for _, c := range early {
				err = errors.Join(err, s.pc.AddICECandidate(c))
			}
			early = nil
		}
		if err != nil {
			return err
		}
	}
}

// trickle says the candidates as they come. Signal waits for the other side, so each has a goroutine.
func (s *pionStack) trickle(ctx context.Context, p *peer.Peer) {
	s.pc.OnICECandidate(func(c *webrtc.ICECandidate) {
		if c != nil {
			init := c.ToJSON()
			go p.Signal(ctx, envelope{ICE: &init})
		}
	})
}

func (s *pionStack) describe(ctx context.Context, p *peer.Peer, create func(*webrtc.OfferOptions) (webrtc.SessionDescription, error)) error {
	sdp, err := create(nil)
	if err == nil {
		err = s.pc.SetLocalDescription(sdp)
	}
	if err == nil {
		go p.Signal(ctx, envelope{SDP: &sdp})
	}
	return err
}

func (s *pionStack) leave() (err error) {
	if s.pc != nil {
		err = s.pc.GracefulClose()
	}
	if s.room != nil {
		err = errors.Join(err, s.room.Close())
	}
	s.pc, s.room = nil, nil
	return err
}
