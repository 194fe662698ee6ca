package peer_test

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/beckon-rtc/beckon/peer"
	"github.com/beckon-rtc/beckon/signaling"
	"github.com/beckon-rtc/beckon/signaling/protocol"
	"github.com/pion/transport/v4/vnet"
)

// connect meets every pair of rooms and returns, by room, the peers that it accepted.
func connect(t *testing.T, rooms ...*peer.Room) map[*peer.Room][]*peer.Peer {
	t.Helper()
	met := make(map[*peer.Room][]*peer.Peer)
	for _, r := range rooms {
		for range len(rooms) - 1 {
			p, err := r.Accept(within(t))
			must(t, err)
			if p.State() != peer.StateConnected || slices.Contains(met[r], p) {
				t.Fatalf("accepted a peer that is %q", p.State())
			}
			met[r] = append(met[r], p)
		}
	}
	return met
}

func TestThreeMeet(t *testing.T) {
	inWorld(t, signaling.Config{}, func(t *testing.T, w *world) {
		a, b, c := w.join(peer.Config{}), w.join(peer.Config{}), w.join(peer.Config{})
		for room, peers := range connect(t, a, b, c) {
			for _, p := range peers {
				ch, err := p.Open(within(t), "from "+room.ID(), nil)
				must(t, err)
				must(t, ch.SendText(within(t), "to "+p.ID()))
			}
		}
		for _, room := range []*peer.Room{a, b, c} {
			for _, p := range room.Peers() {
				ch, err := p.Accept(within(t))
				must(t, err)
				data, _, err := ch.Recv(within(t))
				must(t, err)
				if ch.Label() != "from "+p.ID() || string(data) != "to "+room.ID() {
					t.Fatalf("%q says %q", ch.Label(), data)
				}
				path, err := p.Path(within(t))
				must(t, err)
				if path.Relayed || path.Protocol != "udp" {
					t.Fatalf("the path is %v", path)
				}
			}
		}
		// One leaves; the other two stay connected.
		must(t, b.Close())
		synctest.Wait() // until they have been told
		for _, room := range []*peer.Room{a, c} {
			peers := room.Peers()
			if len(peers) != 1 || peers[0].State() != peer.StateConnected {
				t.Fatalf("%d peers are left", len(peers))
			}
		}
	})
}

// In a room without a topology either side may ask: the one that offers, and the one that has to ask for an offer.
func TestConnectFromEitherSide(t *testing.T) {
	inWorld(t, signaling.Config{}, func(t *testing.T, w *world) {
		for range 2 {
			a, b := w.join(none), w.join(none)
			time.Sleep(time.Minute)
			if s := a.Peer(b.ID()).State(); s != peer.StateWaiting {
				t.Fatalf("nobody asked, and the peer is %q", s)
			}
			for _, pair := range [][2]*peer.Room{{a, b}, {b, a}} {
				p, err := pair[0].Connect(within(t), pair[1].ID())
				must(t, err)
				q, err := pair[1].Connect(within(t), pair[0].ID()) // it is connected, or about to be
				must(t, err)
				channel(t, p, q, nil)
			}
			must(t, a.Close())
			must(t, b.Close())
		}
		c := w.join(none)
		_, err := c.Connect(within(t), "nobody")
		wantCode(t, err, protocol.CodeUnknownPeer)
	})
}

// Which side offers depends on random instances, so both have to be tried on purpose.
func TestConnectByTheSideThatAnswers(t *testing.T) {
	inWorld(t, signaling.Config{}, func(t *testing.T, w *world) {
		a, b := w.join(none), w.join(none)
		next(t, a, peer.EventJoined)
		instanceOfA, instanceOfB := b.Peers()[0].Instance(), a.Peers()[0].Instance()
		if protocol.Offers(protocol.Member{Instance: instanceOfA}, protocol.Member{Instance: instanceOfB}) {
			a, b = b, a
		}
		p, err := a.Connect(within(t), b.ID())
		must(t, err)
		q, err := b.Accept(within(t))
		must(t, err)
		channel(t, p, q, nil)
	})
}

func TestMeshLimit(t *testing.T) {
	inWorld(t, signaling.Config{Limits: signaling.Limits{Mesh: 2}}, func(t *testing.T, w *world) {
		a, b, c := w.join(peer.Config{}), w.join(peer.Config{}), w.join(peer.Config{})
		connect(t, a, b)
		_, err := a.Connect(within(t), c.ID())
		wantCode(t, err, protocol.CodeMeshFull)
		_, err = c.Connect(within(t), b.ID())
		wantCode(t, err, protocol.CodeMeshFull)
		// When one of the first leaves, the next moves up and is connected by itself.
		must(t, b.Close())
		connect(t, a, c)
	})
}

