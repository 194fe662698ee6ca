package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"time"

	"github.com/rs/zerolog"
	"golang.org/x/net/netutil"
)

// admin is the operator's listener: metrics, health, and taking people out. It asks nobody who he is; what protects it is where
// it listens.
type admin struct {
	name     string // by which it may be asked for, besides addresses and localhost
	listener net.Listener
	http     *http.Server
	served   chan struct{} // closed when http has ended
	log      zerolog.Logger
}

// adminConns is how many connections it takes at a time. The next ones wait.
const adminConns = 64

// adminRoutes is what an admin serves besides /healthz.
type adminRoutes struct {
	notReady    func() string // why nobody should be sent here; "" if somebody may
	certificate func() string // what is wrong with the port's; "" if nothing is
	metrics     http.Handler
	actions     map[string]http.HandlerFunc // by path; they are sent JSON
}

// openAdmin begins to serve. Close it.
func openAdmin(ctx context.Context, a address, routes adminRoutes, log zerolog.Logger) (*admin, error) {
	ln, err := listenTCP(ctx, "--admin", a, "admin", log)
	if err != nil {
		return nil, err
	}
	d := &admin{name: strings.ToLower(a.host), listener: netutil.LimitListener(ln, adminConns), served: make(chan struct{}), log: log}
	d.http = &http.Server{
		Handler:           d.guard(routes.handler()),
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       10 * time.Second,
		WriteTimeout:      30 * time.Second,
		MaxHeaderBytes:    8 << 10,
		ErrorLog:          debugLog(log),
	}
	// A connection is for one request. One that waited idle for the next would hold a place, and as many clients as there are places, each
	// with one that it forgot, would keep out whoever asks whether the process lives.
	d.http.SetKeepAlivesEnabled(false)
	go func() {
		defer close(d.served)
		if err := d.http.Serve(d.listener); !errors.Is(err, http.ErrServerClosed) {
			log.Error().Err(err).Msg("admin listener failed; metrics and health checks are gone until a restart")
		}
	}()
	log.Info().Stringer("addr", ln.Addr()).Msg("admin listening")
	if !addrPort(ln.Addr()).Addr().IsLoopback() {
		log.Warn().Stringer("addr", ln.Addr()).Msg("the admin listener is not on loopback: whoever reaches it may read the metrics and take people out")
	}
	return d, nil
}

// close ends it now. Its requests are short, and this is the last of the server to go. A nil admin is none.
func (d *admin) close() {
	if d == nil {
		return
	}
	_ = d.http.Close()
	<-d.served
}

func (r adminRoutes) handler() http.Handler {
	mux := http.NewServeMux()
	index := "GET /healthz   the process lives\nGET /readyz    503 while it ends; what is wrong with the certificate\nGET /metrics   for Prometheus\n"
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) {
		answer(w, http.StatusOK, map[string]any{"alive": true})
	})
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, _ *http.Request) {
		status, body := http.StatusOK, map[string]any{"ready": true}
		if reason := r.notReady(); reason != "" {
			status, body = http.StatusServiceUnavailable, map[string]any{"ready": false, "reason": reason}
		}
		// It is no reason for a 503, though it keeps everybody out: the CA asks through the port, and through the balancer before that if
		// there is one. A balancer that waited for the certificate would keep it from coming.
		if wrong := r.certificate(); wrong != "" {
			body["certificate"] = wrong
		}
		answer(w, status, body)
	})
	mux.Handle("GET /metrics", r.metrics)
	for path, act := range r.actions {
		mux.HandleFunc("POST "+path, act)
		index += fmt.Sprintf("POST %-9s JSON; see the deployment guide\n", path)
	}
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		_, _ = w.Write([]byte(index))
	})
	return mux
}

// guard keeps web pages out, which the browser of whoever works on this machine would let in. A page may lead its own name here
// (DNS rebinding), so the name must be one that no stranger can own. And it may send here what it cannot read the answer of: but
// not without saying so in Origin or Sec-Fetch-Site, and not as JSON, which actions insist on.
func (d *admin) guard(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		site := r.Header.Get("Sec-Fetch-Site")
		switch {
		case !d.ownName(r.Host):
			answerError(w, http.StatusMisdirectedRequest, "this listener answers to addresses, to localhost, and to the name in --admin")
		case r.Header.Get("Origin") != "" || site != "" && site != "none":
			answerError(w, http.StatusForbidden, "this is not for web pages")
		default:
			w.Header().Set("X-Content-Type-Options", "nosniff")
			w.Header().Set("Cache-Control", "no-store")
			next.ServeHTTP(w, r)
		}
	})
}

// ownName tells whether a Host is none that a stranger could own. Who sends none is no browser: the health checks of HAProxy do not.
func (d *admin) ownName(hostport string) bool {
	host := hostOf(hostport)
	_, err := netip.ParseAddr(host)
	return err == nil || host == "" || host == "localhost" || host == d.name
}

func answer(w http.ResponseWriter, status int, body map[string]any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body) // who broke off will not hear of it
}

func answerError(w http.ResponseWriter, status int, format string, args ...any) {
	answer(w, status, map[string]any{"error": fmt.Sprintf(format, args...)})
}
