package edge

import (
	"bytes"
	"context"
	"crypto"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/asn1"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
)

// acmeCA is a certificate authority that speaks as much of RFC 8555 as one domain in an order takes, checks signatures and
// nonces, and checks domains by TLS-ALPN-01 at the address that all of them have.
type acmeCA struct {
	*authority
	t       *testing.T
	server  *httptest.Server
	resolve string // where the domains are

	nonceMu sync.Mutex
	nonces  map[string]bool // whether each was not used yet; guarded by nonceMu

	mu       sync.Mutex
	broken   bool          // takes no order; guarded by mu, as all below
	held     chan struct{} // if not nil, answers no order before it is closed
	accounts map[string]*jose.JSONWebKey
	contacts []string
	orders   []*caOrder // and what is in them
}

type caOrder struct {
	domain, token string
	status        string // of the authorization, and of the order
	account       *jose.JSONWebKey
	chain         []byte
}

func newACMECA(t *testing.T) *acmeCA {
	t.Helper()
	ca := &acmeCA{authority: newAuthority(t), t: t, nonces: map[string]bool{}, accounts: map[string]*jose.JSONWebKey{}}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /directory", func(w http.ResponseWriter, _ *http.Request) {
		ca.answer(w, http.StatusOK, map[string]any{
			"newNonce": ca.url("nonce"), "newAccount": ca.url("account"), "newOrder": ca.url("order"),
			"revokeCert": ca.url("revoke"), "keyChange": ca.url("change"),
			"meta": map[string]any{"termsOfService": "https://ca.test/terms"},
		})
	})
	mux.HandleFunc("HEAD /nonce", func(w http.ResponseWriter, _ *http.Request) { ca.answer(w, http.StatusOK, nil) })
	ca.post(mux, "/account", ca.newAccount)
	ca.post(mux, "/order", ca.newOrder)
	ca.post(mux, "/order/{n}", ca.order)
	ca.post(mux, "/authorization/{n}", ca.authorization)
	ca.post(mux, "/challenge/{n}", ca.challenge)
	ca.post(mux, "/finalize/{n}", ca.finalize)
	ca.post(mux, "/certificate/{n}", ca.certificate)
	ca.server = httptest.NewServer(mux)
	t.Cleanup(ca.server.Close)
	return ca
}

func (ca *acmeCA) url(path ...string) string { return ca.server.URL + "/" + strings.Join(path, "/") }

func (ca *acmeCA) answer(w http.ResponseWriter, status int, body any) {
	ca.nonceMu.Lock()
	nonce := fmt.Sprintf("nonce%d", len(ca.nonces))
	ca.nonces[nonce] = true
	ca.nonceMu.Unlock()
	w.Header().Set("Replay-Nonce", nonce)
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	if body != nil {
		_ = json.NewEncoder(w).Encode(body)
	}
}

func (ca *acmeCA) problem(w http.ResponseWriter, status int, kind string) {
	w.Header().Set("Content-Type", "application/problem+json")
	ca.answer(w, status, map[string]any{"type": "urn:ietf:params:acme:error:" + kind, "status": status, "detail": kind})
}

// asked is a request whose signature was right.
type asked struct {
	account *jose.JSONWebKey
	payload []byte
	order   *caOrder // that the path names; then ca.mu is held
	n       string
}

// post serves what is posted as section 6.2 says: a JWS over its own URL and a fresh nonce, by a known account, or by the key
// that becomes one.
func (ca *acmeCA) post(mux *http.ServeMux, path string, serve func(http.ResponseWriter, *asked)) {
	mux.HandleFunc("POST "+path, func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return
		}
		signed, err := jose.ParseSignedJSON(string(body), []jose.SignatureAlgorithm{jose.ES256})
		if err != nil {
			ca.problem(w, http.StatusBadRequest, "malformed")
			return
		}
		protected := signed.Signatures[0].Protected
		ca.nonceMu.Lock()
		fresh := ca.nonces[protected.Nonce]
		ca.nonces[protected.Nonce] = false
		ca.nonceMu.Unlock()
		ca.mu.Lock()
		key := ca.accounts[protected.KeyID]
		ca.mu.Unlock()
		if path == "/account" {
			key = protected.JSONWebKey
		}
		if key == nil || protected.ExtraHeaders["url"] != ca.server.URL+r.URL.Path {
			ca.problem(w, http.StatusUnauthorized, "unauthorized")
			return
		}
		if !fresh {
			ca.problem(w, http.StatusBadRequest, "badNonce")
			return
		}
		a := &asked{account: key, n: r.PathValue("n")}
		if a.payload, err = signed.Verify(key); err != nil {
			ca.problem(w, http.StatusUnauthorized, "unauthorized")
			return
		}
		if a.n != "" {
			ca.mu.Lock()
			defer ca.mu.Unlock()
			i, err := strconv.Atoi(a.n)
			if err != nil || i >= len(ca.orders) {
				ca.t.Errorf("asks for %s", r.URL.Path)
				return
			}
			a.order = ca.orders[i]
		}
		serve(w, a)
	})
}

func (ca *acmeCA) newAccount(w http.ResponseWriter, a *asked) {
	var account struct {
		Contact []string
		Agreed  bool `json:"termsOfServiceAgreed"`
	}
	if err := json.Unmarshal(a.payload, &account); err != nil || !account.Agreed {
		ca.t.Errorf("an account that does not agree: %s", a.payload)
	}
	ca.mu.Lock()
	id := ca.url("account", strconv.Itoa(len(ca.accounts)))
	ca.accounts[id] = a.account
	ca.contacts = append(ca.contacts, account.Contact...)
	ca.mu.Unlock()
	w.Header().Set("Location", id)
	ca.answer(w, http.StatusCreated, map[string]any{"status": "valid"})
}

