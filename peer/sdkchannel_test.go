package peer_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/beckon-rtc/beckon/peer"
	"github.com/beckon-rtc/beckon/signaling"
	"github.com/beckon-rtc/beckon/signaling/protocol"
)

// A channel that is ordered and reliable is there at once, and so is what is sent on it; one that delivers otherwise waits for the other side.
func TestOpenTakesNoRoundTrip(t *testing.T) {
	inWorld(t, signaling.Config{}, func(t *testing.T, w *world) {
		a, b := w.pair(peer.Config{}, peer.Config{})
		w.cut()
		start := time.Now()
		const count = 20 // few enough for the first window
		for i := range count {
			ch, err := a.Open(within(t), fmt.Sprint(i), &peer.ChannelOptions{Durable: i%2 == 1})
			must(t, err)
			must(t, ch.SendText(within(t), fmt.Sprint(i)))
		}
		if took := time.Since(start); took != 0 {
			t.Fatalf("it took %v", took)
		}
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		_, err := a.Open(ctx, "unordered", &peer.ChannelOptions{Unordered: true})
		wantCode(t, err, protocol.CodeAborted)
		w.heal()
		acceptLabelled(t, b, count)
		if n := requested(a); n > 1+4+1 {
			t.Fatalf("%d data channels were asked for", n)
		}
	})
}

// Who does not read stops the sender of what is not read, and nobody else, for as long as it likes.
func TestASlowReaderStopsOnlyItsSender(t *testing.T) {
	inWorld(t, signaling.Config{}, func(t *testing.T, w *world) {
		a, b := w.pair(peer.Config{}, peer.Config{})
		const count, size = 20, 64 << 10
		var slow []*peer.Channel
		for i := range 8 {
			here, there := channel(t, a, b, &peer.ChannelOptions{Durable: i%2 == 1})
			slow = append(slow, there)
			go func() {
				for range count {
					if err := here.Send(context.Background(), make([]byte, size)); err != nil {
						t.Error(err)
						return
					}
				}
			}()
		}
		time.Sleep(time.Minute)
		here, there := channel(t, a, b, nil)
		loose, lost := channel(t, a, b, &peer.ChannelOptions{Unordered: true, MaxRetransmits: new(uint16(0))})
		for i := range 50 {
			start := time.Now()
			talk(t, here, there, fmt.Sprint(i))
			talk(t, there, here, fmt.Sprint(i))
			talk(t, loose, lost, fmt.Sprint(i))
			if took := time.Since(start); took > time.Second {
				t.Fatalf("it took %v", took)
			}
			time.Sleep(100 * time.Millisecond)
		}
		for _, ch := range slow {
			for range count {
				data, _, err := ch.Recv(within(t))
				must(t, err)
				if len(data) != size {
					t.Fatalf("got %d bytes", len(data))
				}
			}
		}
		synctest.Wait()
	})
}

// A direction ends behind what was sent; the other goes on; and the reason of a close arrives.
func TestHowAChannelEnds(t *testing.T) {
	for name, o := range map[string]*peer.ChannelOptions{"plain": nil, "durable": {Durable: true}} {
		t.Run(name, func(t *testing.T) {
			inWorld(t, signaling.Config{}, func(t *testing.T, w *world) {
				a, b := w.pair(peer.Config{}, peer.Config{})
				here, there := channel(t, a, b, o)
				must(t, here.SendText(within(t), "last"))
				must(t, here.CloseWrite(within(t)))
				wantCode(t, here.SendText(within(t), "more"), protocol.CodeClosed)
				data, _, err := there.Recv(within(t))
				must(t, err)
				if string(data) != "last" {
					t.Fatalf("got %q", data)
				}
				_, _, err = there.Recv(within(t))
				if wantCode(t, err, protocol.CodeClosed); !errors.Is(err, io.EOF) {
					t.Fatalf("%v is no io.EOF", err)
				}
				for i := range 10 {
					talk(t, there, here, fmt.Sprint(i))
				}
				must(t, there.Flush(within(t)))
				wantCode(t, there.CloseWithReason(strings.Repeat("x", 1025)), protocol.CodeMessageTooLarge)
				wantCode(t, there.CloseWithReason("\xff"), protocol.CodeBadFrame)
				if there.Context().Err() != nil {
					t.Fatal("it was closed")
				}
				must(t, there.SendText(within(t), "goodbye"))
				must(t, there.CloseWithReason("the game is over"))
				data, _, err = here.Recv(within(t))
				must(t, err)
				if string(data) != "goodbye" {
					t.Fatalf("got %q", data)
				}
				_, _, err = here.Recv(within(t))
				wantCode(t, err, protocol.CodeClosed)
				ended(t, here.Context(), protocol.CodeClosed)
				if cause := context.Cause(here.Context()); !strings.Contains(cause.Error(), "the game is over") {
					t.Fatalf("the cause is %v", cause)
				}
				if s := here.Stats(); s.MessagesSent != 1 || s.BytesSent != 4 || s.MessagesReceived != 11 || s.BytesReceived != 17 || s.Buffered != 0 {
					t.Fatalf("the counts are %+v", s)
				}
			})
		})
	}
}

