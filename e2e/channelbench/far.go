//go:build linux

package main

import (
	"net"
	"sync"
	"time"
)

// far is a listener whose connections go to a server that is far: each byte arrives a fixed time after it was sent, each way. So does
// the opening of the connection, which takes one round trip.
type far struct {
	net.Listener
	server string
	delay  time.Duration
	all    sync.WaitGroup

	mu     sync.Mutex
	closed bool              // guarded by mu
	conns  map[net.Conn]bool // guarded by mu
}

func newFar(server string, delay time.Duration) (*far, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	f := &far{Listener: l, server: server, delay: delay, conns: map[net.Conn]bool{}}
	f.all.Go(f.accept)
	return f, nil
}

func (f *far) accept() {
	for {
		client, err := f.Accept()
		if err != nil {
			return
		}
		server, err := net.Dial("tcp", f.server)
		if err != nil || !f.keep(client, server) {
			client.Close()
			continue
		}
		// The round trip of the opening is paid by what the client says first.
		f.all.Go(func() { f.carry(server, client, 2*f.delay) })
		f.all.Go(func() { f.carry(client, server, 0) })
	}
}

// keep remembers connections that Close is to close. It returns false after that.
func (f *far) keep(conns ...net.Conn) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, c := range conns {
		if f.closed {
			c.Close()
		}
		f.conns[c] = true
	}
	return !f.closed
}

type lateBytes struct {
	at time.Time
	b  []byte
}

// carry copies from one to the other, with the delay, and once more with what opening costs.
func (f *far) carry(to, from net.Conn, opening time.Duration) {
	late := make(chan lateBytes, 256)
	f.all.Go(func() {
		defer to.Close()
		for l := range late {
			timer := time.NewTimer(time.Until(l.at))
			<-timer.C
			_, _ = to.Write(l.b) // the reader finds out
		}
	})
	defer close(late)
	begun, buf := time.Now(), make([]byte, 32<<10)
	for {
		n, err := from.Read(buf)
		if n > 0 {
			at := time.Now()
			if soonest := begun.Add(opening); at.Before(soonest) {
				at = soonest
			}
			late <- lateBytes{at.Add(f.delay), append([]byte(nil), buf[:n]...)}
		}
		if err != nil {
			return
		}
	}
}

func (f *far) Close() error {
	err := f.Listener.Close()
	f.mu.Lock()
	f.closed = true
	for c := range f.conns {
		c.Close()
	}
	f.mu.Unlock()
	f.all.Wait()
	return err
}
