package turnserver

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"math/big"
	"net"
	"net/netip"
	"testing"
	"time"

	"github.com/pion/stun/v4"

	"github.com/beckon-rtc/beckon/internal/memnet"
)

// noListeners leaves a server only what Serve is given.
func noListeners(c *Config) { c.UDP, c.TCP = nil, nil }

// serve runs Serve and returns its error when it ends.
func serve(s *Server, ln net.Listener) <-chan error {
	done := make(chan error, 1)
	go func() { done <- s.Serve(ln) }()
	return done
}

func dialMem(t *testing.T, ln *memnet.Listener) net.Conn {
	t.Helper()
	c, err := ln.Dial(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	_ = c.SetDeadline(time.Now().Add(patience))
	return c
}

// A whole relay without a socket.
func TestServe(t *testing.T) {
	t.Parallel()
	s := listen(t, virtual, noListeners, func(c *Config) { c.RelayAddresses = addrs("192.0.2.1") })
	ln := memnet.Listen(0)
	done := serve(s, ln)
	a, b, idle := wireOn(t, s, dialMem(t, ln)), wireOn(t, s, dialMem(t, ln)), wireOn(t, s, dialMem(t, ln))
	at, bt := a.allocate(), b.allocate()
	idle.binding()
	a.request(stun.MethodCreatePermission, peerAddress(bt))
	b.request(stun.MethodCreatePermission, peerAddress(at))
	a.say(bt, "hello")
	if got := b.heard(); got != "hello" {
		t.Errorf("heard %q", got)
	}
	if !s.ports.has(80) {
		t.Error("the listener's port is not one of ours")
	}
	_ = s.Close()
	if err := <-done; err != ErrClosed {
		t.Errorf("Serve returned %v", err)
	}
	for _, w := range []*wire{a, b, idle} { // accepted connections do not live on, able to allocate
		ended(t, w.conn)
	}
	late := memnet.Listen(0)
	if err := s.Serve(late); err != ErrClosed {
		t.Errorf("a closed server serves: %v", err)
	}
	if _, err := late.Accept(); !errors.Is(err, net.ErrClosed) {
		t.Errorf("and leaves the listener open: %v", err)
	}
}

// What the owner of a listener closes ends there, and the server and its connections go on.
func TestServeEndsWithItsListener(t *testing.T) {
	t.Parallel()
	s := listen(t, virtual)
	ln := memnet.Listen(0)
	done := serve(s, ln)
	w := wireOn(t, s, dialMem(t, ln))
	w.allocate()
	_ = ln.Close()
	if err := <-done; !errors.Is(err, net.ErrClosed) {
		t.Errorf("got %v", err)
	}
	w.binding()
	newWire(t, s, "udp").allocate()
	if err := s.Serve(&failing{io.EOF}); err != io.EOF {
		t.Errorf("got %v", err)
	}
	// All else is survived: the server is deaf for ever otherwise.
	if err := s.Serve(&failing{errors.New("odd"), errors.New("odd"), net.ErrClosed}); err != net.ErrClosed {
		t.Errorf("got %v", err)
	}
	if n := s.Stats().ReadErrors; n != 2 {
		t.Errorf("survived %d", n)
	}
}

// failing is a listener of errors.
type failing []error

func (f *failing) Accept() (net.Conn, error) {
	err := (*f)[0]
	*f = (*f)[1:]
	return nil, err
}
func (f *failing) Close() error   { return nil }
func (f *failing) Addr() net.Addr { return &net.UnixAddr{} }

func TestShutdownEndsServe(t *testing.T) {
	t.Parallel()
	s := listen(t, virtual)
	ln := memnet.Listen(0)
	done := serve(s, ln)
	w := wireOn(t, s, dialMem(t, ln))
	w.allocate()
	over := make(chan error, 1)
	go func() { over <- s.Shutdown(t.Context()) }()
	if err := <-done; err != ErrClosed {
		t.Errorf("got %v", err)
	}
	if code, _ := w.request(stun.MethodRefresh); code != 0 {
		t.Errorf("the allocation does not live on: %d", code)
	}
	_ = w.conn.Close()
	if err := <-over; err != nil {
		t.Error(err)
	}
}

// A connection of TLS is one to the statistics, and everything else works the same.
func TestServeTLS(t *testing.T) {
	t.Parallel()
	s := listen(t, virtual)
	ln := memnet.Listen(0)
	serve(s, tls.NewListener(ln, &tls.Config{Certificates: []tls.Certificate{selfSigned(t)}}))
	c := tls.Client(dialMem(t, ln), &tls.Config{InsecureSkipVerify: true})
	w := wireOn(t, s, c)
	w.allocate()
	if list := s.Allocations(); len(list) != 1 || list[0].Transport != "tls" || !list[0].Client.IsValid() {
		t.Errorf("%+v", list)
	}
	if st := s.Stats(); len(st.Kinds) != 1 || st.Kinds[0] != (Kind{"tls", 4, 1, 1}) {
		t.Errorf("stats: %+v", st)
	}
}

func selfSigned(t *testing.T) tls.Certificate {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
}

// A client that stops in the middle of a TLS handshake is cut off like one that stops in the middle of a message.
func TestHalfOpenTLS(t *testing.T) {
	t.Parallel()
	s := listen(t, virtual, func(c *Config) { c.Limits.TCPAllocate = time.Millisecond })
	ln := memnet.Listen(0)
	serve(s, tls.NewListener(ln, &tls.Config{Certificates: []tls.Certificate{selfSigned(t)}}))
	c := dialMem(t, ln)
	if _, err := c.Write([]byte{22, 3, 1, 0, 200, 1}); err != nil {
		t.Fatal(err)
	}
	ended(t, c)
	eventually(t, "the connection is gone", func() bool { return s.Stats().TCPConns == 0 })
}

// polite is a connection that waits for its client before it closes, as one of TLS may.
type polite struct {
	net.Conn
	leave chan struct{}
}

func (p *polite) NetConn() net.Conn { return p.Conn }
func (p *polite) Close() error      { <-p.leave; return p.Conn.Close() }

type politeListener struct {
	net.Listener
	leave chan struct{}
}

func (l *politeListener) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	return &polite{c, l.leave}, err
}

