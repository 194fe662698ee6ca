package main

import (
	"crypto/rand"
	"encoding/base64"
	"net"
	"net/netip"
	"net/url"
	"strconv"
	"strings"

	"github.com/beckon-rtc/beckon/turnserver"
)

// tokensOnly explains the page at the URL that is printed.
const tokensOnly = "every room needs a token, and the demo's pages have none to show: join from a page of your app"

// warn says how open this server is.
func (s *servers) warn() {
	if len(s.plan.anonymous) == 0 && s.plan.access.webhook == "" { // which may let in whom it likes
		s.log.Info().Msg(tokensOnly)
	}
	addr := s.port.edge.Addr().String()
	switch {
	case s.plan.dev && addrPort(s.port.edge.Addr()).Addr().IsLoopback():
		s.log.Warn().Str("addr", addr).Msg("dev mode is open: every program on this machine may join every room and use the relay")
	case s.plan.dev:
		s.log.Warn().Str("addr", addr).Msg(s.openToAll())
	case s.plan.turn == nil:
		s.log.Warn().Msg("no relay: peers that cannot reach each other directly will not connect")
	}
}

// openToAll is what dev mode means on an address that others reach. Only relays with sockets of their own reach anything.
func (s *servers) openToAll() string {
	text := "DEV MODE IS OPEN TO THE NETWORK: everybody who reaches this address may join every room"
	if t := s.plan.turn; t != nil && t.ports != (turnserver.PortRange{}) {
		text += ", and through the relay reach every service of this machine, also those on loopback"
	}
	return text + "; use it among friends only"
}

// roomURL is what to open in a browser. Where a page can verify others, it has the secret of a private link: made here for who reads the line, and
// kept nowhere.
func (s *servers) roomURL() string {
	u := s.pageURL()
	if verifies(u) {
		u.Fragment = "k=" + rand128()
	}
	return u.String()
}

// verifies tells whether browsers let pages from there do cryptography: a secure context (W3C Secure Contexts, section 3.1).
func verifies(u *url.URL) bool {
	addr, _ := netip.ParseAddr(u.Hostname())
	return u.Scheme == "https" || u.Hostname() == "localhost" || addr.IsLoopback()
}

// rand128 is 16 random bytes in base64url without padding, as the secret in a link is written.
func rand128() string {
	return base64.RawURLEncoding.EncodeToString(randomSecret()[:16])
}

// pageURL is the page of a room that everybody may join, if there is one.
func (s *servers) pageURL() *url.URL {
	path := "/r/" + openRoom(s.plan.anonymous)
	if base := s.plan.publicURL; base != nil {
		return base.JoinPath(path)
	}
	at := addrPort(s.port.edge.Addr())
	host := s.plan.name
	switch {
	case host != "":
	case s.plan.http.host == "localhost":
		host = "localhost"
	case !at.Addr().IsUnspecified():
		host = at.Addr().String()
	case s.plan.turn != nil:
		host = s.turn.RelayAddresses()[0].String()
	default:
		// Any address of this machine is as good as another, and loopback is one that it has.
		host = "127.0.0.1"
		if own, err := machineAddresses(); err == nil {
			host = own[0].String()
		}
	}
	u := url.URL{Scheme: "http", Host: net.JoinHostPort(host, strconv.Itoa(int(at.Port()))), Path: path}
	if s.plan.cert != nil {
		u.Scheme = "https"
	}
	if at.Port() == portOf(u.Scheme, "") {
		u.Host = strings.TrimSuffix(u.Host, u.Host[strings.LastIndexByte(u.Host, ':'):])
	}
	return &u
}

func randomSecret() []byte {
	b := make([]byte, 32)
	_, _ = rand.Read(b) // never fails: crypto/rand ends the program instead
	return b
}
