package memnet

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/netip"
	"os"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestBothEndsMayWriteFirst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := Pair(0)
		defer a.Close()
		defer b.Close()
		for _, c := range []net.Conn{a, b} {
			if n, err := c.Write([]byte("hello")); n != 5 || err != nil {
				t.Fatal(n, err)
			}
		}
		for _, c := range []net.Conn{a, b} {
			got := make([]byte, 9)
			if n, err := c.Read(got); string(got[:n]) != "hello" || err != nil {
				t.Fatalf("%q, %v", got[:n], err)
			}
		}
	})
}

func TestAFullBufferMakesTheWriterWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := Pair(4)
		defer b.Close()
		sent := []byte("more than four")
		written := false
		go func() {
			n, err := a.Write(sent)
			if n != len(sent) || err != nil {
				t.Errorf("%d, %v", n, err)
			}
			written = true
			a.Close()
		}()
		synctest.Wait()
		if written {
			t.Fatal("14 bytes fitted in a buffer of 4")
		}
		got, err := io.ReadAll(b)
		if err != nil || !bytes.Equal(got, sent) {
			t.Fatalf("%q, %v", got, err)
		}
	})
}

func TestDeadlines(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := Pair(4)
		defer a.Close()
		defer b.Close()
		start := time.Now()
		a.SetReadDeadline(start.Add(time.Second))
		_, err := a.Read(make([]byte, 1))
		var ne net.Error
		if !errors.As(err, &ne) || !ne.Timeout() || time.Since(start) != time.Second {
			t.Fatalf("%v after %v", err, time.Since(start))
		}
		a.SetWriteDeadline(time.Now().Add(time.Second))
		if n, err := a.Write([]byte("12345")); n != 4 || !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Fatal(n, err)
		}
		a.SetDeadline(time.Time{}) // an expired connection is usable again, as a socket is
		b.Write([]byte("x"))
		if _, err := a.Read(make([]byte, 1)); err != nil {
			t.Fatal(err)
		}
		// A deadline that is moved forward while a Read waits must not end it at the old time.
		a.SetReadDeadline(time.Now().Add(time.Second))
		time.AfterFunc(500*time.Millisecond, func() { a.SetReadDeadline(time.Now().Add(time.Second)) })
		start = time.Now()
		if _, err := a.Read(make([]byte, 1)); err == nil || time.Since(start) != 1500*time.Millisecond {
			t.Fatalf("%v after %v", err, time.Since(start))
		}
		// One in the past wakes who waits already.
		time.AfterFunc(time.Second, func() { b.SetReadDeadline(time.Unix(1, 0)) })
		b.SetReadDeadline(time.Time{})
		got := make([]byte, 4)
		if _, err := io.ReadFull(b, got); err != nil {
			t.Fatal(err)
		}
		if _, err := b.Read(got); !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Fatal(err)
		}
	})
}

func TestCloseEndsBothSides(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := Pair(4)
		a.Write([]byte("last"))
		go func() {
			synctest.Wait() // until the Read below waits for more than "last"
			a.Close()
		}()
		got, err := io.ReadAll(b)
		if string(got) != "last" || err != nil {
			t.Fatalf("%q, %v", got, err)
		}
		if _, err := b.Write([]byte("x")); !errors.Is(err, syscall.EPIPE) {
			t.Error(err)
		}
		if _, err := a.Read(got); !errors.Is(err, net.ErrClosed) {
			t.Error(err)
		}
		if _, err := a.Write(got); !errors.Is(err, net.ErrClosed) {
			t.Error(err)
		}
		if a.Close() != nil || b.Close() != nil {
			t.Error("a second Close failed")
		}
	})
}

func TestListener(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := Listen(0)
		from := netip.MustParseAddr("2001:db8::7")
		go func() {
			c, err := l.Accept()
			if err != nil {
				t.Error(err)
				return
			}
			if got := c.RemoteAddr().(*net.TCPAddr).AddrPort().Addr(); got != from {
				t.Errorf("seen as %v", got)
			}
			c.Close()
		}()
		c, err := l.DialFrom(t.Context(), from)
		if err != nil {
			t.Fatal(err)
		}
		c.Close()
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err := l.Dial(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("nobody accepts: %v", err)
		}
		l.Close()
		l.Close()
		if _, err := l.Dial(t.Context()); !errors.Is(err, syscall.ECONNREFUSED) {
			t.Errorf("closed: %v", err)
		}
		if _, err := l.Accept(); !errors.Is(err, net.ErrClosed) {
			t.Errorf("closed: %v", err)
		}
	})
}

// net/http leans on deadlines to end its background reads, so a request that works and a Shutdown that returns say a lot.
func TestHTTP(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := Listen(0)
		srv := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			body, _ := io.ReadAll(r.Body)
			w.Write(body)
		})}
		go srv.Serve(l)
		tr := &http.Transport{DialContext: l.DialContext}
		body := bytes.Repeat([]byte("x"), 3*DefaultBuffer)
		res, err := (&http.Client{Transport: tr}).Post("http://memnet/", "text/plain", bytes.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		got, err := io.ReadAll(res.Body)
		res.Body.Close()
		if err != nil || !bytes.Equal(got, body) {
			t.Errorf("%d bytes, %v", len(got), err)
		}
		tr.CloseIdleConnections()
		if err := srv.Shutdown(t.Context()); err != nil {
			t.Error(err)
		}
	})
}
