package turnserver

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"testing"
	"time"

	"github.com/pion/stun/v4"
)

// memoryConn is a way in without a socket, which hands over one datagram at a time and knows when it has been handled: the reader that
// comes back for the next has done with it.
type memoryConn struct {
	client  *net.UDPAddr
	in      chan []byte
	done    chan struct{} // one for each ReadFrom
	answers [][]byte      // owned by the reader between in and done, else by who calls exchange
	closed  chan struct{}
}

func (c *memoryConn) ReadFrom(p []byte) (int, net.Addr, error) {
	select {
	case c.done <- struct{}{}:
	case <-c.closed:
		return 0, nil, net.ErrClosed
	}
	select {
	case raw := <-c.in:
		return copy(p, raw), c.client, nil
	case <-c.closed:
		return 0, nil, net.ErrClosed
	}
}

func (c *memoryConn) WriteTo(p []byte, _ net.Addr) (int, error) {
	c.answers = append(c.answers, append([]byte(nil), p...))
	return len(p), nil
}

func (c *memoryConn) Close() error { return nil }
func (c *memoryConn) LocalAddr() net.Addr {
	return &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 3478}
}
func (c *memoryConn) SetDeadline(time.Time) error      { return errors.ErrUnsupported }
func (c *memoryConn) SetReadDeadline(time.Time) error  { return errors.ErrUnsupported }
func (c *memoryConn) SetWriteDeadline(time.Time) error { return errors.ErrUnsupported }

// exchange has one datagram handled, and returns what was answered.
func (c *memoryConn) exchange(raw []byte) [][]byte {
	c.answers = nil
	c.in <- raw
	<-c.done
	return c.answers
}

// fuzzServer is a server without sockets of its own, and a way into it.
func fuzzServer(f *testing.F, change func(*Config)) (*Server, *memoryConn) {
	f.Helper()
	cfg := Config{Secret: testSecret, RelayAddresses: virtualAddresses}
	cfg.Limits.Unauthenticated = int(time.Second)
	change(&cfg)
	s, err := Listen(context.Background(), cfg)
	if err != nil {
		f.Fatal(err)
	}
	c := &memoryConn{client: &net.UDPAddr{IP: net.IPv4(192, 0, 2, 99), Port: 4000}, in: make(chan []byte), done: make(chan struct{}), closed: make(chan struct{})}
	if err := s.serve(overUDP, c, nil); err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() {
		close(c.closed)
		_ = s.Close()
	})
	<-c.done
	return s, c
}

// FuzzStranger sends datagrams of somebody without credentials through all of the server: whatever they are, there is at most one answer,
// to a request only, with its id, and not much larger; and nothing is opened.
func FuzzStranger(f *testing.F) {
	for _, m := range strangersMessages() {
		f.Add(m.raw("n"))
	}
	for _, c := range refusedMessages().list {
		f.Add(c.raw)
	}
	s, conn := fuzzServer(f, func(*Config) {})
	f.Fuzz(func(t *testing.T, raw []byte) {
		if len(raw) > s.cfg.Limits.Frame {
			return
		}
		answers := conn.exchange(raw)
		if len(answers) > 1 {
			t.Fatalf("%d answers to %x", len(answers), raw)
		}
		if s.Stats().AllocationsTotal > 0 {
			t.Fatalf("a relay for %x", raw)
		}
		if len(answers) == 0 {
			return
		}
		asked, ok := parseSTUN(raw)
		got, well := parseSTUN(answers[0])
		if !ok || !well || asked.class() != classRequest || got.class() == classRequest || asked.id() != got.id() || asked.method() != got.method() {
			t.Errorf("%x is answered with %x", raw, answers[0])
		}
		if factor := float64(len(answers[0])) / float64(len(raw)); factor > mostAmplified {
			t.Errorf("%d bytes are answered with %d, a factor of %.1f: %x", len(raw), len(answers[0]), factor, raw)
		}
	})
}

