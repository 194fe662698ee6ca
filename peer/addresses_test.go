package peer_test

import (
	"context"
	"net"
	"sync/atomic"
	"testing"
	"time"

	"github.com/beckon-rtc/beckon/peer"
	"github.com/beckon-rtc/beckon/signaling"
	"github.com/pion/transport/v4/vnet"
)

// A machine that moves to another network looks for a way at once, and does not wait for the old one to fail. What comes beside
// the old one, or leads nowhere, is no reason.
func TestTheNetworkChanges(t *testing.T) {
	for name, c := range map[string]struct {
		addrs    []string
		restarts bool
	}{
		"same":       {[]string{"192.0.2.1", "127.0.0.1"}, false},
		"another":    {[]string{"192.0.2.1", "192.0.2.2"}, false},
		"link-local": {[]string{"192.0.2.1", "169.254.1.1"}, false},
		"moved":      {[]string{"198.51.100.1"}, true},
		"none":       {nil, true},
	} {
		t.Run(name, func(t *testing.T) {
			inWorld(t, signaling.Config{}, func(t *testing.T, w *world) {
				for side := range 2 {
					rooms := []*peer.Room{w.join(peer.Config{}), w.join(peer.Config{})}
					peer.SetAddresses(rooms[0], "192.0.2.1", "127.0.0.1")
					p, err := rooms[0].Accept(within(t))
					must(t, err)
					for _, other := range rooms[0].Peers() {
						if other != p {
							t.Fatal("too many")
						}
					}
					if peer.Offers(p) != (side == 0) {
						// Which side offers is chance, so the addresses of the other one change.
						q, err := rooms[1].Accept(within(t))
						must(t, err)
						peer.SetAddresses(rooms[1], "192.0.2.1", "127.0.0.1")
						p, rooms[0], rooms[1] = q, rooms[1], rooms[0]
					}
					time.Sleep(10 * time.Second)
					generation := ufrag(t, p)
					peer.SetAddresses(rooms[0], c.addrs...)
					time.Sleep(4 * time.Second)
					if restarted := ufrag(t, p) != generation; restarted != c.restarts {
						t.Errorf("side %d: restarted %v", side, restarted)
					}
					if p.State() != peer.StateConnected {
						t.Errorf("side %d: the peer is %q", side, p.State())
					}
					rooms[0].Close()
					rooms[1].Close()
				}
			})
		})
	}
}

// Without a way any address is worth a try: the first that is there again.
func TestAnAddressWhileTheWayIsLost(t *testing.T) {
	inWorld(t, signaling.Config{}, func(t *testing.T, w *world) {
		roomA, roomB := w.join(peer.Config{}), w.join(peer.Config{})
		peer.SetAddresses(roomA, "192.0.2.1")
		a, err := roomA.Accept(within(t))
		must(t, err)
		b, err := roomB.Accept(within(t))
		must(t, err)
		time.Sleep(10 * time.Second)
		peer.SetAddresses(roomA)
		w.drop.Store(new(func(vnet.Chunk) bool { return true }))
		reaches(t, a, peer.StateReconnecting)
		time.Sleep(time.Second) // the first restart was at once, and the next one is four seconds from now
		generation := ufrag(t, a)
		peer.SetAddresses(roomA, "198.51.100.1")
		time.Sleep(3500 * time.Millisecond)
		if ufrag(t, a) == generation {
			t.Error("ICE was not restarted")
		}
		w.heal()
		reaches(t, a, peer.StateConnected)
		reaches(t, b, peer.StateConnected)
	})
}

// at is a connection that says that it is from an address.
type at struct {
	net.Conn
	ip string
}

func (a at) LocalAddr() net.Addr { return &net.TCPAddr{IP: net.ParseIP(a.ip), Port: 1} }

// A signaling connection ends with the address that it was made from, and another one is made at once: the server would not be heard
// for long. One from an address that stays, or that was never the machine's, stays as well.
func TestTheSignalingConnectionLosesItsAddress(t *testing.T) {
	for name, c := range map[string]struct {
		from string
		ends bool
	}{
		"its own":     {"192.0.2.1", true},
		"another":     {"192.0.2.2", false},
		"not of here": {"203.0.113.1", false},
	} {
		t.Run(name, func(t *testing.T) {
			inWorld(t, signaling.Config{}, func(t *testing.T, w *world) {
				var dials atomic.Int32
				room := w.join(peer.Config{Dial: func(ctx context.Context, network, addr string) (net.Conn, error) {
					dials.Add(1)
					conn, err := w.signals.DialContext(ctx, network, addr)
					return at{conn, c.from}, err
				}})
				peer.SetAddresses(room, "192.0.2.1", "192.0.2.2")
				w.join(peer.Config{})
				_, err := room.Accept(within(t))
				must(t, err)
				time.Sleep(10 * time.Second)
				peer.SetAddresses(room, "192.0.2.2", "192.0.2.3")
				time.Sleep(4 * time.Second)
				want := int32(1)
				if c.ends {
					want = 2
				}
				if made := dials.Load(); made != want || room.State() != peer.RoomJoined {
					t.Errorf("%d connections were made, want %d, and the room is %q", made, want, room.State())
				}
			})
		})
	}
}
