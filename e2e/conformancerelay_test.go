//go:build unix

package e2e

import (
	"errors"
	"net"
	"sync"
	"testing"
	"time"

	"github.com/beckon-rtc/beckon/signaling/protocol"
	"github.com/beckon-rtc/beckon/turnserver"
)

// breakingRelay carries UDP between clients and a TURN server until the ways of the clients are lost: then it drops what belongs to
// these, as a NAT does that has forgotten them, and carries on with what begins anew. Neither side is told, and signaling is not touched.
//
//	goroutine  owns                                                            ends
//	forth      what comes from the clients, and the map of them                when the socket is closed
//	back       one per client: what comes for it from the server               when its socket is closed, by lose or at the end
type breakingRelay struct {
	socket net.PacketConn
	server string
	secret string
	going  sync.WaitGroup

	mu      sync.Mutex
	clients map[string]net.Conn // to the server; those whose ways are lost are nil; guarded by mu
}

func newBreakingRelay(t *testing.T, ip, server, secret string) *breakingRelay {
	t.Helper()
	socket, err := net.ListenPacket("udp", net.JoinHostPort(ip, "0"))
	if err != nil {
		t.Fatal(err)
	}
	r := &breakingRelay{socket: socket, server: server, secret: secret, clients: make(map[string]net.Conn)}
	r.going.Go(r.forth)
	t.Cleanup(func() {
		socket.Close()
		r.lose()
		r.going.Wait()
	})
	return r
}

// servers are what a client is told.
func (r *breakingRelay) servers() []protocol.ICEServer {
	username, password := turnserver.Credentials([]byte(r.secret), "conformance", time.Now(), time.Hour)
	return []protocol.ICEServer{{URLs: []string{"turn:" + r.socket.LocalAddr().String() + "?transport=udp"}, Username: username, Credential: password}}
}

// lose loses the ways of all clients that there are.
func (r *breakingRelay) lose() {
	r.mu.Lock()
	defer r.mu.Unlock()
	for client, way := range r.clients {
		if way != nil {
			way.Close()
			r.clients[client] = nil
		}
	}
}

func (r *breakingRelay) forth() {
	packet := make([]byte, 1<<16)
	for {
		n, client, err := r.socket.ReadFrom(packet)
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil {
			continue // a packet of before could not be delivered
		}
		if way := r.way(client); way != nil {
			_, _ = way.Write(packet[:n]) // it is UDP: what is lost is sent again
		}
	}
}

// way is the client's to the server; nil if it is lost.
func (r *breakingRelay) way(client net.Addr) net.Conn {
	r.mu.Lock()
	defer r.mu.Unlock()
	way, known := r.clients[client.String()]
	if known {
		return way
	}
	way, err := net.Dial("udp", r.server)
	if err != nil {
		return nil
	}
	r.clients[client.String()] = way
	r.going.Go(func() { r.back(way, client) })
	return way
}

func (r *breakingRelay) back(way net.Conn, client net.Addr) {
	packet := make([]byte, 1<<16)
	for {
		n, err := way.Read(packet)
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err == nil {
			_, _ = r.socket.WriteTo(packet[:n], client)
		}
	}
}
