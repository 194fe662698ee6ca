package edge

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rs/zerolog"

	"github.com/beckon-rtc/beckon/internal/testlog"
)

func TestClose(t *testing.T) {
	t.Parallel()
	a := newAuthority(t)
	synctest.Test(t, func(t *testing.T) {
		e, p := memory(t, Config{TLS: a.server(t)})
		silent := p.dial(t, "192.0.2.1:1")
		waits := tls.Client(p.dial(t, "192.0.2.1:2"), a.client())
		say(waits, string(binding)) // for somebody to accept it
		taken := tls.Client(p.dial(t, "192.0.2.1:3"), a.client())
		say(taken, "GET /")
		http, err := e.HTTP().Accept()
		if err != nil {
			t.Fatal(err)
		}
		defer http.Close()
		synctest.Wait()
		for range 2 {
			if err := e.Close(); err != nil {
				t.Error(err)
			}
		}
		ends(t, silent)
		ends(t, waits)
		got := e.Stats()
		if got.Refused[Closing] != 2 || got.Underway != 0 {
			t.Errorf("%+v", got)
		}
		for _, ln := range []net.Listener{e.HTTP(), e.TURN()} {
			if _, err := ln.Accept(); !errors.Is(err, net.ErrClosed) {
				t.Errorf("accepts after Close: %v", err)
			}
		}
		// What was accepted is not ours any more.
		if _, err := io.ReadFull(http, make([]byte, 5)); err != nil {
			t.Error(err)
		}
	})
}

func TestShutdown(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		e, p := memory(t, Config{})
		late := p.dial(t, "192.0.2.1:1")
		synctest.Wait()
		done := make(chan error)
		go func() { done <- e.Shutdown(t.Context()) }()
		synctest.Wait()
		say(late, "GET /")
		c, err := e.HTTP().Accept()
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		if err := <-done; err != nil {
			t.Error(err)
		}
		if _, err := e.HTTP().Accept(); !errors.Is(err, net.ErrClosed) {
			t.Errorf("accepts after Shutdown: %v", err)
		}
	})
	synctest.Test(t, func(t *testing.T) {
		e, p := memory(t, Config{})
		late := p.dial(t, "192.0.2.1:1")
		over := errors.New("enough")
		ctx, cancel := context.WithTimeoutCause(t.Context(), time.Second, over)
		defer cancel()
		if err := e.Shutdown(ctx); !errors.Is(err, over) {
			t.Errorf("%v", err)
		}
		ends(t, late)
	})
}

// failing is a listener whose first calls of Accept fail, as they do when the process has no files left.
type failing struct {
	*pipes
	left int // owned by who accepts
}

func (f *failing) Accept() (net.Conn, error) {
	if f.left > 0 {
		f.left--
		return nil, syscall.EMFILE
	}
	return f.pipes.Accept()
}

// TestAcceptGoesOn after errors, and does not spin meanwhile.
func TestAcceptGoesOn(t *testing.T) {
	t.Parallel()
	var log testlog.Log
	synctest.Test(t, func(t *testing.T) {
		p := newPipes()
		e := New(&failing{p, 20}, Config{Log: zerolog.New(&log)})
		defer e.Close()
		began := time.Now()
		say(p.dial(t, "192.0.2.1:1"), "GET /")
		if waited := time.Since(began); waited < 10*time.Second || waited > 20*time.Second {
			t.Errorf("twenty errors are over in %v of fake time", waited)
		}
		c, err := e.HTTP().Accept()
		if err != nil {
			t.Fatal(err)
		}
		_ = c.Close()
		if got := e.Stats().AcceptErrors; got != 20 {
			t.Errorf("%d errors are counted", got)
		}
	})
	if n := strings.Count(log.String(), "cannot accept"); n != 1 {
		t.Errorf("they are logged %d times:\n%s", n, &log)
	}
	synctest.Test(t, func(t *testing.T) {
		e := New(&failing{newPipes(), 1000}, Config{})
		synctest.Wait()
		_ = e.Close() // in the middle of a pause
	})
}

// TestListenerEnds by somebody else's hand: who serves hears of it.
func TestListenerEnds(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		e, p := memory(t, Config{})
		_ = p.Close()
		if _, err := e.HTTP().Accept(); !errors.Is(err, net.ErrClosed) {
			t.Errorf("%v", err)
		}
	})
}
