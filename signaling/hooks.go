package signaling

import (
	"net/netip"
	"time"

	"github.com/beckon-rtc/beckon/signaling/protocol"
)

// Report is what a peer says of how a connection to another one opened, or did not.
type Report struct {
	// Peer is who says so. Each end of a connection reports what it has seen.
	Peer string
	// Outcome is what came of it.
	Outcome protocol.Outcome
	// Protocol is what the peer's own packets to its relay go in; "" if it uses none, or does not know.
	Protocol protocol.RelayProtocol
	// Opening is how long it took, from the start of the negotiation to an open connection, or to giving up.
	Opening time.Duration
	// Again tells that it is about a connection that was open and had lost its way: Opening counts from that.
	Again bool
}

// Revocation says whom Revoke shuts out: those of whom all that it names is true. An empty one names nobody.
type Revocation struct {
	// Identity is that of a Grant; "" is anybody's.
	Identity string
	// TokenID is that of a Grant; "" is any.
	TokenID string
	// Until is when it ends. Zero means after Limits.Resume, which is as long as the oldest of this server's resume tokens can be
	// of use; a join token that lives longer needs its own end here.
	Until time.Time
}

// Announced tells whether a member of one of the peer's rooms, or the peer itself, has announced that address as a candidate. It
// is always false without Config.Candidates.
func (s *Server) Announced(peer string, addr netip.Addr) bool { return false }

// Account returns who a peer is and in which rooms, in alphabetical order; ok is false for one that has no session. A peer that is
// away is in its rooms until its grace has passed.
func (s *Server) Account(peer string) (identity string, rooms []string, ok bool) {
	return "", nil, false
}

// Warn sends a peer an `error` frame that answers nothing, of a code like protocol.CodeRelayBytes. It returns false if the peer has no
// connection, or its queue is full.
func (s *Server) Warn(peer string, e *protocol.Error) bool { return false }

// Kick ends a peer's session: its connection is closed as `kicked`, after which a client does not connect again by itself, and
// the others see at once that it has left. It returns false if there is no such peer. Nothing keeps it from coming back with a token that is
// still good: see Revoke.
func (s *Server) Kick(peer string) bool { return false }

// Revoke ends the sessions of whom the revocation names, as Kick does, but as `revoked`, and returns how many there were. Until it
// ends, their tokens and resume tokens are refused.
func (s *Server) Revoke(r Revocation) int { return 0 }

// Draining tells whether the server lets nobody in any more, because of Shutdown or Close.
func (s *Server) Draining() bool { return s.closing.Load() }
