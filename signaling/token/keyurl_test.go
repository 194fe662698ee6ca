package token

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// publisher is an identity provider in memory: what a KeyURL's requests meet.
type publisher struct {
	mu     sync.Mutex
	answer func(*http.Request) (status int, body string, err error) // guarded by mu
	asked  []time.Time                                              // guarded by mu
}

func (p *publisher) RoundTrip(r *http.Request) (*http.Response, error) {
	p.mu.Lock()
	p.asked = append(p.asked, time.Now())
	answer := p.answer
	p.mu.Unlock()
	status, body, err := answer(r)
	if err != nil {
		return nil, err
	}
	return &http.Response{StatusCode: status, Body: io.NopCloser(strings.NewReader(body)), Header: http.Header{}, Request: r}, nil
}

func (p *publisher) set(answer func(*http.Request) (int, string, error)) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.answer = answer
}

// publish makes it answer with the public halves of these keys.
func (p *publisher) publish(t *testing.T, keys ...Key) {
	body := string(newSet(t, keys...).Public())
	p.set(func(*http.Request) (int, string, error) { return http.StatusOK, body, nil })
}

func (p *publisher) fail() {
	p.set(func(*http.Request) (int, string, error) { return 0, "", errors.New("connection refused") })
}

func (p *publisher) count() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.asked)
}

// fetched makes a KeyURL that asks the publisher.
func fetched(t *testing.T, p *publisher) *KeyURL {
	t.Helper()
	k, err := NewKeyURL(KeyURLConfig{URL: "https://id.example.org/keys?tenant=7", Transport: p})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { k.Close() })
	return k
}

// finds tells whether the key is there.
func finds(t *testing.T, k *KeyURL, id string, code Code) {
	t.Helper()
	got, err := k.Key(t.Context(), id)
	switch {
	case code != "":
		refusal(t, err, code)
		if undecided := errors.Is(err, context.DeadlineExceeded); undecided != (code == Unavailable) {
			t.Errorf("undecided: %v, of %v", undecided, err)
		}
	case err != nil || got.ID() != id || got.CanSign():
		t.Errorf("key %s: %v, %v", id, got, err)
	}
}

// The life of a published set: first use, rotation, withdrawal, failure.
func TestKeyURL(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		one, two := newKey(t, EdDSA, "1"), newKey(t, ES256, "2")
		p := &publisher{}
		p.publish(t, one)
		k := fetched(t, p)
		if p.count() != 0 {
			t.Error("asked before anybody wanted a key")
		}
		finds(t, k, "1", "")
		finds(t, k, "1", "")
		if p.count() != 1 {
			t.Errorf("%d fetches for one key", p.count())
		}

		// A new key is found at once, if the last fetch is long enough ago.
		p.publish(t, one, two)
		finds(t, k, "2", UnknownKey)
		time.Sleep(10 * time.Second)
		finds(t, k, "2", "")
		if p.count() != 2 {
			t.Errorf("%d fetches, want 2", p.count())
		}

		// A withdrawn key counts until the set is fetched again, which somebody's use of it causes.
		p.publish(t, two)
		time.Sleep(5*time.Minute - time.Second)
		finds(t, k, "1", "")
		synctest.Wait()
		finds(t, k, "1", "")
		time.Sleep(time.Second)
		finds(t, k, "1", "") // causes the fetch, and does not wait for it
		synctest.Wait()
		finds(t, k, "1", UnknownKey)
		if p.count() != 3 {
			t.Errorf("%d fetches, want 3", p.count())
		}

		// While the fetch fails, what is known counts for an hour, and what is not is undecided.
		p.fail()
		time.Sleep(time.Hour - time.Second)
		finds(t, k, "2", "")
		finds(t, k, "3", Unavailable)
		time.Sleep(time.Second)
		finds(t, k, "2", Unavailable)
		time.Sleep(10 * time.Second)
		finds(t, k, "2", Unavailable)
		p.publish(t, two)
		finds(t, k, "2", Unavailable) // not before the interval has passed
		time.Sleep(10 * time.Second)
		finds(t, k, "2", "")
		finds(t, k, "3", UnknownKey)

		k.Close()
		k.Close()
		finds(t, k, "2", Unavailable)
	})
}

