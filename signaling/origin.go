package signaling

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
)

// CheckOrigin tells what is wrong with an entry of Config.Origins: nil if it can match an origin. A Server ignores entries
// that cannot, and says so in its log; who reads them from a person should refuse them.
func CheckOrigin(pattern string) error {
	switch pattern {
	case "*":
		return nil
	case "null": // RFC 6454, section 7.1
		return fmt.Errorf("signaling: origin %q: that is the origin of pages from files and of sandboxed frames, whoever made them; "+
			"serve yours over HTTP, or let `*` allow the pages of everybody", pattern)
	}
	u, err := url.Parse(pattern)
	switch {
	case err != nil || u.Scheme == "" || u.Host == "":
		return fmt.Errorf("signaling: origin %q: not an origin; did you mean %q?", pattern, "https://"+strings.TrimPrefix(pattern, "//"))
	case u.Scheme+"://"+u.Host != pattern:
		return fmt.Errorf("signaling: origin %q: an origin is scheme and host alone; did you mean %q?", pattern, u.Scheme+"://"+u.Host)
	case strings.Contains(strings.TrimPrefix(u.Host, "*."), "*"):
		return fmt.Errorf("signaling: origin %q: a star stands only for subdomains, as in https://*.example.com", pattern)
	}
	return nil
}

// originAllowed tells whether a page of this origin may connect. A browser sends the header always and a page cannot set it;
// a client without one is no browser and carries no visitor's access.
func (s *Server) originAllowed(r *http.Request) bool {
	values := r.Header["Origin"]
	if len(values) == 0 {
		return true
	}
	origin := values[0]
	if u, err := url.Parse(origin); err == nil && u.Host != "" && strings.EqualFold(u.Host, r.Host) {
		return true
	}
	for _, pattern := range s.origins {
		if matchOrigin(pattern, origin) {
			return true
		}
	}
	return false
}

// maxStrangers bounds how many origins are remembered as refused. Clients invent them: so it also bounds what they can write
// into the log of warnings.
const maxStrangers = 100

// logStranger logs a refused origin: as a warning for the first time, for then it is most often a page of the operator's own that
// nobody has allowed yet, and the browser does not let that page know why.
func (s *Server) logStranger(r *http.Request) {
	origin := r.Header.Get("Origin")
	origin = origin[:min(len(origin), 300)] // a host has up to 253 characters
	s.mu.Lock()
	_, known := s.strangers[origin]
	first := !known && len(s.strangers) < maxStrangers
	if first {
		s.strangers[origin] = struct{}{}
	}
	s.mu.Unlock()
	line := s.log.Debug()
	if first {
		line = s.log.Warn()
	}
	line.Str("remote", r.RemoteAddr).Str("origin", origin).Msg("origin refused; if its pages are yours, allow the origin")
}

func matchOrigin(pattern, origin string) bool {
	if pattern == "*" || strings.EqualFold(pattern, origin) {
		return true
	}
	scheme, domain, ok := strings.Cut(pattern, "://*.")
	if !ok {
		return false
	}
	gotScheme, host, _ := strings.Cut(origin, "://")
	// The dot is part of the suffix, or evilexample.com would be a subdomain of example.com.
	suffix := "." + domain
	return strings.EqualFold(gotScheme, scheme) && len(host) > len(suffix) && strings.EqualFold(host[len(host)-len(suffix):], suffix)
}
