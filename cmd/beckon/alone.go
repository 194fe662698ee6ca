package main

import (
	"context"
	"errors"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/rs/zerolog"

	"github.com/beckon-rtc/beckon/turnserver"
)

// alone is everything that `turn` runs. Its fields do not change after listenAlone.
type alone struct {
	plan   *alonePlan
	log    zerolog.Logger
	turn   *turnserver.Server
	port   *port // nil without TLS
	admin  *admin
	ending atomic.Bool // from the first moment of stop
}

// listenAlone binds everything.
func listenAlone(ctx context.Context, p *alonePlan, log zerolog.Logger) (_ *alone, err error) {
	r := &alone{plan: p, log: log}
	defer func() {
		if err != nil {
			r.abandon()
		}
	}()
	if p.tls != nil {
		if r.port, err = openPort(ctx, "--tls-listen", *p.tls, p.cert, p.balancers, nil, log); err != nil {
			return nil, err
		}
		_ = r.port.edge.HTTP().Close() // who speaks HTTP here is refused
	}
	hooks := relayHooks{limited: r.limited(log)}
	if r.turn, err = listenTURN(ctx, &p.turnPlan, "--listen", hooks, log); err != nil {
		return nil, err
	}
	if p.admin != nil {
		if r.admin, err = openAdmin(ctx, *p.admin, r.adminRoutes(), log); err != nil {
			return nil, err
		}
	}
	return r, nil
}

// abandon closes what a listenAlone that failed has opened.
func (r *alone) abandon() {
	if r.port != nil {
		r.port.close()
	}
	if r.turn != nil {
		_ = r.turn.Close()
	}
}

// urls are where clients find it: STUN, then TURN over UDP, over TCP, and over TLS if there is that.
func (r *alone) urls() []string {
	var streams []turnserver.Stream
	if r.port != nil {
		streams = append(streams, turnserver.Stream{Port: addrPort(r.port.edge.Addr()).Port(), TLS: true})
	}
	return r.turn.URLs(r.plan.name, streams...)
}

// run relays until ctx ends, then drains for the grace.
func (r *alone) run(ctx context.Context) error {
	r.log.Info().Strs("urls", r.urls()).Msg("turn ready")
	var serving sync.WaitGroup
	if r.port != nil {
		r.log.Info().Stringer("addr", r.port.edge.Addr()).Msg("tls listening")
		serving.Go(func() { _ = r.turn.Serve(r.port.edge.TURN()) }) // ends with the port or the relay, and only then
		r.port.prepare(ctx)
	}
	<-ctx.Done()
	r.log.Info().Stringer("grace", r.plan.grace).Msg("shutting down; interrupt again to stop at once")
	r.stop(context.WithoutCancel(ctx), r.plan.grace)
	serving.Wait()
	return nil
}

// stop lets allocations end within the grace and cuts off what is left then.
func (r *alone) stop(ctx context.Context, grace time.Duration) {
	r.ending.Store(true)
	ctx, cancel := context.WithTimeoutCause(ctx, grace, errors.New("the grace is over"))
	defer cancel()
	if err := r.turn.Shutdown(ctx); err != nil {
		r.log.Warn().Str("server", "turn").Err(err).Msg("cut off")
	}
	if r.port != nil {
		r.port.close()
	}
	r.admin.close()
	r.log.Info().Msg("stopped")
}

// limited tells the log. The counters have all of it.
func (r *alone) limited(log zerolog.Logger) func(user string, l turnserver.Limited) {
	log = limitLog(log)
	return func(user string, l turnserver.Limited) { logLimit(log.Info().Str("user", user), l) }
}

// adminRoutes are what the operator can see and do.
func (r *alone) adminRoutes() adminRoutes {
	metrics := newRegistry()
	metrics.MustRegister(newCollector(relayMetrics(), r.turn.Stats))
	if r.port != nil {
		metrics.MustRegister(newCollector(portMetrics(), r.port.stats))
	}
	return adminRoutes{
		notReady: func() string {
			if r.ending.Load() {
				return "draining"
			}
			return ""
		},
		certificate: r.port.certificate,
		metrics:     metricsHandler(metrics),
		actions: map[string]http.HandlerFunc{
			"/kick":   endAction("kicked", r.turn.End, r.log),
			"/revoke": endAction("revoked", r.turn.Revoke, r.log),
		},
	}
}
