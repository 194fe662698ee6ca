package turnserver

import (
	"encoding/binary"
	"net/netip"

	"github.com/pion/stun/v4"
	"github.com/pion/turn/v5"
)

// requestFailure says why a request about an allocation was refused; allocFailure says it of Allocate itself.
type requestFailure int

const (
	requestNoAllocation requestFailure = iota // 437: a client that outlived a restart of the server, for example
	requestOtherUser                          // 441: the allocation is somebody else's
	requestMalformed                          // 400: a peer or a channel is missing or no such thing
	requestFamily                             // 443: a peer that the relay's family cannot reach
	requestDenied                             // 403: a peer that the policy or the scope denies
	requestTooMany                            // 508: more peers than Limits.Peers
	requestTCP                                // RFC 6062
	requestFailures                           // how many there are
)

func (f requestFailure) String() string {
	return [...]string{"no-allocation", "other-user", "malformed", "peer-family", "peer-denied", "too-many-peers", "tcp-relay"}[f]
}

// authenticate is Pion's question for the key of a request that has a nonce of ours. It is the one place where everything is
// known and nothing is done yet: so a request is also decided upon here, as a whole, and Pion gets to see only what is to be
// granted. To the others Pion says 400, which entry.leave replaces.
func (e *entry) authenticate(*turn.RequestAttributes) (userID string, key []byte, ok bool) {
	r := &e.req
	r.as = r.msg.text(attrUsername)
	opens := r.msg.method() == methodAllocate && e.relayOf(r.from) == nil // and is no repetition of one that did
	user, key, why := e.srv.auth.check(r.msg, opens)
	if why != authFine {
		e.srv.stats.auth[why].Add(1)
		// A username is a stranger's bytes: it goes into a field, which zerolog quotes.
		e.srv.log.Debug().Stringer("reason", why).Str("user", r.as).Stringer("remote", r.from).Msg("authentication failed")
		r.refusal = refusal{code: stun.CodeUnauthorized}
		return "", nil, false
	}
	r.user, r.key = user, key
	if !e.decide() {
		return "", nil, false
	}
	return user, key, true
}

// decide says whether the request under way may be granted, and counts and remembers why not.
func (e *entry) decide() bool {
	r := &e.req
	method, mine := r.msg.method(), e.relayOf(r.from)
	if mine != nil && mine.expiring() {
		mine = nil
	}
	switch {
	case method == methodAllocate:
		return mine != nil || e.decideAllocate() // Pion knows a repetition, and says 437 to all else
	case method == methodConnect: // RFC 6062 section 5.2: not an allocation of that kind
		return e.deny(requestTCP, stun.CodeAllocMismatch)
	case method == methodConnectionBind: // section 5.4: no such connection
		return e.deny(requestTCP, stun.CodeBadRequest)
	case mine == nil:
		return e.deny(requestNoAllocation, stun.CodeAllocMismatch)
	case mine.user != r.user: // RFC 8656 section 5
		return e.deny(requestOtherUser, stun.CodeWrongCredentials)
	case method == methodCreatePermission:
		r.vetted = e.decidePeers(mine)
		return r.vetted
	case method == methodChannelBind:
		r.vetted = e.decideChannel(mine)
		return r.vetted
	}
	return true
}

func (e *entry) decideAllocate() bool {
	m := e.req.msg
	transport, ok := m.get(attrTransport)
	switch {
	case !ok || len(transport) != 4: // RFC 8656 section 7.2, step 3
		e.req.refusal = refusal{code: stun.CodeBadRequest}
		return false
	case transport[0] != 17:
		_ = e.refuse(allocTCP, stun.CodeUnsupportedTransProto, ErrTCPRelay)
		return false
	case m.has(attrReservationToken) && (m.has(attrEvenPort) || m.has(attrRequestedFamily)): // steps 5 and 6
		e.req.refusal = refusal{code: stun.CodeBadRequest}
		return false
	case m.has(attrReservationToken) || m.reservesPort():
		_ = e.refuse(allocEvenPort, stun.CodeInsufficientCapacity, ErrEvenPort)
		return false
	}
	return true // the family and all that is taken is for relays.create, which Pion calls next
}

