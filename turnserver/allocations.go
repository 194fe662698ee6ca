package turnserver

import (
	"net/netip"
	"slices"
	"time"
)

// Allocation is one that is open.
type Allocation struct {
	User      string
	Client    netip.AddrPort // as the server sees it
	Transport string         // "udp", "tcp" or "tls": between client and server
	Relay     netip.AddrPort // what peers are told
	Since     time.Time

	ToPeers, FromPeers Traffic // relayed so far, as in Stats
}

// Allocations are those that are open now, the oldest first.
func (s *Server) Allocations() []Allocation {
	var list []Allocation
	for _, r := range s.relays.all() {
		list = append(list, Allocation{
			User: r.user, Client: r.client, Transport: r.entry.transport, Relay: r.at, Since: r.since,
			ToPeers: r.toPeers.snapshot(), FromPeers: r.fromPeers.snapshot(),
		})
	}
	slices.SortFunc(list, func(a, b Allocation) int { return a.Since.Compare(b.Since) })
	return list
}

// End ends the allocations that a user has now, and returns how many there were. When it returns nothing is relayed for them any
// more but for what is on its way out; the connections of clients that came over TCP or TLS are closed. The user may open new ones:
// see Revoke.
func (s *Server) End(user string) int {
	list := s.relays.of(user)
	for _, r := range list {
		r.end()
	}
	if len(list) > 0 {
		s.log.Debug().Str("user", user).Int("allocations", len(list)).Msg("allocations ended")
	}
	return len(list)
}

// Revoke is End, and the credentials that the user has by now open nothing any more; neither does a password of Config.Users, for
// as long as the server runs. Credentials that this server makes later are good. Those made elsewhere with the same secret are refused
// if they end before the longest lifetime that this server has given out is over, and where it has given out none, before a day is.
func (s *Server) Revoke(user string) int {
	s.revoked.revoke(user, s.now()) // first: relays.add looks at it in the lock that End takes
	return s.End(user)
}
