package main

import (
	"crypto/rand"
	"net/http"
	"strings"
	"testing"

	"github.com/gorilla/websocket"

	"github.com/beckon-rtc/beckon/signaling/protocol"
)

// One port with TLS takes pages over HTTP/2, WebSockets and TURN; the other addresses of the relay work beside it; and all of it
// ends in order.
func TestOnePort(t *testing.T) {
	t.Parallel()
	for name, flags := range map[string][]string{
		"virtual": nil,
		"ports":   {"--relay-ports", "20000-29999"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := start(t, false, append([]string{"serve", "--dev", "--listen", "127.0.0.1:0", "--turn-listen", "127.0.0.1:0", "--admin", "127.0.0.1:0",
				"--grace", "1s"}, append(flags, certificate(t)...)...)...)
			base, room, _ := strings.Cut(s.first, "/r/")
			resp, err := client(t).Get(s.first)
			if err != nil {
				t.Fatal(err)
			}
			resp.Body.Close()
			if resp.StatusCode != http.StatusOK || resp.ProtoMajor != 2 || resp.TLS == nil {
				t.Errorf("the page: %s, %s", resp.Status, resp.Proto)
			}
			m := newMember(t, base, room)
			schemes := map[string]bool{}
			for _, url := range m.ice.URLs {
				scheme, _, _ := strings.Cut(url, ":")
				schemes[scheme] = true
				if scheme == "stun" {
					continue
				}
				if _, err := allocate(t, url, m.ice.Username, m.ice.Credential); err != nil {
					t.Errorf("%s: %v", url, err)
				}
				if _, err := allocate(t, url, m.ice.Username, "wrong"); err == nil {
					t.Errorf("%s takes a wrong password", url)
				}
			}
			if len(schemes) != 3 {
				t.Errorf("the URLs are %q", m.ice.URLs)
			}
			admin := s.logged(t, "admin listening", "addr")
			awaitMetric(t, admin, `beckon_relay_allocations{family="ipv4",transport="tls"} 1`)
			awaitMetric(t, admin, `beckon_relay_allocations{family="ipv4",transport="udp"} 1`)
			awaitMetric(t, admin, `beckon_relay_auth_failures_total{reason="password"} 2`)
			awaitMetric(t, admin, `beckon_port_connections_total{protocol="http2"} 1`)
			m.Close()
			if code := s.interrupt(); code != exitOK {
				t.Errorf("exit code %d; stderr:\n%s", code, s.stderr)
			}
		})
	}
}

// Who is taken out loses the session and the relay, with all its addresses, at once; a leave takes the relay, too.
func TestTheRelayEndsWithTheSession(t *testing.T) {
	t.Parallel()
	s := start(t, false, "serve", "--dev", "--listen", "127.0.0.1:0", "--turn-listen", "127.0.0.1:0", "--admin", "127.0.0.1:0")
	base, room, _ := strings.Cut(s.first, "/r/")
	admin := s.logged(t, "admin listening", "addr")
	for name, end := range map[string]func(m *member){
		"kick": func(m *member) {
			if status, text := ask(t, admin, http.MethodPost, "/kick", `{"peer":"`+m.peer+`"}`); status != http.StatusOK {
				t.Errorf("kick: %d %s", status, text)
			}
			for {
				if _, _, err := m.ReadMessage(); err != nil {
					if !websocket.IsCloseError(err, int(protocol.CloseKicked)) {
						t.Errorf("the session ended with %v", err)
					}
					return
				}
			}
		},
		"bye":   func(m *member) { m.say(t, protocol.Bye{}) },
		"leave": func(m *member) { m.say(t, protocol.Leave{ID: 3, Room: room}) },
	} {
		m := newMember(t, base, room)
		for _, url := range m.ice.URLs[1:] {
			if _, err := allocate(t, url, m.ice.Username, m.ice.Credential); err != nil {
				t.Fatalf("%s: %s: %v", name, url, err)
			}
		}
		awaitMetric(t, admin, `beckon_relay_allocations{family="ipv4",transport="udp"} 1`)
		awaitMetric(t, admin, `beckon_relay_allocations{family="ipv4",transport="tcp"} 1`)
		end(m)
		awaitMetric(t, admin, `beckon_relay_allocations{family="ipv4",transport="udp"} 0`)
		awaitMetric(t, admin, `beckon_relay_allocations{family="ipv4",transport="tcp"} 0`)
		if _, err := allocate(t, m.ice.URLs[1], m.ice.Username, m.ice.Credential); err == nil {
			t.Errorf("%s: its credentials are still good", name)
		}
	}
	if status, text := ask(t, admin, http.MethodPost, "/kick", `{"peer":"nobody"}`); status != http.StatusNotFound {
		t.Errorf("kick of nobody: %d %s", status, text)
	}
}

