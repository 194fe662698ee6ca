package peer_test

import (
	"context"
	"encoding/binary"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/beckon-rtc/beckon/peer"
	"github.com/beckon-rtc/beckon/signaling"
	"github.com/beckon-rtc/beckon/signaling/protocol"
)

// numbered is message i, of a size that only i decides.
func numbered(i int) []byte {
	size := []int{8, 100, 1200, 16 << 10, 16<<10 + 1, 8, 64<<10 + 1, 100 << 10}[i%8]
	data := make([]byte, size)
	binary.BigEndian.PutUint64(data, uint64(i))
	return data
}

// stream sends count messages on a channel and wants each at its other end, once and in order.
func stream(t *testing.T, from, to *peer.Channel, count int) {
	ctx := context.Background()
	var both sync.WaitGroup
	both.Go(func() {
		for i := range count {
			if err := from.Send(ctx, numbered(i)); err != nil {
				t.Errorf("message %d: %v", i, err)
				return
			}
		}
	})
	both.Go(func() {
		for i := range count {
			data, _, err := to.Recv(ctx)
			if err != nil {
				t.Errorf("message %d: %v", i, err)
				return
			}
			want := numbered(i)
			if len(data) != len(want) || binary.BigEndian.Uint64(data) != uint64(i) {
				t.Errorf("message %d is %d, of %d bytes", i, binary.BigEndian.Uint64(data), len(data))
				return
			}
			time.Sleep(40 * time.Millisecond) // so that it is not over before anything has happened
		}
	})
	both.Wait()
}

// A durable channel loses nothing and brings nothing twice, whatever happens to the connection, and however often.
func TestDurable(t *testing.T) {
	for name, harm := range map[string]func(w *world, p *peer.Peer){
		"nothing":                 func(*world, *peer.Peer) {},
		"whole":                   func(_ *world, p *peer.Peer) { p.PeerConnection().GracefulClose() },
		"sctp":                    func(_ *world, p *peer.Peer) { p.PeerConnection().SCTP().Stop() },
		"dtls":                    func(_ *world, p *peer.Peer) { p.PeerConnection().SCTP().Transport().Stop() },
		"another way":             func(w *world, _ *peer.Peer) { w.cut(); time.AfterFunc(8*time.Second, w.heal) },
		"another peer connection": func(w *world, _ *peer.Peer) { w.cut(); time.AfterFunc(25*time.Second, w.heal) },
	} {
		t.Run(name, func(t *testing.T) {
			inWorld(t, signaling.Config{}, func(t *testing.T, w *world) {
				a, b := w.pair(peer.Config{}, peer.Config{})
				here, there := channel(t, a, b, &peer.ChannelOptions{Durable: true})
				over := make(chan struct{})
				var harming sync.WaitGroup
				harming.Go(func() {
					for i := range 3 {
						select {
						case <-time.After(300*time.Millisecond + time.Duration(rand.IntN(1000))*time.Millisecond):
						case <-over:
							return
						}
						harm(w, []*peer.Peer{a, b}[i%2])
						reachesAgain(a)
						reachesAgain(b)
					}
				})
				var both sync.WaitGroup
				both.Go(func() { stream(t, here, there, 120) })
				both.Go(func() { stream(t, there, here, 120) })
				both.Wait()
				close(over)
				harming.Wait()
				if here.Context().Err() != nil || there.Context().Err() != nil {
					t.Fatalf("they ended: %v, %v", context.Cause(here.Context()), context.Cause(there.Context()))
				}
				must(t, here.SendText(within(t), "last"))
				must(t, here.Flush(within(t)))
				must(t, here.CloseWithReason("done"))
				data, _, err := there.Recv(within(t))
				must(t, err)
				if string(data) != "last" {
					t.Fatalf("got %q", data)
				}
				_, _, err = there.Recv(within(t))
				wantCode(t, err, protocol.CodeClosed)
			})
		})
	}
}

