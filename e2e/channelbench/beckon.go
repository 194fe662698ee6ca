//go:build linux

package main

import (
	"context"

	"github.com/beckon-rtc/beckon/peer"
	"github.com/pion/webrtc/v4"
)

// label is that of the one channel.
const label = "bench"

// beckonStack is our peer library as it is.
type beckonStack struct{ room *peer.Room }

type beckonWire struct{ *peer.Channel }

func (w beckonWire) send(ctx context.Context, b []byte) error { return w.Send(ctx, b) }

func (w beckonWire) recv(ctx context.Context) ([]byte, error) {
	b, _, err := w.Recv(ctx)
	return b, err
}

func (s *beckonStack) join(ctx context.Context, to Place) (w wire, err error) {
	var cfg peer.Config
	if to.Delay > 0 {
		cfg.SettingEngine = func(s *webrtc.SettingEngine) { s.SetNet(newDelayed(to.Delay)) }
	}
	if s.room, err = peer.Join(ctx, to.URL, to.Room, &cfg); err != nil {
		return nil, err
	}
	p, err := s.room.Accept(ctx)
	if err != nil {
		return nil, err
	}
	var ch *peer.Channel
	if to.First {
		ch, err = p.Accept(ctx)
	} else {
		ch, err = p.Open(ctx, label, nil)
	}
	return beckonWire{ch}, err
}

func (s *beckonStack) leave() error {
	if s.room == nil {
		return nil
	}
	err := s.room.Close()
	s.room = nil
	return err
}
