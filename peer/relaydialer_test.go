package peer

import (
	"context"
	"crypto/tls"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/beckon-rtc/beckon/signaling/protocol"
)

// A TURN server over TLS is trusted as the configuration says, whatever the name and the protocols are that it has for signaling; one over
// plain TCP is none of its business.
func TestRelayDialer(t *testing.T) {
	t.Parallel()
	server := httptest.NewTLSServer(http.NotFoundHandler())
	defer server.Close()
	addr := server.Listener.Addr().String()
	known := server.Client().Transport.(*http.Transport).TLSClientConfig.Clone()
	known.ServerName, known.NextProtos = "signaling.example", []string{"h3"}
	ended, end := context.WithCancel(t.Context())
	end()
	for name, c := range map[string]struct {
		ctx    context.Context
		tls    *tls.Config
		url    string
		dials  bool
		secure bool
	}{
		"trusted": {t.Context(), known, "turns:" + addr + "?transport=tcp", true, true},
		"unknown": {t.Context(), &tls.Config{}, "turns:" + addr + "?transport=tcp", false, true},
		"plain":   {t.Context(), known, "turn:" + addr + "?transport=tcp", true, false},
		"ended":   {ended, known, "turns:" + addr + "?transport=tcp", false, true},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFactory(&Config{TLS: c.tls})
			f.setICEServers([]protocol.ICEServer{{URLs: []string{"stun:" + addr}}, {URLs: []string{"turn:192.0.2.1:3478", c.url}}})
			d := &relayDialer{ctx: c.ctx, tls: c.tls, secure: f.secure}
			conn, err := d.Dial("tcp4", addr)
			if err == nil {
				defer conn.Close()
			}
			if (err == nil) != c.dials {
				t.Fatalf("dial: %v", err)
			}
			if _, secured := conn.(*tls.Conn); err == nil && secured != c.secure {
				t.Errorf("the connection is a %T", conn)
			}
		})
	}
}
