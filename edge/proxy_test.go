package edge

import (
	"bufio"
	"bytes"
	"crypto/tls"
	"io"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pires/go-proxyproto"
	"github.com/rs/zerolog"

	"github.com/beckon-rtc/beckon/internal/testlog"
)

func header(t testing.TB, version byte, client string) []byte {
	t.Helper()
	h := proxyproto.HeaderProxyFromAddrs(version, net.TCPAddrFromAddrPort(addrPort(client)), net.TCPAddrFromAddrPort(addrPort("192.0.2.1:443")))
	b, err := h.Format()
	if err != nil {
		t.Fatal(err)
	}
	return b
}

const localHeader = "\r\n\r\n\x00\r\nQUIT\n\x20\x00\x00\x00"

func TestProxy(t *testing.T) {
	t.Parallel()
	proxies := []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("fd00::/8")}
	v2, v1 := string(header(t, 2, "198.51.100.7:5000")), string(header(t, 1, "198.51.100.7:5000"))
	long := &proxyproto.Header{Version: 2, Command: proxyproto.PROXY, TransportProtocol: proxyproto.TCPv4,
		SourceAddr: net.TCPAddrFromAddrPort(addrPort("198.51.100.7:5000")), DestinationAddr: net.TCPAddrFromAddrPort(addrPort("192.0.2.1:443"))}
	if err := long.SetTLVs([]proxyproto.TLV{{Type: proxyproto.PP2_TYPE_NOOP, Value: make([]byte, 3000)}}); err != nil {
		t.Fatal(err)
	}
	withLong, err := long.Format()
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		name, from, says string
		client           string // as HTTP sees it; empty: refused
		reason           Reason
	}{
		{"version 2", "10.1.2.3:999", v2, "198.51.100.7:5000", ""},
		{"version 2 over IPv6", "[fd00::1]:999", string(header(t, 2, "[2001:db8::7]:5000")), "[2001:db8::7]:5000", ""},
		{"version 2, extensions", "10.1.2.3:999", string(withLong), "198.51.100.7:5000", ""},
		{"version 1", "10.1.2.3:999", v1, "198.51.100.7:5000", ""},
		{"mapped proxy", "[::ffff:10.1.2.3]:999", v2, "198.51.100.7:5000", ""},
		{"health check", "10.1.2.3:999", localHeader, "10.1.2.3:999", ""},
		{"health check, version 1", "10.1.2.3:999", "PROXY UNKNOWN\r\n", "10.1.2.3:999", ""},
		{"none from a proxy", "10.1.2.3:999", "", "", ProxyMissing},
		{"none from another", "11.1.2.3:999", "", "11.1.2.3:999", ""},
		{"version 2 from another", "11.1.2.3:999", v2, "", ProxyUnasked},
		{"empty line from another", "11.1.2.3:999", "\r\n\r\nGET /", "", Unknown},
		{"unknown command", "10.1.2.3:999", "\r\n\r\n\x00\r\nQUIT\n\x22\x11\x00\x0C" + strings.Repeat("\x01", 12), "", ProxyBad},
		{"UDP", "10.1.2.3:999", "\r\n\r\n\x00\r\nQUIT\n\x21\x12\x00\x0C" + strings.Repeat("\x01", 12), "", ProxyBad},
		{"a Unix socket", "10.1.2.3:999", "\r\n\r\n\x00\r\nQUIT\n\x21\x31\x00\xD8" + strings.Repeat("\x01", 216), "", ProxyBad},
		{"too short", "10.1.2.3:999", "\r\n\r\n\x00\r\nQUIT\n\x21\x11\x00\x0B" + strings.Repeat("\x01", 11), "", ProxyBad},
		{"too long", "10.1.2.3:999", "\r\n\r\n\x00\r\nQUIT\n\x21\x11\xFF\xFF", "", ProxyBad},
		{"version 1 without an end", "10.1.2.3:999", "PROXY " + strings.Repeat("x", 200), "", ProxyBad},
		{"nearly version 2", "10.1.2.3:999", "\r\n\r\n\x00\r\nQUIT!\x21\x11", "", ProxyMissing},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				e, p := memory(t, Config{Proxies: proxies})
				c := p.dial(t, test.from)
				say(c, test.says+"GET / HTTP/1.1\r\n")
				if test.client == "" {
					ends(t, c)
					if e.Stats().Refused[test.reason] != 1 {
						t.Fatalf("not refused as %s: %+v", test.reason, e.Stats())
					}
					return
				}
				got, err := e.HTTP().Accept()
				if err != nil {
					t.Fatal(err)
				}
				defer got.Close()
				if got.RemoteAddr().String() != test.client {
					t.Errorf("the client is %v, not %s", got.RemoteAddr(), test.client)
				}
				line, err := bufio.NewReader(got).ReadString('\n')
				if line != "GET / HTTP/1.1\r\n" {
					t.Errorf("after the header came %q, %v", line, err)
				}
			})
		})
	}
}

