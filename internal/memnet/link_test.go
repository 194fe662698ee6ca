package memnet

import (
	"errors"
	"io"
	"net"
	"net/netip"
	"syscall"
	"testing"
	"testing/synctest"
	"time"
)

// linked makes a connection over a link on which every write takes a second, and at least half of one after the one before.
func linked(t *testing.T, l *Listener) (near, far net.Conn, link *Link) {
	t.Helper()
	accepted := make(chan net.Conn, 1)
	go func() {
		c, err := l.Accept()
		if err != nil {
			t.Error(err)
		}
		accepted <- c
	}()
	near, link, err := l.DialVia(t.Context(), netip.MustParseAddr("10.0.0.1"), func() (lag, gap time.Duration) {
		return time.Second, 500 * time.Millisecond
	})
	if err != nil {
		t.Fatal(err)
	}
	far = <-accepted
	t.Cleanup(func() { near.Close(); far.Close() })
	return near, far, link
}

func write(t *testing.T, c net.Conn, s string) {
	t.Helper()
	if n, err := c.Write([]byte(s)); n != len(s) || err != nil {
		t.Fatal(n, err)
	}
}

func read(t *testing.T, c net.Conn) (string, error) {
	t.Helper()
	b := make([]byte, 100)
	n, err := c.Read(b)
	return string(b[:n]), err
}

func TestDelay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		near, far, link := linked(t, Listen(0))
		start := time.Now()
		write(t, near, "one")
		write(t, near, "two")
		near.Close()
		if n := link.InFlight(); n != 6 {
			t.Errorf("%d bytes in flight", n)
		}
		for _, want := range []struct {
			s     string
			after time.Duration
		}{{"one", time.Second}, {"two", 1500 * time.Millisecond}} {
			if got, err := read(t, far); got != want.s || err != nil || time.Since(start) != want.after {
				t.Errorf("%q, %v after %v", got, err, time.Since(start))
			}
		}
		if _, err := read(t, far); err != io.EOF {
			t.Error(err)
		}
	})
}

func TestHole(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		near, far, link := linked(t, Listen(4))
		write(t, near, "one")
		go func() {
			time.Sleep(100 * time.Millisecond)
			link.Hole()
		}()
		write(t, near, "more than fits") // and waits for room, until there is no need of it
		near.Close()
		far.SetReadDeadline(time.Now().Add(time.Hour))
		var timeout net.Error
		if got, err := read(t, far); !errors.As(err, &timeout) || !timeout.Timeout() {
			t.Errorf("%q, %v", got, err)
		}
		write(t, far, "who is there?")
	})
}

func TestCut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		near, far, link := linked(t, Listen(0))
		write(t, near, "one")
		time.Sleep(2 * time.Second)
		write(t, near, "two")
		write(t, far, "three")
		start := time.Now()
		link.Cut(time.Second, 2*time.Second)
		if _, err := read(t, near); !errors.Is(err, syscall.ECONNRESET) || time.Since(start) != time.Second {
			t.Errorf("%v after %v", err, time.Since(start))
		}
		if _, err := near.Write([]byte("x")); !errors.Is(err, syscall.ECONNRESET) {
			t.Error(err)
		}
		write(t, far, "x") // which does not know yet
		if got, err := read(t, far); got != "one" || err != nil {
			t.Errorf("%q, %v", got, err)
		}
		if _, err := read(t, far); !errors.Is(err, syscall.ECONNRESET) || time.Since(start) != 2*time.Second {
			t.Errorf("%v after %v", err, time.Since(start))
		}
	})
}

func TestKill(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := Listen(0)
		one, there, _ := linked(t, l)
		two, here, _ := linked(t, l)
		go func() { // last words to the one because of the other's end
			read(t, there)
			here.Write([]byte("it is gone"))
		}()
		write(t, here, "on its way")
		synctest.Wait()
		l.Kill(func() time.Duration { return time.Second })
		for _, c := range []net.Conn{one, two} {
			if got, err := read(t, c); !errors.Is(err, syscall.ECONNRESET) {
				t.Errorf("%q, %v", got, err)
			}
		}
		if _, err := l.Dial(t.Context()); !errors.Is(err, syscall.ECONNREFUSED) {
			t.Error(err)
		}
	})
}
