package edge

import (
	"cmp"
	"crypto/tls"
	"net/netip"
	"time"

	"github.com/rs/zerolog"
)

// Config says how to treat who connects. Its zero value is a plain port without proxies.
type Config struct {
	// TLS is what connections are secured with, as Certificates.TLS makes it; nil: they are plain. It is cloned. ALPN's
	// protocols are added to those that it names, and versions below 1.2 are never spoken.
	TLS *tls.Config
	// Proxies are whose PROXY header is believed, and needed. From other addresses one is refused.
	Proxies []netip.Prefix
	// Crowds are clients for which Limits.Open is not: web proxies, whose connections are many people's.
	Crowds []netip.Prefix
	Limits Limits
	// Log: refusals are at debug, since everybody can cause them.
	Log zerolog.Logger
}

// Limits bound what somebody can hold. Zero means the default.
type Limits struct {
	Header    time.Duration // for a PROXY header; default 5 s, which is much for a neighbour
	Handshake time.Duration // for TLS, a wait for a first certificate included; default 10 s
	FirstByte time.Duration // from then to what decides; default 10 s, as browsers keep a connection that they opened ahead of need
	// Underway is how many connections are not handed over yet at one time, all together (default 4096) and of one client
	// (default 256): an IPv4 address or an IPv6 /64. It also bounds those that nobody accepts.
	Underway, PerClient int
	// Open is how many connections one client may have, those handed over included: one that is idle costs a file and some 20 kB
	// until its server closes it, and one host could hold all that a process may have. Default 1024, for an office behind one
	// address.
	Open int
}

func (l Limits) withDefaults() Limits {
	return Limits{
		Header:    cmp.Or(l.Header, 5*time.Second),
		Handshake: cmp.Or(l.Handshake, 10*time.Second),
		FirstByte: cmp.Or(l.FirstByte, 10*time.Second),
		Underway:  cmp.Or(l.Underway, 4096),
		PerClient: cmp.Or(l.PerClient, 256),
		Open:      cmp.Or(l.Open, 1024),
	}
}