// decidePeers judges all peers of a CreatePermission: Pion would install those that come before a denied one.
func (e *entry) decidePeers(r *relay) bool {
	var peers []netip.Addr
	fine := true
	e.req.msg.attributes(func(typ uint16, v []byte, _ int) bool {
		if typ == attrPeerAddress {
			peer, ok := e.req.msg.xorAddress(v)
			fine = ok && fine
			peers = append(peers, canonical(peer.Addr()))
		}
		return true
	})
	if !fine || len(peers) == 0 { // RFC 8656 section 10.2
		return e.deny(requestMalformed, stun.CodeBadRequest)
	}
	for _, peer := range peers {
		if !e.decidePeer(r, peer) {
			return false
		}
	}
	if r.permissions.more(peers) > e.srv.cfg.Limits.Peers {
		return e.deny(requestTooMany, stun.CodeInsufficientCapacity)
	}
	return true
}

func (e *entry) decideChannel(r *relay) bool {
	channel, _ := e.req.msg.get(attrChannel)
	v, _ := e.req.msg.get(attrPeerAddress)
	peer, ok := e.req.msg.xorAddress(v)
	// RFC 8656 section 12 has 0x4000 to 0x4FFF. Clients written after RFC 5766 take from all up to 0x7FFF, and the stream
	// is not shared with what has the other numbers.
	if !ok || len(channel) != 4 || channel[0]>>6 != 1 {
		return e.deny(requestMalformed, stun.CodeBadRequest)
	}
	peer = netip.AddrPortFrom(canonical(peer.Addr()), peer.Port())
	if !e.decidePeer(r, peer.Addr()) {
		return false
	}
	// A permission is for an address. Here there is a port, too: what every packet to it would be refused for.
	s := e.srv
	switch why := s.policy.peer(peer, s.own.snapshot(), s.relays.find(peer) != nil); why {
	case lowPort, ownListener:
		return e.denyPeer(peer.Addr(), why)
	}
	peers := []netip.Addr{peer.Addr()}
	if max(r.channels.more(binary.BigEndian.Uint16(channel)), r.permissions.more(peers)) > s.cfg.Limits.Peers {
		return e.deny(requestTooMany, stun.CodeInsufficientCapacity)
	}
	return true
}

// decidePeer judges one peer, in its canonical form.
func (e *entry) decidePeer(r *relay, peer netip.Addr) bool {
	s := e.srv
	if peer.Is4() != r.at.Addr().Is4() { // RFC 8656 sections 10.2 and 12.2
		return e.deny(requestFamily, stun.CodePeerAddrFamilyMismatch)
	}
	if !s.cfg.virtual() { // whose policy does not depend on this machine
		if err := s.own.refresh(); err != nil {
			s.log.Error().Err(err).Msg("cannot list this machine's addresses; the last list stays in use")
		}
	}
	why := s.policy.permission(peer, s.own.snapshot())
	if why == allowed && s.cfg.Scope != nil && !s.cfg.Scope(r.user, peer) {
		why = outOfScope
	}
	return why == allowed || e.denyPeer(peer, why)
}

// denyPeer refuses a request for a peer. The client is not told why: it would learn which addresses are this machine's.
func (e *entry) denyPeer(peer netip.Addr, why reason) bool {
	e.srv.stats.peers[why].Add(1)
	e.srv.log.Debug().Stringer("remote", e.req.from).Stringer("peer", peer).Stringer("reason", why).Msg("peer denied")
	return e.deny(requestDenied, stun.CodeForbidden)
}

// deny refuses a request about an allocation, and counts that.
func (e *entry) deny(why requestFailure, code stun.ErrorCode) bool {
	e.srv.stats.requests[why].Add(1)
	e.req.refusal = refusal{code: code}
	return false
}