// TestProxiesClients counts who is behind a proxy, and not the proxy.
func TestProxiesClients(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		e, p := memory(t, Config{Proxies: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}, Limits: Limits{PerClient: 1}})
		for _, client := range []string{"198.51.100.7:1", "198.51.100.8:1"} {
			say(p.dial(t, "10.0.0.1:1"), string(header(t, 2, client)))
		}
		synctest.Wait()
		if got := e.Stats(); got.Underway != 2 || got.Refused[Crowd] != 0 {
			t.Fatalf("%+v", got)
		}
		c := p.dial(t, "10.0.0.2:1")
		say(c, string(header(t, 2, "198.51.100.7:2")))
		ends(t, c)
		if got := e.Stats(); got.Refused[Crowd] != 1 {
			t.Fatalf("%+v", got)
		}
	})
}

// TestProxyAndTLS has the header in front of TLS, together with its first bytes, over real sockets.
func TestProxyAndTLS(t *testing.T) {
	t.Parallel()
	a := newAuthority(t)
	clients := make(chan string, 1)
	e := port(t, Config{TLS: a.server(t), Proxies: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}}, http.HandlerFunc(said), func(c net.Conn) {
		clients <- c.RemoteAddr().String()
		echo(c)
	})
	c := dial(t, e)
	secured := tls.Client(&prefixed{Conn: c, first: header(t, 2, "198.51.100.7:5000")}, a.client())
	if _, err := secured.Write(binding); err != nil {
		t.Fatal(err)
	}
	_ = secured.CloseWrite()
	if got := ends(t, secured); got != string(binding) {
		t.Errorf("read %q", got)
	}
	if got := <-clients; got != "198.51.100.7:5000" {
		t.Errorf("the client is %s", got)
	}
	for _, protocol := range []string{"HTTP/1.1", "HTTP/2.0"} {
		got := fetch(t, a, e, protocol, func(c net.Conn) net.Conn {
			return &prefixed{Conn: c, first: header(t, 2, "198.51.100.7:5000")}
		})
		if !strings.HasPrefix(got, protocol+" secure ") || !strings.Contains(got, " 198.51.100.7:5000 ") {
			t.Errorf("%s: %s", protocol, got)
		}
	}
}

// TestDeadlineOfHeaderEnds with the header: HTTP/2 is handed over unread, and would have it for good.
func TestDeadlineOfHeaderEnds(t *testing.T) {
	t.Parallel()
	a := newAuthority(t)
	synctest.Test(t, func(t *testing.T) {
		e, p := memory(t, Config{TLS: a.server(t), Proxies: []netip.Prefix{netip.MustParsePrefix("192.0.2.0/24")}})
		c := p.dial(t, "192.0.2.9:1000")
		if _, err := c.Write(header(t, 2, "198.51.100.7:5000")); err != nil {
			t.Fatal(err)
		}
		secured := tls.Client(c, a.client("h2"))
		said := make(chan error, 1)
		go func() { said <- secured.Handshake() }()
		got, err := e.HTTP().Accept()
		if err != nil {
			t.Fatal(err)
		}
		defer got.Close()
		if err := <-said; err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Hour)
		say(secured, "PRI")
		head := make([]byte, 3)
		if _, err := io.ReadFull(got, head); err != nil || string(head) != "PRI" {
			t.Errorf("read %q, %v an hour later", head, err)
		}
	})
}

// TestProxyUnaskedInTLS is what an operator sees who forgot to configure the proxy.
func TestProxyUnaskedInTLS(t *testing.T) {
	t.Parallel()
	a := newAuthority(t)
	for version := range byte(2) {
		e := port(t, Config{TLS: a.server(t)}, http.HandlerFunc(said), echo)
		c := dial(t, e)
		if _, err := c.Write(header(t, version+1, "198.51.100.7:5000")); err != nil {
			t.Fatal(err)
		}
		_, _ = io.Copy(io.Discard, c)
		if got := e.Stats().Refused[ProxyUnasked]; got != 1 {
			t.Errorf("version %d: %+v", version+1, e.Stats())
		}
	}
}

// prefixed sends something in one piece with the first bytes.
type prefixed struct {
	net.Conn
	first []byte
}

func (p *prefixed) Write(b []byte) (int, error) {
	if p.first == nil {
		return p.Conn.Write(b)
	}
	first := p.first
	p.first = nil
	n, err := p.Conn.Write(bytes.Join([][]byte{first, b}, nil))
	return max(0, n-len(first)), err
}

// TestProxyWarnings are for the operator: of what everybody can cause, one line.
func TestProxyWarnings(t *testing.T) {
	t.Parallel()
	var log testlog.Log
	synctest.Test(t, func(t *testing.T) {
		_, p := memory(t, Config{Proxies: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}, Log: zerolog.New(&log)})
		for range 3 {
			for from, says := range map[string]string{"10.0.0.1:1": "GET /", "192.0.2.1:1": string(header(t, 2, "198.51.100.7:1"))} {
				c := p.dial(t, from)
				say(c, says)
				ends(t, c)
			}
		}
	})
	for _, text := range []string{"sends no PROXY header", "not named as a proxy"} {
		if n := strings.Count(log.String(), text); n != 1 {
			t.Errorf("%q is logged %d times:\n%s", text, n, &log)
		}
	}
}
