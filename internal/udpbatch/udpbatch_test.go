package udpbatch

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/beckon-rtc/beckon/internal/lacking"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// patience ends a test that would hang.
const patience = 10 * time.Second

// listen opens a socket on loopback.
func listen(t testing.TB, network string) *Socket {
	t.Helper()
	address := "127.0.0.1:0"
	if network == "udp6" {
		address = "[::1]:0"
	}
	if network == "udp" {
		address = "[::]:0" // both families
	}
	pc, err := net.ListenPacket(network, address)
	if err != nil {
		if network == "udp4" {
			t.Fatal(err)
		}
		lacking.Skip(t, "this machine has no IPv6 on loopback (::1): "+err.Error())
	}
	conn := pc.(*net.UDPConn)
	t.Cleanup(func() { conn.Close() })
	_ = conn.SetReadBuffer(4 << 20)
	_ = conn.SetDeadline(time.Now().Add(patience))
	s, err := New(conn)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func addrOf(s *Socket) netip.AddrPort {
	return s.conn.LocalAddr().(*net.UDPAddr).AddrPort()
}

// numbered is datagram i of a flow: its number, and as many bytes as size says.
func numbered(i, size int) []byte {
	p := bytes.Repeat([]byte{byte(i)}, max(size, 4))
	binary.BigEndian.PutUint32(p, uint32(i))
	return p
}

// ways are the ways to send: all must bring the same.
func ways(t *testing.T, test func(t *testing.T, network string, prepare func(*Socket))) {
	for _, network := range []string{"udp4", "udp6"} {
		for name, prepare := range map[string]func(*Socket){
			"segments":   func(*Socket) {},
			"sendmmsg":   func(s *Socket) { s.noSegments.Store(true) },
			"one-by-one": func(s *Socket) { s.plain.Store(true) },
		} {
			t.Run(network+"/"+name, func(t *testing.T) {
				t.Parallel()
				test(t, network, prepare)
			})
		}
	}
}

func TestOrderAndSizes(t *testing.T) {
	t.Parallel()
	sizes := []int{1000, 1000, 1000, 700, 1000, 1000, 4, 4, 1472, 1452, 1453, 1500, 9000, 9000, 4, 1000}
	ways(t, func(t *testing.T, network string, prepare func(*Socket)) {
		from, to := listen(t, network), []*Socket{listen(t, network), listen(t, network)}
		prepare(from)
		lanes := []*Lane{from.Lane(addrOf(to[0])), from.Lane(addrOf(to[1]))}
		out := NewOutbox(64)
		const rounds = 8 // more than the outbox holds
		total := rounds * len(sizes)
		for i := range total {
			for _, l := range lanes { // interleaved, as flows are
				if dropped := out.Add(l, numbered(i, sizes[i%len(sizes)])); dropped != 0 {
					t.Fatalf("dropped %d", dropped)
				}
			}
		}
		if dropped := out.Flush(); dropped != 0 || out.Len() != 0 {
			t.Fatalf("dropped %d, left %d", dropped, out.Len())
		}
		for _, s := range to {
			prepare(s)
			in := NewInbox(16, 9000, 0)
			for i := 0; i < total; {
				if err := s.Receive(in); err != nil {
					t.Fatalf("after %d: %v", i, err)
				}
				for j := range in.Len() {
					p, src, ok := in.At(j)
					if want := numbered(i, sizes[i%len(sizes)]); !ok || !bytes.Equal(p, want) {
						t.Fatalf("datagram %d: %d bytes, number %d; want %d bytes", i, len(p), binary.BigEndian.Uint32(p), len(want))
					}
					if src != addrOf(from) {
						t.Fatalf("from %v, want %v", src, addrOf(from))
					}
					i++
				}
			}
		}
	})
}

func TestEmptyDatagrams(t *testing.T) {
	t.Parallel()
	ways(t, func(t *testing.T, network string, prepare func(*Socket)) {
		from, to := listen(t, network), listen(t, network)
		prepare(from)
		prepare(to)
		l, out, in := from.Lane(addrOf(to)), NewOutbox(8), NewInbox(8, 100, 0)
		want := [][]byte{{}, {1}, {2}, {}, {}, {3}}
		for _, p := range want {
			out.Add(l, p)
		}
		if dropped := out.Flush(); dropped != 0 {
			t.Fatalf("dropped %d", dropped)
		}
		for i := 0; i < len(want); {
			if err := to.Receive(in); err != nil {
				t.Fatal(err)
			}
			for j := range in.Len() {
				if p, _, ok := in.At(j); !ok || !bytes.Equal(p, want[i]) {
					t.Fatalf("datagram %d is %v, want %v", i, p, want[i])
				}
				i++
			}
		}
	})
}

// TestBothFamilies is a socket of both, whose IPv4 destinations need to be mapped and whose IPv4 sources unmapped.
func TestBothFamilies(t *testing.T) {
	t.Parallel()
	both := listen(t, "udp")
	port := addrOf(both).Port()
	for network, a := range map[string]netip.Addr{"udp4": netip.AddrFrom4([4]byte{127, 0, 0, 1}), "udp6": netip.IPv6Loopback()} {
		s := listen(t, network)
		out, in := NewOutbox(4), NewInbox(4, 100, 0)
		out.Add(s.Lane(netip.AddrPortFrom(a, port)), []byte("there"))
		if dropped := out.Flush(); dropped != 0 {
			t.Fatalf("%s: dropped %d", network, dropped)
		}
		if err := both.Receive(in); err != nil {
			t.Fatal(err)
		}
		p, from, _ := in.At(0)
		if string(p) != "there" || from != addrOf(s) {
			t.Fatalf("%s: %q from %v, want it from %v", network, p, from, addrOf(s))
		}
		for range 3 {
			out.Add(both.Lane(from), []byte("back")) // three lanes to one place are as good as one
		}
		if dropped := out.Flush(); dropped != 0 {
			t.Fatalf("%s: dropped %d", network, dropped)
		}
		for got := 0; got < 3; got += in.Len() {
			if err := s.Receive(in); err != nil {
				t.Fatal(err)
			}
			if p, _, _ := in.At(0); string(p) != "back" {
				t.Fatalf("%s: %q", network, p)
			}
		}
	}
}

func TestTruncated(t *testing.T) {
	t.Parallel()
	ways(t, func(t *testing.T, network string, prepare func(*Socket)) {
		from, to := listen(t, network), listen(t, network)
		prepare(from)
		prepare(to)
		l, out := from.Lane(addrOf(to)), NewOutbox(8)
		for _, size := range []int{100, 101, 5000, 99} {
			out.Add(l, numbered(size, size))
		}
		out.Flush()
		in := NewInbox(8, 100, 4)
		var got string
		for n := 0; n < 4; n += in.Len() {
			if err := to.Receive(in); err != nil {
				t.Fatal(err)
			}
			for i := range in.Len() {
				p, _, ok := in.At(i)
				got += fmt.Sprintf("%d %v ", min(len(p), 101), ok)
			}
		}
		if want := "100 true 101 false 101 false 99 true "; got != want {
			t.Fatalf("%s, want %s", got, want)
		}
	})
}

func TestHeadroom(t *testing.T) {
	t.Parallel()
	from, to := listen(t, "udp4"), listen(t, "udp4")
	out, in := NewOutbox(2), NewInbox(2, 100, 4)
	l := from.Lane(addrOf(to))
	out.Add(l, []byte("one"))
	out.Add(l, []byte("three"))
	out.Flush()
	for n := 0; n < 2; n += in.Len() {
		if err := to.Receive(in); err != nil {
			t.Fatal(err)
		}
		for i := range in.Len() {
			p, _, _ := in.At(i)
			b := in.Before(i, 4)
			copy(b, "head")
			if string(b) != "head"+string(p) {
				t.Fatalf("%q in front of %q", b, p)
			}
		}
	}
}

// TestRefused sends to a port that nobody has, whose ICMP answers must not cost the datagrams of others.
func TestRefused(t *testing.T) {
	t.Parallel()
	ways(t, func(t *testing.T, network string, prepare func(*Socket)) {
		from, to, gone := listen(t, network), listen(t, network), listen(t, network)
		prepare(from)
		nobody := from.Lane(addrOf(gone))
		gone.conn.Close()
		l, out, in := from.Lane(addrOf(to)), NewOutbox(8), NewInbox(8, 100, 0)
		const rounds = 20
		for i := range rounds {
			out.Add(nobody, []byte("x"))
			out.Add(l, numbered(i, 4))
			out.Add(nobody, []byte("y"))
			out.Flush()
		}
		for i := 0; i < rounds; {
			if err := to.Receive(in); err != nil {
				t.Fatal(err)
			}
			for j := range in.Len() {
				if p, _, _ := in.At(j); binary.BigEndian.Uint32(p) != uint32(i) {
					t.Fatalf("datagram %d is %d", i, binary.BigEndian.Uint32(p))
				}
				i++
			}
		}
	})
}

// TestUnsendable is what the kernel refuses, amid what it does not.
func TestUnsendable(t *testing.T) {
	t.Parallel()
	ways(t, func(t *testing.T, network string, prepare func(*Socket)) {
		from, to := listen(t, network), listen(t, network)
		prepare(from)
		l, out, in := from.Lane(addrOf(to)), NewOutbox(8), NewInbox(8, 100, 0)
		out.Add(l, []byte("one"))
		out.Add(l, make([]byte, 70_000))
		out.Add(l, []byte("two"))
		if dropped := out.Flush(); dropped != 1 {
			t.Errorf("dropped %d, want 1", dropped)
		}
		for _, want := range []string{"one", "two"} {
			if in.Len() < 2 { // else both came at once
				if err := to.Receive(in); err != nil {
					t.Fatal(err)
				}
			}
			p, _, _ := in.At(in.Len() - 1)
			if in.Len() == 2 && want == "one" {
				p, _, _ = in.At(0)
			}
			if string(p) != want {
				t.Fatalf("%q, want %q", p, want)
			}
		}
	})
}

func TestClosed(t *testing.T) {
	t.Parallel()
	ways(t, func(t *testing.T, network string, prepare func(*Socket)) {
		s := listen(t, network)
		prepare(s)
		ended := make(chan error, 1)
		go func() { ended <- s.Receive(NewInbox(4, 100, 0)) }()
		s.conn.Close()
		if err := <-ended; !errors.Is(err, net.ErrClosed) {
			t.Errorf("Receive: %v, want net.ErrClosed", err)
		}
		out := NewOutbox(4)
		l := s.Lane(addrOf(listen(t, network)))
		out.Add(l, []byte("a"))
		out.Add(l, []byte("b"))
		if dropped := out.Flush(); dropped != 2 {
			t.Errorf("dropped %d, want 2", dropped)
		}
		if _, err := New(s.conn); err == nil {
			t.Error("New takes a closed connection")
		}
	})
}

// TestClosedUnderFlood closes a socket that always has a full batch.
func TestClosedUnderFlood(t *testing.T) {
	t.Parallel()
	s, from := listen(t, "udp4"), listen(t, "udp4")
	in, out, l := NewInbox(2, 100, 0), NewOutbox(4), from.Lane(addrOf(s))
	more := func() {
		for range 4 {
			out.Add(l, []byte("x"))
		}
		out.Flush()
	}
	more()
	began, ended := make(chan struct{}), make(chan error, 1)
	go func() {
		batches := 0
		ended <- s.Serve(in, func() bool {
			if batches++; batches == 10 {
				close(began)
			}
			more()
			return true
		})
	}()
	<-began
	s.conn.Close()
	select {
	case err := <-ended:
		if !errors.Is(err, net.ErrClosed) {
			t.Error(err)
		}
	case <-time.After(patience):
		t.Fatal("still reading")
	}
}

func TestNoAllocations(t *testing.T) {
	from, to := listen(t, "udp4"), listen(t, "udp4")
	l, out, in := from.Lane(addrOf(to)), NewOutbox(64), NewInbox(64, 1500, 4)
	p := make([]byte, 1000)
	if n := testing.AllocsPerRun(100, func() {
		for range 32 {
			out.Add(l, p)
		}
		out.Flush()
		for n := 0; n < 32; n += in.Len() {
			if err := to.Receive(in); err != nil {
				t.Fatal(err)
			}
			for i := range in.Len() {
				in.At(i)
			}
		}
	}); n != 0 {
		t.Errorf("%v allocations for 32 datagrams", n)
	}
}

// An address of the other family is refused, in every way of sending, and does not become another address of the same port.
func TestOtherFamily(t *testing.T) {
	t.Parallel()
	for name, prepare := range map[string]func(*Socket){"sendmmsg": func(*Socket) {}, "one-by-one": func(s *Socket) { s.plain.Store(true) }} {
		from, to := listen(t, "udp4"), listen(t, "udp4")
		prepare(from)
		out := NewOutbox(4)
		out.Add(from.Lane(netip.AddrPortFrom(netip.IPv6Loopback(), addrOf(to).Port())), []byte("wrong"))
		if dropped := out.Flush(); dropped != 1 {
			t.Errorf("%s: %d dropped", name, dropped)
		}
		out.Add(from.Lane(addrOf(to)), []byte("right"))
		out.Flush()
		in := NewInbox(4, 100, 0)
		if err := to.Receive(in); err != nil {
			t.Fatal(err)
		}
		if p, _, _ := in.At(0); in.Len() != 1 || string(p) != "right" {
			t.Errorf("%s: %d came, first %q", name, in.Len(), p)
		}
	}
}
