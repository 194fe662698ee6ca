package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"os"
	"os/signal"
	"strconv"
	"sync"
	"syscall"
	"time"

	"github.com/rs/zerolog"

	"github.com/beckon-rtc/beckon/signaling"
	"github.com/beckon-rtc/beckon/signaling/protocol"
	"github.com/beckon-rtc/beckon/turnserver"
	"github.com/beckon-rtc/beckon/web"
)

// servers is everything that `serve` runs. Its fields do not change after listen.
type servers struct {
	plan      *plan
	log       zerolog.Logger
	access    *access
	hangups   chan os.Signal // that ask to read the keys again; none come unless they are in a file
	listener  net.Listener
	http      *http.Server
	signaling *signaling.Server
	turn      *turnserver.Server // nil without a relay
}

// listen binds everything, so that what cannot be had is found before anything is served. It does not end with ctx.
func listen(ctx context.Context, p *plan, log zerolog.Logger) (*servers, error) {
	// An interrupt while we start should end as one later does: with the URL printed and everything closed in order.
	ctx = context.WithoutCancel(ctx)
	s := &servers{plan: p, log: log, hangups: make(chan os.Signal, 1)}
	var err error
	if s.access, err = openAccess(p, log); err != nil {
		return nil, err
	}
	if s.listener, err = listenHTTP(ctx, p.http, log); err != nil {
		s.access.close()
		return nil, err
	}
	if p.turn != nil {
		if s.turn, err = listenTURN(ctx, p.turn, "--turn-listen", log); err != nil {
			s.access.close()
			_ = s.listener.Close()
			return nil, err
		}
	}
	if s.access.file != nil {
		// Without a file a SIGHUP ends the process, as it does by default: then it says that the terminal is closed.
		signal.Notify(s.hangups, syscall.SIGHUP)
	}
	s.signaling = signaling.New(signaling.Config{
		Authorize:  s.access.authorize,
		ICEServers: s.iceServers,
		Secret:     p.secret,
		Origins:    p.origins,
		Logger:     log,
	})
	mux := http.NewServeMux()
	for _, carrier := range []string{"ws", "stream", "send", "poll"} {
		mux.Handle("/v1/"+carrier, s.signaling)
	}
	mux.Handle("/", web.New(web.Config{
		ValidRoom: protocol.ValidRoom,
		NewRoom:   func() string { return openRoom(p.anonymous) },
	}))
	s.http = &http.Server{
		Handler: s.guard(throughProxies(p.proxies, mux)),
		// Against clients that open a connection and say nothing, or read nothing. Signaling has its own deadlines: a WebSocket
		// is no request any more, and those of streams and polls are set anew.
		ReadHeaderTimeout: 10 * time.Second,
		ReadTimeout:       15 * time.Second,
		WriteTimeout:      time.Minute,
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    16 << 10,
		ErrorLog:          debugLog(log),
	}
	return s, nil
}

// run serves until ctx ends, then drains for the grace. It returns nil when it ended because ctx did.
func (s *servers) run(ctx context.Context) error {
	s.log.Info().Stringer("addr", s.listener.Addr()).Msg("http listening")
	s.warn()
	failed := make(chan error, 1)
	go func() { failed <- s.http.Serve(s.listener) }()
	var err error
	for serving := true; serving; {
		select {
		case <-s.hangups:
			s.access.reload()
		case <-ctx.Done():
			s.log.Info().Stringer("grace", s.plan.grace).Msg("shutting down; interrupt again to stop at once")
			serving = false
		case err = <-failed:
			err = fmt.Errorf("cannot serve http on %s any more: %w", s.listener.Addr(), err)
			serving = false
		}
	}
	s.stop(context.WithoutCancel(ctx), s.plan.grace)
	if err == nil {
		<-failed
	}
	return err
}

