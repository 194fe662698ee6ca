package main

import (
	"context"
	"net"
	"net/http"
	"net/netip"
	"strconv"
	"time"

	"github.com/rs/zerolog"

	"github.com/beckon-rtc/beckon/signaling"
	"github.com/beckon-rtc/beckon/signaling/protocol"
	"github.com/beckon-rtc/beckon/turnserver"
)

// What joins signaling and the relay, which do not know each other. The relay's users are signaling's peers.

// turnLifetime is for how long the relay's credentials start allocations. Short, because they are bearer tokens;
// signaling brings fresh ones in time.
const turnLifetime = 10 * time.Minute

// iceServers is signaling's question what a peer needs to connect.
func (s *servers) iceServers(_ context.Context, req signaling.ICERequest) ([]protocol.ICEServer, time.Duration, error) {
	if s.turn == nil {
		return nil, 0, nil
	}
	user, password := s.turn.Credentials(req.Peer, turnLifetime)
	return []protocol.ICEServer{{URLs: s.turnURLs(), Username: user, Credential: password}}, turnLifetime, nil
}

// turnURLs are what clients are told of the relay.
func (s *servers) turnURLs() []string {
	p := s.plan
	if len(p.turnURLs) > 0 {
		return p.turnURLs
	}
	hosts := []string{p.name}
	if p.name == "" {
		hosts = nil
		for _, a := range s.turn.RelayAddresses() {
			hosts = append(hosts, a.String())
		}
	}
	var urls []string
	at := addrPort(s.port.edge.Addr())
	for _, host := range hosts {
		urls = append(urls, s.turn.URLs(host)...)
		if p.publicURL == nil && reachable(at.Addr(), host) {
			urls = append(urls, streamURL(host, at.Port(), p.cert != nil))
		}
	}
	if p.through() {
		urls = append(urls, streamURL(p.publicURL.Hostname(), portOf(p.publicURL.Scheme, p.publicURL.Port()), p.publicURL.Scheme == "https"))
	}
	return urls
}

// reachable tells whether who looks for us at host can come to a listener on an address: not to one on loopback, unless he is
// here himself.
func reachable(at netip.Addr, host string) bool {
	if !at.IsLoopback() || host == "localhost" {
		return true
	}
	addr, err := netip.ParseAddr(host)
	return err == nil && addr.IsLoopback()
}

func portOf(scheme, port string) uint16 {
	if n, err := strconv.ParseUint(port, 10, 16); err == nil {
		return uint16(n)
	}
	if scheme == "https" {
		return 443
	}
	return 80
}

// relayEnded takes the relay from a peer that may not use it any more.
func (s *servers) relayEnded(peer string) {
	if s.turn != nil {
		s.turn.Revoke(peer)
	}
}

// relayHooks let the relay ask signaling who its users are.
func (s *servers) relayHooks() relayHooks {
	hooks := relayHooks{account: s.account, limited: s.limited(s.log)}
	if s.plan.turn.scope {
		hooks.scope = s.signaling.Announced
	}
	return hooks
}

// account says who pays for what a peer has relayed; the relay asks when it is opened. A peer without an identity pays for itself.
func (s *servers) account(user string) turnserver.Account {
	identity, rooms, _ := s.signaling.Account(user)
	if len(rooms) == 0 {
		// Who is in no room is asked for no rooms later, so all of them together are bound as one: else a relay that is opened before
		// the join would be outside of every room's limits.
		rooms = []string{""}
	}
	return turnserver.Account{Identity: identity, Rooms: rooms}
}

// limitLines is how many lines about limits the log gets in a minute. The counters have all of them.
const limitLines = 10

// limited tells a peer that it has met a limit, by name, and the log.
func (s *servers) limited(log zerolog.Logger) func(user string, l turnserver.Limited) {
	log = limitLog(log)
	return func(user string, l turnserver.Limited) {
		told := s.signaling.Warn(user, limitError(l))
		logLimit(log.Info().Str("peer", user).Bool("told", told), l)
	}
}

// limitLog is a log that has no more lines than those.
func limitLog(log zerolog.Logger) zerolog.Logger {
	return log.Sample(&zerolog.BurstSampler{Burst: limitLines, Period: time.Minute})
}

// logLimit is such a line.
func logLimit(line *zerolog.Event, l turnserver.Limited) {
	line.Str("limit", l.Quota).Str("of", l.Name).Str("what", l.What).Msg("relay limit met")
}

// limitError is a limit in the words of the wire. It does not say whose limit it is: the rooms and the neighbours of others are no
// business of a client.
func limitError(l turnserver.Limited) *protocol.Error {
	switch l.What {
	case "allocations":
		return protocol.Errorf(protocol.CodeRelayAllocations, "the relay opens no further connection for this %s now", l.Quota)
	case "bytes":
		return protocol.Errorf(protocol.CodeRelayBytes, "the relay has carried for this %s what it will in a day", l.Quota)
	}
	return protocol.Errorf(protocol.CodeRelayBandwidth, "the relay carries no more for this %s at a time, and drops what is sent faster", l.Quota)
}

// adminRoutes are what the operator of `serve` can see and do.
func (s *servers) adminRoutes(opening *opening) adminRoutes {
	metrics := newRegistry()
	metrics.MustRegister(opening.collectors()...)
	metrics.MustRegister(
		newCollector(signalingMetrics(), s.signaling.Stats),
		newCollector(portMetrics(), s.port.stats),
	)
	if s.turn != nil {
		metrics.MustRegister(newCollector(relayMetrics(), s.turn.Stats))
	}
	return adminRoutes{
		notReady:    s.notReady,
		certificate: s.port.certificate,
		metrics:     metricsHandler(metrics),
		actions: map[string]http.HandlerFunc{
			"/kick":   kickAction(s.signaling.Kick, s.log),
			"/revoke": revokeAction(s.signaling.Revoke, time.Now, s.log),
		},
	}
}

// notReady is why no more clients should be sent here.
func (s *servers) notReady() string {
	if s.ending.Load() || s.signaling.Draining() {
		return "draining"
	}
	return ""
}

// addrPort is where a listener is.
func addrPort(a net.Addr) netip.AddrPort {
	ap := a.(*net.TCPAddr).AddrPort()
	return netip.AddrPortFrom(ap.Addr().Unmap(), ap.Port())
}
