package peer_test

import (
	"context"
	"encoding/json"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/beckon-rtc/beckon/peer"
	"github.com/beckon-rtc/beckon/signaling"
	"github.com/beckon-rtc/beckon/signaling/protocol"
	"github.com/gorilla/websocket"
)

// guest is a member that a scripted server speaks of. It offers to "me", because its instance is the smaller one.
var guest = protocol.Member{Peer: "guest", Instance: "0000000000000001", Joined: 2}

// An application that sends all that it may keeps neither a heartbeat back nor the receipt that somebody's window waits for.
func TestAFullQueueHoldsBackOnlyItself(t *testing.T) {
	var messages int // when the receipt came
	scripted(t, func(ws *websocket.Conn) {
		admit(ws, guest)
		seen := 0
		frames(ws, func(kind protocol.Type, _ []byte) {
			switch kind {
			case protocol.TypeMessage:
				if seen++; seen == 10 {
					say(ws, protocol.Signal{Room: "tea", To: "me", N: 1, From: guest.Peer, FromInstance: guest.Instance, Data: []byte(`1`)})
				}
			case protocol.TypeReceipt:
				messages = seen
			}
		})
	}, func(t *testing.T, join func() (*peer.Room, error)) {
		room, err := join()
		must(t, err)
		for range 60 {
			go room.Send(within(t), "x")
		}
		next(t, room, peer.EventSignal)
		time.Sleep(6 * time.Second) // sixty frames take as long, and the silence of a server that is not pinged is 2.5 s
		if e, err := room.Recv(over()); peer.Code(err) != protocol.CodeAborted {
			t.Fatalf("no heartbeat was sent: %v, %v", e, err)
		}
		must(t, room.Close())
		synctest.Wait()
		if messages == 0 || messages > 20 {
			t.Fatalf("the receipt came after %d messages", messages)
		}
	})
}

// Asking for an offer once is enough, and one that is never made hurts nobody but who waits for it.
func TestConnectAsksOnce(t *testing.T) {
	var asked uint64
	scripted(t, func(ws *websocket.Conn) {
		admit(ws, guest)
		frames(ws, func(kind protocol.Type, frame []byte) {
			if kind == protocol.TypeSignal { // perhaps again, because there is no receipt
				var s protocol.Signal
				json.Unmarshal(frame, &s)
				asked = max(asked, s.N)
			}
		})
	}, func(t *testing.T, join func() (*peer.Room, error)) {
		room, err := join()
		must(t, err)
		for range 300 {
			ctx, cancel := context.WithTimeout(context.Background(), time.Millisecond)
			_, err := room.Connect(ctx, guest.Peer)
			cancel()
			wantCode(t, err, protocol.CodeAborted)
		}
		_, err = room.Connect(within(t), guest.Peer)
		wantCode(t, err, protocol.CodeConnectFailed)
		must(t, room.Close())
		synctest.Wait()
		if asked != 1 {
			t.Fatalf("asked for %d offers", asked)
		}
	})
}

// Signals that are never received fill a queue, and what does not fit is refused; the ones before may still arrive.
func TestSignalsWithoutReceipts(t *testing.T) {
	scripted(t, func(ws *websocket.Conn) {
		admit(ws, guest)
		frames(ws, func(protocol.Type, []byte) {})
	}, func(t *testing.T, join func() (*peer.Room, error)) {
		room, err := join()
		must(t, err)
		defer room.Close()
		p := room.Peer(guest.Peer)
		for i := range 16 + 256 + 1 {
			ctx, cancel := context.WithTimeout(context.Background(), time.Millisecond)
			err := p.Signal(ctx, i)
			cancel()
			if i < 16+256 {
				wantCode(t, err, protocol.CodeAborted)
			} else {
				wantCode(t, err, protocol.CodeOverflow)
			}
		}
		if p.State() != peer.StateWaiting {
			t.Fatalf("the peer is %q", p.State())
		}
	})
}

// A signal that finds no room is brought again; one that the server refuses fails alone, and those behind it go on.
func TestARefusedSignal(t *testing.T) {
	scripted(t, func(ws *websocket.Conn) {
		admit(ws, guest)
		busy := true
		frames(ws, func(kind protocol.Type, frame []byte) {
			if kind != protocol.TypeSignal {
				return
			}
			var s protocol.Signal
			json.Unmarshal(frame, &s)
			refuse := protocol.ErrorReply{Room: "tea", To: s.To, ToInstance: s.ToInstance, N: s.N}
			switch {
			case s.N == 2:
				refuse.Code = protocol.CodeForbidden
				say(ws, refuse)
			case busy:
				busy = false
				refuse.Code, refuse.RetryAfter = protocol.CodeBusy, 100
				say(ws, refuse)
			case s.After == 0: // what names a predecessor that was refused is dropped
				say(ws, protocol.Receipt{Room: "tea", N: s.N, From: guest.Peer, FromInstance: guest.Instance})
			}
		})
	}, func(t *testing.T, join func() (*peer.Room, error)) {
		room, err := join()
		must(t, err)
		defer room.Close()
		p := room.Peer(guest.Peer)
		var results []chan error
		for i := range 3 {
			result := make(chan error, 1)
			results = append(results, result)
			go func() { result <- p.Signal(within(t), i) }()
			synctest.Wait() // for their order
		}
		must(t, <-results[0])
		wantCode(t, <-results[1], protocol.CodeForbidden)
		must(t, <-results[2])
		must(t, p.Signal(within(t), 4))
	})
}

