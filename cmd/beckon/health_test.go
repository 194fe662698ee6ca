package main

import (
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

func TestHealth(t *testing.T) {
	t.Parallel()
	s := start(t, false, "serve", "--dev", "--listen", "127.0.0.1:0", "--no-turn", "--admin", "127.0.0.1:0")
	got := runHealth(t, s.logged(t, "admin listening", "addr"))
	if got.code != exitOK || got.stdout != "{\"ready\":true}\n" {
		t.Errorf("in service: %+v", got)
	}

	ending := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		answer(w, http.StatusServiceUnavailable, map[string]any{"ready": false, "reason": "draining"})
	}))
	defer ending.Close()
	if got := runHealth(t, ending.Listener.Addr().String()); got.code != exitFailure || !strings.Contains(got.stderr, "draining") {
		t.Errorf("ending: %+v", got)
	}

	hangingUp := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }))
	defer hangingUp.Close()
	if got := runHealth(t, hangingUp.Listener.Addr().String()); got.code != exitFailure || !strings.Contains(got.stderr, "is `beckon serve` running") {
		t.Errorf("somebody else: %+v", got)
	}
	if got := runHealth(t, "none"); got.code != exitUsage {
		t.Errorf("none: %+v", got)
	}
}

// That there is no certificate yet, because the authority does not answer, is said; with one nothing is.
func TestHealthOfTheCertificate(t *testing.T) {
	t.Parallel()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	nobody := ln.Addr().String()
	ln.Close()
	serve := []string{"serve", "--dev", "--listen", "127.0.0.1:0", "--no-turn", "--admin", "127.0.0.1:0", "--grace", "0s"}
	for says, flags := range map[string][]string{
		`"certificate":"none yet`: {"--acme", "beckon.example.org", "--acme-cache", t.TempDir(), "--acme-directory", "https://" + nobody},
		"{\"ready\":true}\n":      certificate(t),
	} {
		s := start(t, false, append(serve[:len(serve):len(serve)], flags...)...)
		got := runHealth(t, s.logged(t, "admin listening", "addr"))
		if got.code != exitOK || !strings.Contains(got.stdout, says) {
			t.Errorf("%q: %+v, want %s", flags, got, says)
		}
	}
}

func runHealth(t *testing.T, admin string) ran {
	t.Helper()
	var stdout, stderr strings.Builder
	code := run(t.Context(), []string{"health", "--admin", admin}, &stdout, &stderr, nil)
	return ran{code, stdout.String(), stderr.String()}
}
