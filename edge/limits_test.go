package edge

import (
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

func addrPort(s string) netip.AddrPort { return netip.MustParseAddrPort(s) }

// TestDeadlines says nothing, at each point where something has to be said.
func TestDeadlines(t *testing.T) {
	t.Parallel()
	a := newAuthority(t)
	client := a.client()
	limits := Limits{Header: time.Second, Handshake: 2 * time.Second, FirstByte: 4 * time.Second}
	proxies := []netip.Prefix{netip.MustParsePrefix("192.0.2.0/24")}
	for _, test := range []struct {
		name   string
		cfg    Config
		act    func(net.Conn)
		after  time.Duration
		reason Reason
	}{
		{"no header", Config{Proxies: proxies}, func(net.Conn) {}, time.Second, ProxyLate},
		{"half a header", Config{Proxies: proxies}, func(c net.Conn) { say(c, "\r\n\r\n\x00\r\nQUIT\n\x21\x11") }, time.Second, ProxyLate},
		{"no hello", Config{TLS: a.server(t)}, func(net.Conn) {}, 2 * time.Second, HandshakeLate},
		{"half a hello", Config{TLS: a.server(t)}, func(c net.Conn) { say(c, "\x16\x03\x01\x02\x00\x01\x00") }, 2 * time.Second, HandshakeLate},
		{"a hello at a byte for every 100 ms", Config{TLS: a.server(t)}, func(c net.Conn) {
			go trickle(c, "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"+strings.Repeat("\x00", 500), 100*time.Millisecond)
		}, 2 * time.Second, HandshakeLate},
		{"nothing", Config{}, func(net.Conn) {}, 4 * time.Second, Silent},
		{"half of STUN", Config{}, func(c net.Conn) { say(c, "\x00\x01\x00\x00\x21\x12\xA4") }, 4 * time.Second, Silent},
		{"nothing in TLS", Config{TLS: a.server(t)}, func(c net.Conn) { _ = tls.Client(c, client).Handshake() }, 4 * time.Second, Silent},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				test.cfg.Limits = limits
				e, p := memory(t, test.cfg)
				c := p.dial(t, "192.0.2.9:1000")
				test.act(c)
				time.Sleep(test.after - time.Millisecond)
				synctest.Wait()
				if got := e.Stats(); got.Underway != 1 || got.Refused[test.reason] != 0 {
					t.Fatalf("before its time: %+v", got)
				}
				time.Sleep(2 * time.Millisecond)
				synctest.Wait()
				if got := e.Stats(); got.Underway != 0 || got.Refused[test.reason] != 1 {
					t.Fatalf("not refused as %s: %+v", test.reason, got)
				}
				if _, err := io.Copy(io.Discard, c); err != nil && !errors.Is(err, io.ErrClosedPipe) {
					t.Errorf("not closed: %v", err)
				}
				time.Sleep(time.Second) // whoever still has something to say finds out
				synctest.Wait()
			})
		})
	}
}

// trickle says it a byte at a time until the connection is closed.
func trickle(c net.Conn, what string, pause time.Duration) {
	for i := range what {
		if _, err := io.WriteString(c, what[i:i+1]); err != nil {
			return
		}
		time.Sleep(pause)
	}
}

// TestDeadlinesEnd with the decision: what serves a connection sets its own.
func TestDeadlinesEnd(t *testing.T) {
	t.Parallel()
	a := newAuthority(t)
	for _, cfg := range []Config{{}, {TLS: a.server(t)}} {
		synctest.Test(t, func(t *testing.T) {
			e, p := memory(t, cfg)
			c := p.dial(t, "192.0.2.9:1000")
			if cfg.TLS != nil {
				c = tls.Client(c, a.client())
			}
			say(c, "GET /")
			got, err := e.HTTP().Accept()
			if err != nil {
				t.Fatal(err)
			}
			defer got.Close()
			time.Sleep(time.Hour)
			say(c, " HTTP/1.1\r\n")
			head := make([]byte, len("GET / HTTP/1.1\r\n"))
			if _, err := io.ReadFull(got, head); err != nil || string(head) != "GET / HTTP/1.1\r\n" {
				t.Errorf("read %q, %v an hour later", head, err)
			}
		})
	}
}