// Many channels that are closed make room for others, without a data channel for each.
func TestChannelsWithoutEnd(t *testing.T) {
	inWorld(t, signaling.Config{}, func(t *testing.T, w *world) {
		a, b := w.pair(peer.Config{}, peer.Config{})
		for i := range 300 {
			here, there := channel(t, a, b, nil)
			talk(t, here, there, fmt.Sprint(i))
			must(t, here.Close())
			_, _, err := there.Recv(within(t))
			wantCode(t, err, protocol.CodeClosed)
		}
		if n := requested(a); n > 1+4 {
			t.Fatalf("%d data channels were asked for", n)
		}
	})
}

// A sender learns how much the other side takes, and cannot send what is more.
func TestMaxMessageSize(t *testing.T) {
	inWorld(t, signaling.Config{}, func(t *testing.T, w *world) {
		a, b := w.pair(peer.Config{MaxMessageSize: 100_000}, peer.Config{})
		here, there := channel(t, a, b, nil)
		raw, _ := channel(t, a, b, &peer.ChannelOptions{Raw: true})
		talk(t, here, there, "x")
		talk(t, there, here, "x")
		if h, o, r := here.MaxMessageSize(), there.MaxMessageSize(), raw.MaxMessageSize(); h != 256<<20 || o != 100_000 || r != 256<<10 {
			t.Fatalf("they take %d, %d and %d bytes", o, h, r)
		}
		wantCode(t, there.Send(within(t), make([]byte, 100_001)), protocol.CodeMessageTooLarge)
		talk(t, there, here, strings.Repeat("x", 100_000))
		_, err := peer.Join(within(t), "http://beckon.test", "tea", w.config(peer.Config{MaxMessageSize: 1000}))
		wantCode(t, err, protocol.CodeUnsupported)
	})
}

// What an app can show of a connection, and what only if it asks.
func TestPeerStats(t *testing.T) {
	inWorld(t, signaling.Config{}, func(t *testing.T, w *world) {
		a, b := w.pair(peer.Config{}, peer.Config{})
		here, there := channel(t, a, b, nil)
		talk(t, here, there, strings.Repeat("x", 50_000))
		s, err := a.Stats(within(t), nil)
		must(t, err)
		if s.Relayed || s.Protocol != "udp" || s.LocalAddress != "" || s.RemoteAddress != "" || s.BytesSent < 50_000 || s.BytesReceived == 0 ||
			s.Connections != 1 || s.Restarts != 0 {
			t.Fatalf("they are %+v", s)
		}
		s, err = a.Stats(within(t), &peer.StatsOptions{Addresses: true})
		must(t, err)
		if !strings.HasPrefix(s.LocalAddress, "10.0.0.") || !strings.HasPrefix(s.RemoteAddress, "10.0.0.") || s.LocalAddress == s.RemoteAddress {
			t.Fatalf("the addresses are %q and %q", s.LocalAddress, s.RemoteAddress)
		}

		w.cut()
		reaches(t, a, peer.StateReconnecting)
		reaches(t, b, peer.StateReconnecting)
		if s, err = a.Stats(within(t), nil); err != nil || s.Path != (peer.Path{}) || s.Connections != 1 || s.Restarts != 0 {
			t.Fatalf("without a way they are %+v, %v", s, err)
		}
		w.heal()
		reaches(t, a, peer.StateConnected)
		s, err = a.Stats(within(t), nil)
		must(t, err)
		if s.Connections != 1 || s.Restarts != 1 {
			t.Fatalf("with another way they are %+v", s)
		}
		sent := s.BytesSent

		a.PeerConnection().SCTP().Stop()
		reaches(t, a, peer.StateReconnecting)
		reaches(t, a, peer.StateConnected)
		s, err = a.Stats(within(t), nil)
		must(t, err)
		if s.Connections != 2 || s.Restarts != 1 || s.BytesSent < sent {
			t.Fatalf("on another connection they are %+v", s)
		}
		must(t, a.Close())
		_, err = a.Stats(within(t), nil)
		wantCode(t, err, protocol.CodeClosed)
	})
}

// Half of a stream can be ended, as over TCP.
func TestNetConnCloseWrite(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world, raw bool) {
		a, b := w.pair(peer.Config{}, peer.Config{})
		chA, chB := channel(t, a, b, &peer.ChannelOptions{Raw: raw})
		here, there := peer.NetConn(chA), peer.NetConn(chB)
		half := here.(interface{ CloseWrite() error })
		if raw {
			wantCode(t, half.CloseWrite(), protocol.CodeUnsupported)
			return
		}
		answered := make(chan error)
		go func() {
			question, err := io.ReadAll(there)
			if err == nil {
				_, err = there.Write(bytes.ToUpper(question))
			}
			there.Close()
			answered <- err
		}()
		question := bytes.Repeat([]byte("question "), 50_000)
		_, err := here.Write(question)
		must(t, err)
		must(t, half.CloseWrite())
		answer, err := io.ReadAll(here)
		must(t, err)
		must(t, <-answered)
		if !bytes.Equal(answer, bytes.ToUpper(question)) {
			t.Fatalf("the answer has %d bytes", len(answer))
		}
	})
}
