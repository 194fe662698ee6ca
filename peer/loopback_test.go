package peer_test

import (
	"context"
	"net"
	"net/http/httptest"
	"slices"
	"testing"
	"time"

	"github.com/beckon-rtc/beckon/peer"
	"github.com/beckon-rtc/beckon/signaling"
	"github.com/pion/webrtc/v4"
	"golang.org/x/net/nettest"
)

// The tests in this file use real sockets on loopback: nettest has its own idea of time, and a benchmark measures the real one.

// onLoopback joins a room of a server on loopback, over loopback candidates alone.
func onLoopback(tb testing.TB, server string) *peer.Room {
	tb.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	room, err := peer.Join(ctx, server, "tea", &peer.Config{
		DisableMDNS: true,
		SettingEngine: func(s *webrtc.SettingEngine) {
			s.SetIncludeLoopbackCandidate(true)
			s.SetIPFilter(func(ip net.IP) bool { return ip.IsLoopback() })
			s.SetNetworkTypes([]webrtc.NetworkType{webrtc.NetworkTypeUDP4})
		},
	})
	if err != nil {
		tb.Fatal(err)
	}
	return room
}

func loopbackServer(tb testing.TB) string {
	s := signaling.New(signaling.Config{
		Authorize: signaling.AllowAnonymous("*"),
		Limits:    signaling.Limits{Joins: 1 << 20},
	})
	h := httptest.NewServer(s)
	tb.Cleanup(func() {
		s.Close()
		h.Close()
	})
	return h.URL
}

// meet joins two rooms; it returns how each sees the other when they are connected, and what closes all.
func meet(tb testing.TB, server string) (here, there *peer.Peer, leave func()) {
	tb.Helper()
	a, b := onLoopback(tb, server), onLoopback(tb, server)
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	here, err := b.Connect(ctx, a.ID())
	if err == nil {
		there, err = a.Accept(ctx)
	}
	if err != nil {
		tb.Fatal(err)
	}
	return here, there, func() { a.Close(); b.Close() }
}

func TestNetConnPassesNettest(t *testing.T) {
	here, there, leave := meet(t, loopbackServer(t))
	defer leave()
	nettest.TestConn(t, func() (net.Conn, net.Conn, func(), error) {
		ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
		defer cancel()
		a, err := here.Open(ctx, "chat", nil)
		if err != nil {
			return nil, nil, nil, err
		}
		b, err := there.Accept(ctx)
		if err != nil {
			return nil, nil, nil, err
		}
		return peer.NetConn(a), peer.NetConn(b), func() { a.Close(); b.Close() }, nil
	})
}

// BenchmarkJoinToOpen measures from before the second peer's Join to its open channel: WebSocket, hello, join, offer, answer,
// ICE, DTLS, SCTP, and the channel's acknowledgement.
func BenchmarkJoinToOpen(b *testing.B) {
	server := loopbackServer(b)
	var took []time.Duration
	for b.Loop() {
		first := onLoopback(b, server)
		start := time.Now()
		second := onLoopback(b, server)
		p, err := second.Connect(context.Background(), first.ID())
		if err == nil {
			_, err = p.Open(context.Background(), "chat", nil)
		}
		took = append(took, time.Since(start))
		if err != nil {
			b.Fatal(err)
		}
		second.Close()
		first.Close()
	}
	slices.Sort(took)
	b.ReportMetric(float64(took[len(took)/2].Microseconds())/1000, "median-ms")
	b.ReportMetric(float64(took[len(took)*9/10].Microseconds())/1000, "p90-ms")
}
