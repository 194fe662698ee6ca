package peer_test

import (
	"bytes"
	"context"
	"strings"
	"testing"
	"time"

	"github.com/beckon-rtc/beckon/peer"
	"github.com/beckon-rtc/beckon/signaling"
	"github.com/pion/webrtc/v4"
)

// Two of us leave out what can be left out: the descriptions carry SCTP's set-up, and its packets no checksums.
func TestHastened(t *testing.T) {
	inWorld(t, signaling.Config{}, func(t *testing.T, w *world) {
		a, b := w.pair(peer.Config{}, peer.Config{})
		for _, p := range []*peer.Peer{a, b} {
			if sdp := p.PeerConnection().LocalDescription().SDP; !strings.Contains(sdp, "\r\na=sctp-init:") {
				t.Errorf("no sctp-init in %q", sdp)
			}
			if m := association(t, p); !m.ZeroChecksumSendingEnabled || !m.ZeroChecksumReceivingEnabled {
				t.Errorf("there are checksums: %+v", m)
			}
		}
	})
}

// One of us and one that does nothing of that, nor splits what is large, come together as they always did.
func TestHastenedOnOneSide(t *testing.T) {
	usual := peer.Config{SettingEngine: func(s *webrtc.SettingEngine) {
		s.EnableSctpSnap(false)
		s.EnableSCTPZeroChecksum(false)
		s.SetDTLSInsecureSkipHelloVerify(false)
		s.SetReceiveMTU(0)
	}}
	for name, configs := range map[string][2]peer.Config{
		"who was there": {usual, {}},
		"who comes":     {{}, usual},
	} {
		t.Run(name, func(t *testing.T) {
			inWorld(t, signaling.Config{}, func(t *testing.T, w *world) {
				a, b := w.pair(configs[0], configs[1])
				for _, p := range []*peer.Peer{a, b} {
					if m := association(t, p); m.ZeroChecksumSendingEnabled && m.ZeroChecksumReceivingEnabled {
						t.Errorf("both leave the checksums out: %+v", m)
					}
				}
				channel(t, a, b, nil)
			})
		})
	}
}

func association(t *testing.T, p *peer.Peer) webrtc.SCTPTransportMetadata {
	t.Helper()
	m, ok := p.PeerConnection().SCTP().Metadata()
	if !ok {
		t.Fatal("there is no association")
	}
	return m
}

// Over real sockets much arrives as it was sent, in both directions at once.
func TestBurstsArrive(t *testing.T) {
	t.Parallel()
	here, there, leave := meet(t, loopbackServer(t))
	defer leave()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	a, err := here.Open(ctx, "much", nil)
	must(t, err)
	b, err := there.Accept(ctx)
	must(t, err)
	sizes := []int{1, 100, 1199, 1200, 16 << 10, 64 << 10, 256 << 10}
	send := func(ch *peer.Channel, done chan<- error) {
		for i := range 20 * len(sizes) {
			if err := ch.Send(ctx, bytes.Repeat([]byte{byte(i)}, sizes[i%len(sizes)])); err != nil {
				done <- err
				return
			}
		}
		done <- nil
	}
	recv := func(ch *peer.Channel, done chan<- error) {
		for i := range 20 * len(sizes) {
			got, _, err := ch.Recv(ctx)
			if err == nil && !bytes.Equal(got, bytes.Repeat([]byte{byte(i)}, sizes[i%len(sizes)])) {
				t.Errorf("message %d came as %d bytes", i, len(got))
			}
			if err != nil {
				done <- err
				return
			}
		}
		done <- nil
	}
	done := make(chan error, 4)
	for _, ch := range []*peer.Channel{a, b} {
		go send(ch, done)
		go recv(ch, done)
	}
	for range 4 {
		must(t, <-done)
	}
}