// Who is in two rooms keeps its relay when it leaves one of them. It loses it with the other, and nothing else: it stays connected, and
// may have another relay in the next room.
func TestTheRelayEndsWithTheLastRoom(t *testing.T) {
	t.Parallel()
	s := start(t, false, "serve", "--dev", "--listen", "127.0.0.1:0", "--turn-listen", "127.0.0.1:0", "--admin", "127.0.0.1:0")
	base, room, _ := strings.Cut(s.first, "/r/")
	admin := s.logged(t, "admin listening", "addr")
	m := newMember(t, base, room)
	join := func(room string) {
		m.say(t, protocol.Join{Room: room, Topology: protocol.TopologyNone})
		hear[protocol.Joined](t, m, protocol.TypeJoined)
	}
	join("second-" + room)
	url := m.ice.URLs[1]
	if _, err := allocate(t, url, m.ice.Username, m.ice.Credential); err != nil {
		t.Fatal(err)
	}
	m.say(t, protocol.Leave{Room: room})
	join("third-" + room) // an end of the relay would be over before the answer to this, which waits for it
	if _, text := ask(t, admin, http.MethodGet, "/metrics", ""); !strings.Contains(text, "\n"+`beckon_relay_allocations{family="ipv4",transport="udp"} 1`+"\n") {
		t.Errorf("the first leave has ended the relay:\n%s", text)
	}
	m.say(t, protocol.Leave{Room: "second-" + room})
	m.say(t, protocol.Leave{Room: "third-" + room})
	awaitMetric(t, admin, `beckon_relay_allocations{family="ipv4",transport="udp"} 0`)
	if _, err := allocate(t, url, m.ice.Username, m.ice.Credential); err == nil {
		t.Error("in no room its credentials are still good")
	}
	m.say(t, protocol.Join{Room: room, Topology: protocol.TopologyNone})
	fresh := hear[protocol.ICE](t, m, protocol.TypeICE).ICEServers[0]
	if _, err := allocate(t, url, fresh.Username, fresh.Credential); err != nil {
		t.Errorf("in a room again it gets no relay: %v", err)
	}
}

// At a limit the client is told by name over signaling, the log says whose it was, and the counters show it.
func TestRelayLimitIsTold(t *testing.T) {
	t.Parallel()
	s := start(t, false, "serve", "--dev", "--listen", "127.0.0.1:0", "--turn-listen", "127.0.0.1:0", "--admin", "127.0.0.1:0",
		"--relay-limit", "room:allocations=1")
	base, room, _ := strings.Cut(s.first, "/r/")
	m := newMember(t, base, room)
	if _, err := allocate(t, m.ice.URLs[1], m.ice.Username, m.ice.Credential); err != nil {
		t.Fatal(err)
	}
	if _, err := allocate(t, m.ice.URLs[2], m.ice.Username, m.ice.Credential); err == nil {
		t.Error("a second allocation is open")
	}
	told := hear[protocol.ErrorReply](t, m, protocol.TypeError)
	if told.Code != protocol.CodeRelayAllocations || !strings.Contains(told.Message, "room") || strings.Contains(told.Message, room) {
		t.Errorf("the client is told %+v", told)
	}
	if of := s.logged(t, "relay limit met", "of"); of != room {
		t.Errorf("the log names %q, not %q", of, room)
	}
	awaitMetric(t, s.logged(t, "admin listening", "addr"), `beckon_relay_limits_reached_total{limit="room",what="allocations"} 1`)
}

// Who opens relays before it joins does not get past the limits of rooms.
func TestRelayLimitWithoutARoom(t *testing.T) {
	t.Parallel()
	s := start(t, false, "serve", "--dev", "--listen", "127.0.0.1:0", "--turn-listen", "127.0.0.1:0", "--admin", "none", "--relay-limit", "room:allocations=1")
	base, room, _ := strings.Cut(s.first, "/r/")
	one, other := newGuest(t, base), newGuest(t, base)
	if _, err := allocate(t, one.ice.URLs[1], one.ice.Username, one.ice.Credential); err != nil {
		t.Fatal(err)
	}
	if _, err := allocate(t, other.ice.URLs[1], other.ice.Username, other.ice.Credential); err == nil {
		t.Error("two of those who are in no room have relays, and one may")
	}
	in := newMember(t, base, room)
	if _, err := allocate(t, in.ice.URLs[1], in.ice.Username, in.ice.Credential); err != nil {
		t.Errorf("a room has none because of those who are in none: %v", err)
	}
}

