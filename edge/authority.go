package edge

import (
	"cmp"
	"context"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/rs/zerolog"
	"golang.org/x/crypto/acme"
	"golang.org/x/net/idna"
)

// client speaks to the CA while the source is open. autocert takes no context, so what ends the source ends the connections.
func (s *acmeSource) client(directory string) *acme.Client {
	dialer := &net.Dialer{Timeout: 30 * time.Second}
	transport := &http.Transport{
		Proxy:               http.ProxyFromEnvironment,
		ForceAttemptHTTP2:   true,
		TLSHandshakeTimeout: 30 * time.Second,
		IdleConnTimeout:     30 * time.Second,
		DialContext: func(ctx context.Context, network, addr string) (net.Conn, error) {
			ctx, cancel := context.WithCancel(ctx)
			defer cancel()
			defer context.AfterFunc(s.life, cancel)()
			c, err := dialer.DialContext(ctx, network, addr)
			if err != nil {
				return nil, err
			}
			lc := &lifeConn{Conn: c}
			lc.stop = context.AfterFunc(s.life, func() { _ = c.Close() })
			return lc, nil
		},
	}
	return &acme.Client{
		DirectoryURL: directory,
		UserAgent:    "beckon",
		HTTPClient:   &http.Client{Transport: transport, Timeout: time.Minute},
		RetryBackoff: s.backoff,
	}
}

// lifeConn ends with the source that dialed it.
type lifeConn struct {
	net.Conn
	stop func() bool
}

func (c *lifeConn) Close() error {
	c.stop()
	return c.Conn.Close()
}

// backoff is how long to wait before try n+1 of a request; 0 gives up. A CA that asks us to slow down is left alone, for obtain
// makes a longer pause than would fit here.
func (s *acmeSource) backoff(n int, _ *http.Request, res *http.Response) time.Duration {
	if s.life.Err() != nil || n > 5 || res.StatusCode == http.StatusTooManyRequests {
		return 0
	}
	return min(time.Second<<(n-1), 10*time.Second)
}

// checkDomains returns them as TLS spells them.
func checkDomains(domains []string) ([]string, error) {
	if len(domains) == 0 {
		return nil, fmt.Errorf("edge: domains: there are none: name those that clients use, like beckon.example.org")
	}
	checked := make([]string, 0, len(domains))
	for _, d := range domains {
		ascii, err := idna.Lookup.ToASCII(strings.TrimSuffix(d, "."))
		_, notIP := netip.ParseAddr(d)
		switch {
		case notIP == nil:
			return nil, fmt.Errorf("edge: domain %q: it is an address: certificates are for names, like beckon.example.org", d)
		case strings.HasPrefix(d, "*."):
			return nil, fmt.Errorf("edge: domain %q: a certificate for all names below cannot be had this way: name each", d)
		case err != nil:
			return nil, fmt.Errorf("edge: domain %q: it is no name of a host, like beckon.example.org: %w", d, err)
		case !strings.Contains(ascii, "."):
			return nil, fmt.Errorf("edge: domain %q: a public name has a dot, like beckon.example.org", d)
		}
		if !slices.Contains(checked, ascii) {
			checked = append(checked, ascii)
		}
	}
	return checked, nil
}

// checkDirectory returns the URL of the CA. What is asked of it decides who can pretend to be us, so it has to be secure.
func checkDirectory(directory string) (string, error) {
	directory = cmp.Or(directory, acme.LetsEncryptURL)
	u, err := url.Parse(directory)
	if err != nil {
		return "", fmt.Errorf("edge: directory %q: %w", directory, err)
	}
	addr, _ := netip.ParseAddr(u.Hostname())
	local := addr.IsLoopback() || u.Hostname() == "localhost"
	if u.Host == "" || u.Scheme != "https" && !(u.Scheme == "http" && local) {
		return "", fmt.Errorf("edge: directory %q: a URL with https is needed, or with http on this machine, like %s", directory, acme.LetsEncryptURL)
	}
	return directory, nil
}

// makeCache makes the directory and makes sure that it can be written to: a certificate that cannot be kept is got anew at
// every start, and the CA's limits end that after a few.
func makeCache(dir string, log zerolog.Logger) error {
	if dir == "" {
		return fmt.Errorf("edge: cache: no directory is named to keep certificates in")
	}
	err := os.MkdirAll(dir, 0o700)
	if err != nil {
		return fmt.Errorf("edge: cache: %w", err)
	}
	probe, err := os.CreateTemp(dir, "probe")
	if err != nil {
		return fmt.Errorf("edge: cache: it must be writable: %w", err)
	}
	_ = probe.Close()
	_ = os.Remove(probe.Name())
	if info, err := os.Stat(dir); err == nil && info.Mode().Perm()&0o077 != 0 {
		log.Warn().Str("dir", dir).Stringer("mode", info.Mode()).Msg("others may look into the cache of keys: chmod 700 it")
	}
	return nil
}
