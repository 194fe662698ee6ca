package edge

import (
	"context"
	"crypto/tls"
	"io"
	"net"
	"net/netip"
	"slices"
	"time"
)

// greet finds out what a connection is and hands it over, or closes it.
func (e *Edge) greet(raw net.Conn) {
	defer e.greets.Done()
	g := greeting{Edge: e, raw: raw, conn: newStream(raw)}
	defer func() { e.underway.leave(raw, g.client) }()
	if no := g.run(); no != nil {
		e.refused(g.conn, no)
		// Not TLS's own Close, which would first write to somebody who may not read.
		_ = g.conn.Close()
	}
}

// greeting is a connection on its way. It belongs to one goroutine.
type greeting struct {
	*Edge
	raw    net.Conn
	conn   plainStream  // raw, as everything above it sees it
	client netip.Prefix // who is counted for it; not valid before PerClient was asked
}

func (g *greeting) run() *refusal {
	remote := addressOf(g.conn)
	if within(g.cfg.Proxies, remote) {
		if no := g.readHeader(g.conn); no != nil {
			return no
		}
		remote = addressOf(g.conn)
	}
	client := clientKey(remote)
	if !g.underway.enter(client, g.cfg.Limits.PerClient) {
		return &refusal{reason: Crowd}
	}
	g.client = client
	if client.IsValid() && !within(g.cfg.Crowds, remote) {
		if !g.open.enter(client, g.cfg.Limits.Open) {
			return &refusal{reason: Many}
		}
		g.conn.onClose(func() { g.open.leave(client) })
	}
	if g.tls == nil {
		return g.plain()
	}
	return g.secure()
}

func (g *greeting) plain() *refusal {
	kind, no := g.sniff(g.conn)
	if no != nil {
		if no.reason == UnexpectedTLS {
			// Answered as a server of HTTP alone answers, which clients know for what it is. It fits into the socket's buffer, or is not sent.
			_ = g.conn.SetWriteDeadline(time.Now().Add(time.Second))
			_, _ = io.WriteString(g.conn, "HTTP/1.0 400 Bad Request\r\nContent-Type: text/plain\r\nConnection: close\r\n\r\n"+
				"This port speaks no TLS: use http://\n")
		}
		return no
	}
	return g.hand(g.conn, kind)
}

func (g *greeting) secure() *refusal {
	secured, no := g.handshake(g.conn)
	if no != nil {
		return no
	}
	switch secured.ConnectionState().NegotiatedProtocol {
	case alpnACME:
		// RFC 8737 section 3: the certificate was the answer, and nothing is said on the connection.
		g.counted.protocols[ACMEChallenge].Add(1)
		_ = secured.Close()
		return nil
	case alpnHTTP2:
		return g.hand(secured, HTTP2)
	}
	s := &tlsStream{Conn: secured}
	kind, no := g.sniff(s)
	if no != nil {
		return no
	}
	return g.hand(s, kind)
}

// sniff reads until the bytes decide, and leaves them in s, which has no deadline afterwards.
func (g *greeting) sniff(s stream) (Protocol, *refusal) {
	_ = s.SetReadDeadline(time.Now().Add(g.cfg.Limits.FirstByte))
	kind, err := peek(s)
	if err != nil {
		return "", g.broken(err, Silent, Unknown)
	}
	switch kind {
	case sawHTTP:
		_ = s.SetReadDeadline(time.Time{})
		return HTTP1, nil
	case sawSTUN:
		_ = s.SetReadDeadline(time.Time{})
		return TURN, nil
	case sawTLS:
		return "", &refusal{reason: UnexpectedTLS}
	case sawProxy:
		return "", &refusal{reason: ProxyUnasked}
	}
	return "", &refusal{reason: Unknown}
}

// hand gives the connection to who serves it, and waits until that accepts it.
func (g *greeting) hand(c net.Conn, p Protocol) *refusal {
	to := g.http
	if p == TURN {
		to = g.turn
	}
	// From here on a cut must not close it any more: it may have been accepted.
	g.underway.let(g.raw)
	if !to.give(c, g.counted.protocols[p]) {
		if g.life.Err() != nil {
			return &refusal{reason: Closing}
		}
		return &refusal{reason: Unserved}
	}
	return nil
}

// handshake makes a connection secure. The context bounds it: when that ends, crypto/tls closes conn.
func (g *greeting) handshake(conn net.Conn) (*tls.Conn, *refusal) {
	heard := &hello{}
	ctx, cancel := context.WithTimeout(context.WithValue(g.life, helloKey{}, heard), g.cfg.Limits.Handshake)
	defer cancel()
	secured := tls.Server(conn, g.tls)
	if err := secured.HandshakeContext(ctx); err != nil {
		return nil, g.failed(ctx, heard, err)
	}
	return secured, nil
}

// within tells whether an address is in one of several networks.
func within(networks []netip.Prefix, addr netip.Addr) bool {
	return slices.ContainsFunc(networks, func(p netip.Prefix) bool { return p.Contains(addr) })
}

// addressOf is the other end of a connection, unmapped and without a zone; not valid if that has no IP address.
func addressOf(c net.Conn) netip.Addr {
	tcp, ok := c.RemoteAddr().(*net.TCPAddr)
	if !ok {
		return netip.Addr{}
	}
	return tcp.AddrPort().Addr().Unmap().WithZone("")
}
