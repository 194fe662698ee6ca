package peer_test

import (
	"context"
	"fmt"
	"net"
	"sync"
	"testing"
	"time"

	"github.com/beckon-rtc/beckon/peer"
	"github.com/beckon-rtc/beckon/signaling"
	"github.com/beckon-rtc/beckon/signaling/protocol"
	"github.com/pion/logging"
	"github.com/pion/stun/v4"
	"github.com/pion/transport/v4/vnet"
	"github.com/pion/turn/v5"
)

// relay is a TURN server on a world's network whose credentials start allocations for credentialLife, as those of Beckon's do.
type relay struct {
	t *testing.T

	mu        sync.Mutex
	issued    map[string]time.Time // by username
	allocated []string             // the username of each allocation
	stale     int                  // allocations that were refused because it was too old
}

const (
	relayAddress   = "10.0.0.5"
	credentialLife = 4 * time.Minute
)

// newRelay returns a relay, and a server's Config that hands out its credentials, to be put on a world by open.
func newRelay(t *testing.T) (*relay, signaling.Config) {
	r := &relay{t: t, issued: make(map[string]time.Time)}
	return r, signaling.Config{ICEServers: func(_ context.Context, req signaling.ICERequest) ([]protocol.ICEServer, time.Duration, error) {
		r.mu.Lock()
		defer r.mu.Unlock()
		user := fmt.Sprintf("%d:%s", len(r.issued), req.Peer)
		r.issued[user] = time.Now()
		return []protocol.ICEServer{{URLs: []string{"turn:" + relayAddress + ":3478"}, Username: user, Credential: "x"}}, credentialLife, nil
	}}
}

func (r *relay) open(w *world) {
	r.t.Helper()
	peer.VNet.Lock()
	host, err := vnet.NewNet(&vnet.NetConfig{StaticIPs: []string{relayAddress}})
	peer.VNet.Unlock()
	must(r.t, err)
	must(r.t, w.router.AddNet(host))
	conn, err := host.ListenPacket("udp4", relayAddress+":3478")
	must(r.t, err)
	s, err := turn.NewServer(turn.ServerConfig{
		Realm: "beckon.test", AuthHandler: r.authorize, LoggerFactory: logging.NewDefaultLoggerFactory(),
		PacketConnConfigs: []turn.PacketConnConfig{{
			PacketConn:            conn,
			RelayAddressGenerator: &turn.RelayAddressGeneratorStatic{RelayAddress: net.ParseIP(relayAddress), Address: "0.0.0.0", Net: host},
		}},
	})
	must(r.t, err)
	r.t.Cleanup(func() { s.Close() })
}

// authorize judges the age of credentials where an allocation is asked for, and nowhere else.
func (r *relay) authorize(a *turn.RequestAttributes) (userID string, key []byte, ok bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	since, known := r.issued[a.Username]
	if a.Method == stun.MethodAllocate {
		if time.Since(since) > credentialLife {
			r.stale++
			return "", nil, false
		}
		r.allocated = append(r.allocated, a.Username)
	}
	return a.Username, turn.GenerateAuthKey(a.Username, "beckon.test", "x"), known
}

// count returns how many allocations there were, and of those that were refused.
func (r *relay) count() (made, stale int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.allocated), r.stale
}

// A relayed connection lives on when the credentials that began it are long over. What is gathered by then, for another way of the same
// connection or for the connection to a new peer, is gathered with fresh ones, which came on the signaling connection that there was.
func TestRelayedForLongerThanACredential(t *testing.T) {
	r, config := newRelay(t)
	var told reports
	config.Reported = told.take
	inWorld(t, config, func(t *testing.T, w *world) {
		r.t = t
		r.open(w)
		relayed := peer.Config{ICETransportPolicy: peer.ICETransportRelay}
		rooms := []*peer.Room{w.join(relayed)}
		peer.SetAddresses(rooms[0], "192.0.2.1") // before there is a connection, which would see another network
		rooms = append(rooms, w.join(relayed))
		a, b := connect(t, rooms...)[rooms[0]][0], rooms[1].Peers()[0]
		for _, its := range told.of(rooms...) {
			if len(its) != 1 || its[0].Outcome != protocol.OutcomeRelayed || its[0].Protocol != protocol.RelayUDP {
				t.Errorf("%+v", its)
			}
		}
		here, there := channel(t, a, b, nil)
		session, generation := peer.Session(a), ufrag(t, a)
		before, _ := r.count()
		for range 10 {
			time.Sleep(credentialLife / 2)
			talk(t, here, there, "still here")
		}
		if made, stale := r.count(); made != before || stale != 0 || peer.Session(a) != session || ufrag(t, a) != generation {
			t.Fatalf("%d allocations after %d, %d refused; session %v, generation %v", made, before, stale,
				peer.Session(a) == session, ufrag(t, a) == generation)
		}

		peer.SetAddresses(rooms[0], "198.51.100.1")
		time.Sleep(20 * time.Second)
		if ufrag(t, a) == generation || peer.Session(a) != session {
			t.Error("ICE was not restarted on the same connection")
		}
		talk(t, here, there, "on another way")
		restarted, stale := r.count()
		if restarted < before+2 || stale != 0 {
			t.Errorf("%d allocations after %d, %d refused", restarted, before, stale)
		}

		rooms = append(rooms, w.join(relayed))
		for range 2 {
			_, err := rooms[2].Accept(within(t))
			must(t, err)
		}
		if made, stale := r.count(); made < restarted+4 || stale != 0 {
			t.Errorf("%d allocations after %d, %d refused", made, restarted, stale)
		}
		if s := w.server.Stats(); s.Connections != 3 || len(s.Closes) != 0 {
			t.Errorf("%+v", s)
		}
	})
}
