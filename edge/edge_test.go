package edge

import (
	"crypto/tls"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
)

func TestOnePort(t *testing.T) {
	t.Parallel()
	a := newAuthority(t)
	for _, test := range []struct {
		name   string
		server *tls.Config
		secure bool
		alpn   []string
		say    string
		answer string
		counts Protocol
	}{
		{name: "plain HTTP", say: "POST / HTTP/1.0\r\nContent-Length: 3\r\n\r\nabc", answer: "HTTP/1.0 plain 127.0.0.1:", counts: HTTP1},
		{name: "plain lower case", say: "get / HTTP/1.0\r\n\r\n", answer: "HTTP/1.0 plain 127.0.0.1:", counts: HTTP1},
		{name: "plain TURN", say: string(binding) + "more", answer: string(binding) + "more", counts: TURN},
		{name: "HTTP/1 over TLS", secure: true, alpn: []string{"http/1.1"}, say: "GET / HTTP/1.0\r\n\r\n", answer: "HTTP/1.0 secure http/1.1 127", counts: HTTP1},
		{name: "HTTP/1 without ALPN", secure: true, say: "GET / HTTP/1.0\r\n\r\n", answer: "HTTP/1.0 secure  127", counts: HTTP1},
		{name: "TURN over TLS", secure: true, alpn: []string{"stun.turn"}, say: string(binding) + "more", answer: string(binding) + "more", counts: TURN},
		{name: "TURN without ALPN", secure: true, say: string(binding) + "more", answer: string(binding) + "more", counts: TURN},
		// TLS inspection may offer this for everything that goes through it.
		{name: "TURN as http/1.1", secure: true, alpn: []string{"http/1.1"}, say: string(binding) + "more", answer: string(binding) + "more", counts: TURN},
		{name: "HTTP/1 as stun.turn", secure: true, alpn: []string{"stun.turn"}, say: "GET / HTTP/1.0\r\n\r\n", answer: "HTTP/1.0 secure stun.turn 127", counts: HTTP1},
		{name: "TURN as h2", secure: true, alpn: []string{"h2"}, say: string(binding) + string(binding), counts: HTTP2}, // which net/http ends
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			cfg := Config{}
			if test.secure {
				cfg.TLS = a.server(t)
			}
			e := port(t, cfg, http.HandlerFunc(said), echo)
			c := dial(t, e)
			half := c.(interface{ CloseWrite() error })
			if test.secure {
				secured := tls.Client(c, a.client(test.alpn...))
				c, half = secured, secured
			}
			if _, err := io.WriteString(c, test.say); err != nil {
				t.Fatal(err)
			}
			if test.counts == TURN {
				_ = half.CloseWrite() // what ends the echo
			}
			answer := ends(t, c)
			if _, body, ok := strings.Cut(answer, "\r\n\r\n"); ok {
				answer = body
			}
			switch {
			case test.counts == HTTP2:
				if strings.Contains(answer, string(binding)) {
					t.Errorf("TURN has answered %q", answer)
				}
			case !strings.HasPrefix(answer, test.answer):
				t.Errorf("the answer is %q, not %q", answer, test.answer)
			}
			if got := e.Stats(); got.Protocols[test.counts] != 1 || got.Accepted != 1 {
				t.Errorf("the stats are %+v, without one %s", got, test.counts)
			}
		})
	}
}

// The methods of the connection below stay reachable: that is how net/http finds sendfile, half closing and the state of TLS.
func TestWhatConnectionsCan(t *testing.T) {
	t.Parallel()
	var plain net.Conn = &tcpStream{}
	if _, ok := plain.(io.ReaderFrom); !ok {
		t.Error("a plain connection cannot sendfile")
	}
	for _, c := range []net.Conn{plain, &tlsStream{}} {
		if _, ok := c.(interface{ CloseWrite() error }); !ok {
			t.Errorf("a %T cannot be half closed", c)
		}
	}
	var secure net.Conn = &tlsStream{}
	if _, ok := secure.(interface{ ConnectionState() tls.ConnectionState }); !ok {
		t.Error("a secured connection does not say so")
	}
}
