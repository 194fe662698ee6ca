package edge

import (
	"net"
	"sync/atomic"
)

// Protocol is what a connection turned out to be.
type Protocol string

// The protocols of a port.
const (
	HTTP1         Protocol = "http1" // WebSockets included, which begin as HTTP/1
	HTTP2         Protocol = "http2"
	TURN          Protocol = "turn"
	ACMEChallenge Protocol = "acme" // a certificate authority that checks a domain
)

// Reason is why a connection was refused.
type Reason string

// The reasons. Those with a * an operator may be able to do something about.
const (
	Full          Reason = "full"            // Limits.Underway
	Crowd         Reason = "client-full"     // Limits.PerClient
	Many          Reason = "client-open"     // * Limits.Open: or it is a web proxy that was not named as one
	ProxyMissing  Reason = "proxy-missing"   // * a configured proxy sends no PROXY header
	ProxyLate     Reason = "proxy-late"      // it did not come in time
	ProxyBad      Reason = "proxy-bad"       // * it cannot be read, or its client is none of TCP
	ProxyUnasked  Reason = "proxy-unasked"   // * somebody sent one who is no configured proxy
	HandshakeLate Reason = "handshake-late"  // TLS was not agreed on in time
	Handshake     Reason = "handshake"       // another failure of TLS
	NotTLS        Reason = "not-tls"         // something else, where TLS is needed; plain TURN among it
	PlainHTTP     Reason = "http-plain"      // HTTP, where TLS is needed; it was told so
	OldTLS        Reason = "tls-old"         // a client that knows nothing above TLS 1.1
	UnknownALPN   Reason = "tls-alpn"        // a client that wants other protocols only
	Uncertified   Reason = "tls-certificate" // * there is no certificate for the name
	ClientAlert   Reason = "tls-client"      // * the client ended it: mostly it does not trust the certificate
	Silent        Reason = "silent"          // nothing, or too little, was said in time
	Unknown       Reason = "unknown"         // neither HTTP nor STUN
	UnexpectedTLS Reason = "tls-unexpected"  // * TLS on a plain port, or inside of TLS
	Gone          Reason = "gone"            // the client closed, as browsers do with what they opened ahead of need
	Unserved      Reason = "unserved"        // HTTP or TURN is closed
	Closing       Reason = "closing"         // the port is
)

// Stats is a snapshot of what an Edge has and has done since it was made. Counters only grow.
type Stats struct {
	Accepted     uint64
	AcceptErrors uint64
	// Underway are connections not handed over or refused yet.
	Underway int
	// Protocols are connections handed over, or for ACME answered.
	Protocols map[Protocol]uint64
	// Refused are connections that were closed, with every reason there is.
	Refused map[Reason]uint64
}

// Stats may be called at any time.
func (e *Edge) Stats() Stats {
	return Stats{
		Accepted:     e.counted.accepted.Load(),
		AcceptErrors: e.counted.acceptErrors.Load(),
		Underway:     e.underway.size(),
		Protocols:    values(e.counted.protocols),
		Refused:      values(e.counted.refused),
	}
}

// counters are the counting part of Stats. The maps are made once and only read, their values are atomic.
type counters struct {
	accepted, acceptErrors atomic.Uint64
	protocols              map[Protocol]*atomic.Uint64
	refused                map[Reason]*atomic.Uint64
}

func newCounters() *counters {
	return &counters{
		protocols: zeros(HTTP1, HTTP2, TURN, ACMEChallenge),
		refused: zeros(Full, Crowd, Many, ProxyMissing, ProxyLate, ProxyBad, ProxyUnasked, HandshakeLate, Handshake, NotTLS, PlainHTTP, OldTLS,
			UnknownALPN, Uncertified, ClientAlert, Silent, Unknown, UnexpectedTLS, Gone, Unserved, Closing),
	}
}

func zeros[K comparable](keys ...K) map[K]*atomic.Uint64 {
	m := make(map[K]*atomic.Uint64, len(keys))
	for _, k := range keys {
		m[k] = new(atomic.Uint64)
	}
	return m
}

func values[K comparable](m map[K]*atomic.Uint64) map[K]uint64 {
	out := make(map[K]uint64, len(m))
	for k, v := range m {
		out[k] = v.Load()
	}
	return out
}

// refusal is why a connection ends here.
type refusal struct {
	reason Reason
	err    error // more about it, for the log; may be nil
}

func (e *Edge) refused(c net.Conn, no *refusal) {
	e.counted.refused[no.reason].Add(1)
	switch no.reason {
	case ProxyMissing:
		e.once.missing.Do(func() {
			e.log.Warn().Stringer("remote", c.RemoteAddr()).Msg("a proxy sends no PROXY header: have it send one, or do not name it as one that does; said once")
		})
	case ProxyUnasked:
		e.once.unasked.Do(func() {
			e.log.Warn().Stringer("remote", c.RemoteAddr()).Msg("a PROXY header came from who is not named as a proxy, and was refused; said once")
		})
	}
	e.log.Debug().Stringer("remote", c.RemoteAddr()).Str("reason", string(no.reason)).Err(no.err).Msg("connection refused")
}