func (ca *acmeCA) newOrder(w http.ResponseWriter, a *asked) {
	var order struct {
		Identifiers []struct{ Type, Value string }
	}
	if err := json.Unmarshal(a.payload, &order); err != nil || len(order.Identifiers) != 1 {
		ca.t.Errorf("an order of %s", a.payload)
		return
	}
	ca.mu.Lock()
	held, broken := ca.held, ca.broken
	n := strconv.Itoa(len(ca.orders))
	o := &caOrder{domain: order.Identifiers[0].Value, token: "token" + n, status: "pending", account: a.account}
	ca.orders = append(ca.orders, o)
	ca.mu.Unlock()
	if held != nil {
		<-held
	}
	if broken {
		ca.problem(w, http.StatusForbidden, "rejectedIdentifier")
		return
	}
	w.Header().Set("Location", ca.url("order", n))
	ca.answer(w, http.StatusCreated, ca.sayOrder(o, n))
}

func (ca *acmeCA) sayOrder(o *caOrder, n string) map[string]any {
	status := map[string]string{"pending": "pending", "valid": "ready", "issued": "valid"}[o.status]
	return map[string]any{
		"status": status, "authorizations": []string{ca.url("authorization", n)},
		"identifiers": []any{map[string]string{"type": "dns", "value": o.domain}},
		"finalize":    ca.url("finalize", n), "certificate": ca.url("certificate", n),
	}
}

func (ca *acmeCA) order(w http.ResponseWriter, a *asked) {
	ca.answer(w, http.StatusOK, ca.sayOrder(a.order, a.n))
}

func (ca *acmeCA) authorization(w http.ResponseWriter, a *asked) {
	status := a.order.status
	if status == "issued" {
		status = "valid"
	}
	ca.answer(w, http.StatusOK, map[string]any{
		"status": status, "identifier": map[string]string{"type": "dns", "value": a.order.domain},
		"challenges": []any{
			map[string]string{"type": "http-01", "url": ca.url("nowhere"), "token": a.order.token, "status": "pending"},
			ca.sayChallenge(a),
		},
	})
}

func (ca *acmeCA) sayChallenge(a *asked) map[string]string {
	return map[string]string{"type": "tls-alpn-01", "url": ca.url("challenge", a.n), "token": a.order.token, "status": a.order.status}
}

func (ca *acmeCA) challenge(w http.ResponseWriter, a *asked) {
	if err := ca.check(a.order); err != nil {
		ca.t.Errorf("%s is not proved: %v", a.order.domain, err)
		a.order.status = "invalid"
	} else {
		a.order.status = "valid"
	}
	ca.answer(w, http.StatusOK, ca.sayChallenge(a))
}

// check does what RFC 8737 section 3 asks of a CA.
func (ca *acmeCA) check(o *caOrder) error {
	ctx, cancel := context.WithTimeout(ca.t.Context(), 10*time.Second)
	defer cancel()
	dialer := tls.Dialer{NetDialer: &net.Dialer{}, Config: &tls.Config{
		ServerName: o.domain, NextProtos: []string{"acme-tls/1"}, InsecureSkipVerify: true, // it is self-signed: what is in it counts
	}}
	c, err := dialer.DialContext(ctx, "tcp", ca.resolve)
	if err != nil {
		return err
	}
	defer c.Close()
	state := c.(*tls.Conn).ConnectionState()
	leaf := state.PeerCertificates[0]
	if state.NegotiatedProtocol != "acme-tls/1" || len(leaf.DNSNames) != 1 || leaf.DNSNames[0] != o.domain {
		return fmt.Errorf("protocol %q, names %q", state.NegotiatedProtocol, leaf.DNSNames)
	}
	print, err := o.account.Thumbprint(crypto.SHA256)
	if err != nil {
		return err
	}
	sum := sha256.Sum256([]byte(o.token + "." + base64.RawURLEncoding.EncodeToString(print)))
	want, err := asn1.Marshal(sum[:])
	if err != nil {
		return err
	}
	for _, x := range leaf.Extensions {
		if x.Id.Equal(asn1.ObjectIdentifier{1, 3, 6, 1, 5, 5, 7, 1, 31}) && x.Critical && bytes.Equal(x.Value, want) {
			return nil
		}
	}
	return errors.New("the certificate does not know the token")
}

func (ca *acmeCA) finalize(w http.ResponseWriter, a *asked) {
	var body struct{ CSR string }
	der, err := []byte(nil), json.Unmarshal(a.payload, &body)
	if err == nil {
		der, err = base64.RawURLEncoding.DecodeString(body.CSR)
	}
	if err != nil {
		ca.t.Error(err)
		return
	}
	request, err := x509.ParseCertificateRequest(der)
	if err != nil || request.CheckSignature() != nil || len(request.DNSNames) != 1 || request.DNSNames[0] != a.order.domain || a.order.status != "valid" {
		ca.problem(w, http.StatusForbidden, "badCSR")
		return
	}
	serial, _ := strconv.ParseInt(a.n, 10, 64)
	a.order.chain = pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: ca.sign(ca.t, request.PublicKey, time.Now().Add(-time.Hour), 24*90*(serial+1), a.order.domain)})
	a.order.status = "issued"
	w.Header().Set("Location", ca.url("order", a.n))
	ca.answer(w, http.StatusOK, ca.sayOrder(a.order, a.n))
}

func (ca *acmeCA) certificate(w http.ResponseWriter, a *asked) {
	w.Header().Set("Content-Type", "application/pem-certificate-chain")
	_, _ = w.Write(a.order.chain)
}
