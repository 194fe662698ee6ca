package peer_test

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/beckon-rtc/beckon/peer"
	"github.com/beckon-rtc/beckon/signaling"
	"github.com/beckon-rtc/beckon/signaling/protocol"
	"github.com/gorilla/websocket"
)

// Every call that waits, without an end of its own, returns when the room is closed; and the room may be closed by several at
// once, one of them a goroutine that works for a peer.
func TestCloseEndsEveryCall(t *testing.T) {
	inWorld(t, signaling.Config{}, func(t *testing.T, w *world) {
		ctx := context.Background()
		roomA, roomB := w.join(none), w.join(none)
		next(t, roomA, peer.EventJoined)
		a, err := roomA.Connect(within(t), roomB.ID())
		must(t, err)
		b, err := roomB.Connect(within(t), roomA.ID())
		must(t, err)
		here, _ := channel(t, a, b, nil)
		raw, _ := channel(t, a, b, &peer.ChannelOptions{Raw: true})
		durable, _ := channel(t, a, b, &peer.ChannelOptions{Durable: true})
		fill := func(ch *peer.Channel) error {
			for {
				if err := ch.Send(ctx, make([]byte, 64<<10)); err != nil {
					return err
				}
			}
		}
		absent := w.join(none)
		next(t, roomA, peer.EventJoined)
		_, err = roomA.Accept(within(t))
		must(t, err)

		full := make(chan struct{}) // closed when nothing more can be sent
		calls := map[string]func() error{
			"room accept":  func() error { _, err := roomA.Accept(ctx); return err },
			"room recv":    func() error { _, err := roomA.Recv(ctx); return err },
			"accept":       func() error { _, err := a.Accept(ctx); return err },
			"early":        func() error { _, err := roomA.Peer(absent.ID()).Open(ctx, "x", nil); return err },
			"early path":   func() error { _, err := roomA.Peer(absent.ID()).Path(ctx); return err },
			"recv":         func() error { _, _, err := here.Recv(ctx); return err },
			"recv raw":     func() error { _, _, err := raw.Recv(ctx); return err },
			"send":         func() error { return fill(here) },
			"send raw":     func() error { return fill(raw) },
			"send durable": func() error { return fill(durable) },
			"flush":        func() error { <-full; return durable.Flush(ctx) },
			"open": func() error { // until there are too many
				for {
					if _, err := a.Open(ctx, "x", nil); err != nil {
						return err
					}
				}
			},
			"open raw": func() error { // behind a window that is full
				for {
					if _, err := a.Open(ctx, "x", &peer.ChannelOptions{Raw: true}); err != nil {
						return err
					}
				}
			},
			"stats of one that was never met": func() error { _, err := roomA.Peer(absent.ID()).Stats(ctx, nil); return err },
		}
		results := make(chan error, len(calls))
		for name, call := range calls {
			go func() { results <- fmt.Errorf("%s: %w", name, call()) }()
		}
		synctest.Wait()
		close(full)
		synctest.Wait()
		var closing sync.WaitGroup
		for range 3 {
			closing.Go(func() { must(t, roomA.Close()) })
			closing.Go(func() { must(t, a.Close()) })
		}
		closing.Wait()
		for range calls {
			wantCode(t, <-results, protocol.CodeClosed)
		}
		ended(t, roomA.Context(), protocol.CodeClosed)
		_, err = roomA.Connect(ctx, roomB.ID())
		wantCode(t, err, protocol.CodeClosed)
	})
}

// A room that closes while it is still connecting does not wait for the connection.
func TestCloseWhileConnecting(t *testing.T) {
	inWorld(t, signaling.Config{}, func(t *testing.T, w *world) {
		for range 5 {
			a, b := w.join(peer.Config{}), w.join(peer.Config{})
			var closing sync.WaitGroup
			closing.Go(func() { must(t, a.Close()) })
			closing.Go(func() { must(t, b.Close()) })
			closing.Wait()
		}
	})
}

// Channels and messages that came before the end are there after it, every time.
func TestAcceptAfterTheEnd(t *testing.T) {
	inWorld(t, signaling.Config{}, func(t *testing.T, w *world) {
		a, b := w.pair(peer.Config{}, peer.Config{})
		const count = 12
		for i := range count {
			ch, err := a.Open(within(t), fmt.Sprint(i), nil)
			must(t, err)
			must(t, ch.SendText(within(t), fmt.Sprint(i)))
		}
		must(t, a.Close())
		ended(t, b.Context(), protocol.CodeClosed)
		synctest.Wait()
		acceptLabelled(t, b, count)
		_, err := b.Accept(within(t))
		wantCode(t, err, protocol.CodeClosed)
	})
}

