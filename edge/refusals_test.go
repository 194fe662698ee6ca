package edge

import (
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"runtime"
	"strings"
	"testing"

	"github.com/beckon-rtc/beckon/internal/lacking"
)

// TestRefusals has one of each kind whom nothing can be done for, with the name under which it is counted.
func TestRefusals(t *testing.T) {
	t.Parallel()
	a := newAuthority(t)
	stranger := newAuthority(t)
	secure, plain := Config{TLS: a.server(t)}, Config{}
	uncertified := Config{TLS: &tls.Config{GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) { return nil, errors.New("none") }}}
	shake := func(cfg *tls.Config) func(net.Conn) {
		return func(c net.Conn) {
			if err := tls.Client(c, cfg).Handshake(); err == nil {
				_, _ = io.Copy(io.Discard, c)
			}
		}
	}
	old := a.client()
	old.MinVersion, old.MaxVersion = tls.VersionTLS10, tls.VersionTLS11
	before := a.client()
	before.MaxVersion = tls.VersionTLS12
	bad := stranger.client()
	bad.MaxVersion = tls.VersionTLS12
	text := func(s string) func(net.Conn) {
		return func(c net.Conn) { _, _ = io.WriteString(c, s) }
	}
	for _, test := range []struct {
		name   string
		cfg    Config
		act    func(net.Conn)
		reason Reason
	}{
		{"HTTP without TLS", secure, text("GET / HTTP/1.1\r\n\r\n"), PlainHTTP},
		{"STUN without TLS", secure, text(string(binding)), NotTLS},
		{"noise without TLS", secure, text(strings.Repeat("\xff", 40)), NotTLS},
		{"TLS 1.1", secure, shake(old), OldTLS},
		{"foreign ALPN", secure, shake(a.client("smtp")), UnknownALPN},
		{"distrust", secure, shake(stranger.client()), ClientAlert},
		{"distrust, TLS 1.2", secure, shake(bad), ClientAlert},
		{"no certificate", uncertified, shake(a.client()), Uncertified},
		{"a bad hello", secure, text("\x16\x03\x01\x00\x04\x01\x00\x00\x00"), Handshake},
		{"gone at once", secure, func(c net.Conn) { _ = c.Close() }, Gone},
		{"gone in the handshake", secure, func(c net.Conn) {
			_, _ = io.WriteString(c, "\x16\x03\x01\x02\x00\x01\x00")
			_ = c.Close()
		}, Gone},
		{"gone after it", secure, func(c net.Conn) {
			secured := tls.Client(c, before)
			_ = secured.Handshake()
			_ = secured.Close()
		}, Gone},
		{"gone before STUN's cookie", plain, func(c net.Conn) {
			_, _ = c.Write(binding[:7])
			_ = c.(*net.TCPConn).CloseWrite()
		}, Gone},
		{"noise", plain, text("\xff"), Unknown},
		{"nearly STUN", plain, text("\x00\x01\x00\x00\x21\x12\xA5"), Unknown},
		{"ChannelData first", plain, text("\x40\x00\xFF\xFC"), Unknown},
		{"TLS", plain, func(c net.Conn) {
			err := tls.Client(c, a.client()).Handshake()
			if record, ok := errors.AsType[tls.RecordHeaderError](err); !ok || string(record.RecordHeader[:]) != "HTTP/" {
				t.Errorf("nobody is told that it is HTTP: %v", err)
			}
		}, UnexpectedTLS},
		{"TLS in TLS", secure, func(c net.Conn) { shake(a.client())(tls.Client(c, a.client())) }, UnexpectedTLS},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			e := port(t, test.cfg, http.HandlerFunc(said), func(c net.Conn) {
				t.Error("a connection for TURN")
				_ = c.Close()
			})
			c := dial(t, e)
			test.act(c)
			answer, _ := io.ReadAll(c)
			if test.reason == PlainHTTP && !strings.Contains(string(answer), "https://") {
				t.Errorf("nobody is told to use https: %q", answer)
			}
			if err := e.Shutdown(t.Context()); err != nil {
				t.Fatal(err)
			}
			for reason, n := range e.Stats().Refused {
				if (n == 1) != (reason == test.reason) {
					t.Errorf("%d refused as %s, one %s expected", n, reason, test.reason)
				}
			}
			for protocol, n := range e.Stats().Protocols {
				if n != 0 {
					t.Errorf("handed over as %s", protocol)
				}
			}
		})
	}
}

// TestNothingLeaks looks at the process's files, for a goroutine that has ended can leave a socket behind. It does not run
// in parallel with tests that open their own.
func TestNothingLeaks(t *testing.T) {
	if runtime.GOOS != "linux" {
		lacking.Skip(t, "the open files of this process are counted in /proc, which only Linux has: run it there")
	}
	a := newAuthority(t)
	server := a.server(t)
	stranger := newAuthority(t).client()
	before := openFiles(t)
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	e := New(ln, Config{TLS: server})
	for i := range 60 {
		c, err := net.Dial("tcp", e.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		switch i % 6 {
		case 0:
			_, _ = io.WriteString(c, "GET / HTTP/1.1\r\n\r\n")
		case 1:
			_ = tls.Client(c, stranger).Handshake()
		case 2:
			_, _ = io.WriteString(c, "\x16\x03\x01\x02\x00\x01\x00")
		case 3:
			_, _ = tls.Client(c, a.client()).Write([]byte("\xff"))
		case 4:
			_, _ = tls.Client(c, a.client()).Write(binding) // which nobody accepts
		}
		_ = c.Close()
	}
	half, err := net.Dial("tcp", e.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	_ = e.Close()
	_ = half.Close()
	if after := openFiles(t); after > before {
		t.Errorf("%d files are open, %d before", after, before)
	}
	if got := e.Stats(); got.Underway != 0 {
		t.Errorf("%+v", got)
	}
}

func openFiles(t *testing.T) int {
	t.Helper()
	entries, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Fatal(err)
	}
	return len(entries)
}
