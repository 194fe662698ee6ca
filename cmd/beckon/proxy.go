package main

import (
	"net/http"
	"net/netip"
	"slices"
	"strings"
)

// throughProxies lets the handlers see the client's address instead of that of a proxy, which signaling would otherwise
// take for one client with very many connections. Only the proxies named are believed: everybody can send the header.
func throughProxies(proxies []netip.Prefix, next http.Handler) http.Handler {
	if len(proxies) == 0 {
		return next
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if addr, ok := clientOf(r, proxies); ok {
			// As http.StripPrefix does: the request is the caller's.
			copied := *r
			copied.RemoteAddr = netip.AddrPortFrom(addr, 0).String()
			r = &copied
		}
		next.ServeHTTP(w, r)
	})
}

// clientOf goes back through X-Forwarded-For, to which each proxy has added whom it heard, until somebody is no proxy of
// ours: what that one says about others is hearsay. ok is false if the connection is not from a proxy or the header says nothing.
func clientOf(r *http.Request, proxies []netip.Prefix) (client netip.Addr, ok bool) {
	trusted := func(a netip.Addr) bool {
		return slices.ContainsFunc(proxies, func(p netip.Prefix) bool { return p.Contains(a) })
	}
	remote, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil || !trusted(remote.Addr().Unmap().WithZone("")) {
		return client, false
	}
	hops := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
	for _, hop := range slices.Backward(hops) {
		addr, err := hopAddr(strings.TrimSpace(hop))
		if err != nil {
			break
		}
		client, ok = addr.Unmap().WithZone(""), true
		if !trusted(client) {
			break
		}
	}
	return client, ok
}

// hopAddr reads an address as proxies write it: alone, in brackets, or with the port, which some add.
func hopAddr(s string) (netip.Addr, error) {
	if ap, err := netip.ParseAddrPort(s); err == nil {
		return ap.Addr(), nil
	}
	return netip.ParseAddr(strings.TrimSuffix(strings.TrimPrefix(s, "["), "]"))
}
