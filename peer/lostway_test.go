package peer_test

import (
	"context"
	"fmt"
	"net"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/beckon-rtc/beckon/peer"
	"github.com/beckon-rtc/beckon/signaling"
	"github.com/beckon-rtc/beckon/signaling/protocol"
	"github.com/pion/transport/v4/vnet"
)

// cut makes all packets between the peers vanish, as if they were killed, until they are let through again.
func (w *world) cut()  { w.drop.Store(new(func(vnet.Chunk) bool { return true })) }
func (w *world) heal() { w.drop.Store(nil) }

// reaches waits until a peer is in that state.
func reaches(t *testing.T, p *peer.Peer, want peer.State) {
	t.Helper()
	limit := within(t)
	for {
		changed := peer.Changed(p)
		if p.State() == want {
			return
		}
		select {
		case <-changed:
		case <-p.Context().Done():
			t.Fatalf("the peer ended with %v and never was %q", context.Cause(p.Context()), want)
		case <-limit.Done():
			t.Fatalf("the peer is %q and not %q", p.State(), want)
		}
	}
}

// ufrag names the generation of a connection's candidates.
func ufrag(t *testing.T, p *peer.Peer) string {
	t.Helper()
	_, rest, ok := strings.Cut(p.PeerConnection().LocalDescription().SDP, "a=ice-ufrag:")
	if !ok {
		t.Fatal("no description")
	}
	line, _, _ := strings.Cut(rest, "\r\n")
	return line
}

// talk sends on a channel and wants it to come out at its other end.
func talk(t *testing.T, from, to *peer.Channel, text string) {
	t.Helper()
	must(t, from.SendText(within(t), text))
	data, _, err := to.Recv(within(t))
	must(t, err)
	if string(data) != text {
		t.Fatalf("got %q, want %q", data, text)
	}
}

// A peer whose packets vanish, at whatever moment, is noticed within six seconds, on both sides; and not one that lives.
func TestAVanishedPeerIsNoticed(t *testing.T) {
	for _, after := range []time.Duration{0, 1, 600, 1249, 1300, 2600, 3700} { // milliseconds of silence before
		t.Run(fmt.Sprint(after), func(t *testing.T) {
			inWorld(t, signaling.Config{}, func(t *testing.T, w *world) {
				a, b := w.pair(peer.Config{}, peer.Config{})
				time.Sleep(time.Minute + after*time.Millisecond)
				for _, p := range []*peer.Peer{a, b} {
					if p.State() != peer.StateConnected {
						t.Fatalf("an idle peer is %q", p.State())
					}
				}
				w.cut()
				cut := time.Now()
				for _, p := range []*peer.Peer{a, b} {
					reaches(t, p, peer.StateReconnecting)
					if took := time.Since(cut); took > 6*time.Second || took < 3*time.Second {
						t.Errorf("noticed after %v", took)
					}
				}
			})
		})
	}
}

// Also one that is being sent to, over channels of every kind: what is not acknowledged is no sign of life.
func TestAVanishedPeerIsNoticedWhileSending(t *testing.T) {
	never := uint16(0)
	for name, o := range map[string]*peer.ChannelOptions{"reliable": nil, "lossy": {Unordered: true, MaxRetransmits: &never}} {
		t.Run(name, func(t *testing.T) {
			inWorld(t, signaling.Config{}, func(t *testing.T, w *world) {
				a, b := w.pair(peer.Config{}, peer.Config{})
				here, there := channel(t, a, b, o)
				ctx, cancel := context.WithCancel(context.Background())
				sent, received := make(chan struct{}), make(chan struct{})
				go func() {
					defer close(sent)
					for here.Send(ctx, make([]byte, 500)) == nil {
						time.Sleep(20 * time.Millisecond)
					}
				}()
				go func() {
					defer close(received)
					for {
						if _, _, err := there.Recv(ctx); err != nil {
							return
						}
					}
				}()
				time.Sleep(7 * time.Second)
				if a.State() != peer.StateConnected || b.State() != peer.StateConnected {
					t.Fatal("a peer that is sent to is lost")
				}
				w.cut()
				cut := time.Now()
				for _, p := range []*peer.Peer{a, b} {
					reaches(t, p, peer.StateReconnecting)
					if took := time.Since(cut); took > 6*time.Second {
						t.Errorf("noticed after %v", took)
					}
				}
				cancel()
				<-sent
				<-received
			})
		})
	}
}

