package main

import (
	"net/http"
	"net/http/httptest"
	"net/netip"
	"testing"
)

func TestThroughProxies(t *testing.T) {
	t.Parallel()
	proxies := []netip.Prefix{netip.MustParsePrefix("127.0.0.1/32"), netip.MustParsePrefix("10.0.0.0/8")}
	for _, c := range []struct {
		remote  string
		headers []string
		want    string
	}{
		{"127.0.0.1:5", []string{"198.51.100.7"}, "198.51.100.7:0"},
		{"[::ffff:127.0.0.1]:5", []string{"198.51.100.7"}, "198.51.100.7:0"},
		{"127.0.0.1:5", []string{"2001:db8::1"}, "[2001:db8::1]:0"},
		{"127.0.0.1:5", []string{"198.51.100.7, 10.0.0.2"}, "198.51.100.7:0"},
		{"127.0.0.1:5", []string{"198.51.100.7", "10.0.0.2"}, "198.51.100.7:0"},
		{"127.0.0.1:5", []string{"198.51.100.7:4711, 10.0.0.2:80"}, "198.51.100.7:0"},
		{"127.0.0.1:5", []string{"[2001:db8::1]:4711"}, "[2001:db8::1]:0"},
		{"127.0.0.1:5", []string{"[2001:db8::1]"}, "[2001:db8::1]:0"},
		{"127.0.0.1:5", nil, "127.0.0.1:5"},
		{"127.0.0.1:5", []string{"10.0.0.3"}, "10.0.0.3:0"},
		// What strangers say of themselves.
		{"198.51.100.7:5", []string{"203.0.113.1"}, "198.51.100.7:5"},
		{"127.0.0.1:5", []string{"203.0.113.1, 198.51.100.7"}, "198.51.100.7:0"},
		{"127.0.0.1:5", []string{"unknown"}, "127.0.0.1:5"},
		{"127.0.0.1:5", []string{"unknown, 10.0.0.2"}, "10.0.0.2:0"},
		{"@", []string{"203.0.113.1"}, "@"},
	} {
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.RemoteAddr = c.remote
		r.Header["X-Forwarded-For"] = c.headers
		var got string
		throughProxies(proxies, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { got = r.RemoteAddr })).
			ServeHTTP(httptest.NewRecorder(), r)
		if got != c.want || r.RemoteAddr != c.remote {
			t.Errorf("%s with %q: the handler sees %s, want %s", c.remote, c.headers, got, c.want)
		}
	}
}