// End does not wait for a client that does not read.
func TestEndDoesNotWaitForTheClient(t *testing.T) {
	t.Parallel()
	s := listen(t, virtual)
	ln, leave := memnet.Listen(0), make(chan struct{})
	serve(s, &politeListener{ln, leave})
	w := wireOn(t, s, dialMem(t, ln))
	w.allocate()
	if n := s.End("alice"); n != 1 {
		t.Errorf("ended %d", n)
	}
	ended(t, w.conn)
	close(leave)
	eventually(t, "the connection is gone", func() bool { return s.Stats().TCPConns == 0 })
}

// Several listeners are one server: their clients meet, and each answer comes from where the request went.
func TestSeveralListeners(t *testing.T) {
	bothModes(t, func(t *testing.T, mode func(*Config)) {
		s := listen(t, func(c *Config) {
			c.UDP, c.TCP = []string{"127.0.0.1:0", "127.0.0.1:0", "127.0.0.2:0"}, []string{"127.0.0.1:0", "127.0.0.3:0"}
		}, mode)
		if len(s.UDPAddrs()) != 3 || len(s.TCPAddrs()) != 2 || s.TCPAddrs()[0] != s.UDPAddrs()[0] {
			t.Fatalf("listening on %v and %v", s.UDPAddrs(), s.TCPAddrs())
		}
		var all []*wire
		for _, at := range s.UDPAddrs() {
			all = append(all, newWireAt(t, s, "udp", at))
		}
		for _, at := range s.TCPAddrs() {
			all = append(all, newWireAt(t, s, "tcp", at))
		}
		var relays []netip.AddrPort
		for _, w := range all {
			w.binding()
			relays = append(relays, w.allocate())
		}
		for i, w := range all {
			next := all[(i+1)%len(all)]
			w.request(stun.MethodCreatePermission, peerAddress(relays[0]))
			next.request(stun.MethodCreatePermission, peerAddress(relays[0]))
			w.say(relays[(i+1)%len(all)], "hello")
			if got := next.heard(); got != "hello" {
				t.Errorf("heard %q", got)
			}
		}
	})
}

// One socket of a client may have an allocation with each listener: they are two pairs of addresses.
func TestOneClientAtTwoListeners(t *testing.T) {
	t.Parallel()
	s := listen(t, func(c *Config) { c.UDP, c.TCP = []string{"127.0.0.1:0", "127.0.0.1:0"}, nil }, virtual)
	sock, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	defer sock.Close()
	_ = sock.SetDeadline(time.Now().Add(patience))
	first, second := wireOn(t, s, via{sock, s.UDPAddrs()[0]}), wireOn(t, s, via{sock, s.UDPAddrs()[1]})
	at := first.allocate()
	if bt := second.allocate(); bt == at || len(s.Allocations()) != 2 {
		t.Errorf("%s and %s", at, bt)
	}
}
