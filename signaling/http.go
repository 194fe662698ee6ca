package signaling

import (
	"context"
	"errors"
	"net/http"
	"net/netip"
	"path"
	"strconv"
	"time"
)

var _ http.Handler = (*Server)(nil)

// retryAfter is the Retry-After of a 429 and a 503, in seconds.
const retryAfter = 5

// What refusals say to the person who looks at them.
const (
	goingAway     = "this server is shutting down; connect again in a moment"
	foreignOrigin = "pages of this origin may not connect; the operator can allow it"
)

// ServeHTTP serves the carriers. Which one is asked for, the last element of the path says: `stream`, `send` and `poll` are those
// over plain HTTP, everything else is the WebSocket.
//
// What does not become a WebSocket is answered with a status and a sentence: 405 for a method other than GET, 426 for what is not an
// upgrade, 400 without the subprotocol beckon.v1, 403 for a foreign origin, 429 for an address with too many connections, 503 after
// Shutdown or Close. What the others answer is in the specification.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	// Also for a body that nobody wants: net/http reads it, and without a deadline for as long as that takes.
	_ = http.NewResponseController(w).SetReadDeadline(time.Now().Add(s.limits.Body)) // not supported only where there is no network
	switch path.Base(r.URL.Path) {
	case "stream":
		s.servePost(w, r, s.serveStream)
	case "send":
		s.servePost(w, r, s.serveSend)
	case "poll":
		s.servePost(w, r, s.servePoll)
	default:
		s.serveSocket(w, r)
	}
}

// unread has net/http answer at once, and end the connection, where it would first read the body of who is refused.
func unread(w http.ResponseWriter, r *http.Request) {
	if r.ProtoMajor == 1 && r.ContentLength != 0 {
		w.Header().Set("Connection", "close")
	}
}

// admit counts a connection in, or says with which status it is refused. Who is admitted is counted in carriers.
func (s *Server) admit(addr netip.Addr) (status int, reason string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closing.Load() {
		return http.StatusServiceUnavailable, goingAway
	}
	key := addressKey(addr)
	if s.addresses[key] >= s.limits.PerAddress {
		return http.StatusTooManyRequests, "too many connections from this address; close some, or wait"
	}
	s.addresses[key]++
	s.carriers.Add(1)
	return 0, ""
}

// dismiss takes back what admit did, for who was admitted and then became no connection.
func (s *Server) dismiss(addr netip.Addr) {
	s.mu.Lock()
	s.release(addr)
	s.mu.Unlock()
	s.carriers.Done()
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

var errRefused = errors.New("signaling: no Authorize function is configured")

func refuseAll(context.Context, AuthRequest) (Grant, error) { return Grant{}, errRefused }
