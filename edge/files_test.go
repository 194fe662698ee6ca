package edge

import (
	"bytes"
	"crypto/tls"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rs/zerolog"
)

// shown is the serial number of the certificate that is shown now.
func shown(t *testing.T, c *Certificates) int64 {
	t.Helper()
	cert, err := c.TLS().GetCertificate(&tls.ClientHelloInfo{})
	if err != nil {
		t.Fatal(err)
	}
	return cert.Leaf.SerialNumber.Int64()
}

func TestFiles(t *testing.T) {
	t.Parallel()
	a := newAuthority(t)
	dir := t.TempDir()
	cert1, key1 := a.pair(t, 1)
	cert2, key2 := a.pair(t, 2)
	certFile, keyFile := write(t, dir, cert1, key1)
	var log bytes.Buffer
	errorsLogged := func() int { return strings.Count(log.String(), `"level":"error"`) }
	synctest.Test(t, func(t *testing.T) {
		c, err := Files(certFile, keyFile, zerolog.New(&log))
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		later := func(want int64, logged int) {
			t.Helper()
			time.Sleep(recheck)
			if got := shown(t, c); got != want || errorsLogged() != logged {
				t.Errorf("certificate %d is shown, not %d; %d errors logged, not %d:\n%s", got, want, errorsLogged(), logged, &log)
			}
		}
		later(1, 0)
		// The pair is replaced one file after the other.
		write(t, dir, cert2, key1)
		later(1, 0)
		write(t, dir, cert2, key2)
		if got := shown(t, c); got != 1 {
			t.Error("the files are looked at more often than once in a second")
		}
		later(2, 0)
		if err := c.Prepare(t.Context()); err != nil {
			t.Error(err)
		}
		// What stays broken is said once.
		for _, broken := range []func(){
			func() { write(t, dir, cert1, key2) },
			func() { write(t, dir, cert1[:len(cert1)/2], key1) },
			func() { write(t, dir, nil, nil) },
			func() { _ = os.Remove(keyFile) },
			func() { _ = os.Remove(certFile); _ = os.Mkdir(certFile, 0o700) },
		} {
			logged := errorsLogged()
			broken()
			later(2, logged)
			for range 3 {
				later(2, logged+1)
			}
			_ = os.Remove(certFile)
			write(t, dir, cert1, key1)
			later(1, logged+1)
			write(t, dir, cert2, key2)
			later(2, logged+1)
		}
	})
	if strings.Contains(log.String(), "PRIVATE") {
		t.Error("a key is in the log")
	}
}

// TestLinks swaps symbolic links: certbot's for each file, and Kubernetes' of a directory for both at once.
func TestLinks(t *testing.T) {
	t.Parallel()
	a := newAuthority(t)
	dir := t.TempDir()
	for i, version := range []string{"one", "two"} {
		if err := os.Mkdir(filepath.Join(dir, version), 0o700); err != nil {
			t.Fatal(err)
		}
		cert, key := a.pair(t, int64(i+1))
		write(t, filepath.Join(dir, version), cert, key)
	}
	link := func(to, name string) {
		t.Helper()
		fresh := filepath.Join(dir, "fresh")
		if err := errors.Join(os.Symlink(to, fresh), os.Rename(fresh, filepath.Join(dir, name))); err != nil {
			t.Fatal(err)
		}
	}
	link("one", "..data")
	link("..data/cert.pem", "cert.pem")
	link("..data/key.pem", "key.pem")
	synctest.Test(t, func(t *testing.T) {
		c, err := Files(filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem"), zerolog.Nop())
		if err != nil {
			t.Fatal(err)
		}
		link("two", "..data")
		time.Sleep(recheck)
		if got := shown(t, c); got != 2 {
			t.Errorf("certificate %d is shown after the directory changed", got)
		}
		link("one/cert.pem", "cert.pem")
		link("one/key.pem", "key.pem")
		time.Sleep(recheck)
		if got := shown(t, c); got != 1 {
			t.Errorf("certificate %d is shown after the links changed", got)
		}
	})
}

func TestFilesRefused(t *testing.T) {
	t.Parallel()
	a := newAuthority(t)
	cert, key := a.pair(t, 1)
	_, other := a.pair(t, 2)
	certFile, keyFile := write(t, t.TempDir(), cert, key)
	_, otherFile := write(t, t.TempDir(), cert, other)
	for name, test := range map[string]struct {
		cert, key string
		is        error
	}{
		"no certificate":   {certFile + "x", keyFile, fs.ErrNotExist},
		"no key":           {certFile, keyFile + "x", fs.ErrNotExist},
		"the other way":    {keyFile, certFile, nil},
		"another one's":    {certFile, otherFile, nil},
		"both in no order": {certFile, certFile, nil},
	} {
		_, err := Files(test.cert, test.key, zerolog.Nop())
		if err == nil || test.is != nil && !errors.Is(err, test.is) || !strings.HasPrefix(err.Error(), "edge: certificate "+test.cert) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestReload has a client see it: the next handshake that is late enough shows the new certificate, and a session that began
// before is resumed.
func TestReload(t *testing.T) {
	t.Parallel()
	a := newAuthority(t)
	dir := t.TempDir()
	cert, key := a.pair(t, 1)
	certFile, keyFile := write(t, dir, cert, key)
	synctest.Test(t, func(t *testing.T) {
		c, err := Files(certFile, keyFile, zerolog.Nop())
		if err != nil {
			t.Fatal(err)
		}
		e, p := memory(t, Config{TLS: c.TLS()})
		sessions := tls.NewLRUClientSessionCache(1)
		serial := func(cache tls.ClientSessionCache) (serial int64, resumed bool) {
			t.Helper()
			cfg := a.client()
			cfg.ClientSessionCache = cache
			secured := tls.Client(p.dial(t, "192.0.2.1:1"), cfg)
			say(secured, "GET /")
			got, err := e.HTTP().Accept()
			if err != nil {
				t.Fatal(err)
			}
			// The ticket comes with the first bytes.
			say(got, "x")
			if _, err := secured.Read(make([]byte, 1)); err != nil {
				t.Fatal(err)
			}
			_ = got.(*tlsStream).NetConn().Close()
			state := secured.ConnectionState()
			return state.PeerCertificates[0].SerialNumber.Int64(), state.DidResume
		}
		if got, resumed := serial(sessions); got != 1 || resumed {
			t.Errorf("certificate %d, resumed %v", got, resumed)
		}
		cert, key := a.pair(t, 2)
		write(t, dir, cert, key)
		time.Sleep(recheck)
		if got, resumed := serial(sessions); !resumed {
			t.Errorf("certificate %d, not resumed", got)
		}
		if got, _ := serial(nil); got != 2 {
			t.Errorf("certificate %d is shown", got)
		}
		if want := time.Now().Add(time.Hour); !c.Expires().After(want) {
			t.Errorf("expires %v", c.Expires())
		}
	})
}