// FuzzRequest sends requests with any attributes, signed as they must be, in the name of a client with an allocation: whatever is asked,
// there is one answer, and no permission for anything that the policy denies.
func FuzzRequest(f *testing.F) {
	attrs := func(set ...stun.Setter) []byte {
		m := new(stun.Message)
		m.WriteHeader()
		for _, s := range set {
			if err := s.AddTo(m); err != nil {
				f.Fatal(err)
			}
		}
		return m.Raw[stunHeader:]
	}
	allowed, denied := peerAt("1.1.1.1:5000"), peerAt("169.254.169.254:80")
	f.Add(uint16(methodRefresh), attrs(lasting(60)))
	f.Add(uint16(methodRefresh), attrs(requested(2)))
	f.Add(uint16(methodCreatePermission), attrs(allowed, denied))
	f.Add(uint16(methodCreatePermission), attrs(peerAt("[::ffff:127.0.0.1]:80"), rawPeer(netip.MustParseAddr("::ffff:10.0.0.1"), 1)))
	f.Add(uint16(methodChannelBind), attrs(numbered(0x4000), allowed))
	f.Add(uint16(methodChannelBind), attrs(denied, allowed, numbered(0x4001)))
	f.Add(uint16(methodAllocate), attrs(transport(protoUDP), attribute(stun.AttrEvenPort, 0)))
	f.Add(uint16(methodConnect), attrs(allowed))
	s, conn := fuzzServer(f, func(c *Config) {
		c.Ports, c.RelayAddresses = PortRange{49152, 65535}, []netip.Addr{netip.MustParseAddr("127.0.0.1")}
	})
	user, pass := s.Credentials("alice", time.Hour)
	challenge, _ := parseSTUN(conn.exchange(stun.MustBuild(stun.TransactionID, stun.NewType(stun.MethodAllocate, stun.ClassRequest)).Raw)[0])
	nonce := challenge.text(attrNonce)
	f.Fuzz(func(t *testing.T, method uint16, body []byte) {
		if len(body) > 1200 || len(body)%4 != 0 || !isRequested(method) {
			return
		}
		if len(s.Allocations()) == 0 { // the first one, and after a Refresh that ended it
			conn.exchange(signedBy(stun.MethodAllocate, user, "beckon", pass, nonce, transport(protoUDP)).Raw)
		}
		m := stun.MustBuild(stun.TransactionID, stun.NewType(stun.Method(method), stun.ClassRequest))
		m.Raw = append(m.Raw, body...)
		m.Length = uint32(len(body))
		m.WriteLength()
		for _, set := range []stun.Setter{stun.NewUsername(user), stun.NewRealm("beckon"), stun.NewNonce(nonce)} {
			if err := set.AddTo(m); err != nil {
				t.Fatal(err)
			}
		}
		if err := stun.NewLongTermIntegrity(user, "beckon", pass).AddTo(m); err != nil {
			return // the body has one already
		}
		want := 0
		if asked, ok := parseSTUN(m.Raw); ok && asked.fingerprinted() {
			want = 1
		}
		if answers := conn.exchange(m.Raw); len(answers) != want {
			t.Fatalf("%d answers, want %d, to %x", len(answers), want, m.Raw)
		}
		for _, r := range s.relays.all() {
			if set := r.permissions.set.Load(); set != nil {
				for a := range *set {
					if why := s.policy.permission(a, s.own.snapshot()); why != 0 {
						t.Fatalf("a permission for %s, which is %s, by %x", a, why, m.Raw)
					}
				}
			}
		}
	})
}

// FuzzGate lets one side of a relay say what it likes, to a peer that says nothing: it gets through no byte of what is no check.
func FuzzGate(f *testing.F) {
	f.Add([]byte(check("one")), []byte(check("two")))
	f.Add(checkRequest(1), checkAnswer(1))
	f.Add(checkAnswer(1), []byte("\x16\xfe\xff"))
	f.Fuzz(func(t *testing.T, one, two []byte) {
		for name, say := range map[string]func(g *gate, p []byte) verdict{
			"client": func(g *gate, p []byte) verdict { return g.toPeer(p, testPeer) },
			"peer":   func(g *gate, p []byte) verdict { return g.fromPeer(p, testPeer) },
		} {
			g := newTestGate(PayloadMedia)
			for _, p := range [][]byte{one, two, one, []byte("\x16\xfe\xff DTLS"), []byte("\x80\x60 RTP")} {
				if say(g, p) == carried && classify(p) != kindSTUN {
					t.Fatalf("%x of the %s alone is carried behind %x and %x", p, name, one, two)
				}
			}
		}
	})
}
