package main

import (
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

func runHealth(t *testing.T, admin string) ran {
	t.Helper()
	var stdout, stderr strings.Builder
	code := run(t.Context(), []string{"health", "--admin", admin}, &stdout, &stderr, nil)
	return ran{code, stdout.String(), stderr.String()}
}
