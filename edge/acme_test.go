package edge

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"github.com/beckon-rtc/beckon/internal/testlog"
)

// certified is an Edge with certificates of a CA that finds it.
func certified(t *testing.T, ca *acmeCA, cache string, log zerolog.Logger) (*Edge, *Certificates) {
	t.Helper()
	certs, err := ACME(ACMEConfig{
		Domains: []string{"edge.test", "turn.edge.test"}, Cache: cache, Email: "operator@edge.test", Directory: ca.url("directory"), Log: log,
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = certs.Close() })
	e := port(t, Config{TLS: certs.TLS(), Log: log}, http.HandlerFunc(said), echo)
	ca.mu.Lock()
	ca.resolve = e.Addr().String()
	ca.mu.Unlock()
	return e, certs
}

// ask connects with a name, and returns how the server's certificate is called.
func ask(e *Edge, ca *acmeCA, name string) (string, error) {
	cfg := ca.client()
	if cfg.ServerName = name; name == "" {
		cfg.InsecureSkipVerify = true // nobody is named to verify
	}
	c, err := tls.Dial("tcp", e.Addr().String(), cfg)
	if err != nil {
		return "", err
	}
	defer c.Close()
	return c.ConnectionState().PeerCertificates[0].DNSNames[0], nil
}

func TestACME(t *testing.T) {
	t.Parallel()
	ca := newACMECA(t)
	cache := filepath.Join(t.TempDir(), "cache")
	e, certs := certified(t, ca, cache, zerolog.Nop())
	if !certs.Expires().IsZero() {
		t.Error("something expires before there is anything")
	}
	// A client that comes before Prepare waits for its certificate.
	if got, err := ask(e, ca, "edge.test"); got != "edge.test" || err != nil {
		t.Fatalf("%q, %v", got, err)
	}
	if err := certs.Prepare(t.Context()); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{"EDGE.test": "edge.test", "turn.edge.test": "turn.edge.test", "": "edge.test"} {
		if got, err := ask(e, ca, name); got != want || err != nil {
			t.Errorf("%q is shown the certificate of %q, %v", name, got, err)
		}
	}
	if got, err := ask(e, ca, "other.edge.test"); err == nil {
		t.Errorf("another name is shown %q", got)
	}
	for _, protocol := range []string{"HTTP/1.1", "HTTP/2.0"} {
		if got := fetch(t, ca.authority, e, protocol, nil); !strings.HasPrefix(got, protocol+" secure") {
			t.Errorf("%s: %s", protocol, got)
		}
	}
	ca.mu.Lock()
	if len(ca.orders) != 2 || len(ca.contacts) != 1 || ca.contacts[0] != "mailto:operator@edge.test" {
		t.Errorf("%d orders by %q", len(ca.orders), ca.contacts)
	}
	ca.mu.Unlock()
	// The first certificate is the one that expires first.
	if got := time.Until(certs.Expires()); got < 89*24*time.Hour || got > 90*24*time.Hour {
		t.Errorf("expires in %v", got)
	}
	// Who was refused knows it before it is counted.
	if err := e.Shutdown(t.Context()); err != nil {
		t.Error(err)
	}
	if got := e.Stats(); got.Protocols[ACMEChallenge] != 2 || got.Refused[Uncertified] != 1 {
		t.Errorf("%+v", got)
	}
	checkCache(t, cache)
	// The next process does not ask again.
	again, err := ACME(ACMEConfig{Domains: []string{"edge.test"}, Cache: cache, Directory: "http://127.0.0.1:1/"})
	if err != nil {
		t.Fatal(err)
	}
	defer again.Close()
	if err := again.Prepare(t.Context()); err != nil {
		t.Errorf("asks again: %v", err)
	}
}

// checkCache makes sure that nobody else can read the keys.
func checkCache(t *testing.T, dir string) {
	t.Helper()
	info, err := os.Stat(dir)
	if err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("the cache has mode %v, %v", info.Mode(), err)
	}
	files, err := os.ReadDir(dir)
	if err != nil || len(files) != 3 { // two certificates and the account
		t.Errorf("%d files in the cache, %v", len(files), err)
	}
	for _, f := range files {
		if info, err := f.Info(); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s has mode %v, %v", f.Name(), info.Mode(), err)
		}
	}
}

// TestACMERefuses asks a CA that does not want to, which is asked once for many clients.
func TestACMERefuses(t *testing.T) {
	t.Parallel()
	ca := newACMECA(t)
	ca.broken = true
	var log testlog.Log
	e, certs := certified(t, ca, t.TempDir(), zerolog.New(&log))
	for range 3 {
		if got, err := ask(e, ca, "edge.test"); err == nil {
			t.Errorf("shows %q", got)
		}
	}
	if err := certs.Prepare(t.Context()); err == nil || !strings.Contains(err.Error(), "edge: certificate for edge.test: ") {
		t.Errorf("%v", err)
	}
	ca.mu.Lock()
	defer ca.mu.Unlock()
	if len(ca.orders) != 1 {
		t.Errorf("%d orders", len(ca.orders))
	}
	if n := strings.Count(log.String(), `"level":"error"`); n != 1 {
		t.Errorf("%d errors are logged:\n%s", n, &log)
	}
}