func TestCloseEndsBothSides(t *testing.T) {
	inWorld(t, signaling.Config{}, func(t *testing.T, w *world) {
		a, b := w.pair(peer.Config{}, peer.Config{})
		here, there := channel(t, a, b, nil)
		waiting := make(chan error)
		go func() {
			_, _, err := there.Recv(context.Background())
			waiting <- err
		}()
		synctest.Wait()
		must(t, here.Close())
		must(t, here.Close())
		wantCode(t, <-waiting, protocol.CodeClosed)
		ended(t, here.Context(), protocol.CodeClosed)
		ended(t, there.Context(), protocol.CodeClosed)
		for _, ch := range []*peer.Channel{here, there} {
			wantCode(t, ch.Send(within(t), []byte("x")), protocol.CodeClosed)
			_, _, err := ch.Recv(within(t))
			wantCode(t, err, protocol.CodeClosed)
		}
		// The connection lives, and its other channels with it.
		again, _ := channel(t, b, a, nil)
		must(t, again.Send(within(t), []byte("x")))
	})
}

// Closing the peer or the room delivers what was sent before; closing a peer connection alone would drop it.
func TestPeerCloseDelivers(t *testing.T) {
	for name, close := range map[string]func(*peer.Room, *peer.Peer) error{
		"peer": func(_ *peer.Room, p *peer.Peer) error { return p.Close() },
		"room": func(r *peer.Room, _ *peer.Peer) error { return r.Close() },
	} {
		t.Run(name, func(t *testing.T) {
			onBoth(t, func(t *testing.T, w *world, raw bool) {
				roomA, roomB := w.join(peer.Config{}), w.join(peer.Config{})
				a, err := roomA.Accept(within(t))
				must(t, err)
				b, err := roomB.Accept(within(t))
				must(t, err)
				here, there := channel(t, a, b, &peer.ChannelOptions{Raw: raw})
				count := 3 // what the window takes of those that nobody reads
				if raw {
					count = 12
				}
				for range count {
					must(t, here.Send(within(t), make([]byte, 64<<10)))
				}
				must(t, close(roomA, a))
				ended(t, here.Context(), protocol.CodeClosed)
				ended(t, b.Context(), protocol.CodeClosed)
				for range count {
					_, _, err := there.Recv(within(t))
					must(t, err)
				}
				_, _, err = there.Recv(within(t))
				wantCode(t, err, protocol.CodeClosed)
			})
		})
	}
}

// An application that learns of its peers otherwise, and never accepts, does not keep those that are gone.
func TestWhoIsGoneIsNotKept(t *testing.T) {
	inWorld(t, signaling.Config{}, func(t *testing.T, w *world) {
		host := w.join(peer.Config{})
		for range 3 {
			visitor := w.join(peer.Config{})
			_, err := visitor.Accept(within(t))
			must(t, err)
			time.Sleep(time.Second) // until the host has it, too
			if n := peer.Unaccepted(host); n != 1 {
				t.Fatalf("%d peers wait to be accepted while one is here", n)
			}
			must(t, visitor.Close())
			ended(t, next(t, host, peer.EventJoined).Peer.Context(), protocol.CodeClosed)
			next(t, host, peer.EventLeft)
			time.Sleep(time.Second) // for which Pion's own end takes
			if n := peer.Unaccepted(host); n != 0 {
				t.Fatalf("%d peers wait to be accepted and none is here", n)
			}
		}
	})
}

// What is asked of a room in the midst of its Close waits for the end, and has its error.
func TestCallsInTheMidstOfClose(t *testing.T) {
	scripted(t, func(ws *websocket.Conn) { admit(ws); drain(ws) }, func(t *testing.T, join func() (*peer.Room, error)) {
		room, err := join()
		must(t, err)
		peer.LoseWhileLeaving(room)
		synctest.Wait()
		answers := make(chan error)
		go func() { answers <- room.Update(within(t), nil) }()
		go func() { answers <- room.Send(within(t), 1) }()
		synctest.Wait()
		must(t, room.Close())
		for range 2 {
			wantCode(t, <-answers, protocol.CodeClosed)
		}
	})
}
