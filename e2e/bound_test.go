//go:build unix

package e2e

import (
	"encoding/json"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	"github.com/pion/logging"
	"github.com/pion/turn/v5"

	"github.com/beckon-rtc/beckon/signaling/protocol"
	"github.com/beckon-rtc/beckon/signaling/token"
)

// TestRelayEndsWithTheSession: what a relay is given for is a session, and whatever ends that ends the relay, of which the client
// itself gives nothing back. Its credentials, which would be good for minutes yet, open no other one.
func TestRelayEndsWithTheSession(t *testing.T) {
	t.Parallel()
	key, err := token.NewKey(token.EdDSA, "ed")
	if err != nil {
		t.Fatal(err)
	}
	set, err := token.NewKeySet(key)
	if err != nil {
		t.Fatal(err)
	}
	keys := filepath.Join(t.TempDir(), "keys.json")
	if err := os.WriteFile(keys, set.Public(), 0o600); err != nil {
		t.Fatal(err)
	}
	servers := make(map[relayMode]*server)
	for _, mode := range relayModes() {
		servers[mode] = serve(t, "127.0.0.1", append(mode.flags(), "--keys", keys, "--audience", audience, "--admin", "127.0.0.1:0")...)
	}
	for name, c := range map[string]struct {
		life time.Duration
		end  func(t *testing.T, r *relayed)
		fate protocol.CloseCode
	}{
		"bye":   {time.Hour, func(t *testing.T, r *relayed) { r.wire.send(t, websocket.TextMessage, `{"type":"bye"}`) }, protocol.CloseNormal},
		"leave": {time.Hour, func(t *testing.T, r *relayed) { r.wire.send(t, websocket.TextMessage, `{"type":"leave","room":"tea"}`) }, 0},
		"kick":  {time.Hour, func(t *testing.T, r *relayed) { act(t, r.server.admin(t), "kick", map[string]string{"peer": r.peer}) }, protocol.CloseKicked},
		"revoke identity": {time.Hour, func(t *testing.T, r *relayed) {
			act(t, r.server.admin(t), "revoke", map[string]string{"identity": r.identity})
		}, protocol.CloseRevoked},
		"revoke token": {time.Hour, func(t *testing.T, r *relayed) {
			act(t, r.server.admin(t), "revoke", map[string]string{"token": r.identity + "'s"})
		}, protocol.CloseRevoked},
		"expiry": {6 * time.Second, func(*testing.T, *relayed) {}, protocol.CloseTokenExpired},
	} {
		for _, transport := range []string{"udp", "tcp"} {
			t.Run(name+" "+transport, func(t *testing.T) {
				t.Parallel()
				bothModes(t, func(t *testing.T, mode relayMode) {
					identity := strings.ReplaceAll(name, " ", "-") + "-" + transport
					now := time.Now()
					signed, err := token.Sign(key, token.Claims{
						Identity: identity, Audience: []string{audience}, ID: identity + "'s", NotBefore: now.Add(-time.Minute),
						Expires: now.Add(c.life - token.DefaultLeeway), // when the server takes it to be over
						Grant:   token.Grant{Rooms: []string{"tea"}},
					}, now.Add(-time.Minute))
					if err != nil {
						t.Fatal(err)
					}
					r := servers[mode].relay(t, signed, transport)
					r.identity = identity
					began := time.Now()
					c.end(t, r)
					if c.fate != 0 {
						r.wire.closed(t, c.fate)
						if c.life < time.Minute {
							began = time.Now()
						}
					}
					// The client is not told, so it asks: a relay that is gone takes no permission. This is how any client notices.
					ended := r.gone(t)
					t.Logf("the relay was gone %d ms after the end", ended.Sub(began).Milliseconds())
					if again, err := r.client(t).Allocate(); err == nil {
						t.Cleanup(func() { again.Close() })
						if c.fate != 0 {
							t.Error("the same credentials have opened another relay")
						}
					}
				})
			})
		}
	}
}

// relayed is a client that has a session and a relay, and lets go of neither.
type relayed struct {
	server         *server
	wire           *wire
	peer, instance string
	identity       string
	transport      string
	url            string
	ice            protocol.ICEServer
	conn           net.PacketConn // the relay's
	turn           *turn.Client
}

