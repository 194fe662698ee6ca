//go:build linux

package main

import (
	"context"
	"encoding/json"
	"errors"
	"sync"

	"github.com/beckon-rtc/beckon/peer"
	"github.com/beckon-rtc/beckon/signaling/protocol"
	"github.com/pion/webrtc/v4"
)

// The water marks of Pion's own example of flow control, in bytes.
const lowWater, highWater = 512 << 10, 1 << 20

// pionStack is Pion with its default settings: candidates one by one, channels with callbacks. Its signals go the way that ours go, so what
// comes before the first of them costs both the same.
type pionStack struct {
	room      *peer.Room
	api       *webrtc.API
	opened    chan *pionWire
	following sync.WaitGroup
	failed    chan error

	others map[*peer.Peer]*pionOther // owned by follow, and by leave after it
}

// pionOther is a connection.
type pionOther struct {
	pc    *webrtc.PeerConnection
	early []webrtc.ICECandidateInit // before the description
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

func (s *pionStack) use(dc *webrtc.DataChannel) {
	w := &pionWire{dc: dc, low: make(chan struct{}, 1), got: make(chan []byte, 64)}
	dc.SetBufferedAmountLowThreshold(lowWater)
	dc.OnBufferedAmountLow(func() {
		select {
		case w.low <- struct{}{}:
		default:
		}
	})
	dc.OnMessage(func(m webrtc.DataChannelMessage) { w.got <- m.Data })
	dc.OnOpen(func() {
		select {
		case s.opened <- w:
		default: // a host has no use for them
		}
	})
}

func (s *pionStack) host(ctx context.Context) {
	s.following.Go(func() { s.failed <- s.follow(ctx) })
}

func (s *pionStack) visit(ctx context.Context) error {
	_, err := s.meet(ctx, false)
	return err
}

func (s *pionStack) enter(ctx context.Context, to Place, at *moments) (err error) {
	var settings webrtc.SettingEngine
	if to.Watch {
		settings.SetNet(newWatched(to, at))
	}
	s.api = webrtc.NewAPI(webrtc.WithSettingEngine(settings))
	s.opened, s.failed, s.others = make(chan *pionWire, 1), make(chan error, 1), map[*peer.Peer]*pionOther{}
	s.room, err = peer.Join(ctx, to.URL, to.Room, &peer.Config{Topology: protocol.TopologyNone})
	at.mark(joined)
	return err
}

func (s *pionStack) meet(ctx context.Context, first bool) (wire, error) {
	if !first {
		if err := s.offer(ctx); err != nil {
			return nil, err
		}
	}
	s.host(ctx)
	select {
	case w := <-s.opened:
		return w, nil
	case err := <-s.failed:
		return nil, err
	}
}

func (s *pionStack) offer(ctx context.Context) error {
	host := hostOf(s.room)
	if host == nil {
		return errNobody
	}
	o, err := s.other(ctx, host)
	if err != nil {
		return err
	}
	dc, err := o.pc.CreateDataChannel(label, nil)
	if err != nil {
		return err
	}
	s.use(dc)
	sdp, err := o.pc.CreateOffer(nil)
	if err != nil {
		return err
	}
	return s.describe(ctx, host, o, sdp)
}

// other is the connection to a member. Its candidates are said as they come; Signal waits for the other side, so each has a goroutine.
func (s *pionStack) other(ctx context.Context, p *peer.Peer) (*pionOther, error) {
	if o := s.others[p]; o != nil {
		return o, nil
	}
	pc, err := s.api.NewPeerConnection(webrtc.Configuration{})
	if err != nil {
		return nil, err
	}
	pc.OnDataChannel(s.use)
	pc.OnICECandidate(func(c *webrtc.ICECandidate) {
		if c != nil {
			init := c.ToJSON()
			go p.Signal(ctx, envelope{ICE: &init})
		}
	})
	o := &pionOther{pc: pc}
	s.others[p] = o
	return o, nil
}

func (s *pionStack) describe(ctx context.Context, p *peer.Peer, o *pionOther, sdp webrtc.SessionDescription) error {
	go p.Signal(ctx, envelope{SDP: &sdp}) // before the candidates, which gathering makes
	return o.pc.SetLocalDescription(sdp)
}

// follow does what the others say until the room ends.
func (s *pionStack) follow(ctx context.Context) error {
	for {
		event, err := s.room.Recv(ctx)
		if err != nil {
			return err
		}
		var said envelope
		if event.Kind != peer.EventSignal || json.Unmarshal(event.Data, &said) != nil {
			continue
		}
		o, err := s.other(ctx, event.Peer)
		if err == nil {
			err = s.hear(ctx, event.Peer, o, said)
		}
		if err != nil {
			return err
		}
	}
}

func (s *pionStack) hear(ctx context.Context, p *peer.Peer, o *pionOther, said envelope) error {
	switch {
	case said.ICE != nil && o.pc.RemoteDescription() == nil:
		o.early = append(o.early, *said.ICE)
	case said.ICE != nil:
		return o.pc.AddICECandidate(*said.ICE)
	case said.SDP != nil:
		if err := o.pc.SetRemoteDescription(*said.SDP); err != nil {
			return err
		}
		for _, c := range o.early {
			if err := o.pc.AddICECandidate(c); err != nil {
				return err
			}
		}
		o.early = nil
		if said.SDP.Type == webrtc.SDPTypeOffer {
			sdp, err := o.pc.CreateAnswer(nil)
			if err != nil {
				return err
			}
			return s.describe(ctx, p, o, sdp)
		}
	}
	return nil
}

func (s *pionStack) leave() (err error) {
	if s.room != nil {
		err = s.room.Close()
	}
	s.following.Wait()
	for _, o := range s.others {
		err = errors.Join(err, o.pc.GracefulClose())
	}
	return err
}
