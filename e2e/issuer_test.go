//go:build unix

package e2e

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// trusted is the one authority that the Go programs of the tests trust, this one and those that it starts: crypto/x509 reads who
// is trusted once in a process. Labs have others, which their programs trust by configuration or environment.
var trusted issuer

// issuer makes certificates.
type issuer struct {
	dir  string // of the file
	file string // with its own certificate, in PEM
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
}

// found makes the authority, with its certificate in the folder.
func (a *issuer) found(dir string) error {
	var err error
	if a.key, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader); err != nil {
		return err
	}
	a.cert = &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "Beckon's tests"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(48 * time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, a.cert, a.cert, a.key.Public(), a.key)
	if err != nil {
		return err
	}
	a.dir, a.file = dir, filepath.Join(dir, "authority.pem")
	return writePEM(a.file, "CERTIFICATE", der)
}

// trust founds the authority, and has the environment say that it is trusted. Its end is dismiss.
func (a *issuer) trust() error {
	dir, err := os.MkdirTemp("", "beckon-ca")
	if err != nil {
		return err
	}
	return errors.Join(a.found(dir), os.Setenv("SSL_CERT_FILE", a.file), os.Setenv("SSL_CERT_DIR", dir))
}

func (a *issuer) dismiss() { _ = os.RemoveAll(a.dir) }

// certify makes a certificate for addresses and names, and its key, as files of the test.
func (a *issuer) certify(t testing.TB, hosts ...string) (cert, key string) {
	t.Helper()
	signer, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(2),
		NotBefore:    time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour),
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	for _, host := range hosts {
		if ip := net.ParseIP(host); ip != nil {
			template.IPAddresses = append(template.IPAddresses, ip)
		} else {
			template.DNSNames = append(template.DNSNames, host)
		}
	}
	der, err := x509.CreateCertificate(rand.Reader, template, a.cert, signer.Public(), a.key)
	if err != nil {
		t.Fatal(err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(signer)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	cert, key = filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	if err := errors.Join(writePEM(cert, "CERTIFICATE", der), writePEM(key, "PRIVATE KEY", private)); err != nil {
		t.Fatal(err)
	}
	return cert, key
}

func writePEM(path, kind string, der []byte) error {
	return os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), 0o600)
}
