package edge

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"slices"
	"sync"
	"time"

	"github.com/rs/zerolog"
)

// Edge tells apart what comes in at one port. Its methods may be called at any time.
type Edge struct {
	// Static.
	ln      net.Listener
	cfg     Config
	tls     *tls.Config // nil: plain
	log     zerolog.Logger
	http    *listener
	turn    *listener
	counted *counters

	underway underway
	open     open
	once     struct{ missing, unasked sync.Once } // warnings of what a wrong configuration looks like

	life   context.Context // until Close: bounds every handshake
	end    context.CancelFunc
	greets sync.WaitGroup
	wg     sync.WaitGroup // accept, which waits for greets
}

// New takes ln over, and accepts until Shutdown or Close.
func New(ln net.Listener, cfg Config) *Edge {
	cfg.Limits = cfg.Limits.withDefaults()
	cfg.Proxies, cfg.Crowds = slices.Clone(cfg.Proxies), slices.Clone(cfg.Crowds)
	life, end := context.WithCancel(context.Background())
	e := &Edge{
		ln:      ln,
		cfg:     cfg,
		log:     cfg.Log,
		http:    newListener(ln.Addr()),
		turn:    newListener(ln.Addr()),
		counted: newCounters(),
		life:    life,
		end:     end,
	}
	if cfg.TLS != nil {
		e.tls = serverConfig(cfg.TLS)
	}
	e.wg.Add(1)
	go e.accept()
	return e
}

// Addr is where the port is.
func (e *Edge) Addr() net.Addr { return e.ln.Addr() }

// HTTP is where connections arrive that speak HTTP/1 or HTTP/2, and Serve of an http.Server takes them. To close it does not
// close the port: who comes later is refused as Unserved.
func (e *Edge) HTTP() net.Listener { return e.http }

// TURN is where connections arrive whose first message is STUN's, with that message unread. It closes as HTTP does.
func (e *Edge) TURN() net.Listener { return e.turn }

// Shutdown closes the port and waits until what is under way is handed over or refused. When ctx ends before, it cuts off what
// is left, as Close does, and returns the cause. HTTP and TURN end with it.
func (e *Edge) Shutdown(ctx context.Context) error {
	_ = e.ln.Close()
	over := context.AfterFunc(ctx, e.cut)
	e.wg.Wait()
	if !over() {
		return context.Cause(ctx)
	}
	return nil
}

// Close closes the port and everything that is under way, and waits until nothing is left of it. It always returns nil.
func (e *Edge) Close() error {
	_ = e.ln.Close()
	e.cut()
	e.wg.Wait()
	return nil
}

// cut ends everything and does not wait.
func (e *Edge) cut() {
	e.end()
	e.underway.cut()
	_ = e.http.Close()
	_ = e.turn.Close()
}

// accept runs until the listener is closed, and ends HTTP and TURN when nothing can come to them any more.
func (e *Edge) accept() {
	defer e.wg.Done()
	defer func() {
		e.greets.Wait()
		e.cut()
	}()
	for streak := 0; ; {
		c, err := e.ln.Accept()
		switch {
		case err == nil:
			streak = 0
			e.take(c)
			continue
		case errors.Is(err, net.ErrClosed):
			return
		}
		// A process that is out of files, or a client that was gone before we looked: the next one may fare better.
		e.counted.acceptErrors.Add(1)
		if streak++; streak == 1 {
			e.log.Error().Err(err).Msg("cannot accept connections")
		}
		select {
		case <-e.life.Done():
			return
		case <-time.After(min(5*time.Millisecond<<min(streak, 8), time.Second)):
		}
	}
}

// take begins with a connection.
func (e *Edge) take(c net.Conn) {
	e.counted.accepted.Add(1)
	if !e.underway.admit(c, e.cfg.Limits.Underway) {
		e.refused(c, &refusal{reason: Full})
		_ = c.Close()
		return
	}
	e.greets.Add(1)
	go e.greet(c)
}
