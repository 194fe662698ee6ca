package middle

import (
	"errors"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"sync"
	"time"

	"github.com/gorilla/websocket"

	"github.com/beckon-rtc/beckon/peer/identity"
	"github.com/beckon-rtc/beckon/signaling/protocol"
)

// Attack is what a Server does.
type Attack string

// The attacks. All but None and Replay put the Server between the two; they differ in what becomes of the proofs.
const (
	// None passes everything on.
	None Attack = "none"
	// Swap leaves the proofs of the real descriptions beside its own.
	Swap Attack = "swap"
	// Strip takes the proofs away.
	Strip Attack = "strip"
	// Keys shows to each the Server's own key for the other's, and signs with it.
	Keys Attack = "keys"
	// Replay says again what a peer with the same key said when it was in the room before.
	Replay Attack = "replay"
)

// Server stands before a real server. Its methods may be called by several goroutines.
type Server struct {
	// URL is what peers take for the real server's.
	URL string

	real   *url.URL
	attack Attack
	key    *identity.Key  // under which it is both ends, for Keys
	nonce  identity.Nonce // the same
	http   *http.Server
	links  sync.WaitGroup
	serves sync.WaitGroup

	mu       sync.Mutex
	open     map[*link]bool          // guarded by mu
	ends     map[string]identity.End // by peer id, who they really are; guarded by mu
	pairs    map[pairName]*pair      // the newest of each two; guarded by mu
	sessions map[string]string       // by room, the newest connection's name; guarded by mu
	again    map[string]bool         // by room, whether an offer for another path waits for its answer; guarded by mu
	restarts map[string]int          // by room, the answers to such; guarded by mu
	records  map[string][]recorded   // by room; guarded by mu
	faults   []error                 // guarded by mu
	heard    []string                // what went through it, of what has "tea" in it; guarded by mu
}

// New starts a Server on loopback, before the one at that URL.
func New(real string, attack Attack) (*Server, error) {
	to, err := url.Parse(real)
	if err != nil {
		return nil, err
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	s := &Server{
		URL: "http://" + listener.Addr().String(), real: to, attack: attack, key: identity.NewKey(), nonce: identity.NewNonce(),
		open: make(map[*link]bool), ends: make(map[string]identity.End), pairs: make(map[pairName]*pair),
		sessions: make(map[string]string), again: make(map[string]bool), restarts: make(map[string]int), records: make(map[string][]recorded),
	}
	mux := http.NewServeMux()
	mux.Handle("/", httputil.NewSingleHostReverseProxy(to))
	mux.HandleFunc("/v1/ws", s.serveSocket)
	s.http = &http.Server{Handler: mux, ReadHeaderTimeout: 10 * time.Second}
	s.serves.Go(func() {
		_ = s.http.Serve(listener)
	})
	return s, nil
}

// Close ends the Server and all that goes through it.
func (s *Server) Close() error {
	err := s.http.Close()
	s.mu.Lock()
	links, pairs := s.open, s.pairs
	s.open, s.pairs = nil, nil
	s.mu.Unlock()
	for l := range links {
		l.close()
	}
	s.serves.Wait()
	s.links.Wait()
	for _, p := range pairs {
		err = errors.Join(err, p.close())
	}
	return err
}

// Heard is what went through the Server's own connections, of what it cared about.
func (s *Server) Heard() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]string(nil), s.heard...)
}

// Faults is what the Server could not do of its attack.
func (s *Server) Faults() []error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]error(nil), s.faults...)
}

func (s *Server) failed(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults = append(s.faults, err)
}

// Restarts is how often two in a room agreed on another path for a connection that they had.
func (s *Server) Restarts(room string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.restarts[room]
}

// link is a client's connection and the one that stands for it at the real server.
type link struct {
	s              *Server
	client, server *websocket.Conn

	mu    sync.Mutex
	shown protocol.Hello // guarded by mu
	peer  string         // guarded by mu
}

func (s *Server) serveSocket(w http.ResponseWriter, r *http.Request) {
	dialer := websocket.Dialer{Subprotocols: websocket.Subprotocols(r)}
	header := http.Header{}
	if origin := r.Header.Get("Origin"); origin != "" {
		header.Set("Origin", origin)
	}
	server, _, err := dialer.DialContext(r.Context(), "ws://"+s.real.Host+r.URL.RequestURI(), header)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadGateway)
		return
	}
	upgrader := websocket.Upgrader{
		Subprotocols: []string{server.Subprotocol()},
		CheckOrigin:  func(*http.Request) bool { return true }, // the real one has checked it
	}
	client, err := upgrader.Upgrade(w, r, nil)
	if err != nil {
		server.Close()
		return
	}
	l := &link{s: s, client: client, server: server}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.open == nil {
		l.close()
		return
	}
	s.open[l] = true
	s.links.Go(func() { pass(client, server, l.up) })
	s.links.Go(func() { pass(server, client, l.down) })
}

func (l *link) close() {
	l.client.Close()
	l.server.Close()
}

// pass carries messages from one connection to the other, as change makes them, until either ends.
func pass(from, to *websocket.Conn, change func([]byte) []byte) {
	defer from.Close()
	defer to.Close()
	for {
		kind, message, err := from.ReadMessage()
		if err != nil {
			var closed *websocket.CloseError
			if errors.As(err, &closed) && closed.Code != websocket.CloseAbnormalClosure && closed.Code != websocket.CloseNoStatusReceived {
				_ = to.WriteControl(websocket.CloseMessage, websocket.FormatCloseMessage(closed.Code, closed.Text), time.Now().Add(time.Second))
			}
			return
		}
		if err := to.WriteMessage(kind, change(message)); err != nil {
			return
		}
	}
}
