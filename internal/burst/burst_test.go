package burst

import (
	"bytes"
	"errors"
	"net"
	"net/netip"
	"os"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/beckon-rtc/beckon/internal/lacking"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// deadline ends a test that would hang.
const deadline = 10 * time.Second

// listen opens a socket on loopback. Where the kernel lacks what this package is for, it is the net package's, and there is nothing to test.
func listen(t *testing.T, from *Sockets) (*Conn, netip.AddrPort) {
	t.Helper()
	udp, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { udp.Close() })
	wrapped := from.Wrap(udp)
	if wrapped == udp {
		lacking.Skip(t, "this kernel has no UDP_SEGMENT or no UDP_GRO: run it on Linux 5.0 or later")
	}
	c := wrapped.(*Conn)
	t.Cleanup(func() { c.Close() })
	_ = c.SetDeadline(time.Now().Add(deadline))
	return c, c.LocalAddr().(*net.UDPAddr).AddrPort()
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// Everything arrives, in order, records apart from what is none, whatever is held back meanwhile.
func TestOrder(t *testing.T) {
	t.Parallel()
	var sockets Sockets
	a, _ := listen(t, &sockets)
	b, to := listen(t, &sockets)
	const many = 3000
	var want [][]byte
	for i := range many {
		p := record(i, []int{1200, 1200, 1200, 30, 700, 1200, 40}[i%7])
		if i%11 == 0 {
			p = with(p, 0, 22) // a handshake
		}
		want = append(want, p)
	}
	var writer sync.WaitGroup
	writer.Go(func() {
		for _, p := range want {
			if n, err := a.WriteToAddrPort(p, to); n != len(p) || err != nil {
				t.Errorf("write: %d, %v", n, err)
			}
		}
	})
	defer writer.Wait()
	buf := make([]byte, 8192)
	together := 0
	for i := 0; i < many; {
		n, from, err := b.ReadFromAddrPort(buf)
		must(t, err)
		if from != a.LocalAddr().(*net.UDPAddr).AddrPort() {
			t.Fatalf("it came from %v", from)
		}
		for got, first := buf[:n], true; len(got) > 0; first = false {
			if !bytes.HasPrefix(got, want[i]) {
				t.Fatalf("datagram %d came as %d bytes that begin %x", i, len(got), got[:min(13, len(got))])
			}
			got = got[len(want[i]):]
			if (!first || len(got) > 0) && i%11 == 0 {
				t.Fatalf("datagram %d, a handshake, came together with others", i)
			}
			if !first {
				together++
			}
			i++
		}
	}
	if together == 0 {
		t.Error("no records came together")
	}
}

// A buffer that has room for one gets one, and what does not fit is lost, as of any datagram.
func TestSmallBuffer(t *testing.T) {
	t.Parallel()
	var sockets Sockets
	a, _ := listen(t, &sockets)
	b, to := listen(t, &sockets)
	for i := range 3 {
		_, err := a.WriteTo(record(i, 1000), net.UDPAddrFromAddrPort(to))
		must(t, err)
	}
	for i, room := range []int{1100, 50, 1100} {
		buf := make([]byte, room)
		n, from, err := b.ReadFrom(buf)
		must(t, err)
		if want := record(i, 1000); n != min(room, len(want)) || !bytes.Equal(buf[:n], want[:n]) || from.String() != a.LocalAddr().String() {
			t.Fatalf("datagram %d came as %d bytes from %v", i, n, from)
		}
	}
}

// Two destinations get what is theirs.
func TestDestinations(t *testing.T) {
	t.Parallel()
	var sockets Sockets
	a, _ := listen(t, &sockets)
	b, toB := listen(t, &sockets)
	c, toC := listen(t, &sockets)
	const many = 100
	var writer sync.WaitGroup
	writer.Go(func() {
		for i := range many {
			for n, to := range []netip.AddrPort{toB, toC} {
				if _, err := a.WriteToAddrPort(record(2*i+n, 1000), to); err != nil {
					t.Error(err)
				}
			}
		}
	})
	defer writer.Wait()
	size := len(record(0, 1000))
	for n, conn := range []*Conn{b, c} {
		buf := make([]byte, 8192)
		for i := 0; i < many; {
			length, _, err := conn.ReadFromAddrPort(buf)
			must(t, err)
			for got := buf[:length]; len(got) > 0; got = got[size:] {
				if !bytes.Equal(got[:size], record(2*i+n, 1000)) {
					t.Fatalf("destination %d: datagram %d begins %x", n, i, got[:13])
				}
				i++
			}
		}
	}
}

// What was written before Close is sent, and nothing after it.
func TestClose(t *testing.T) {
	t.Parallel()
	var sockets Sockets
	b, to := listen(t, &sockets)
	for range 50 {
		a, _ := listen(t, &sockets)
		for i := range 10 {
			_, err := a.WriteToAddrPort(record(i, 1000), to)
			must(t, err)
		}
		must(t, a.Close())
		if _, err := a.WriteToAddrPort(record(9, 1000), to); !errors.Is(err, net.ErrClosed) {
			t.Fatalf("write after the end: %v", err)
		}
		buf := make([]byte, 8192)
		for got := 0; got < 10; {
			n, _, err := b.ReadFromAddrPort(buf)
			must(t, err)
			got += n / len(record(0, 1000))
		}
	}
}

// Close ends who reads, and what has come is not read after it. A deadline ends a read, and moved it does not.
func TestReadEnds(t *testing.T) {
	t.Parallel()
	var sockets Sockets
	a, _ := listen(t, &sockets)
	b, to := listen(t, &sockets)
	buf := make([]byte, 1100)
	must(t, b.SetReadDeadline(time.Unix(1, 0)))
	if _, err := b.Read(buf); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Fatalf("read after the deadline: %v", err)
	}
	must(t, b.SetReadDeadline(time.Now().Add(deadline)))
	for i := range 3 {
		_, err := a.WriteToAddrPort(record(i, 1000), to)
		must(t, err)
	}
	_, err := b.Read(buf)
	must(t, err)
	must(t, b.Close())
	if _, err := b.Read(buf); !errors.Is(err, net.ErrClosed) {
		t.Fatalf("read after the end: %v", err)
	}
	ended := make(chan error)
	go func() {
		_, _, _, _, err := a.ReadMsgUDP(buf, nil)
		ended <- err
	}()
	must(t, a.Close())
	if err := <-ended; !errors.Is(err, net.ErrClosed) {
		t.Fatalf("the read that waited: %v", err)
	}
}