// A thousand tokens with made-up keys are one request every ten seconds.
func TestKeyURLIsNoAmplifier(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := &publisher{}
		p.publish(t, newKey(t, EdDSA, "1"))
		k := fetched(t, p)
		ask := func() {
			var all sync.WaitGroup
			for i := range 100 {
				all.Go(func() { finds(t, k, fmt.Sprint("made up ", i), UnknownKey) })
			}
			all.Wait()
		}
		for range 30 {
			ask()
			time.Sleep(time.Second)
		}
		p.fail()
		time.Sleep(10 * time.Second)
		for range 30 {
			_, _ = k.Key(t.Context(), "made up")
			time.Sleep(time.Second)
		}
		if p.count() != 6 {
			t.Errorf("%d fetches in 70 s, want 6", p.count())
		}
		for i, at := range p.asked[1:] {
			if at.Sub(p.asked[i]) < 10*time.Second {
				t.Errorf("fetches at %v and %v", p.asked[i], at)
			}
		}
	})
}

// A publisher that hangs holds nobody up whose key is known, and the others until their context ends or the timeout.
func TestKeyURLHangs(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		one := newKey(t, EdDSA, "1")
		p := &publisher{}
		p.publish(t, one)
		k := fetched(t, p)
		finds(t, k, "1", "")
		p.set(func(r *http.Request) (int, string, error) {
			<-r.Context().Done()
			return 0, "", r.Context().Err()
		})
		time.Sleep(5 * time.Minute)
		start := time.Now()
		finds(t, k, "1", "")
		if time.Since(start) != 0 {
			t.Error("waited for a key that is known")
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		_, err := k.Key(ctx, "2")
		refusal(t, err, Unavailable)
		if time.Since(start) != time.Second {
			t.Errorf("waited for %v", time.Since(start))
		}
		finds(t, k, "2", Unavailable)
		if time.Since(start) != 5*time.Second {
			t.Errorf("the fetch ended after %v", time.Since(start))
		}
		// Close ends a fetch.
		time.Sleep(10 * time.Second)
		finds(t, k, "1", "")
		start = time.Now()
		k.Close()
		if time.Since(start) != 0 {
			t.Error("Close waited for the timeout")
		}
	})
}

// There is one fetch at a time, however long it takes.
func TestKeyURLOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := &publisher{}
		p.set(func(r *http.Request) (int, string, error) {
			<-r.Context().Done()
			return 0, "", r.Context().Err()
		})
		k, err := NewKeyURL(KeyURLConfig{URL: "https://id.example.org/", Transport: p, Timeout: time.Minute, Interval: time.Second})
		if err != nil {
			t.Fatal(err)
		}
		defer k.Close()
		var all sync.WaitGroup
		for range 50 {
			all.Go(func() { _, _ = k.Key(t.Context(), "1") })
			time.Sleep(time.Second)
		}
		if p.count() != 1 {
			t.Errorf("%d fetches at once", p.count())
		}
		all.Wait()
	})
}

