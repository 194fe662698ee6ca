//go:build linux

package main

import (
	"net"
	"net/netip"
	"sync"
	"time"

	"github.com/pion/transport/v4"
	"github.com/pion/transport/v4/stdnet"
)

// delayed is this machine's network, to whose other end it is far.
type delayed struct {
	*stdnet.Net
	by time.Duration
}

func newDelayed(by time.Duration) transport.Net {
	n, err := stdnet.NewNet()
	if err != nil {
		panic(err) // it looks at the interfaces, which a machine that measures has
	}
	return delayed{n, by}
}

func (d delayed) ListenUDP(network string, address *net.UDPAddr) (transport.UDPConn, error) {
	conn, err := net.ListenUDP(network, address)
	if err != nil || address != nil && address.IP.IsMulticast() {
		return conn, err
	}
	c := &delayedConn{UDPConn: conn, by: d.by, closed: make(chan struct{}), late: make(chan lateDatagram, 1<<14)}
	c.done.Go(c.run)
	return c, nil
}

// delayedConn sends each datagram a fixed time after it was written.
type delayedConn struct {
	*net.UDPConn
	by     time.Duration
	late   chan lateDatagram
	once   sync.Once
	closed chan struct{}
	done   sync.WaitGroup
}

type lateDatagram struct {
	at time.Time
	b  []byte
	to netip.AddrPort
}

func (c *delayedConn) ReadFromAddrPort(b []byte) (int, netip.AddrPort, error) { return c.ReadFromUDPAddrPort(b) }

func (c *delayedConn) WriteToAddrPort(b []byte, to netip.AddrPort) (int, error) {
	select {
	case c.late <- lateDatagram{time.Now().Add(c.by), append([]byte(nil), b...), to}:
		return len(b), nil
	case <-c.closed:
		return 0, net.ErrClosed
	}
}

func (c *delayedConn) WriteTo(b []byte, to net.Addr) (int, error) {
	return c.WriteToAddrPort(b, to.(*net.UDPAddr).AddrPort())
}

func (c *delayedConn) run() {
	for {
		select {
		case d := <-c.late:
			timer := time.NewTimer(time.Until(d.at))
			select {
			case <-timer.C:
			case <-c.closed:
				timer.Stop()
				return
			}
			_, _ = c.WriteToUDPAddrPort(d.b, d.to) // as lost as on any way
		case <-c.closed:
			return
		}
	}
}

func (c *delayedConn) Close() error {
	c.once.Do(func() { close(c.closed) })
	c.done.Wait()
	return c.UDPConn.Close()
}
