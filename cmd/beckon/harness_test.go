package main

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"io"
	"math/big"
	"net"
	"net/http"
	"net/netip"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	"github.com/pion/turn/v5"
	"github.com/rs/zerolog"

	"github.com/beckon-rtc/beckon/signaling/protocol"
)

// opened is a server of a plan, bound but not run.
func opened(t *testing.T, p *plan) *servers {
	t.Helper()
	s, err := listen(t.Context(), p, zerolog.Nop())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.stop(context.WithoutCancel(t.Context()), 0) })
	return s
}

func portText(a netip.AddrPort) string { return strconv.Itoa(int(a.Port())) }

// patient is how long a test waits for what must happen.
func patient(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	t.Cleanup(cancel)
	return ctx
}

// logged waits for the line of a program's log with a message, and returns a field of it.
func (r *running) logged(t *testing.T, message, field string) string {
	t.Helper()
	ctx := patient(t)
	for {
		for line := range strings.Lines(r.stderr.String()) {
			var entry map[string]any
			if json.Unmarshal([]byte(line), &entry) == nil && entry["message"] == message {
				text, _ := entry[field].(string)
				return text
			}
		}
		select {
		case <-r.stderr.wrote:
		case <-ctx.Done():
			t.Fatalf("no %q in:\n%s", message, r.stderr)
		}
	}
}

// certificate makes one for this machine that nobody has signed, and returns the flags for it.
func certificate(t *testing.T) []string {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		DNSNames: []string{"localhost"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
	}
	cert, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	var flags []string
	for flag, block := range map[string]*pem.Block{
		"--tls-cert": {Type: "CERTIFICATE", Bytes: cert},
		"--tls-key":  {Type: "PRIVATE KEY", Bytes: private},
	} {
		file := filepath.Join(t.TempDir(), "pem")
		if err := os.WriteFile(file, pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
		flags = append(flags, flag, file)
	}
	return flags
}

// insecure trusts certificates that nobody has signed.
func insecure() *tls.Config { return &tls.Config{InsecureSkipVerify: true} }

// client speaks to a server of the tests.
func client(t *testing.T) *http.Client {
	c := &http.Client{Transport: &http.Transport{TLSClientConfig: insecure(), ForceAttemptHTTP2: true}}
	t.Cleanup(c.CloseIdleConnections)
	return c
}

// ask makes a request of an admin listener, and returns the status and the body.
func ask(t *testing.T, admin, method, path, body string) (int, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(patient(t), method, "http://"+admin+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	resp, err := client(t).Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(text)
}

// awaitMetric reads the metrics until one has that value.
func awaitMetric(t *testing.T, admin, line string) {
	t.Helper()
	ctx := patient(t)
	for {
		_, text := ask(t, admin, http.MethodGet, "/metrics", "")
		if strings.Contains(text, "\n"+line+"\n") {
			return
		}
		if ctx.Err() != nil {
			t.Fatalf("no %s in:\n%s", line, text)
		}
	}
}

// allocate opens a relay by one of its URLs. It is closed with the test.
func allocate(t *testing.T, url, user, password string) (net.PacketConn, error) {
	t.Helper()
	rest, transport, _ := strings.Cut(url, "?transport=")
	scheme, addr, _ := strings.Cut(rest, ":")
	var conn net.PacketConn
	var err error
	switch {
	case transport == "udp":
		conn, err = net.ListenPacket("udp", "127.0.0.1:0")
	case scheme == "turns":
		var stream net.Conn
		if stream, err = tls.Dial("tcp", addr, insecure()); err == nil {
			conn = turn.NewSTUNConn(stream)
		}
	default:
		var stream net.Conn
		if stream, err = net.Dial("tcp", addr); err == nil {
			conn = turn.NewSTUNConn(stream)
		}
	}
	if err != nil {
		t.Fatal(err)
	}
	c, err := turn.NewClient(&turn.ClientConfig{TURNServerAddr: addr, Conn: conn, Username: user, Password: password})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close(); conn.Close() })
	if err := c.Listen(); err != nil {
		t.Fatal(err)
	}
	relay, err := c.Allocate()
	if err == nil {
		t.Cleanup(func() { relay.Close() })
	}
	return relay, err
}

// member is a session of its own at a server, which says nothing but what tests say.
type member struct {
	*websocket.Conn
	peer string
	ice  protocol.ICEServer
}

// newMember says hello and joins a room.
func newMember(t *testing.T, base, room string) *member {
	t.Helper()
	m := newGuest(t, base)
	m.say(t, protocol.Join{Room: room, Topology: protocol.TopologyNone})
	hear[protocol.Joined](t, m, protocol.TypeJoined)
	return m
}

// newGuest has said hello and is in no room.
func newGuest(t *testing.T, base string) *member {
	t.Helper()
	dialer := websocket.Dialer{Subprotocols: []string{protocol.Version}, TLSClientConfig: insecure()}
	conn, _, err := dialer.DialContext(t.Context(), "ws"+strings.TrimPrefix(base, "http")+"/v1/ws", nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	m := &member{Conn: conn}
	m.say(t, protocol.Hello{Versions: []string{protocol.Version}, Instance: protocol.NewInstance()})
	welcome := hear[protocol.Welcome](t, m, protocol.TypeWelcome)
	m.peer, m.ice = welcome.Peer, welcome.ICEServers[0]
	return m
}

func (m *member) say(t *testing.T, frame protocol.Frame) {
	t.Helper()
	if err := m.WriteMessage(websocket.TextMessage, protocol.Encode(frame)); err != nil {
		t.Fatal(err)
	}
}

// hear reads until a frame of that type.
func hear[F any](t *testing.T, m *member, kind protocol.Type) (frame F) {
	t.Helper()
	for {
		_, text, err := m.ReadMessage()
		if err != nil {
			t.Fatalf("waiting for %s: %v", kind, err)
		}
		if bytes.HasPrefix(text, []byte(`{"type":"`+string(kind)+`"`)) {
			if err := json.Unmarshal(text, &frame); err != nil {
				t.Fatal(err)
			}
			return frame
		}
	}
}
