package main

import (
	"net/http"
	"net/netip"
	"strings"
)

// guard protects who develops from the web. A page of a stranger may name its own host anything, have that name lead to
// 127.0.0.1 a second later (DNS rebinding), and is then of the same origin as this server, whose relay reaches the
// machine in dev mode. So in dev mode the name in the request must be one that no stranger can own: an address,
// localhost, or that of --public-host or --public-url.
func (s *servers) guard(next http.Handler) http.Handler {
	if !s.plan.dev {
		return next
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !ownName(r.Host, s.plan) {
			http.Error(w, "This server is in dev mode and answers to its address, to localhost, and to --public-host and --public-url only.",
				http.StatusMisdirectedRequest)
			return
		}
		next.ServeHTTP(w, r)
	})
}

func ownName(hostport string, p *plan) bool {
	host := hostOf(hostport)
	if _, err := netip.ParseAddr(host); err == nil {
		return true
	}
	if p.publicURL != nil && host == strings.ToLower(p.publicURL.Hostname()) {
		return true
	}
	// RFC 6761 section 6.3: names below localhost are loopback, too.
	return host == "localhost" || strings.HasSuffix(host, ".localhost") ||
		host == strings.ToLower(p.name) || host == strings.ToLower(p.http.host)
}
