package main

import (
	"context"
	"fmt"
	"net/netip"
	"os"
	"os/signal"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/rs/zerolog"

	"github.com/beckon-rtc/beckon/edge"
)

// port is the one for everything that goes over TCP, with or without TLS.
type port struct {
	edge    *edge.Edge
	certs   *edge.Certificates // nil without TLS
	hangups chan os.Signal     // nobody reads them; nil unless the certificate is in files
	wg      sync.WaitGroup     // prepare
}

// openPort binds a port, and begins to accept. flag is the one that says where; balancers send PROXY headers, and proxies are those
// of the web. Close it.
func openPort(ctx context.Context, flag string, a address, cert *certPlan, balancers, proxies []netip.Prefix, log zerolog.Logger) (*port, error) {
	cfg := edge.Config{Proxies: balancers, Crowds: proxies, Log: log}
	p := &port{}
	if cert != nil {
		var err error
		if p.certs, err = cert.open(log); err != nil {
			return nil, err
		}
		cfg.TLS = p.certs.TLS()
	}
	ln, err := listenTCP(ctx, flag, a, "http", log)
	if err != nil {
		if p.certs != nil {
			_ = p.certs.Close()
		}
		return nil, err
	}
	p.edge = edge.New(ln, cfg)
	if cert != nil && len(cert.domains) == 0 {
		// Who puts new files there sends a SIGHUP by habit. They are looked at without it, but it would end the process.
		p.hangups = make(chan os.Signal, 1)
		signal.Notify(p.hangups, syscall.SIGHUP)
	}
	return p, nil
}

// open reads the certificate, or prepares to get one.
func (c *certPlan) open(log zerolog.Logger) (*edge.Certificates, error) {
	var certs *edge.Certificates
	var err error
	flag := "--tls-cert"
	if len(c.domains) == 0 {
		certs, err = edge.Files(c.cert, c.key, log)
	} else {
		flag = "--acme"
		certs, err = edge.ACME(edge.ACMEConfig{Domains: c.domains, Cache: c.cache, Email: c.email, Directory: c.directory, Log: log})
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %s", flag, strings.TrimPrefix(err.Error(), "edge: "))
	}
	return certs, nil
}

// prepare gets the certificates that are missing, beside everything else: who comes meanwhile waits for them in the handshake. A
// failure is in the log, and the next who comes is a new try. It ends with close.
func (p *port) prepare(ctx context.Context) {
	if p.certs != nil {
		p.wg.Go(func() { _ = p.certs.Prepare(ctx) })
	}
}

// certificate says what is wrong with that of the port; "" if nothing is, or there is to be none. A nil port is none.
func (p *port) certificate() string {
	if p == nil || p.certs == nil {
		return ""
	}
	switch ends := p.certs.Expires(); {
	case ends.IsZero():
		return "none yet: nobody gets in by TLS, and the log says why"
	case ends.Before(time.Now()):
		return "one ended at " + ends.UTC().Format(time.RFC3339) + ": the log says why there is no other"
	}
	return ""
}

// close closes the port, and what is under way on it. What has been handed over goes on.
func (p *port) close() {
	_ = p.edge.Close()
	if p.certs != nil {
		_ = p.certs.Close()
	}
	p.wg.Wait()
	if p.hangups != nil {
		signal.Stop(p.hangups)
	}
}
