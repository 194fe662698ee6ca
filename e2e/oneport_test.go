//go:build unix

package e2e

import (
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/beckon-rtc/beckon/e2e/browser"
	"github.com/beckon-rtc/beckon/internal/lacking"
	"github.com/beckon-rtc/beckon/peer"
	"github.com/beckon-rtc/beckon/signaling/protocol"
)

// portName is how browsers know the server: Firefox takes no turns: URL with an address ("TLS requires FQDN, not IP address"), and
// says nothing of it to the page.
const portName = "beckon.test"

// onePort is a server with one TCP port and a certificate of the tests' authority.
type onePort struct {
	*server
	byName string // the same as Base for who knows the name
	admin  string // URL of the metrics
}

func serveOnePort(t *testing.T, s *site, args ...string) *onePort {
	t.Helper()
	ip := hostIP(t).String()
	admin := closedPort(t)
	cert, key := trusted.certify(t, ip, portName)
	args = append(slices.Clone(args), "--tls-cert", cert, "--tls-key", key, "--public-host", portName, "--allow-origin", s.Origin, "--grace", "1s", "--admin", admin)
	b := &onePort{server: serve(t, ip, args...), admin: "http://" + admin + "/metrics"}
	_, port, err := net.SplitHostPort(strings.TrimPrefix(b.Base, "https://"))
	if err != nil {
		t.Fatal(err)
	}
	b.byName, b.Base = b.Base, "https://"+net.JoinHostPort(ip, port)
	s.world = browser.World{Authority: trusted.file, Name: portName, Address: ip}
	return b
}

// overTLS are the ICE servers with what goes over TLS alone, which must be this port.
func (b *onePort) overTLS(t *testing.T, byName bool) []protocol.ICEServer {
	t.Helper()
	servers := iceServersBy(t, b.server, "turns:", "tcp")
	for _, s := range servers {
		for i, at := range s.URLs {
			if !strings.HasPrefix(at, "turns:"+strings.TrimPrefix(b.byName, "https://")+"?") {
				t.Errorf("%s is not on the one port of %s", at, b.byName)
			}
			if !byName {
				s.URLs[i] = strings.Replace(at, strings.TrimPrefix(b.byName, "https://"), strings.TrimPrefix(b.Base, "https://"), 1)
			}
		}
	}
	return servers
}

// counted is a metric of the port.
func (b *onePort) counted(t *testing.T, metric, label string) int {
	t.Helper()
	res, err := http.Get(b.admin)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	all, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	found := regexp.MustCompile(`(?m)^` + metric + `\{[a-z]+="` + label + `"\} (\d+)$`).FindSubmatch(all)
	if found == nil {
		t.Fatalf("no %s of %s:\n%s", metric, label, all)
	}
	n, _ := strconv.Atoi(string(found[1]))
	return n
}

// TestOnePort has pairs of stacks do everything over one TCP port with one certificate: the SDK, signaling on each carrier, and
// their data through the relay over TLS.
func TestOnePort(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		left, right browser.Kind
		carrier     peer.Carrier
		protocol    string // in which that comes from the left side
	}{
		{golang, golang, peer.CarrierWebSocket, "http1"},
		{golang, golang, peer.CarrierStream, "http1"},
		{golang, golang, peer.CarrierPoll, "http1"},
		{browser.Chromium, golang, peer.CarrierWebSocket, "http1"},
		{browser.Chromium, golang, peer.CarrierStream, "http2"},
		{browser.Chromium, browser.Firefox, peer.CarrierPoll, "http2"},
		{browser.Firefox, golang, peer.CarrierWebSocket, "http1"},
		{browser.Firefox, golang, peer.CarrierStream, "http2"},
	} {
		t.Run(fmt.Sprintf("%s-%s-%s", c.left, c.right, c.carrier), func(t *testing.T) {
			t.Parallel()
			needAll(t, c.left, c.right)
			if missing := browser.Trusts(); missing != "" && c.left != golang {
				lacking.Skip(t, missing)
			}
			bothModes(t, func(t *testing.T, mode relayMode) {
				s := newSite(t)
				b := serveOnePort(t, s, mode.flags()...)
				left, right := s.exchange(t, b.server, c.left, c.right, func(left, right *task) {
					for i, k := range []*task{left, right} {
						isGo := []browser.Kind{c.left, c.right}[i] == golang
						if !isGo {
							k.Server = b.byName
						}
						k.Join = joinOptions{ICETransportPolicy: "relay", ICEServers: b.overTLS(t, !isGo), Carriers: []peer.Carrier{c.carrier}}
					}
				})
				for who, r := range map[string]struct {
					report
					kind browser.Kind
				}{"left": {left, c.left}, "right": {right, c.right}} {
					r.isRelayed(t, who, r.kind, "tls")
					if r.Carrier != string(c.carrier) {
						t.Errorf("%s was on %q, want %q", who, r.Carrier, c.carrier)
					}
				}
				if n := b.counted(t, "beckon_port_connections_total", "turn"); n < 2 {
					t.Errorf("%d connections to the relay came to the port", n)
				}
				if n := b.counted(t, "beckon_port_connections_total", c.protocol); n < 1 {
					t.Errorf("%d connections of %s came to the port", n, c.protocol)
				}
			})
		})
	}
}