// relay says hello with the token, joins the room tea, and allocates with the credentials that came a relay that works.
func (s *server) relay(t *testing.T, signed, transport string) *relayed {
	t.Helper()
	r := s.allocate(t, signed, transport)
	if err := r.turn.CreatePermission(r.conn.LocalAddr()); err != nil {
		t.Fatalf("the relay takes no permission: %v", err)
	}
	return r
}

// allocate is relay without trying what came. The token may be "".
func (s *server) allocate(t *testing.T, signed, transport string) *relayed {
	t.Helper()
	r := &relayed{server: s, wire: dialWire(t, s), transport: transport, instance: protocol.NewInstance()}
	r.wire.send(t, websocket.TextMessage, string(protocol.Encode(protocol.Hello{
		Versions: []string{protocol.Version}, Instance: r.instance, Token: signed,
	})))
	welcome := frameOf[protocol.Welcome](t, r.wire, protocol.TypeWelcome)
	r.peer = welcome.Peer
	r.wire.send(t, websocket.TextMessage, string(protocol.Encode(protocol.Join{Room: "tea", Topology: protocol.TopologyNone})))
	frameOf[protocol.Joined](t, r.wire, protocol.TypeJoined)
	for _, server := range welcome.ICEServers {
		i := slices.IndexFunc(server.URLs, func(url string) bool {
			return strings.HasPrefix(url, "turn:") && strings.HasSuffix(url, "transport="+transport)
		})
		if i >= 0 {
			r.url, r.ice = server.URLs[i], server
		}
	}
	if r.url == "" {
		t.Fatalf("no relay over %s in %+v", transport, welcome.ICEServers)
	}
	r.turn = r.client(t)
	conn, err := r.turn.Allocate()
	if err != nil {
		t.Fatal(err)
	}
	r.conn = conn
	t.Cleanup(func() { conn.Close() }) // Pion's client leaves the relay's timers running when it is closed
	return r
}

// client connects to the relay. It is not closed before the test ends, and then without a word to the relay.
func (r *relayed) client(t *testing.T) *turn.Client {
	t.Helper()
	address, _, _ := strings.Cut(strings.TrimPrefix(r.url, "turn:"), "?")
	var conn net.PacketConn
	if r.transport == "udp" {
		udp, err := net.ListenPacket("udp4", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		conn = udp
	} else {
		tcp, err := net.Dial("tcp", address)
		if err != nil {
			t.Fatal(err)
		}
		conn = turn.NewSTUNConn(tcp)
	}
	client, err := turn.NewClient(&turn.ClientConfig{
		STUNServerAddr: address, TURNServerAddr: address, Conn: conn, Username: r.ice.Username, Password: r.ice.Credential,
		LoggerFactory: logging.NewDefaultLoggerFactory(), RTO: 200 * time.Millisecond,
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		client.Close()
		conn.Close()
	})
	if err := client.Listen(); err != nil {
		t.Fatal(err)
	}
	return client
}

// gone asks for permissions until there is no relay any more, and returns when that was.
func (r *relayed) gone(t *testing.T) time.Time {
	t.Helper()
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); {
		if err := r.turn.CreatePermission(r.conn.LocalAddr()); err != nil {
			return time.Now()
		}
		time.Sleep(20 * time.Millisecond)
	}
	t.Fatal("the relay is still there")
	return time.Time{}
}

var adminListening = regexp.MustCompile(`"addr":"([^"]+)"[^\n]*"admin listening"`)

// admin is the URL of the operator's listener, which is told in the log.
func (s *server) admin(t *testing.T) string {
	t.Helper()
	found := adminListening.FindStringSubmatch(s.process.Stderr())
	if found == nil {
		t.Fatalf("no admin listener in the log:\n%s", s.process.Stderr())
	}
	return "http://" + found[1]
}

// act has the operator do something, which must be done.
func act(t *testing.T, admin, what string, body any) {
	t.Helper()
	text, err := json.Marshal(body)
	if err != nil {
		t.Fatal(err)
	}
	response, err := http.Post(admin+"/"+what, "application/json", strings.NewReader(string(text)))
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	answer, _ := io.ReadAll(response.Body)
	if response.StatusCode != http.StatusOK || !strings.Contains(string(answer), `"ended":1`) {
		t.Fatalf("POST /%s %s: %s %s", what, text, response.Status, answer)
	}
}
