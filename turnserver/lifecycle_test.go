package turnserver

import (
	"context"
	"errors"
	"math"
	"net"
	"net/netip"
	"sync"
	"syscall"
	"testing"

	"github.com/beckon-rtc/beckon/internal/lacking"
	"github.com/pion/stun/v4"
	"github.com/pion/turn/v5"
)

func allocateFor(user string) turn.AllocateListenerConfig {
	return turn.AllocateListenerConfig{Network: "udp4", UserID: user}
}

// free says that nothing holds the address any more.
func free(t *testing.T, udp bool, at netip.AddrPort) {
	t.Helper()
	if udp {
		pc, err := net.ListenPacket("udp", at.String())
		if err != nil {
			t.Errorf("still open: %v", err)
			return
		}
		_ = pc.Close()
		return
	}
	ln, err := net.Listen("tcp", at.String())
	if err != nil {
		t.Errorf("still open: %v", err)
		return
	}
	_ = ln.Close()
}

func TestCloseLeavesNothingOpen(t *testing.T) { // not parallel: it looks at ports
	ports := freePorts(t, 4)
	s := listen(t, func(c *Config) {
		at(netip.AddrPortFrom(netip.MustParseAddr("127.0.0.1"), ports.Min).String())(c)
		c.Ports = PortRange{ports.Min + 1, ports.Max}
	})
	u, tc, idle := newWire(t, s, "udp"), newWire(t, s, "tcp"), newWire(t, s, "tcp")
	ur, tr := u.allocate(), tc.allocate()
	idle.binding()
	var wg sync.WaitGroup
	for range 3 {
		wg.Go(func() {
			if err := s.Close(); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	ended(t, tc.conn)
	ended(t, idle.conn)
	free(t, true, s.UDPAddr())
	free(t, false, s.TCPAddr())
	free(t, true, ur)
	free(t, true, tr)
	if st := s.Stats(); st.Allocations != 0 || st.TCPConns != 0 {
		t.Errorf("stats: %+v", st)
	}
	if _, _, err := (&entry{srv: s}).AllocatePacketConn(allocateFor("late")); !errors.Is(err, ErrClosed) {
		t.Errorf("a closed server allocates: %v", err)
	}
	if err := s.Shutdown(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestShutdownLetsAllocationsEnd(t *testing.T) {
	bothModes(t, func(t *testing.T, mode func(*Config)) {
		s := listen(t, mode)
		a, b, late := newWire(t, s, "udp"), newWire(t, s, "tcp"), newWire(t, s, "udp")
		at, bt := a.allocate(), b.allocate()
		a.request(stun.MethodCreatePermission, peerAddress(bt))
		b.request(stun.MethodCreatePermission, peerAddress(at))
		done := make(chan error, 1)
		go func() { done <- s.Shutdown(t.Context()) }()
		eventually(t, "draining", func() bool {
			s.relays.mu.Lock()
			defer s.relays.mu.Unlock()
			return s.relays.draining
		})
		if code, _ := late.request(stun.MethodAllocate, transport(protoUDP)); code != stun.CodeAllocQuotaReached {
			t.Errorf("a draining server allocates: %d", code)
		}
		if n := s.Stats().NoAllocation["draining"]; n != 1 {
			t.Errorf("counted %d", n)
		}
		a.say(bt, "still here")
		if got := b.heard(); got != "still here" {
			t.Errorf("heard %q", got)
		}
		_ = b.conn.Close()
		eventually(t, "one left", func() bool { return s.Stats().Allocations == 1 })
		select {
		case err := <-done:
			t.Fatalf("did not wait: %v", err)
		default:
		}
		end := stun.RawAttribute{Type: stun.AttrLifetime, Value: []byte{0, 0, 0, 0}}
		a.send(stun.MustBuild(stun.TransactionID, stun.NewType(stun.MethodRefresh, stun.ClassRequest), end,
			stun.NewUsername(a.username), stun.NewRealm(a.realm), a.nonce, stun.NewLongTermIntegrity(a.username, a.realm, a.pass)))
		if err := <-done; err != nil {
			t.Error(err)
		}
		if st := s.Stats(); st.Allocations != 0 || st.TCPConns != 0 {
			t.Errorf("stats: %+v", st)
		}
	})
}

func TestShutdownIsCutShort(t *testing.T) {
	t.Parallel()
	s := listen(t)
	newWire(t, s, "udp").allocate()
	ctx, cancel := context.WithCancelCause(t.Context())
	over := errors.New("grace is over")
	cancel(over)
	if err := s.Shutdown(ctx); !errors.Is(err, over) {
		t.Errorf("got %v", err)
	}
	if n := s.Stats().Allocations; n != 0 {
		t.Errorf("%d allocations", n)
	}
}

// A grace of nothing is an error only where it cut something off.
func TestShutdownOfAnIdleServer(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for range 20 { // of two ready cases a select takes either
		if err := listen(t).Shutdown(ctx); err != nil {
			t.Fatal(err)
		}
	}
}

// An allocation that has carried nothing but checks keeps nobody waiting: browsers keep theirs, where they have a direct way as well.
func TestShutdownOfIdleRelays(t *testing.T) {
	t.Parallel()
	s := listen(t, func(c *Config) { c.Payload = PayloadData })
	newWire(t, s, "udp").allocate()
	if err := s.Shutdown(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestCloseEndsShutdown(t *testing.T) {
	t.Parallel()
	s := listen(t)
	newWire(t, s, "udp").allocate()
	done := make(chan error, 1)
	go func() { done <- s.Shutdown(t.Context()) }()
	_ = s.Close()
	if err := <-done; err != nil {
		t.Error(err)
	}
}

func TestPortZeroGivesOneNumber(t *testing.T) {
	t.Parallel()
	for _, addr := range []string{"127.0.0.1:0", "localhost:0", "0.0.0.0:0", ":0"} {
		s := listen(t, at(addr), func(c *Config) { c.RelayAddresses = addrs("127.0.0.1") })
		// With every UDP port of TCP's choice taken they may differ, which ten tries make next to impossible.
		if s.UDPAddr() != s.TCPAddr() || s.UDPAddr().Port() == 0 {
			t.Errorf("%s: %s and %s", addr, s.UDPAddr(), s.TCPAddr())
		}
	}
}

func TestPortInUse(t *testing.T) { // not parallel: it looks at ports
	at := netip.AddrPortFrom(netip.MustParseAddr("127.0.0.1"), freePorts(t, 1).Min)
	pc, err := net.ListenPacket("udp", at.String())
	if err != nil {
		t.Fatal(err)
	}
	defer pc.Close()
	s, err := Listen(t.Context(), Config{UDP: []string{at.String()}, TCP: []string{at.String()}, Secret: testSecret})
	if !errors.Is(err, syscall.EADDRINUSE) {
		t.Fatalf("%v %v", s, err)
	}
	free(t, false, at) // TCP was bound first, and let go
}

func TestStartIsBoundedByContext(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Listen(ctx, Config{UDP: []string{"localhost:0"}, Secret: testSecret}); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	ctx, cancel = context.WithCancel(t.Context())
	s, err := Listen(ctx, testConfig())
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	cancel() // bounds the start only
	newWire(t, s, "udp").binding()
}

func TestSocketBuffers(t *testing.T) {
	t.Parallel()
	const want = 64 << 10 // what every kernel gives, and less than it gives by itself: so it has been asked
	s := listen(t, func(c *Config) { c.Limits.SocketBuffer = want })
	if smallestBuffer(s.udp[0]) == math.MaxInt {
		lacking.Skip(t, "this system does not tell the size of a socket's buffer: run it on Linux")
	}
	if got := smallestBuffer(s.udp[0]); got != want {
		t.Errorf("listener: %d", got)
	}
	newWire(t, s, "udp").allocate()
	for _, r := range s.relays.all() {
		if got := smallestBuffer(r.sock); got != want {
			t.Errorf("relay: %d", got)
		}
	}
	if got := (Limits{}).withDefaults().SocketBuffer; got != 4<<20 {
		t.Errorf("default: %d", got)
	}
}