// A peer that is still heard, but does not hear, looks for another way, and the other side has none until that is found.
func TestPathWhileAWayIsLookedFor(t *testing.T) {
	inWorld(t, signaling.Config{}, func(t *testing.T, w *world) {
		deaf, other := w.pair(peer.Config{}, peer.Config{})
		before, err := other.Path(within(t))
		must(t, err)
		transport := other.PeerConnection().SCTP().Transport().ICETransport()
		pair, err := transport.GetSelectedCandidatePair()
		must(t, err)
		w.drop.Store(new(func(c vnet.Chunk) bool {
			return c.SourceAddr().String() == net.JoinHostPort(pair.Local.Address, fmt.Sprint(pair.Local.Port))
		}))
		reaches(t, deaf, peer.StateReconnecting)
		synctest.Wait() // until the restart has begun on both sides
		w.cut()
		if pair, err := transport.GetSelectedCandidatePair(); pair != nil || err != nil || other.State() != peer.StateConnected {
			t.Fatalf("the other side is %q over %v, %v: nothing is tested", other.State(), pair, err)
		}
		time.AfterFunc(time.Second, w.heal)
		after, err := other.Path(within(t))
		must(t, err)
		if after.Relayed != before.Relayed || after.Protocol != before.Protocol {
			t.Errorf("the path is %+v, and was %+v", after, before)
		}
		// Who does not wait for as long is told whose fault it is.
		w.cut()
		reaches(t, other, peer.StateReconnecting)
		soon, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		_, err = other.Path(soon)
		wantCode(t, err, protocol.CodeAborted)
	})
}

// A way that is lost for a while: the channel goes on where it was, over a restarted ICE, and nothing is lost.
func TestTheWayComesBack(t *testing.T) {
	for _, seconds := range []int{6, 7, 10, 12, 18} {
		t.Run(fmt.Sprint(seconds), func(t *testing.T) {
			inWorld(t, signaling.Config{}, func(t *testing.T, w *world) {
				a, b := w.pair(peer.Config{}, peer.Config{})
				here, there := channel(t, a, b, nil)
				talk(t, here, there, "before")
				pc, generation := a.PeerConnection(), ufrag(t, a)
				w.cut()
				must(t, here.SendText(within(t), "meanwhile"))
				must(t, there.SendText(within(t), "meanwhile"))
				time.AfterFunc(time.Duration(seconds)*time.Second, w.heal)
				reaches(t, a, peer.StateReconnecting)
				reaches(t, b, peer.StateReconnecting)
				reaches(t, a, peer.StateConnected)
				reaches(t, b, peer.StateConnected)
				for _, ch := range []*peer.Channel{there, here} {
					data, _, err := ch.Recv(within(t))
					must(t, err)
					if string(data) != "meanwhile" {
						t.Fatalf("got %q", data)
					}
				}
				talk(t, here, there, "after")
				talk(t, there, here, "after")
				if a.PeerConnection() != pc || ufrag(t, a) == generation {
					t.Fatal("it is not the same connection over a restarted ICE")
				}
				time.Sleep(time.Minute)
				if a.State() != peer.StateConnected || here.Context().Err() != nil {
					t.Fatal("it did not last")
				}
			})
		})
	}
}

// A way that is lost for longer: another connection takes the place of the first, and the peers are the same.
func TestAConnectionIsReplaced(t *testing.T) {
	for _, seconds := range []int{22, 30, 45} {
		t.Run(fmt.Sprint(seconds), func(t *testing.T) {
			inWorld(t, signaling.Config{}, func(t *testing.T, w *world) {
				roomA, roomB := w.join(peer.Config{}), w.join(peer.Config{})
				a, err := roomA.Accept(within(t))
				must(t, err)
				b, err := roomB.Accept(within(t))
				must(t, err)
				here, there := channel(t, a, b, nil)
				unaccepted, err := a.Open(within(t), "unaccepted", nil)
				must(t, err)
				must(t, unaccepted.SendText(within(t), "unread"))
				time.Sleep(time.Second)
				pc := a.PeerConnection()
				w.cut()
				time.AfterFunc(time.Duration(seconds)*time.Second, w.heal)
				reaches(t, a, peer.StateReconnecting)
				ended(t, here.Context(), protocol.CodeConnectionLost)
				ended(t, there.Context(), protocol.CodeConnectionLost)
				if a.State() != peer.StateReconnecting {
					t.Fatalf("the peer is %q", a.State())
				}
				// Open waits for the connection, on either side.
				again, err := b.Open(within(t), "again", nil)
				must(t, err)
				if s := b.State(); s != peer.StateConnected {
					t.Fatalf("the peer is %q", s)
				}
				reaches(t, a, peer.StateConnected)
				came, err := a.Accept(within(t))
				must(t, err)
				talk(t, again, came, "hello")
				talk(t, came, again, "hello")
				if a.PeerConnection() == pc || roomA.Peer(a.ID()) != a || roomB.Peer(b.ID()) != b {
					t.Fatal("it is not another connection between the same peers")
				}
				// What came on the first is there still.
				old, err := b.Accept(within(t))
				if seconds <= 30 { // within the time that there is to accept it
					must(t, err)
					data, _, err := old.Recv(within(t))
					must(t, err)
					if string(data) != "unread" {
						t.Fatalf("got %q", data)
					}
				}
				ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
				defer cancel()
				if p, err := roomA.Accept(ctx); err == nil {
					t.Fatalf("%q is accepted again", p.ID())
				}
				if all, _ := peer.Connections(a); all != 1 {
					t.Fatalf("%d connections are there", all)
				}
			})
		})
	}
}

