package edge

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/rs/zerolog"
	"golang.org/x/crypto/acme"
	"golang.org/x/crypto/acme/autocert"
)

// ACMEConfig says for what certificates are got from a certificate authority (RFC 8555).
type ACMEConfig struct {
	// Domains are the names to have certificates for, one each; no others are ever asked for. A client that names none, as one
	// that connects to an address, is shown the first's.
	Domains []string
	// Cache is the directory of the account's key, the keys and the certificates. It is made for this user alone.
	Cache string
	// Email is told to the CA, which may write to it before a certificate expires. May be empty.
	Email string
	// Directory is the CA's URL, https, or http on this machine. Empty: Let's Encrypt. Its terms of service are agreed to.
	Directory string
	Log       zerolog.Logger
}

// ErrClosed says that the Certificates are closed, and get none any more.
var ErrClosed = errors.New("edge: certificates closed")

// acmeSource is autocert behind two doors. One lets a failed or slow CA hold up nobody: autocert waits for it for up to five
// minutes in every handshake, whatever becomes of that, and here one goroutine for a domain does while handshakes wait for that
// as long as they want to. The other asks for ECDSA alone, which every client with TLS 1.2 and WebRTC knows; autocert would get a
// second certificate for who pretends not to, at the expense of our rate limits at the CA.
//
// Domains are proved by TLS-ALPN-01 (RFC 8737) alone, on the port itself.
type acmeSource struct {
	// Static.
	domains []string
	log     zerolog.Logger
	manager *autocert.Manager
	life    context.Context // until close: bounds every request to the CA
	end     context.CancelFunc

	wg sync.WaitGroup // obtain

	mu    sync.Mutex
	first map[string]*first // by domain, all of them; guarded by mu
}

// first is what has become of the first certificate of a domain. Renewals are autocert's. Guarded by acmeSource.mu.
type first struct {
	there bool          // autocert has it, and answers at once from now on
	asked chan struct{} // closed with the CA's answer; nil while nobody asks
	err   error         // the last answer
	pause time.Duration // after that
	again time.Time     // its end
}

// ACME gets certificates from a CA and renews them in good time: 30 days before their end, or with a third of their life left.
// The CA connects to port 443 of each domain, which the Edge that shows these certificates must serve. Nothing is asked for before
// Prepare, or a client.
//
// The error is for the person who wrote the config.
func ACME(cfg ACMEConfig) (*Certificates, error) {
	domains, err := checkDomains(cfg.Domains)
	if err != nil {
		return nil, err
	}
	directory, err := checkDirectory(cfg.Directory)
	if err != nil {
		return nil, err
	}
	if err := makeCache(cfg.Cache, cfg.Log); err != nil {
		return nil, err
	}
	s := &acmeSource{domains: domains, log: cfg.Log, first: map[string]*first{}}
	for _, d := range domains {
		s.first[d] = &first{}
	}
	s.life, s.end = context.WithCancel(context.Background())
	s.manager = &autocert.Manager{
		Prompt:     autocert.AcceptTOS,
		Cache:      autocert.DirCache(cfg.Cache),
		HostPolicy: autocert.HostWhitelist(domains...),
		Email:      cfg.Email,
		Client:     s.client(directory),
	}
	return &Certificates{source: s}, nil
}

func (s *acmeSource) certificate(info *tls.ClientHelloInfo) (*tls.Certificate, error) {
	domain := strings.ToLower(strings.TrimSuffix(info.ServerName, "."))
	if domain == "" {
		domain = s.domains[0]
	}
	if !slices.Contains(s.domains, domain) {
		return nil, fmt.Errorf("edge: certificate for %q: not one of the domains", domain)
	}
	if slices.Equal(info.SupportedProtos, s.protocols()) {
		return s.manager.GetCertificate(info) // the challenge's, from memory or the cache
	}
	return s.obtained(info.Context(), domain)
}

// obtained returns the certificate of a domain, and waits for it until ctx ends.
func (s *acmeSource) obtained(ctx context.Context, domain string) (*tls.Certificate, error) {
	s.mu.Lock()
	f := s.first[domain]
	switch {
	case f.there:
		s.mu.Unlock()
		return s.ask(domain)
	case f.asked != nil:
	case s.life.Err() != nil:
		s.mu.Unlock()
		return nil, ErrClosed
	case time.Now().Before(f.again):
		defer s.mu.Unlock()
		return nil, f.err
	default:
		f.asked = make(chan struct{})
		s.wg.Add(1)
		go s.obtain(domain, f)
	}
	asked := f.asked
	s.mu.Unlock()
	select {
	case <-ctx.Done():
		return nil, fmt.Errorf("edge: certificate for %s: waiting for the authority: %w", domain, context.Cause(ctx))
	case <-asked:
	}
	s.mu.Lock()
	err := f.err
	s.mu.Unlock()
	if err != nil {
		return nil, err
	}
	return s.ask(domain)
}

// The first pause is longer than the minute after which autocert forgets a failure. They double, because a CA allows only a few
// failures an hour.
const (
	firstPause = 65 * time.Second
	longPause  = 30 * time.Minute
)

// obtain has autocert take the first certificate of a domain out of its cache or get it.
func (s *acmeSource) obtain(domain string, f *first) {
	defer s.wg.Done()
	cert, err := s.ask(domain)
	s.mu.Lock()
	defer s.mu.Unlock()
	close(f.asked)
	f.asked, f.err = nil, err
	if err == nil {
		f.there = true
		s.log.Info().Str("domain", domain).Time("expires", cert.Leaf.NotAfter).Msg("certificate loaded")
		return
	}
	f.err = fmt.Errorf("edge: certificate for %s: %w", domain, err)
	f.pause = min(max(firstPause, 2*f.pause), longPause)
	f.again = time.Now().Add(f.pause)
	if s.life.Err() == nil {
		s.log.Error().Err(err).Str("domain", domain).Stringer("again", f.pause).Msg("no certificate")
	}
}

// ask asks autocert, which answers at once when it has a certificate.
func (s *acmeSource) ask(domain string) (*tls.Certificate, error) {
	return s.manager.GetCertificate(&tls.ClientHelloInfo{
		ServerName:   domain,
		CipherSuites: []uint16{tls.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256},
	})
}

func (s *acmeSource) protocols() []string { return []string{acme.ALPNProto} }

func (s *acmeSource) prepare(ctx context.Context) error {
	for _, d := range s.domains {
		if _, err := s.obtained(ctx, d); err != nil {
			return err
		}
	}
	return nil
}

func (s *acmeSource) expires() (soonest time.Time) {
	for _, d := range s.domains {
		s.mu.Lock()
		there := s.first[d].there
		s.mu.Unlock()
		if !there {
			continue
		}
		if cert, err := s.ask(d); err == nil && (soonest.IsZero() || cert.Leaf.NotAfter.Before(soonest)) {
			soonest = cert.Leaf.NotAfter
		}
	}
	return soonest
}

func (s *acmeSource) close() {
	s.end()
	s.wg.Wait()
}
