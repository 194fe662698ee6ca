package peer

import (
	"context"
	"crypto/tls"
	"net"
	"strconv"

	"github.com/pion/stun/v4"
	"golang.org/x/net/proxy"
)

// relayDialer connects to TURN servers over TCP where the application says by Config.TLS whom it trusts: Pion's own dial knows the
// system's roots alone, and a server with a certificate of a company's own would serve signaling and no relay. Pion takes what a dialer
// for proxies returns as it is, so TLS is made here. ctx is the connection's.
type relayDialer struct {
	ctx    context.Context
	tls    *tls.Config
	secure func(addr string) bool // a TURN server there speaks TLS
}

var _ proxy.Dialer = (*relayDialer)(nil)

// Dial connects within dialTimeout, TLS included.
func (d *relayDialer) Dial(network, addr string) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(d.ctx, dialTimeout)
	defer cancel()
	raw, err := new(net.Dialer).DialContext(ctx, network, addr)
	if err != nil || !d.secure(addr) {
		return raw, err
	}
	config := d.tls.Clone()
	// What is for signaling is not for TURN: the name is the URL's (RFC 8656, section 3.1), and the protocols are those of HTTP.
	config.ServerName, _, _ = net.SplitHostPort(addr)
	config.NextProtos = nil
	conn := tls.Client(raw, config)
	if err := conn.HandshakeContext(ctx); err != nil {
		raw.Close()
		return nil, err
	}
	return conn, nil
}

// secure tells whether one of the ICE servers is reached over TLS at that address, HOST:PORT.
func (f *factory) secure(addr string) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, server := range f.ice {
		for _, url := range server.URLs {
			u, err := stun.ParseURI(url)
			if err == nil && u.Scheme == stun.SchemeTypeTURNS && net.JoinHostPort(u.Host, strconv.Itoa(u.Port)) == addr {
				return true
			}
		}
	}
	return false
}