func TestConnectIsBounded(t *testing.T) {
	inWorld(t, signaling.Config{}, func(t *testing.T, w *world) {
		lose := func(vnet.Chunk) bool { return true }
		w.drop.Store(&lose)
		a, b := w.join(peer.Config{ConnectTimeout: 10 * time.Second}), w.join(peer.Config{})
		next(t, a, peer.EventJoined)
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		_, err := a.Connect(ctx, b.ID())
		wantCode(t, err, protocol.CodeAborted)
		_, err = a.Peer(b.ID()).Open(ctx, "x", nil)
		wantCode(t, err, protocol.CodeAborted)
		// Nothing gets through: the connection fails, and only that.
		ended(t, a.Peer(b.ID()).Context(), protocol.CodeConnectFailed)
		_, err = a.Connect(within(t), b.ID())
		wantCode(t, err, protocol.CodeConnectFailed)
		_, err = a.Peer(b.ID()).Open(within(t), "x", nil)
		wantCode(t, err, protocol.CodeConnectFailed)
		must(t, a.Send(within(t), "the room lives"))
		w.drop.Store(nil)
		c := w.join(peer.Config{})
		p, err := c.Accept(within(t))
		must(t, err)
		if p.Context().Err() != nil {
			t.Fatal("a failed connection hurt another")
		}
	})
}

func TestOpenBeforeConnected(t *testing.T) {
	inWorld(t, signaling.Config{}, func(t *testing.T, w *world) {
		a, b := w.join(none), w.join(none)
		next(t, a, peer.EventJoined)
		p := a.Peers()[0]
		opened := make(chan error)
		go func() {
			_, err := p.Open(within(t), "early", nil)
			opened <- err
		}()
		time.Sleep(10 * time.Second)
		if p.PeerConnection() != nil || p.State() != peer.StateWaiting {
			t.Fatalf("the peer is %q", p.State())
		}
		_, err := b.Connect(within(t), a.ID())
		must(t, err)
		must(t, <-opened)
		if p.PeerConnection() == nil {
			t.Fatal("no peer connection")
		}
	})
}

func TestTheWayIsLost(t *testing.T) {
	inWorld(t, signaling.Config{}, func(t *testing.T, w *world) {
		a, b := w.pair(peer.Config{}, peer.Config{})
		here, there := channel(t, a, b, nil)
		lose := func(vnet.Chunk) bool { return true }
		w.drop.Store(&lose)
		ended(t, here.Context(), protocol.CodeConnectionLost)
		ended(t, there.Context(), protocol.CodeConnectionLost)
		ended(t, a.Context(), protocol.CodeConnectionLost)
	})
}

func TestAPeerThatIsClosed(t *testing.T) {
	inWorld(t, signaling.Config{}, func(t *testing.T, w *world) {
		a, b := w.pair(peer.Config{}, peer.Config{})
		_, there := channel(t, a, b, nil)
		must(t, a.Close())
		must(t, a.Close())
		ended(t, a.Context(), protocol.CodeClosed)
		ended(t, b.Context(), protocol.CodeClosed)
		ended(t, there.Context(), protocol.CodeClosed)
		_, err := b.Open(within(t), "x", nil)
		wantCode(t, err, protocol.CodeClosed)
		_, err = b.Accept(within(t))
		wantCode(t, err, protocol.CodeClosed)
		_, err = b.Path(within(t))
		wantCode(t, err, protocol.CodeClosed)
		if a.PeerConnection() == nil || b.PeerConnection() == nil {
			t.Fatal("Pion's object is gone")
		}
		// They are members all the same, and can say something over the server.
		must(t, a.Signal(within(t), "a"))
		must(t, b.Signal(within(t), "b"))
	})
}

// Forty opens of raw channels at once: no more than sixteen are on their way at a time, however slow the other side is, and all arrive.
func TestManyOpens(t *testing.T) {
	inWorld(t, signaling.Config{}, func(t *testing.T, w *world) {
		a, b := w.pair(peer.Config{}, peer.Config{})
		lose := func(vnet.Chunk) bool { return true }
		w.drop.Store(&lose)
		const count = 40
		opened := make(chan error, count)
		for i := range count {
			go func() {
				_, err := a.Open(within(t), fmt.Sprint(i), &peer.ChannelOptions{Raw: true})
				opened <- err
			}()
		}
		synctest.Wait()
		if n := requested(a); n != 1+16 { // and the control channel
			t.Fatalf("%d channels have been asked for", n)
		}
		w.drop.Store(nil)
		for range count {
			must(t, <-opened)
			_, err := b.Accept(within(t))
			must(t, err)
		}
		if n := requested(a); n != 1+count {
			t.Fatalf("%d channels have been asked for", n)
		}
	})
}