func TestCaps(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		e, p := memory(t, Config{Limits: Limits{Underway: 5, PerClient: 2}})
		enter := func(from string) net.Conn {
			c := p.dial(t, from)
			synctest.Wait() // for the next one not to be counted before it
			return c
		}
		check := func(underway int, crowd, full uint64) {
			t.Helper()
			synctest.Wait()
			got := e.Stats()
			if got.Underway != underway || got.Refused[Crowd] != crowd || got.Refused[Full] != full {
				t.Fatalf("%d under way, %d and %d refused, want %d, %d and %d",
					got.Underway, got.Refused[Crowd], got.Refused[Full], underway, crowd, full)
			}
		}
		first := enter("192.0.2.9:1")
		enter("[::ffff:192.0.2.9]:2") // the same
		check(2, 0, 0)
		ends(t, enter("192.0.2.9:3"))
		check(2, 1, 0)
		// One /64 is one client, whatever its addresses.
		enter("[2001:db8::1]:1")
		enter("[2001:db8::2:0:0:1]:1")
		ends(t, enter("[2001:db8::3:0:0:1]:1"))
		check(4, 2, 0)
		enter("[2001:db8:0:1::1]:1")
		check(5, 2, 0)
		ends(t, enter("198.51.100.1:1"))
		check(5, 2, 1)
		// Who leaves makes place.
		_ = first.Close()
		check(4, 2, 1)
		served := enter("192.0.2.9:4")
		check(5, 2, 1)
		// Who was handed over is not under way any more.
		say(served, "GET /")
		got, err := e.HTTP().Accept()
		if err != nil {
			t.Fatal(err)
		}
		defer got.Close()
		check(4, 2, 1)
	})
}

// TestSlowDelaysNobody with a crowd in the middle of their handshakes.
func TestSlowDelaysNobody(t *testing.T) {
	t.Parallel()
	a := newAuthority(t)
	synctest.Test(t, func(t *testing.T) {
		e, p := memory(t, Config{TLS: a.server(t)})
		for i := range 500 {
			c := p.dial(t, fmt.Sprintf("192.0.2.%d:1000", i%250))
			switch i % 3 {
			case 0:
				say(c, "\x16\x03\x01\x02\x00\x01\x00")
			case 1:
				_ = tls.Client(c, a.client()).Handshake()
			}
		}
		began := time.Now() // fake: it stands still unless everybody waits
		c := tls.Client(p.dial(t, "198.51.100.1:1000"), a.client())
		say(c, string(binding))
		got, err := e.TURN().Accept()
		if err != nil {
			t.Fatal(err)
		}
		if waited := time.Since(began); waited != 0 {
			t.Errorf("waited for %v", waited)
		}
		_ = got.Close()
	})
}

// TestUnserved closes one half of the port and then uses it.
func TestUnserved(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		e, p := memory(t, Config{})
		_ = e.TURN().Close()
		c := p.dial(t, "192.0.2.1:1")
		say(c, string(binding))
		ends(t, c)
		say(p.dial(t, "192.0.2.1:1"), "GET /")
		got, err := e.HTTP().Accept()
		if err != nil {
			t.Fatal(err)
		}
		_ = got.Close()
		if e.Stats().Refused[Unserved] != 1 {
			t.Errorf("%+v", e.Stats())
		}
	})
}

// TestOpen has one client open as many as it may: what was handed over counts until it is closed, however often that is done.
func TestOpen(t *testing.T) {
	t.Parallel()
	a := newAuthority(t)
	for name, secured := range map[string]bool{"plain": false, "TLS": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				cfg := Config{Crowds: []netip.Prefix{netip.MustParsePrefix("198.51.100.1/32")}, Limits: Limits{Open: 2, FirstByte: time.Second}}
				if secured {
					cfg.TLS = a.server(t)
				}
				e, p := memory(t, cfg)
				ask := func(from string) net.Conn {
					c := p.dial(t, from)
					if secured {
						c = tls.Client(c, a.client())
					}
					go func() { say(c, "GET / HTTP/1.1\r\n") }()
					return c
				}
				get := func(from string) net.Conn {
					t.Helper()
					ask(from)
					c, err := e.HTTP().Accept()
					if err != nil {
						t.Fatal(err)
					}
					t.Cleanup(func() { _ = c.Close() })
					return c
				}
				many := func(want uint64) {
					t.Helper()
					synctest.Wait()
					if got := e.Stats(); got.Refused[Many] != want || got.Underway != 0 {
						t.Fatalf("%d refused, want %d; %d under way", got.Refused[Many], want, got.Underway)
					}
				}
				first := get("192.0.2.9:1")
				get("192.0.2.9:2")
				ask("192.0.2.9:3")
				many(1)
				get("192.0.2.10:1")
				_, _ = first.Close(), first.Close()
				get("192.0.2.9:4")
				ask("192.0.2.9:5")
				many(2)
				for range 5 {
					get("198.51.100.1:1") // a web proxy
				}
				many(2)
				// What is refused later, or says nothing, is over, too.
				say(p.dial(t, "192.0.2.11:1"), "?")
				p.dial(t, "192.0.2.11:2")
				time.Sleep(time.Minute)
				get("192.0.2.11:3")
				get("192.0.2.11:4")
				many(2)
			})
		})
	}
}
