package turnserver

import (
	"errors"
	"io"
	"net"
	"sync"
)

// streams are the listeners whose connections this server serves. All methods may be called at any time.
type streams struct {
	mu     sync.Mutex
	open   map[net.Listener]bool // guarded by mu
	closed bool                  // guarded by mu
	wg     sync.WaitGroup        // calls of Serve
}

func (l *streams) add(ln net.Listener) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return false
	}
	if l.open == nil {
		l.open = map[net.Listener]bool{}
	}
	l.open[ln] = true
	l.wg.Add(1)
	return true
}

func (l *streams) remove(ln net.Listener) {
	l.mu.Lock()
	delete(l.open, ln)
	l.mu.Unlock()
	l.wg.Done()
}

// close closes all listeners, and those that come later. It does not wait; wg does.
func (l *streams) close() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.closed = true
	for ln := range l.open {
		_ = ln.Close()
	}
}

func (l *streams) isClosed() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.closed
}

// Serve serves STUN and TURN to the connections that ln accepts: plain TCP ones, and those of TLS whose handshake the listener has
// seen to (Serve reads from a connection in a goroutine of its own). A connection is taken for one of TLS when it has a method
// ConnectionState like that of *tls.Conn. The number of ln's port counts as one of this server's own listeners, which no relay
// reaches.
//
// Serve closes ln and returns when Accept says net.ErrClosed or io.EOF, with that error; and with ErrClosed after Shutdown or Close.
// All other errors of Accept are survived. Connections go on until they end or the server is closed. It may be called for any
// number of listeners at once.
func (s *Server) Serve(ln net.Listener) error {
	defer ln.Close()
	if !s.streams.add(ln) {
		return ErrClosed
	}
	defer s.streams.remove(ln)
	s.ports.add(addrPort(ln.Addr()).Port())
	for streak := 0; ; {
		c, err := ln.Accept()
		if err != nil {
			if streak++; errors.Is(err, io.EOF) || !s.survive(err, streak) {
				if s.streams.isClosed() {
					err = ErrClosed
				}
				return err
			}
			continue
		}
		streak = 0
		s.accept(c)
	}
}

func (s *Server) accept(c net.Conn) {
	s.stats.tcpTotal.Add(1)
	t := newTCPConn(s, c)
	refused, ok := s.conns.add(t, s.cfg.Limits)
	s.stats.tcpRefused.Add(uint64(refused))
	if !ok {
		_ = c.Close()
		return
	}
	if err := s.serve(t.transport(), t, t); err != nil {
		t.end(err) // nothing reads it
	}
}
