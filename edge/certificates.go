package edge

import (
	"context"
	"crypto/tls"
	"time"
)

// Certificates are what TLS shows, from Files or ACME. Its methods may be called at any time.
type Certificates struct {
	source source
}

// source is where certificates come from.
type source interface {
	certificate(*tls.ClientHelloInfo) (*tls.Certificate, error)
	protocols() []string // that ALPN needs for it
	prepare(ctx context.Context) error
	expires() time.Time
	close()
}

// TLS is a configuration for Config.TLS.
func (c *Certificates) TLS() *tls.Config {
	return &tls.Config{GetCertificate: c.source.certificate, NextProtos: c.source.protocols()}
}

// Prepare gets what is missing, so that no client has to wait for it. With ACME the CA connects to the port meanwhile, so the
// Edge must be there. It returns when everything is there, at the first error, or when ctx ends, which ends the wait alone.
func (c *Certificates) Prepare(ctx context.Context) error { return c.source.prepare(ctx) }

// Expires is when the first of the certificates in use does; zero while there is none.
func (c *Certificates) Expires() time.Time { return c.source.expires() }

// Close ends what is under way to get certificates, and waits for it. What is there can be used on.
func (c *Certificates) Close() error {
	c.source.close()
	return nil
}
