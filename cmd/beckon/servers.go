package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/signal"
	"sync"
	"sync/atomic"
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
	port      *port
	http      *http.Server
	signaling *signaling.Server
	turn      *turnserver.Server // nil without a relay
	admin     *admin             // nil with --admin none
	ending    atomic.Bool        // from the first moment of stop
}

// listen binds everything, so that what cannot be had is found before anything is served. It does not end with ctx.
func listen(ctx context.Context, p *plan, log zerolog.Logger) (_ *servers, err error) {
	// An interrupt while we start should end as one later does: with the URL printed and everything closed in order.
	ctx = context.WithoutCancel(ctx)
	s := &servers{plan: p, log: log, hangups: make(chan os.Signal, 1)}
	defer func() {
		if err != nil {
			s.abandon()
		}
	}()
	if s.access, err = openAccess(p, log); err != nil {
		return nil, err
	}
	if s.port, err = openPort(ctx, "--listen", p.http, p.cert, p.balancers, p.proxies, log); err != nil {
		return nil, err
	}
	opening := newOpening()
	// Signaling before the relay: nothing asks it before the port is served, but the relay answers from its first moment, and asks
	// signaling about whom it answers.
	s.signaling = signaling.New(signaling.Config{
		Authorize:  s.access.authorize,
		ICEServers: s.iceServers,
		RelayEnded: s.relayEnded,
		Reported:   opening.report,
		Candidates: p.turn != nil && p.turn.scope,
		Secret:     p.secret,
		Origins:    p.origins,
		Logger:     log,
	})
	if p.turn != nil {
		if s.turn, err = listenTURN(ctx, p.turn, "--turn-listen", s.relayHooks(), log); err != nil {
			return nil, err
		}
	}
	if p.admin != nil {
		if s.admin, err = openAdmin(ctx, *p.admin, s.adminRoutes(opening), log); err != nil {
			return nil, err
		}
	}
	if s.access.file != nil {
		// Without a file, of keys or of the port's certificate, a SIGHUP ends the process if it has a terminal, which is then closed; see
		// onTerminal.
		signal.Notify(s.hangups, syscall.SIGHUP)
	}
	s.http = s.server()
	return s, nil
}

// abandon closes what a listen that failed has opened.
func (s *servers) abandon() {
	if s.access != nil {
		s.access.close()
	}
	if s.turn != nil {
		_ = s.turn.Close()
	}
	if s.signaling != nil {
		_ = s.signaling.Close()
	}
	if s.port != nil {
		s.port.close()
	}
}

// server is what speaks HTTP on the port.
func (s *servers) server() *http.Server {
	mux := http.NewServeMux()
	for _, carrier := range []string{"ws", "stream", "send", "poll"} {
		mux.Handle("/v1/"+carrier, s.signaling)
	}
	mux.Handle("/", web.New(web.Config{
		ValidRoom: protocol.ValidRoom,
		NewRoom:   func() string { return openRoom(s.plan.anonymous) },
	}))
	return &http.Server{
		Handler: s.guard(throughProxies(s.plan.proxies, mux)),
		// Against clients that open a connection and say nothing, or read nothing. Signaling has its own deadlines: a WebSocket
		// is no request any more, and those of streams and polls are set anew.
		ReadHeaderTimeout: 10 * time.Second,
		ReadTimeout:       15 * time.Second,
		WriteTimeout:      time.Minute,
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    16 << 10,
		ErrorLog:          debugLog(s.log),
	}
}

// run serves until ctx ends, then drains for the grace. It returns nil when it ended because ctx did.
func (s *servers) run(ctx context.Context) error {
	s.log.Info().Stringer("addr", s.port.edge.Addr()).Bool("tls", s.plan.cert != nil).Msg("http listening")
	s.warn()
	failed := make(chan error, 1)
	go func() { failed <- s.http.Serve(s.port.edge.HTTP()) }()
	var relaying sync.WaitGroup
	if s.turn != nil {
		relaying.Go(func() { _ = s.turn.Serve(s.port.edge.TURN()) }) // ends with the port or the relay, and only then
	}
	s.port.prepare(ctx)
	var err error
	for serving := true; serving; {
		select {
		case <-s.hangups:
			s.access.reload()
		case <-ctx.Done():
			s.log.Info().Stringer("grace", s.plan.grace).Msg("shutting down; interrupt again to stop at once")
			serving = false
		case err = <-failed:
			err = fmt.Errorf("cannot serve http on %s any more: %w", s.port.edge.Addr(), err)
			serving = false
		}
	}
	s.stop(context.WithoutCancel(ctx), s.plan.grace)
	if err == nil {
		<-failed
	}
	relaying.Wait()
	return err
}

// stop lets everything end within the grace and cuts off what is left then.
//
// The HTTP listener stays open until the clients have gone. Who comes meanwhile gets signaling's 503 with a Retry-After, from which a
// client knows that the server is there and going, and a load balancer that it should ask another one, while a closed port looks like a
// crash, and resets who was already waiting in its backlog. Pages are served on: who loads one now connects to what comes next.
func (s *servers) stop(ctx context.Context, grace time.Duration) {
	s.ending.Store(true)
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
	s.port.close() // the relay takes no new connections, and those that it has are its own
	wg.Wait()
	s.access.close()
	signal.Stop(s.hangups)
	s.admin.close()
	s.log.Info().Msg("stopped")
}