// The system's refusals are told to a later write, once.
func TestRefused(t *testing.T) {
	t.Parallel()
	var sockets Sockets
	a, _ := listen(t, &sockets)
	nowhere := netip.MustParseAddrPort("[2001:db8::1]:9") // which an IPv4 socket has no way to
	_, err := a.WriteToAddrPort(record(1, 1000), nowhere)
	must(t, err) // it is held back
	a.out.flushing.Wait()
	b, to := listen(t, &sockets)
	if _, err := a.WriteToAddrPort(record(2, 1000), to); err == nil {
		t.Fatal("that a datagram could not be sent is told to nobody")
	}
	_, err = a.WriteToAddrPort(record(3, 1000), to)
	must(t, err)
	buf := make([]byte, 1100)
	for i := 2; i <= 3; i++ {
		n, err := b.Read(buf)
		must(t, err)
		if !bytes.Equal(buf[:n], record(i, 1000)) {
			t.Errorf("datagram %d begins %x", i, buf[:13])
		}
	}
}

// Small records go alone when they are few: a lone one, or two where nothing is large. Of more, or beside large ones, the later wait.
func TestAlone(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) { // whose clock stands still while this runs
		var o outgoing
		large, small := make([]byte, worthwhile), make([]byte, worthwhile-1)
		write := func(what string, p []byte, wantAlone, wantQuick bool) {
			t.Helper()
			if alone, quick := o.alone(p); alone != wantAlone || quick != wantQuick {
				t.Errorf("%s: alone %v, quick %v", what, alone, quick)
			}
		}
		write("the first", small, true, true)
		write("with an answer", small, true, true)
		write("of many", small, false, true)
		write("a large one", large, false, false)
		time.Sleep(2 * gap)
		write("about a large one", small, true, false)
		time.Sleep(2 * gap)
		write("a lone one again", small, true, true)
		o.sawLarge() // was read
		write("the second of those about a large one", small, false, false)
	})
}
