package edge

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"io"
	"log"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// long ago: before the year in which fake time begins.
var long = time.Date(1990, time.January, 1, 0, 0, 0, 0, time.UTC)

// authority is a certificate authority of a test.
type authority struct {
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
}

func newAuthority(t testing.TB) *authority {
	t.Helper()
	a := &authority{key: newKey(t)}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "a test's authority"},
		NotBefore: long, NotAfter: long.AddDate(1000, 0, 0),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, a.key.Public(), a.key)
	if err != nil {
		t.Fatal(err)
	}
	if a.cert, err = x509.ParseCertificate(der); err != nil {
		t.Fatal(err)
	}
	return a
}

func newKey(t testing.TB) *ecdsa.PrivateKey {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// sign makes a certificate for a key. It ends serial hours from now.
func (a *authority) sign(t testing.TB, public any, from time.Time, serial int64, names ...string) []byte {
	t.Helper()
	der, err := x509.CreateCertificate(rand.Reader, &x509.Certificate{
		SerialNumber: big.NewInt(serial), DNSNames: names, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		NotBefore: from, NotAfter: time.Now().Add(time.Duration(serial) * time.Hour).Truncate(time.Second),
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}, a.cert, public, a.key)
	if err != nil {
		t.Fatal(err)
	}
	return der
}

// pair makes a certificate, which expires serial hours from now, and its key, as PEM.
func (a *authority) pair(t testing.TB, serial int64) (cert, key []byte) {
	t.Helper()
	private := newKey(t)
	der, err := x509.MarshalECPrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	cert = pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: a.sign(t, private.Public(), long, serial, "edge.test")})
	return cert, pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: der})
}

// server is a configuration with a fresh certificate.
func (a *authority) server(t testing.TB) *tls.Config {
	t.Helper()
	cert, key := a.pair(t, 1)
	pair, err := tls.X509KeyPair(cert, key)
	if err != nil {
		t.Fatal(err)
	}
	return &tls.Config{Certificates: []tls.Certificate{pair}}
}

// client trusts the authority.
func (a *authority) client(protocols ...string) *tls.Config {
	pool := x509.NewCertPool()
	pool.AddCert(a.cert)
	return &tls.Config{RootCAs: pool, ServerName: "edge.test", NextProtos: protocols}
}

// write puts a pair into files.
func write(t testing.TB, dir string, cert, key []byte) (certFile, keyFile string) {
	t.Helper()
	certFile, keyFile = filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	for file, content := range map[string][]byte{certFile: cert, keyFile: key} {
		if err := os.WriteFile(file, content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return certFile, keyFile
}

// port is an Edge on loopback whose HTTP is served by handler and whose TURN by turn, and which is closed by the test's end.
func port(t testing.TB, cfg Config, handler http.Handler, turn func(net.Conn)) *Edge {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	e := New(ln, cfg)
	server := &http.Server{Handler: handler, ErrorLog: log.New(io.Discard, "", 0)}
	served := make(chan struct{}, 2)
	go func() {
		_ = server.Serve(e.HTTP())
		served <- struct{}{}
	}()
	go func() {
		for {
			c, err := e.TURN().Accept()
			if err != nil {
				break
			}
			turn(c)
		}
		served <- struct{}{}
	}()
	t.Cleanup(func() {
		_ = e.Close()
		_ = server.Close()
		<-served
		<-served
	})
	return e
}

// echo sends back what comes, and closes.
func echo(c net.Conn) {
	_, _ = io.Copy(c, c)
	_ = c.Close()
}

// said answers what a request is.
func said(w http.ResponseWriter, r *http.Request) {
	secure := "plain"
	if r.TLS != nil {
		secure = "secure " + r.TLS.NegotiatedProtocol
	}
	body, _ := io.ReadAll(r.Body)
	_, _ = io.WriteString(w, r.Proto+" "+secure+" "+r.RemoteAddr+" "+string(body))
}

// binding is a STUN request.
var binding = []byte("\x00\x01\x00\x00\x21\x12\xA4\x42abcdefghijkl")

// dial connects to an Edge.
func dial(t testing.TB, e *Edge) net.Conn {
	t.Helper()
	c, err := net.Dial("tcp", e.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	_ = c.SetDeadline(time.Now().Add(20 * time.Second))
	return c
}

// ends reads until the other side closes, and returns what it said.
func ends(t testing.TB, c net.Conn) string {
	t.Helper()
	b, err := io.ReadAll(c)
	if ne, ok := err.(net.Error); ok && ne.Timeout() {
		t.Fatalf("the connection lives on; it said %q", b)
	}
	return string(b)
}
