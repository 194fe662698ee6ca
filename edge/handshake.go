package edge

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"os"
	"slices"
	"syscall"
	"time"

	"github.com/pires/go-proxyproto"
	"golang.org/x/crypto/acme"
)

// What ALPN may settle on (RFC 7301): HTTP by RFC 9113 and RFC 9112, TURN by RFC 7443, and the challenge of RFC 8737, which
// only certificates of ACME add.
const (
	alpnHTTP2 = "h2"
	alpnHTTP1 = "http/1.1"
	alpnTURN  = "stun.turn"
	alpnACME  = acme.ALPNProto
)

// hello is what a client asked for, to say later why a handshake failed: crypto/tls has no errors for that but their text.
type hello struct {
	came        bool
	versions    []uint16
	protocols   []string
	uncertified error // why there is no certificate for it
}

// helloKey is the key of a *hello in the context of a handshake.
type helloKey struct{}

// serverConfig is what all handshakes share, so that tickets of one connection resume the session on another.
func serverConfig(given *tls.Config) *tls.Config {
	c := given.Clone()
	c.MinVersion = max(c.MinVersion, tls.VersionTLS12) // RFC 8996
	for _, p := range []string{alpnHTTP2, alpnHTTP1, alpnTURN} {
		if !slices.Contains(c.NextProtos, p) {
			c.NextProtos = append(c.NextProtos, p)
		}
	}
	choose := c.GetConfigForClient
	c.GetConfigForClient = func(info *tls.ClientHelloInfo) (*tls.Config, error) {
		if h, ok := info.Context().Value(helloKey{}).(*hello); ok {
			h.came, h.versions, h.protocols = true, info.SupportedVersions, info.SupportedProtos
		}
		if choose != nil {
			return choose(info)
		}
		return nil, nil
	}
	if certify := c.GetCertificate; certify != nil {
		c.GetCertificate = func(info *tls.ClientHelloInfo) (*tls.Certificate, error) {
			cert, err := certify(info)
			if h, ok := info.Context().Value(helloKey{}).(*hello); ok {
				h.uncertified = err
			}
			return cert, err
		}
	}
	return c
}

// failed names why a handshake did not come to its end.
func (e *Edge) failed(ctx context.Context, heard *hello, err error) *refusal {
	var record tls.RecordHeaderError
	var op *net.OpError
	switch {
	case e.life.Err() != nil:
		return &refusal{reason: Closing}
	case heard.uncertified != nil:
		return &refusal{reason: Uncertified, err: heard.uncertified}
	case ctx.Err() != nil:
		return &refusal{reason: HandshakeLate}
	case errors.As(err, &record):
		return &refusal{reason: notTLS(record)}
	case heard.came && !slices.ContainsFunc(heard.versions, func(v uint16) bool { return v >= tls.VersionTLS12 }):
		return &refusal{reason: OldTLS, err: err}
	case heard.came && len(heard.protocols) > 0 && !slices.ContainsFunc(heard.protocols, e.speaks):
		return &refusal{reason: UnknownALPN, err: err}
	case errors.As(err, &op) && op.Op == "remote error":
		return &refusal{reason: ClientAlert, err: err}
	}
	return e.broken(err, HandshakeLate, Handshake)
}

func (e *Edge) speaks(protocol string) bool { return slices.Contains(e.tls.NextProtos, protocol) }

// notTLS says what somebody speaks who does not speak TLS, and tells a person who typed http:// what to type.
func notTLS(record tls.RecordHeaderError) Reason {
	head := record.RecordHeader[:]
	switch {
	case bytes.HasPrefix(proxyproto.SIGV2, head), bytes.Equal(proxyproto.SIGV1, head):
		return ProxyUnasked
	case isLetter(head[0]) && record.Conn != nil:
		// So little fits into the socket's buffer, or is not sent.
		_ = record.Conn.SetWriteDeadline(time.Now().Add(time.Second))
		_, _ = io.WriteString(record.Conn, "HTTP/1.0 400 Bad Request\r\nContent-Type: text/plain\r\nConnection: close\r\n\r\n"+
			"This port speaks TLS: use https://\n")
		return PlainHTTP
	}
	return NotTLS
}

// broken names what ended a read: a deadline is called late here, and what is neither that nor the client's going is other.
func (e *Edge) broken(err error, late, other Reason) *refusal {
	switch {
	case e.life.Err() != nil:
		return &refusal{reason: Closing}
	case errors.Is(err, os.ErrDeadlineExceeded):
		return &refusal{reason: late}
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE):
		return &refusal{reason: Gone, err: err}
	}
	return &refusal{reason: other, err: err}
}
