//go:build linux

package main

import (
	"context"
	"errors"

	"github.com/beckon-rtc/beckon/peer"
	"github.com/beckon-rtc/beckon/signaling/protocol"
	"github.com/pion/webrtc/v4"
)

// label is that of the one channel.
const label = "bench"

// errNobody is what a visitor gets where no host is.
var errNobody = errors.New("nobody is in the room")

// beckonStack is our peer library as it is.
type beckonStack struct{ room *peer.Room }

type beckonWire struct{ *peer.Channel }

func (w beckonWire) send(ctx context.Context, b []byte) error { return w.Send(ctx, b) }

func (w beckonWire) recv(ctx context.Context) ([]byte, error) {
	b, _, err := w.Recv(ctx)
	return b, err
}

func (s *beckonStack) enter(ctx context.Context, to Place, at *moments) (err error) {
	var cfg peer.Config
	if to.Crowd {
		cfg.Topology = protocol.TopologyNone
	}
	if to.Watch {
		cfg.SettingEngine = func(s *webrtc.SettingEngine) { s.SetNet(newWatched(to, at)) }
	}
	s.room, err = peer.Join(ctx, to.URL, to.Room, &cfg)
	at.mark(joined)
	return err
}

func (s *beckonStack) meet(ctx context.Context, first bool) (wire, error) {
	p, err := s.room.Accept(ctx)
	if err != nil {
		return nil, err
	}
	var ch *peer.Channel
	if first {
		ch, err = p.Accept(ctx)
	} else {
		ch, err = p.Open(ctx, label, nil)
	}
	if err != nil {
		return nil, err
	}
	return beckonWire{ch}, nil
}

func (s *beckonStack) host(context.Context) {}

func (s *beckonStack) visit(ctx context.Context) error {
	host := hostOf(s.room)
	if host == nil {
		return errNobody
	}
	_, err := s.room.Connect(ctx, host.ID())
	return err
}

// hostOf is the member that all visitors connect to, who was there first.
func hostOf(room *peer.Room) *peer.Peer {
	if all := room.Peers(); len(all) > 0 {
		return all[0]
	}
	return nil
}

func (s *beckonStack) leave() error {
	if s.room == nil {
		return nil
	}
	return s.room.Close()
}
