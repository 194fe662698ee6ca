package peer_test

import (
	"context"
	"strings"
	"testing"

	"github.com/beckon-rtc/beckon/internal/testlog"
	"github.com/beckon-rtc/beckon/peer"
	"github.com/beckon-rtc/beckon/signaling"
	"github.com/beckon-rtc/beckon/signaling/protocol"
	"github.com/pion/webrtc/v4"
	"github.com/rs/zerolog"
)

// trunk opens a trunk as if it were package mux's.
func trunk(t *testing.T, from *peer.Peer) *webrtc.DataChannel {
	t.Helper()
	dc, err := from.PeerConnection().CreateDataChannel("beckon", &webrtc.DataChannelInit{Protocol: new("beckon.v1")})
	must(t, err)
	opened := make(chan struct{})
	dc.OnOpen(func() { close(opened) })
	<-opened
	return dc
}

// Who breaks the protocol loses the connection, which is replaced by another one, and who does it again and again is given up. All of it is
// logged and counted, and said to those who have channels.
func TestAPeerThatBreaksTheProtocol(t *testing.T) {
	inWorld(t, signaling.Config{}, func(t *testing.T, w *world) {
		var logged testlog.Log
		count := func(text string) int { return strings.Count(logged.String(), text) }
		a, b := w.pair(peer.Config{}, peer.Config{Logger: zerolog.New(&logged).Level(zerolog.WarnLevel)})
		here, there := channel(t, a, b, &peer.ChannelOptions{Durable: true})
		for i, c := range []struct {
			code protocol.ErrorCode
			do   func() error
		}{
			{protocol.CodeBadFrame, func() error { return trunk(t, a).Send([]byte{0x10, 99, 1}) }}, // of a channel that there never was
			{protocol.CodeBadFrame, func() error { return trunk(t, a).SendText("\x77") }},          // what would be ignored if it were binary
			{protocol.CodeOverflow, func() error {
				for range 15 { // and one for each of the channels below
					trunk(t, a)
				}
				return nil
			}},
		} {
			_, plain := channel(t, a, b, nil)
			must(t, c.do())
			<-plain.Context().Done()
			cause := context.Cause(plain.Context())
			wantCode(t, cause, protocol.CodeConnectionLost)
			if !strings.Contains(cause.Error(), "broken the protocol ("+string(c.code)+")") {
				t.Errorf("the channel does not say why it ended: %v", cause)
			}
			reaches(t, b, peer.StateConnected)
			reaches(t, a, peer.StateConnected)
			talk(t, here, there, "a durable channel goes on")
			s, err := b.Stats(within(t), nil)
			must(t, err)
			if s.Violations != i+1 || s.Connections != i+2 {
				t.Fatalf("after %d: %+v", i+1, s)
			}
			if n := count(`"level":"warn"`); n != i+1 || count(`"violations":`) != n || count(string(c.code)) == 0 {
				t.Fatalf("after %d there are %d lines:\n%s", i+1, n, logged.String())
			}
		}
		must(t, trunk(t, a).Send([]byte{1, 0, '{'}))
		ended(t, b.Context(), protocol.CodeBadFrame)
		if cause := context.Cause(b.Context()); !strings.Contains(cause.Error(), "4 times") || !strings.Contains(cause.Error(), "JSON") {
			t.Errorf("it does not say why: %v", cause)
		}
	})
}