// When nothing helps the peer ends, and with the code of something that was lost.
func TestAPeerThatStaysLost(t *testing.T) {
	inWorld(t, signaling.Config{}, func(t *testing.T, w *world) {
		a, b := w.pair(peer.Config{ConnectTimeout: 10 * time.Second}, peer.Config{ConnectTimeout: 10 * time.Second})
		w.cut()
		ended(t, a.Context(), protocol.CodeConnectionLost)
		ended(t, b.Context(), protocol.CodeConnectionLost)
		_, err := a.Open(within(t), "x", nil)
		wantCode(t, err, protocol.CodeConnectionLost)
	})
}

// A goodbye ends the other side's peer at once, and what was sent before it has come.
func TestAGoodbyeIsNoLoss(t *testing.T) {
	inWorld(t, signaling.Config{}, func(t *testing.T, w *world) {
		a, b := w.pair(peer.Config{}, peer.Config{})
		here, there := channel(t, a, b, nil)
		must(t, here.SendText(within(t), "last"))
		closed := time.Now()
		must(t, a.Close())
		ended(t, b.Context(), protocol.CodeClosed)
		if took := time.Since(closed); took > time.Second {
			t.Fatalf("the other side learnt it after %v", took)
		}
		data, _, err := there.Recv(within(t))
		must(t, err)
		if string(data) != "last" {
			t.Fatalf("got %q", data)
		}
		time.Sleep(time.Minute)
		if a.State() != peer.StateClosed || b.State() != peer.StateClosed {
			t.Fatal("a closed peer came back")
		}
	})
}

// Who closes a room waits neither for an acknowledgement that SCTP puts off, of what was sent or of the goodbye, nor in Pion for an abort
// that it cannot send, whoever made the offers.
func TestCloseIsNotHeldUp(t *testing.T) {
	for _, offers := range []bool{true, false} {
		t.Run(map[bool]string{true: "who offers", false: "who answers"}[offers], func(t *testing.T) {
			inWorld(t, signaling.Config{}, func(t *testing.T, w *world) {
				a, b := w.pair(peer.Config{}, peer.Config{})
				if peer.Offers(a) != offers {
					a, b = b, a
				}
				here, there := channel(t, a, b, &peer.ChannelOptions{Raw: true})
				time.Sleep(time.Second) // nothing is left to be acknowledged
				must(t, here.SendText(within(t), "last"))
				begun := time.Now()
				must(t, peer.RoomOf(a).Close())
				if took := time.Since(begun); took > 100*time.Millisecond {
					t.Errorf("it took %v", took)
				}
				data, _, err := there.Recv(within(t))
				must(t, err)
				if string(data) != "last" {
					t.Errorf("got %q", data)
				}
				ended(t, b.Context(), protocol.CodeClosed)
			})
		})
	}
}

// An association that ends without a goodbye is a loss, whoever ended it, and replaced at once.
func TestAnEndWithoutAGoodbye(t *testing.T) {
	for name, end := range map[string]func(p *peer.Peer){
		"whole": func(p *peer.Peer) { p.PeerConnection().GracefulClose() },
		"sctp":  func(p *peer.Peer) { p.PeerConnection().SCTP().Stop() },
		"dtls":  func(p *peer.Peer) { p.PeerConnection().SCTP().Transport().Stop() },
	} {
		for i := range 2 {
			t.Run(fmt.Sprint(name, i), func(t *testing.T) {
				inWorld(t, signaling.Config{}, func(t *testing.T, w *world) {
					a, b := w.pair(peer.Config{}, peer.Config{})
					if peer.Offers(a) != (i == 0) {
						a, b = b, a
					}
					here, there := channel(t, a, b, nil)
					end(a)
					ended(t, here.Context(), protocol.CodeConnectionLost)
					ended(t, there.Context(), protocol.CodeConnectionLost)
					reaches(t, a, peer.StateConnected)
					reaches(t, b, peer.StateConnected)
					again, come := channel(t, b, a, nil)
					talk(t, again, come, "hello")
				})
			})
		}
	}
}

// Nobody reads, on either side, and both windows are full: that is no loss, however long it lasts.
func TestFullWindowsAreNoLoss(t *testing.T) {
	inWorld(t, signaling.Config{}, func(t *testing.T, w *world) {
		a, b := w.pair(peer.Config{}, peer.Config{})
		here, there := channel(t, a, b, &peer.ChannelOptions{Raw: true})
		const size, count = 64 << 10, 60
		for _, ch := range []*peer.Channel{here, there} {
			go func() {
				for range count {
					if err := ch.Send(context.Background(), make([]byte, size)); err != nil {
						t.Error(err)
						return
					}
				}
			}()
		}
		for range 300 {
			time.Sleep(200 * time.Millisecond)
			if a.State() != peer.StateConnected || b.State() != peer.StateConnected {
				t.Fatal("a peer that nobody reads is lost")
			}
		}
		for range count {
			for _, ch := range []*peer.Channel{here, there} {
				_, _, err := ch.Recv(within(t))
				must(t, err)
			}
		}
		synctest.Wait()
	})
}
