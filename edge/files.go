package edge

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/rs/zerolog"
)

// fileSource is a certificate in two files. It compares what is in them, not their times: that is two reads of a few kB a
// second at most, and it sees every way to replace them, as the symbolic links of certbot and Kubernetes.
type fileSource struct {
	certFile, keyFile string
	log               zerolog.Logger

	current atomic.Pointer[tls.Certificate] // never nil; set by who holds mu

	mu      sync.Mutex
	checked time.Time // guarded by mu, as all below
	pair    pair      // what is in the files as far as they were looked at
	bad     bool      // whether that cannot be used
	said    bool      // whether that was logged
}

// pair is what is in the files, or why they cannot be read.
type pair struct {
	cert, key []byte
	err       error
}

// recheck is how long a look at the files is good.
const recheck = time.Second

// Files are a certificate with its chain and its key, as PEM. When the files change the new pair is used from the next
// handshake on that is at least a second after the last look at them. While the two do not go together, or cannot be read, the
// old pair stays; that is logged once, and not before it has lasted for two looks, so that replacing the files is no error.
//
// The error wraps what os or crypto/tls said.
func Files(certFile, keyFile string, log zerolog.Logger) (*Certificates, error) {
	s := &fileSource{certFile: certFile, keyFile: keyFile, log: log, checked: time.Now()}
	s.pair = s.read()
	cert, err := s.pair.parse()
	if err != nil {
		return nil, fmt.Errorf("edge: certificate %s with key %s: %w", certFile, keyFile, err)
	}
	s.use(cert)
	return &Certificates{source: s}, nil
}

func (s *fileSource) certificate(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	return s.look(), nil
}

// look returns the certificate to use now. While somebody looks, others are not held up by a slow disk.
func (s *fileSource) look() *tls.Certificate {
	if s.mu.TryLock() {
		defer s.mu.Unlock()
		s.refresh(time.Now())
	}
	return s.current.Load()
}

// refresh looks at the files if it is time to. s.mu must be held.
func (s *fileSource) refresh(now time.Time) {
	if now.Sub(s.checked) < recheck {
		return
	}
	s.checked = now
	fresh := s.read()
	if !fresh.same(s.pair) {
		s.pair = fresh
		cert, err := fresh.parse()
		if s.bad = err != nil; !s.bad {
			s.said = false
			s.use(cert)
		}
		return
	}
	if s.bad && !s.said {
		s.said = true
		_, err := fresh.parse()
		s.log.Error().Err(err).Str("file", s.certFile).Time("expires", s.current.Load().Leaf.NotAfter).
			Msg("new certificate cannot be used, keeping the old one")
	}
}

func (s *fileSource) use(cert *tls.Certificate) {
	s.current.Store(cert)
	s.log.Info().Str("file", s.certFile).Time("expires", cert.Leaf.NotAfter).Msg("certificate loaded")
}

func (s *fileSource) read() (p pair) {
	if p.cert, p.err = os.ReadFile(s.certFile); p.err == nil {
		p.key, p.err = os.ReadFile(s.keyFile)
	}
	return p
}

func (p pair) same(other pair) bool {
	return bytes.Equal(p.cert, other.cert) && bytes.Equal(p.key, other.key) && (p.err == nil) == (other.err == nil)
}

func (p pair) parse() (*tls.Certificate, error) {
	if p.err != nil {
		return nil, p.err
	}
	cert, err := tls.X509KeyPair(p.cert, p.key)
	if err != nil {
		return nil, err
	}
	if cert.Leaf == nil { // GODEBUG=x509keypairleaf=0
		if cert.Leaf, err = x509.ParseCertificate(cert.Certificate[0]); err != nil {
			return nil, err
		}
	}
	return &cert, nil
}

func (s *fileSource) protocols() []string           { return nil }
func (s *fileSource) prepare(context.Context) error { return nil }
func (s *fileSource) expires() time.Time            { return s.look().Leaf.NotAfter }
func (s *fileSource) close()                        {}
