package main

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/beckon-rtc/beckon/turnserver"
)

// The relay alone: where it is, who may use it, and that it ends.
func TestTurnAlone(t *testing.T) {
	t.Parallel()
	const restSecret = "0123456789abcdef"
	s := start(t, false, append([]string{"turn", "--listen", "127.0.0.1:0", "--tls-listen", "127.0.0.1:0", "--user", "ada:correct-horse", "--secret", restSecret,
		"--relay-ports", "20000-29999", "--admin", "127.0.0.1:0", "--grace", "1s"}, certificate(t)...)...)
	udp := s.first
	at, isUDP := strings.CutSuffix(udp, "?transport=udp")
	if !isUDP || !strings.HasPrefix(udp, "turn:127.0.0.1:") {
		t.Fatalf("the first line is %q", udp)
	}
	tls := "turns:" + s.logged(t, "tls listening", "addr") + "?transport=tcp"
	urls := []string{udp, at + "?transport=tcp", tls}
	restUser, restPassword := turnserver.Credentials([]byte(restSecret), "bob", time.Now(), time.Hour)
	oldUser, oldPassword := turnserver.Credentials([]byte(restSecret), "bob", time.Now(), -time.Minute)
	for _, url := range urls {
		for _, c := range []struct {
			user, password string
			good           bool
		}{
			{"ada", "correct-horse", true},
			{restUser, restPassword, true},
			{oldUser, oldPassword, false},
			{"ada", "wrong", false},
			{"eve", "correct-horse", false},
		} {
			if _, err := allocate(t, url, c.user, c.password); (err == nil) != c.good {
				t.Errorf("%s as %s: %v", url, c.user, err)
			}
		}
	}
	admin := s.logged(t, "admin listening", "addr")
	awaitMetric(t, admin, `beckon_relay_allocations{family="ipv4",transport="tls"} 2`)
	if status, text := ask(t, admin, http.MethodPost, "/kick", `{"user":"ada"}`); status != http.StatusOK || !strings.Contains(text, `"ended":3`) {
		t.Errorf("kick: %d %s", status, text)
	}
	if _, err := allocate(t, udp, "ada", "correct-horse"); err != nil {
		t.Errorf("after a kick: %v", err)
	}
	if status, text := ask(t, admin, http.MethodPost, "/revoke", `{"user":"bob"}`); status != http.StatusOK || !strings.Contains(text, `"ended":3`) {
		t.Errorf("revoke: %d %s", status, text)
	}
	if _, err := allocate(t, udp, restUser, restPassword); err == nil {
		t.Error("what was revoked is still good")
	}
	if status, text := ask(t, admin, http.MethodGet, "/readyz", ""); status != http.StatusOK {
		t.Errorf("ready: %d %s", status, text)
	}
	if code := s.interrupt(); code != exitOK || s.rest() != "" {
		t.Errorf("exit code %d, stdout goes on with %q; stderr:\n%s", code, s.rest(), s.stderr)
	}
	for _, hidden := range []string{"correct-horse", restSecret, restPassword} {
		if strings.Contains(s.stderr.String(), hidden) {
			t.Errorf("the log has %q:\n%s", hidden, s.stderr)
		}
	}
}

// A relay alone whose address nobody reaches does not start.
func TestTurnAloneAddresses(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ args, machine, relay, says string }{
		{"", "198.51.100.7", "198.51.100.7", ""},
		{"", "198.51.100.7 2001:db8::7", "198.51.100.7 2001:db8::7", ""},
		{"", "198.51.100.7 fd00::7", "198.51.100.7", ""},
		{"", "10.0.0.5", "", "--turn-relay-address is missing, and this machine's own address 10.0.0.5 is not public"},
		{"--public-host a.example", "10.0.0.5", "", "--turn-relay-address is missing"},
		{"--turn-relay-address 203.0.113.9", "10.0.0.5", "203.0.113.9", ""},
		{"--listen 10.0.0.5:1", "10.0.0.5", "10.0.0.5", ""},
		{"--listen localhost:1", "", "127.0.0.1", ""},
		{"", "", "", "network is unreachable"},
	} {
		p, err := plannedAlone(t, c.machine, append(strings.Fields(c.args), "--user", "ada:a")...)
		if c.says != "" {
			if err == nil || !strings.Contains(err.Error(), c.says) {
				t.Errorf("%s on %q: %v, want %q", c.args, c.machine, err, c.says)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s on %q: %v", c.args, c.machine, err)
			continue
		}
		if got := texts(p.relay); got != c.relay {
			t.Errorf("%s on %q: the relay is at %s, want %s", c.args, c.machine, got, c.relay)
		}
		if p.ports != (turnserver.PortRange{Min: 49152, Max: 65535}) || p.payload != turnserver.PayloadAny {
			t.Errorf("%s: ports %v, payload %v", c.args, p.ports, p.payload)
		}
	}
}