// TestACMEHangs has a CA that does not answer. Nobody waits longer for it than he wants to, and Close ends it.
func TestACMEHangs(t *testing.T) {
	t.Parallel()
	ca := newACMECA(t)
	ca.held = make(chan struct{})
	defer close(ca.held)
	e, certs := certified(t, ca, t.TempDir(), zerolog.Nop())
	gone := errors.New("gone")
	ctx, cancel := context.WithCancelCause(t.Context())
	prepared := make(chan error, 1)
	go func() { prepared <- certs.Prepare(ctx) }()
	cancel(gone)
	if err := <-prepared; !errors.Is(err, gone) {
		t.Errorf("%v", err)
	}
	c := dial(t, e)
	waits := make(chan error, 1)
	go func() { waits <- tls.Client(c, ca.client()).Handshake() }()
	// Its own server is not held up by it: a challenge is still answered, if with a refusal.
	if _, err := tls.Dial("tcp", e.Addr().String(), &tls.Config{ServerName: "turn.edge.test", NextProtos: []string{"acme-tls/1"}, InsecureSkipVerify: true}); err == nil {
		t.Error("there is a certificate for a challenge that nobody made")
	}
	_ = certs.Close()
	if err := <-waits; err == nil {
		t.Error("a handshake without a certificate")
	}
	if err := certs.Prepare(t.Context()); !errors.Is(err, ErrClosed) {
		t.Errorf("after Close: %v", err)
	}
}

// TestHandshakeEndsForACME does not wait for a CA longer than a handshake may take.
func TestHandshakeEndsForACME(t *testing.T) {
	t.Parallel()
	ca := newACMECA(t)
	ca.held = make(chan struct{})
	defer close(ca.held)
	certs, err := ACME(ACMEConfig{Domains: []string{"edge.test"}, Cache: t.TempDir(), Directory: ca.url("directory")})
	if err != nil {
		t.Fatal(err)
	}
	defer certs.Close()
	e := port(t, Config{TLS: certs.TLS(), Limits: Limits{Handshake: 50 * time.Millisecond}}, http.HandlerFunc(said), echo)
	c := dial(t, e)
	if err := tls.Client(c, ca.client()).Handshake(); err == nil {
		t.Error("a handshake without a certificate")
	}
	_, _ = io.Copy(io.Discard, c)
	_ = e.Shutdown(t.Context())
	if got := e.Stats().Refused; got[Uncertified]+got[HandshakeLate] != 1 {
		t.Errorf("%v", got)
	}
}

func TestACMEConfig(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	file := filepath.Join(dir, "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	good := []string{"beckon.example.org"}
	for _, test := range []struct {
		cfg  ACMEConfig
		says string
	}{
		{ACMEConfig{Cache: dir}, "there are none"},
		{ACMEConfig{Domains: []string{"198.51.100.1"}, Cache: dir}, "it is an address"},
		{ACMEConfig{Domains: []string{"2001:db8::1"}, Cache: dir}, "it is an address"},
		{ACMEConfig{Domains: []string{"*.example.org"}, Cache: dir}, "name each"},
		{ACMEConfig{Domains: []string{"localhost"}, Cache: dir}, "has a dot"},
		{ACMEConfig{Domains: []string{"https://example.org"}, Cache: dir}, "no name of a host"},
		{ACMEConfig{Domains: []string{"example.org:443"}, Cache: dir}, "no name of a host"},
		{ACMEConfig{Domains: []string{""}, Cache: dir}, "has a dot"},
		{ACMEConfig{Domains: good}, "no directory"},
		{ACMEConfig{Domains: good, Cache: file}, "cache"},
		{ACMEConfig{Domains: good, Cache: dir, Directory: "http://ca.example.org/"}, "https is needed"},
		{ACMEConfig{Domains: good, Cache: dir, Directory: "ca.example.org"}, "https is needed"},
		{ACMEConfig{Domains: good, Cache: dir, Directory: "https://\x00"}, "directory"},
	} {
		if c, err := ACME(test.cfg); err == nil || !strings.HasPrefix(err.Error(), "edge: ") || !strings.Contains(err.Error(), test.says) {
			t.Errorf("%+v: %v, %v", test.cfg, c, err)
		}
	}
	domains, err := checkDomains([]string{"Beckon.Example.org.", "bücher.example.org", "beckon.example.org"})
	if err != nil || strings.Join(domains, " ") != "beckon.example.org xn--bcher-kva.example.org" {
		t.Errorf("%q, %v", domains, err)
	}
	var log testlog.Log
	open := filepath.Join(dir, "open")
	if err := os.Mkdir(open, 0o755); err != nil {
		t.Fatal(err)
	}
	c, err := ACME(ACMEConfig{Domains: good, Cache: open, Log: zerolog.New(&log)})
	if err != nil {
		t.Fatal(err)
	}
	_ = c.Close()
	if !strings.Contains(log.String(), "chmod 700") {
		t.Error("nobody is told that others may read the cache")
	}
}
