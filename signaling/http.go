package signaling

import (
	"context"
	"errors"
	"net/http"
	"net/netip"
	"slices"
	"strconv"

	"github.com/gorilla/websocket"

	"github.com/beckon-rtc/beckon/signaling/protocol"
)

var _ http.Handler = (*Server)(nil)

// retryAfter is the Retry-After of a 429 and a 503, in seconds.
const retryAfter = 5

// ServeHTTP upgrades a request to a WebSocket and returns; the connection lives on in its own goroutine. What cannot be
// upgraded is answered with a status and a sentence: 405 for a method other than GET, 426 for what is not an upgrade, 400
// without the subprotocol beckon.v1, 403 for a foreign origin, 429 for an address with too many connections, 503 after
// Shutdown or Close.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	switch {
	case s.closing.Load():
		s.refuse(w, http.StatusServiceUnavailable, "this server is shutting down; connect again in a moment")
		return
	case r.Method != http.MethodGet:
		w.Header().Set("Allow", http.MethodGet)
		s.refuse(w, http.StatusMethodNotAllowed, "this is a WebSocket endpoint: use GET with an upgrade")
		return
	case !websocket.IsWebSocketUpgrade(r):
		w.Header().Set("Upgrade", "websocket")
		s.refuse(w, http.StatusUpgradeRequired, "this is a WebSocket endpoint; if your client did ask for an upgrade, a proxy in between "+
			"has dropped the Upgrade and Connection headers")
		return
	case !slices.Contains(websocket.Subprotocols(r), protocol.Version):
		// Without it a browser would connect and fail later, and a client of another protocol would only time out.
		s.refuse(w, http.StatusBadRequest, "the WebSocket subprotocol "+protocol.Version+" is needed: new WebSocket(url, \""+protocol.Version+"\")")
		return
	case !s.originAllowed(r):
		s.logStranger(r)
		s.refuse(w, http.StatusForbidden, "pages of this origin may not connect; the operator can allow it")
		return
	}
	addr := remoteAddr(r)
	if status, reason := s.admit(addr); status != 0 {
		s.refuse(w, status, reason)
		return
	}
	ws, err := s.upgrader.Upgrade(w, r, nil)
	if err != nil {
		s.mu.Lock()
		s.release(addr)
		s.mu.Unlock()
		s.carriers.Done()
		return
	}
	c := newConn(s, ws, addr, r.Header.Get("Origin"))
	s.register(c)
	go c.serve()
}

// admit counts a connection in, or says with which status it is refused. Who is admitted is counted in carriers.
func (s *Server) admit(addr netip.Addr) (status int, reason string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closing.Load() {
		return http.StatusServiceUnavailable, "this server is shutting down; connect again in a moment"
	}
	key := addressKey(addr)
	if s.addresses[key] >= s.limits.PerAddress {
		return http.StatusTooManyRequests, "too many connections from this address; close some, or wait"
	}
	s.addresses[key]++
	s.carriers.Add(1)
	return 0, ""
}

// release is admit's opposite, for the address. s.mu must be held.
func (s *Server) release(addr netip.Addr) {
	key := addressKey(addr)
	if s.addresses[key]--; s.addresses[key] <= 0 {
		delete(s.addresses, key)
	}
}

// addressKey is what counts as one address: an IPv6 host has a /64 to itself and could come from 2^64 addresses. Addresses
// that could not be parsed count as one.
func addressKey(addr netip.Addr) netip.Prefix {
	bits := addr.BitLen()
	if addr.Is6() {
		bits = 64
	}
	key, err := addr.WithZone("").Prefix(bits)
	if err != nil {
		return netip.Prefix{}
	}
	return key
}

func remoteAddr(r *http.Request) netip.Addr {
	if ap, err := netip.ParseAddrPort(r.RemoteAddr); err == nil {
		return ap.Addr().Unmap()
	}
	addr, err := netip.ParseAddr(r.RemoteAddr) // what a handler in front may have set, without a port
	if err != nil {
		return netip.Addr{}
	}
	return addr.Unmap()
}

// refuse answers a request that does not become a connection, with a sentence for the person who looks at it.
func (s *Server) refuse(w http.ResponseWriter, status int, reason string) {
	if n := s.count.refused[status]; n != nil {
		n.Add(1)
	}
	if status == http.StatusTooManyRequests || status == http.StatusServiceUnavailable {
		w.Header().Set("Retry-After", strconv.Itoa(retryAfter))
	}
	http.Error(w, "beckon: "+reason, status)
}

// upgradeFailed answers what gorilla refuses beyond our own checks: a bad key or version, or a server that cannot hijack.
func (s *Server) upgradeFailed(w http.ResponseWriter, _ *http.Request, status int, reason error) {
	s.refuse(w, status, reason.Error())
}

// originChecked tells gorilla that ServeHTTP has checked the origin.
func originChecked(*http.Request) bool { return true }

var errRefused = errors.New("signaling: no Authorize function is configured")

func refuseAll(context.Context, AuthRequest) (Grant, error) { return Grant{}, errRefused }