// What is published must be keys, and no secrets.
func TestKeyURLAnswers(t *testing.T) {
	t.Parallel()
	good, secret := newKey(t, EdDSA, "good"), newKey(t, HS256, "secret")
	public := strings.TrimSpace(string(newSet(t, good).Public()))
	with := func(key string) string { return strings.TrimSuffix(public, "\n  ]\n}") + "," + key + "]}" }
	for name, c := range map[string]struct {
		status int
		body   string
		says   string // "" if the good key is found
	}{
		"the key":              {200, public, ""},
		"beside RSA":           {200, with(`{"kid":"r","kty":"RSA","n":"` + strings.Repeat("AQAB", 90) + `","e":"AQAB"}`), ""},
		"beside P-384":         {200, with(`{"kid":"r","kty":"EC","crv":"P-384","x":"AAAA","y":"AAAA"}`), ""},
		"beside unknown":       {200, with(`{"kid":"r","kty":"AKP2"}`), ""},
		"beside one unnamed":   {200, with(`{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}`), ""},
		"symmetric":            {200, string(newSet(t, good, secret).Private()), "is private"},
		"symmetric alone":      {200, string(newSet(t, secret).Private()), "is symmetric"},
		"symmetric beside":     {200, with(`{"kid":"s","kty":"oct","k":"` + strings.Repeat("AAAA", 12) + `"}`), "is symmetric"},
		"the same name twice":  {200, with(`{"kid":"good","kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}`), "two keys"},
		"no content":           {204, "", "the answer is 204"},
		"not found":            {404, public, "the answer is 404"},
		"failure":              {500, public, "the answer is 500"},
		"a page":               {200, "<html>", "not JSON"},
		"endless":              {200, strings.Repeat(" ", MaxKeySet) + public, "longer than"},
		"no keys that we know": {200, `{"keys":[]}`, "no EdDSA or ES256 key"},
	} {
		p := &publisher{}
		p.set(func(*http.Request) (int, string, error) { return c.status, c.body, nil })
		k := fetched(t, p)
		got, err := k.Key(t.Context(), "good")
		if c.says == "" {
			if err != nil || got.ID() != "good" {
				t.Errorf("%s: %v", name, err)
			}
			continue
		}
		refusal(t, err, Unavailable)
		if err == nil || !strings.Contains(err.Error(), c.says) || !strings.Contains(err.Error(), "https://id.example.org/keys") ||
			strings.Contains(err.Error(), "tenant") {
			t.Errorf("%s: %v, want %q and where, without the query", name, err, c.says)
		}
	}
}

// Real requests, on loopback: a redirect stays where the operator has pointed.
func TestKeyURLRedirects(t *testing.T) {
	t.Parallel()
	public := newSet(t, newKey(t, EdDSA, "1")).Public()
	serve := func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(public) }
	elsewhere := httptest.NewServer(http.HandlerFunc(serve))
	defer elsewhere.Close()
	mux := http.NewServeMux()
	mux.HandleFunc("/keys", serve)
	mux.Handle("/moved", http.RedirectHandler("/keys", http.StatusFound))
	mux.Handle("/away", http.RedirectHandler(elsewhere.URL+"/keys", http.StatusFound))
	mux.Handle("/round", http.RedirectHandler("/round", http.StatusFound))
	server := httptest.NewServer(mux)
	defer server.Close()
	for path, says := range map[string]string{
		"/keys": "", "/moved": "", "/away": "redirects to another host", "/round": "redirects more than", "/none": "404",
	} {
		k, err := NewKeyURL(KeyURLConfig{URL: server.URL + path})
		if err != nil {
			t.Fatal(err)
		}
		defer k.Close()
		_, err = k.Key(t.Context(), "1")
		if says == "" && err != nil || says != "" && (err == nil || !strings.Contains(err.Error(), says)) {
			t.Errorf("%s: %v, want %q", path, err, says)
		}
	}
}

func TestParseURL(t *testing.T) {
	t.Parallel()
	for text, ok := range map[string]bool{
		"https://id.example.org/keys.json?a=b": true, "http://127.0.0.1:1/x": true, "http://[::1]/x": true, "http://localhost/x": true,
		"http://id.example.org/": false, "http://127.0.0.1.example.org/": false, "http://10.0.0.1/": false, "": false, "keys.json": false,
		"file:///etc/keys": false, "https:///keys": false, "https://user:secret@id.example.org/": false, "https://a.example/#x": false,
		"ftp://a.example/": false, "https:opaque": false, "://": false,
	} {
		_, err := ParseURL(text)
		if (err == nil) != ok {
			t.Errorf("%q: %v", text, err)
		}
		if err != nil && strings.Contains(err.Error(), "secret") {
			t.Errorf("%v tells the password", err)
		}
	}
}