// TestOnePortPage gets the page in both versions of HTTP.
func TestOnePortPage(t *testing.T) {
	t.Parallel()
	b := serveOnePort(t, newSite(t))
	for _, version := range []string{"HTTP/1.1", "HTTP/2.0"} {
		res, err := clientOf(t, version).Get(b.Base + "/r/" + b.Name)
		if err != nil {
			t.Fatal(err)
		}
		page, err := io.ReadAll(res.Body)
		res.Body.Close()
		if err != nil || res.StatusCode != http.StatusOK || res.Proto != version || !strings.Contains(string(page), "<html") {
			t.Errorf("%s: %s in %s, %v", version, res.Status, res.Proto, err)
		}
	}
}

// clientOf speaks one version of HTTP.
func clientOf(t *testing.T, version string) *http.Client {
	t.Helper()
	protocols := new(http.Protocols)
	protocols.SetHTTP1(version == "HTTP/1.1")
	protocols.SetHTTP2(version == "HTTP/2.0")
	transport := &http.Transport{Protocols: protocols}
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport, Timeout: patience}
}

// TestOnePortIsNotHeldUp has a crowd stand in the door that says nothing, or a byte at a time, and one that goes through.
func TestOnePortIsNotHeldUp(t *testing.T) {
	t.Parallel()
	b := serveOnePort(t, newSite(t))
	at := strings.TrimPrefix(b.Base, "https://")
	const crowd = 90 // of one client: below what one may have
	for i := range crowd {
		c, err := net.Dial("tcp", at)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { c.Close() })
		switch i % 3 {
		case 0: // nothing
		case 1: // half of a hello
			if _, err := io.WriteString(c, "\x16\x03\x01\x02\x00\x01\x00"); err != nil {
				t.Fatal(err)
			}
		case 2: // all of the handshake, and then nothing
			secured := tls.Client(c, &tls.Config{ServerName: portName})
			if err := secured.Handshake(); err != nil {
				t.Fatal(err)
			}
		}
	}
	// One after the other this would take until each of them has missed its deadline, and longer than the test may.
	left, right := newSite(t).exchange(t, b.server, golang, golang, func(left, right *task) {
		for _, k := range []*task{left, right} {
			k.Join = joinOptions{ICETransportPolicy: "relay", ICEServers: b.overTLS(t, false)}
		}
	})
	left.isRelayed(t, "left", golang, "tls")
	right.isRelayed(t, "right", golang, "tls")
}

// TestOnePortTells what it is told over HTTP that a port speaks TLS.
func TestOnePortTells(t *testing.T) {
	t.Parallel()
	b := serveOnePort(t, newSite(t))
	res, err := http.Get("http" + strings.TrimPrefix(b.Base, "https"))
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if text, _ := io.ReadAll(res.Body); res.StatusCode != http.StatusBadRequest || !strings.Contains(string(text), "https://") {
		t.Errorf("%s: %s", res.Status, text)
	}
	if n := b.counted(t, "beckon_port_refused_total", "http-plain"); n != 1 {
		t.Errorf("%d are counted", n)
	}
}
