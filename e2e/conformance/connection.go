package conformance

import (
	"context"
	"fmt"
	"time"

	"github.com/beckon-rtc/beckon/peer"
	"github.com/pion/webrtc/v4"
)

// lookEvery is how often what nothing announces is looked at.
const lookEvery = 20 * time.Millisecond

// cut closes the connection under the SDK's feet, and waits until another one has taken its place.
func (s *script) cut(ctx context.Context) error {
	old, err := s.connected(ctx, nil)
	if err != nil {
		return err
	}
	if err := old.GracefulClose(); err != nil {
		return err
	}
	_, err = s.connected(ctx, old)
	return err
}

// connected waits until there is a connection other than old.
func (s *script) connected(ctx context.Context, old *webrtc.PeerConnection) (pc *webrtc.PeerConnection, err error) {
	err = until(ctx, func() error {
		if s.peer.State() != peer.StateConnected {
			return fmt.Errorf("the peer is %q", s.peer.State())
		}
		if pc = s.peer.PeerConnection(); pc == nil || pc == old {
			return fmt.Errorf("there is no other connection")
		}
		return nil
	})
	return pc, err
}

// counts waits until the peer's counts are as they must be.
func (s *script) counts(ctx context.Context, step Step) error {
	return until(ctx, func() error {
		st, err := s.peer.Stats(ctx, nil)
		if err != nil {
			return err
		}
		relayed := 0.0
		if st.Relayed {
			relayed = 1
		}
		return step.within(map[string]float64{
			"connections": float64(st.Connections), "restarts": float64(st.Restarts), "relayed": relayed,
			"bytesSent": float64(st.BytesSent), "bytesReceived": float64(st.BytesReceived), "buffered": float64(st.Buffered),
		})
	})
}

// until looks again and again, until what is looked at is well. When ctx ends before, the error is how it was last.
func until(ctx context.Context, look func() error) error {
	ticker := time.NewTicker(lookEvery)
	defer ticker.Stop()
	for {
		err := look()
		if err == nil {
			return nil
		}
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return err
		}
	}
}