// Both ends of a connection report how it opened, and the operator sees it.
func TestPeersReport(t *testing.T) {
	t.Parallel()
	s := start(t, false, "serve", "--dev", "--listen", "127.0.0.1:0", "--turn-listen", "127.0.0.1:0", "--admin", "127.0.0.1:0")
	admin := s.logged(t, "admin listening", "addr")
	start(t, true, "bot", "echo", s.first, "--log-level", "error")
	start(t, true, "bot", "echo", s.first, "--log-level", "error")
	awaitMetric(t, admin, `beckon_peer_connections_total{event="open",outcome="direct",protocol="none"} 2`)
	awaitMetric(t, admin, `beckon_peer_connection_seconds_count{event="open",outcome="direct"} 2`)

	relayed := strings.Replace(s.first, "/r/", "/r/relayed-", 1)
	start(t, true, "bot", "echo", relayed, "--log-level", "error", "--relay-only")
	start(t, true, "bot", "echo", relayed, "--log-level", "error", "--relay-only")
	awaitMetric(t, admin, `beckon_peer_connection_seconds_count{event="open",outcome="relayed"} 2`)
}

// From the first moment of the end nobody is sent here any more, while who asks for life and metrics is answered to the last.
func TestReadyEndsFirst(t *testing.T) {
	t.Parallel()
	s := start(t, false, "serve", "--dev", "--listen", "127.0.0.1:0", "--turn-listen", "127.0.0.1:0", "--admin", "127.0.0.1:0", "--grace", "30s")
	base, room, _ := strings.Cut(s.first, "/r/")
	admin := s.logged(t, "admin listening", "addr")
	m := newMember(t, base, room)
	relay, err := allocate(t, m.ice.URLs[1], m.ice.Username, m.ice.Credential) // something that is worth waiting for
	if err != nil {
		t.Fatal(err)
	}
	if status, text := ask(t, admin, http.MethodGet, "/readyz", ""); status != http.StatusOK {
		t.Errorf("ready: %d %s", status, text)
	}
	ended := make(chan int, 1)
	go func() { ended <- s.interrupt() }()
	s.logged(t, "shutting down; interrupt again to stop at once", "grace")
	hear[protocol.GoAway](t, m, protocol.TypeGoAway)
	if status, text := ask(t, admin, http.MethodGet, "/readyz", ""); status != http.StatusServiceUnavailable || !strings.Contains(text, `"reason":"draining"`) {
		t.Errorf("ready while it ends: %d %s", status, text)
	}
	for _, path := range []string{"/healthz", "/metrics"} {
		if status, _ := ask(t, admin, http.MethodGet, path, ""); status != http.StatusOK {
			t.Errorf("%s while it ends: %d", path, status)
		}
	}
	m.Close()
	relay.Close()
	if code := <-ended; code != exitOK {
		t.Errorf("exit code %d", code)
	}
}

// Nothing that a client can choose becomes a label: after every kind of nonsense has come once, more of it makes no new series.
func TestStrangersMakeNoSeries(t *testing.T) {
	t.Parallel()
	s := start(t, false, "serve", "--dev", "--listen", "127.0.0.1:0", "--turn-listen", "127.0.0.1:0", "--admin", "127.0.0.1:0")
	base, _, _ := strings.Cut(s.first, "/r/")
	admin := s.logged(t, "admin listening", "addr")
	nonsense := func() map[string]bool {
		m := newMember(t, base, rand.Text())
		for _, frame := range []string{rand.Text(), `{"type":"` + rand.Text() + `"}`, `{"type":"report","outcome":"` + rand.Text() + `","opening":1}`,
			`{"type":"report","outcome":"direct","protocol":"udp","opening":20}`} {
			if err := m.WriteMessage(websocket.TextMessage, []byte(frame)); err != nil {
				t.Fatal(err)
			}
		}
		m.say(t, protocol.Ping{T: 7})
		hear[protocol.Pong](t, m, protocol.TypePong) // all of it has been read
		for _, url := range m.ice.URLs[1:] {
			for _, user := range []string{rand.Text(), "99999999999:" + rand.Text(), "1:" + rand.Text()} {
				if _, err := allocate(t, url, user, rand.Text()); err == nil {
					t.Errorf("%s opens a relay", user)
				}
			}
		}
		for _, path := range []string{"/" + rand.Text(), "/v1/ws?x=" + rand.Text(), "/v1/poll?session=" + rand.Text()} {
			resp, err := client(t).Get(base + path)
			if err != nil {
				t.Fatal(err)
			}
			resp.Body.Close()
		}
		_, text := ask(t, admin, http.MethodGet, "/metrics", "")
		series := map[string]bool{}
		for line := range strings.Lines(text) {
			if name, _, ok := strings.Cut(line, " "); ok && name != "#" {
				series[name] = true
			}
		}
		return series
	}
	before := nonsense()
	for name := range nonsense() {
		if !before[name] {
			t.Errorf("a new series: %s", name)
		}
	}
	if len(before) > 400 {
		t.Errorf("%d series", len(before))
	}
}