// stop lets everything end within the grace and cuts off what is left then.
//
// The HTTP listener stays open until the clients have gone. Who comes meanwhile gets signaling's 503 with a Retry-After, from which a
// client knows that the server is there and going, and a load balancer that it should ask another one, while a closed port looks like a
// crash, and resets who was already waiting in its backlog. Pages are served on: who loads one now connects to what comes next.
func (s *servers) stop(ctx context.Context, grace time.Duration) {
	ctx, cancel := context.WithTimeoutCause(ctx, grace, errors.New("the grace is over"))
	defer cancel()
	drain := func(what string, shutdown func(context.Context) error, close func() error) {
		if err := shutdown(ctx); err != nil {
			s.log.Warn().Str("server", what).Err(err).Msg("cut off")
			_ = close()
		}
	}
	var wg sync.WaitGroup
	if s.turn != nil {
		wg.Go(func() { drain("turn", s.turn.Shutdown, s.turn.Close) })
	}
	drain("signaling", s.signaling.Shutdown, s.signaling.Close)
	drain("http", s.http.Shutdown, s.http.Close)
	wg.Wait()
	// Unless Serve took it over already.
	_ = s.listener.Close()
	s.access.close()
	signal.Stop(s.hangups)
	s.log.Info().Msg("stopped")
}

// turnLifetime is for how long the relay's credentials start allocations. Short, because they are bearer tokens;
// signaling brings fresh ones in time.
const turnLifetime = 10 * time.Minute

// iceServers joins signaling and the relay, which do not know each other.
func (s *servers) iceServers(_ context.Context, req signaling.ICERequest) ([]protocol.ICEServer, time.Duration, error) {
	if s.turn == nil {
		return nil, 0, nil
	}
	user, password := s.turn.Credentials(req.Peer, turnLifetime)
	return []protocol.ICEServer{{
		URLs: s.turn.URLs(s.plan.publicHost), Username: user, Credential: password,
	}}, turnLifetime, nil
}

// warn says how open this server is.
func (s *servers) warn() {
	addr := s.listener.Addr().String()
	switch {
	case s.plan.dev && addrPort(s.listener.Addr()).Addr().IsLoopback():
		s.log.Warn().Str("addr", addr).Msg("dev mode is open: every program on this machine may join every room and use the relay")
	case s.plan.dev:
		s.log.Warn().Str("addr", addr).Msg("DEV MODE IS OPEN TO THE NETWORK: everybody who reaches this address may join every room, " +
			"and through the relay reach every service of this machine, also those on loopback; use it among friends only")
	case s.plan.turn == nil:
		s.log.Warn().Msg("no relay: peers that cannot reach each other directly will not connect")
	}
}

// roomURL is what to open in a browser.
func (s *servers) roomURL() string {
	path := "/r/" + openRoom(s.plan.anonymous)
	if base := s.plan.publicURL; base != nil {
		return base.JoinPath(path).String()
	}
	at := addrPort(s.listener.Addr())
	host := s.plan.publicHost
	switch {
	case host != "":
	case s.plan.http.host == "localhost":
		host = "localhost"
	case !at.Addr().IsUnspecified():
		host = at.Addr().String()
	case s.plan.turn != nil:
		host = s.plan.turn.relay.String()
	default:
		// Any address of this machine is as good as another, and loopback is one that it has.
		host = "127.0.0.1"
		if addr, err := machineAddress(); err == nil {
			host = addr.String()
		}
	}
	u := url.URL{
		Scheme: "http",
		Host:   net.JoinHostPort(host, strconv.Itoa(int(at.Port()))),
		Path:   path,
	}
	return u.String()
}

func addrPort(a net.Addr) netip.AddrPort {
	ap := a.(*net.TCPAddr).AddrPort()
	return netip.AddrPortFrom(ap.Addr().Unmap(), ap.Port())
}

func randomSecret() []byte {
	b := make([]byte, 32)
	_, _ = rand.Read(b) // never fails: crypto/rand ends the program instead
	return b
}
