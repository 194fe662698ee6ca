package main

import (
	"net/url"
	"regexp"
	"strings"
	"testing"
)

// What clients are told of the relay, by where they reach this server. The port of --listen is 8443 wherever it is fixed, that of
// --turn-listen 3478.
func TestTurnURLs(t *testing.T) {
	t.Parallel()
	own := strings.Join(certificate(t), " ") + " "
	for _, c := range []struct{ args, want string }{
		// Where it listens.
		{"--dev", "stun:127.0.0.1:UDP turn:127.0.0.1:UDP?transport=udp turn:127.0.0.1:TCP?transport=tcp"},
		{"--dev --public-host a.example", "stun:a.example:UDP turn:a.example:UDP?transport=udp"}, // nobody from outside reaches loopback
		{"--dev --listen 0.0.0.0:0 --turn-listen 127.0.0.1:0 --public-host a.example", "stun:a.example:UDP turn:a.example:UDP?transport=udp turn:a.example:TCP?transport=tcp"},
		{"--dev --turn-relay-address 192.0.2.1", "stun:192.0.2.1:UDP turn:192.0.2.1:UDP?transport=udp"},
		{"--dev --listen 0.0.0.0:0 --turn-listen 127.0.0.1:0 --turn-relay-address 192.0.2.1,2001:db8::1", "stun:192.0.2.1:UDP turn:192.0.2.1:UDP?transport=udp turn:192.0.2.1:TCP?transport=tcp " +
			"stun:[2001:db8::1]:UDP turn:[2001:db8::1]:UDP?transport=udp turn:[2001:db8::1]:TCP?transport=tcp"},
		{"--dev --turn-url turns:a.example:443?transport=tcp,stun:a.example", "turns:a.example:443?transport=tcp stun:a.example"},

		// With TLS.
		{own + "--dev", "stun:127.0.0.1:UDP turn:127.0.0.1:UDP?transport=udp turns:127.0.0.1:TCP?transport=tcp"},
		{own + "--dev --listen 0.0.0.0:0 --turn-listen 127.0.0.1:0 --public-host a.example", "stun:a.example:UDP turn:a.example:UDP?transport=udp turns:a.example:TCP?transport=tcp"},
		{own + "--dev --public-url https://a.example", "stun:a.example:UDP turn:a.example:UDP?transport=udp turns:a.example:443?transport=tcp"},
		{own + "--dev --public-url https://a.example:8443 --public-host b.example", "stun:b.example:UDP turn:b.example:UDP?transport=udp turns:a.example:8443?transport=tcp"},

		// Behind a web proxy: it takes no TURN.
		{"--dev --public-url https://a.example", "stun:127.0.0.1:UDP turn:127.0.0.1:UDP?transport=udp"},
		{"--dev --public-url https://a.example --public-host b.example", "stun:b.example:UDP turn:b.example:UDP?transport=udp"},

		// Behind a balancer that passes connections on, with and without TLS on its other side.
		{"--dev --public-url https://a.example --proxy-protocol 127.0.0.1", "stun:a.example:UDP turn:a.example:UDP?transport=udp turns:a.example:443?transport=tcp"},
		{"--dev --public-url http://a.example --proxy-protocol 127.0.0.1", "stun:a.example:UDP turn:a.example:UDP?transport=udp turn:a.example:80?transport=tcp"},
		{"--dev --public-url https://[2001:db8::1] --proxy-protocol 127.0.0.1", "stun:[2001:db8::1]:UDP turn:[2001:db8::1]:UDP?transport=udp turns:[2001:db8::1]:443?transport=tcp"},
	} {
		args := strings.Fields(c.args)
		for flag, free := range map[string]string{"--listen": "127.0.0.1:0", "--turn-listen": "127.0.0.1:0"} {
			if !strings.Contains(" "+c.args+" ", " "+flag+" ") {
				args = append(args, flag, free)
			}
		}
		p, err := planned(t, "", nil, args...)
		if err != nil {
			t.Errorf("%s: %v", c.args, err)
			continue
		}
		p.admin = nil
		s := opened(t, p)
		want := strings.NewReplacer("UDP", portText(s.turn.UDPAddrs()[0]), "TCP", portText(addrPort(s.port.edge.Addr()))).Replace(c.want)
		if got := strings.Join(s.turnURLs(), " "); got != want {
			t.Errorf("%s:\n got %s\nwant %s", c.args, got, want)
		}
	}
}

// The room that is printed is where clients come, by a link with a secret if browsers let pages from there use one.
func TestRoomURLs(t *testing.T) {
	t.Parallel()
	own := strings.Join(certificate(t), " ") + " "
	for args, want := range map[string]string{
		"--dev":                          "http://127.0.0.1:TCP/r/",
		own + "--dev":                    "https://127.0.0.1:TCP/r/",
		own + "--dev --no-turn":          "https://127.0.0.1:TCP/r/",
		"--dev --listen [::1]:0":         "http://[::1]:TCP/r/",
		"--dev --public-host b.c":        "http://b.c:TCP/r/",
		"--dev --public-host localhost":  "http://localhost:TCP/r/",
		"--dev --public-host 192.0.2.1":  "http://192.0.2.1:TCP/r/",
		"--dev --public-url http://b.c":  "http://b.c/r/",
		"--dev --public-url https://b.c": "https://b.c/r/",
	} {
		list := strings.Fields(args)
		if !strings.Contains(args, "--listen") {
			list = append(list, "--listen", "127.0.0.1:0")
		}
		if !strings.Contains(args, "--no-turn") {
			list = append(list, "--turn-listen", "127.0.0.1:0")
		}
		p, err := planned(t, "", nil, list...)
		if err != nil {
			t.Errorf("%s: %v", args, err)
			continue
		}
		p.admin = nil
		s := opened(t, p)
		want = strings.ReplaceAll(want, "TCP", portText(addrPort(s.port.edge.Addr())))
		link, err := url.Parse(s.roomURL())
		if err != nil {
			t.Fatal(err)
		}
		if got := link.String(); !strings.HasPrefix(got, want) {
			t.Errorf("%s: %s, want %s", args, got, want)
		}
		other := link.Scheme == "http" && (link.Hostname() == "b.c" || link.Hostname() == "192.0.2.1")
		if secret := regexp.MustCompile(`^k=[\w-]{21}[AQgw]$`).MatchString(link.Fragment); secret == other || other && link.Fragment != "" {
			t.Errorf("%s: the link ends in %q", args, link.Fragment)
		}
		if again := s.roomURL(); !other && strings.HasSuffix(again, link.Fragment) {
			t.Errorf("%s: two links have one secret", args)
		}
	}
}