// reachesAgain waits, for as long as it may take to notice, until p is not connected, and then until it is.
func reachesAgain(p *peer.Peer) {
	limit := time.NewTimer(10 * time.Second)
	defer limit.Stop()
	for {
		changed := peer.Changed(p)
		if p.State() != peer.StateConnected {
			break
		}
		select {
		case <-changed:
		case <-limit.C:
			return
		}
	}
	for {
		changed := peer.Changed(p)
		if p.State() == peer.StateConnected {
			return
		}
		select {
		case <-changed:
		case <-p.Context().Done():
			return
		}
	}
}

// While there is no connection a durable channel can be written to, as far as there is room, and opened when there is one again; Close does
// not lose what was written.
func TestDurableWithoutAConnection(t *testing.T) {
	inWorld(t, signaling.Config{}, func(t *testing.T, w *world) {
		a, b := w.pair(peer.Config{}, peer.Config{})
		here, there := channel(t, a, b, &peer.ChannelOptions{Durable: true})
		closing, closed := channel(t, a, b, &peer.ChannelOptions{Durable: true})
		plain, _ := channel(t, a, b, nil)
		talk(t, here, there, "before")
		talk(t, closing, closed, "before")
		must(t, here.Flush(within(t)))
		w.cut()
		ended(t, plain.Context(), protocol.CodeConnectionLost)
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		sent := 0
		for ; ; sent++ {
			if err := here.Send(ctx, make([]byte, 64<<10)); err != nil {
				wantCode(t, err, protocol.CodeAborted)
				break
			}
		}
		if kept := sent * 64 << 10; kept < 1<<20-64<<10 || kept > 2<<20 {
			t.Fatalf("%d bytes are kept", kept)
		}
		if s := here.Stats(); s.Buffered != sent*64<<10 || s.QueueAge < time.Second {
			t.Fatalf("the counts are %+v", s)
		}
		must(t, closing.SendText(within(t), "and after"))
		must(t, closing.Close())
		w.heal()
		again, err := a.Open(within(t), "again", &peer.ChannelOptions{Durable: true})
		must(t, err)
		for range sent {
			data, _, err := there.Recv(within(t))
			must(t, err)
			if len(data) != 64<<10 {
				t.Fatalf("got %d bytes", len(data))
			}
		}
		talk(t, here, there, "after")
		talk(t, there, here, "after")
		data, _, err := closed.Recv(within(t))
		must(t, err)
		if string(data) != "and after" {
			t.Fatalf("got %q", data)
		}
		ended(t, closed.Context(), protocol.CodeClosed)
		come, err := b.Accept(within(t))
		must(t, err)
		talk(t, again, come, "hello")
	})
}

// It does not outlive the peer.
func TestDurableEndsWithThePeer(t *testing.T) {
	for name, c := range map[string]struct {
		end  func(w *world, other *peer.Room)
		want protocol.ErrorCode
	}{
		"leaves": {func(_ *world, other *peer.Room) { other.Close() }, protocol.CodeClosed},
		"lost":   {func(w *world, _ *peer.Room) { w.cut() }, protocol.CodeConnectionLost},
	} {
		t.Run(name, func(t *testing.T) {
			inWorld(t, signaling.Config{}, func(t *testing.T, w *world) {
				roomA, roomB := w.join(peer.Config{}), w.join(peer.Config{})
				a, err := roomA.Accept(within(t))
				must(t, err)
				b, err := roomB.Accept(within(t))
				must(t, err)
				here, there := channel(t, a, b, &peer.ChannelOptions{Durable: true})
				talk(t, here, there, "before")
				waiting := make(chan error)
				go func() {
					_, _, err := here.Recv(context.Background())
					waiting <- err
				}()
				c.end(w, roomB)
				wantCode(t, <-waiting, c.want)
				ended(t, here.Context(), c.want)
				ended(t, a.Context(), c.want)
			})
		})
	}
}