// A negotiation whose signal is refused for good has failed.
func TestARefusedNegotiation(t *testing.T) {
	scripted(t, func(ws *websocket.Conn) {
		admit(ws, guest)
		frames(ws, func(kind protocol.Type, frame []byte) {
			if kind == protocol.TypeSignal {
				say(ws, protocol.ErrorReply{Code: protocol.CodeForbidden, Room: "tea", To: guest.Peer, ToInstance: guest.Instance, N: 1})
			}
		})
	}, func(t *testing.T, join func() (*peer.Room, error)) {
		room, err := join()
		must(t, err)
		defer room.Close()
		p, start := room.Peer(guest.Peer), time.Now()
		_, err = room.Connect(within(t), guest.Peer)
		wantCode(t, err, protocol.CodeConnectFailed)
		if p.State() != peer.StateClosed || time.Since(start) > time.Second {
			t.Errorf("after %v the peer is %q", time.Since(start), p.State())
		}
	})
}

// The answers to what was asked before a gap may be in it: the snapshot has them.
func TestAGapHasTheAnswers(t *testing.T) {
	scripted(t, func(ws *websocket.Conn) {
		admit(ws)
		seen := 0
		frames(ws, func(kind protocol.Type, _ []byte) {
			if kind != protocol.TypeMessage && kind != protocol.TypeUpdate {
				return
			}
			if seen++; seen == 2 {
				now := self
				now.Attributes = []byte(`{}`)
				say(ws, protocol.Joined{Room: "tea", Epoch: "00000000000000e0", Position: 20, Topology: protocol.TopologyNone, Gap: true,
					Said: 1, Members: []protocol.Member{now}})
			}
		})
	}, func(t *testing.T, join func() (*peer.Room, error)) {
		room, err := join()
		must(t, err)
		defer room.Close()
		updated := make(chan error)
		go func() { updated <- room.Update(within(t), nil) }()
		must(t, room.Send(within(t), 1))
		must(t, <-updated)
		next(t, room, peer.EventGap)
	})
}

// Somebody who opens channels, is refused and keeps them all the same, is at some time not worth a connection.
func TestRefusedChannelsThatAreKept(t *testing.T) {
	inWorld(t, signaling.Config{}, func(t *testing.T, w *world) {
		a, b := w.pair(peer.Config{}, peer.Config{})
		// Pion's own channels are read by nobody here, so a reset is never answered.
		for i := range 64 + 256 + 1 {
			if _, err := a.PeerConnection().CreateDataChannel(fmt.Sprint(i), nil); err != nil {
				break
			}
			time.Sleep(10 * time.Millisecond) // Pion accepts no more than sixteen at once
		}
		ended(t, b.Context(), protocol.CodeOverflow)
	})
}

// What a visitor leaves on channels that nobody accepts is not kept for as long as the room.
func TestUnacceptedChannelsAreForgotten(t *testing.T) {
	inWorld(t, signaling.Config{}, func(t *testing.T, w *world) {
		host, visitor := w.join(peer.Config{}), w.join(peer.Config{})
		p, err := visitor.Accept(within(t))
		must(t, err)
		q, err := host.Accept(within(t))
		must(t, err)
		for range 3 {
			ch, err := p.Open(within(t), "left behind", nil)
			must(t, err)
			for range 10 {
				must(t, ch.SendText(within(t), "x"))
			}
		}
		must(t, visitor.Close())
		ended(t, q.Context(), protocol.CodeClosed)
		time.Sleep(20 * time.Second)
		ch, err := q.Accept(within(t)) // there is time to accept after the end
		must(t, err)
		time.Sleep(20 * time.Second)
		_, err = q.Accept(within(t))
		wantCode(t, err, protocol.CodeClosed)
		if n := host.Stats().ChannelsOverflowed; n != 2 {
			t.Fatalf("%d channels were given up", n)
		}
		for range 10 {
			_, _, err := ch.Recv(within(t))
			must(t, err)
		}
	})
}

// over is a context that has ended: with it, Recv returns only what is there already.
func over() context.Context {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	return ctx
}
