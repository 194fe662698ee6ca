package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"syscall"

	"github.com/rs/zerolog"

	"github.com/beckon-rtc/beckon/turnserver"
)

// listenTCP binds an address; flag is the one that says which, and what is what it is for.
func listenTCP(ctx context.Context, flag string, a address, what string, log zerolog.Logger) (net.Listener, error) {
	var lc net.ListenConfig
	ln, err := lc.Listen(ctx, "tcp", a.String())
	if a.orFree && errors.Is(err, syscall.EADDRINUSE) {
		taken := a.String()
		a.port = 0
		if ln, err = lc.Listen(ctx, "tcp", a.String()); err == nil {
			log.Warn().Str("taken", taken).Stringer("addr", ln.Addr()).Msg("port taken, serving " + what + " on a free one")
		}
	}
	if err != nil {
		return nil, listenError(flag, a, "127.0.0.1:0", err)
	}
	return ln, nil
}

// relayHooks are what a relay asks and tells the rest of the server; nil in a field if there is nobody to ask.
type relayHooks struct {
	account func(user string) turnserver.Account
	scope   func(user string, peer netip.Addr) bool
	limited func(user string, l turnserver.Limited)
}

// listenTURN starts the relay. flag is the one that says where it listens.
func listenTURN(ctx context.Context, t *turnPlan, flag string, hooks relayHooks, log zerolog.Logger) (*turnserver.Server, error) {
	cfg := turnserver.Config{
		Realm:          t.realm,
		Secret:         t.secret,
		Users:          t.users,
		RelayAddresses: t.relay,
		Ports:          t.ports,
		Allow:          t.allow,
		Deny:           t.deny,
		AllowLocal:     t.local,
		Payload:        t.payload,
		Quotas:         t.quotas,
		Accounts:       hooks.account,
		Scope:          hooks.scope,
		Limited:        hooks.limited,
		Log:            log,
	}
	if cfg.Secret == nil && cfg.Users == nil {
		cfg.Secret = randomSecret()
	}
	udp := slices.Clone(t.udp)
	listen := func() (*turnserver.Server, error) {
		cfg.UDP = nil
		for _, a := range udp {
			cfg.UDP = append(cfg.UDP, a.String())
		}
		if t.tcp {
			cfg.TCP = cfg.UDP
		}
		return turnserver.Listen(ctx, cfg)
	}
	s, err := listen()
	if udp[0].orFree && errors.Is(err, syscall.EADDRINUSE) {
		taken := udp[0].String()
		udp[0].port = 0
		if s, err = listen(); err == nil {
			log.Warn().Str("taken", taken).Msg("port taken, serving turn on a free one")
		}
	}
	if e, ok := errors.AsType[*turnserver.ConfigError](err); ok {
		return nil, usagef("the relay's %s %s: %s", e.Field, e.Problem, e.Hint)
	}
	if err != nil {
		return nil, listenError(flag, failing(udp, err), ":0", err)
	}
	return s, nil
}

// failing is the one of several addresses that could not be had.
func failing(list []address, err error) address {
	if e, ok := errors.AsType[*net.OpError](err); ok && e.Addr != nil {
		for _, a := range list {
			if strings.HasSuffix(e.Addr.String(), ":"+strconv.Itoa(int(a.port))) {
				return a
			}
		}
	}
	return list[0]
}

// listenError says why an address cannot be had and what to do about it. free is an address that can.
func listenError(flag string, a address, free string, err error) error {
	var opErr *net.OpError
	var dnsErr *net.DNSError
	switch {
	case errors.Is(err, syscall.EADDRINUSE) && flag == "--admin": // which others have to find
		return fmt.Errorf("cannot listen on %s for metrics and health: another program does, perhaps another beckon: give this one an address of its own, "+
			"like `%s %s`, and ask it there, or use `%s none`", a, flag, address{host: a.host, port: a.port ^ 1}, flag)
	case errors.Is(err, syscall.EADDRINUSE):
		return fmt.Errorf("cannot listen on %s: another program does: stop that one, or choose another port; `%s %s` takes a free one", a, flag, free)
	case errors.Is(err, syscall.EACCES):
		return fmt.Errorf("cannot listen on %s: ports below 1024 are the system's: choose a higher one, like `%s %s`, or let this program have them, "+
			"with AmbientCapabilities=CAP_NET_BIND_SERVICE in systemd or `setcap cap_net_bind_service=+ep`", a, flag, free)
	case errors.Is(err, syscall.EADDRNOTAVAIL) && flag == "--admin": // which is not to be on all
		return fmt.Errorf("cannot listen on %s: this machine does not have that address: use one that it has, like `%s 127.0.0.1:%d`", a, flag, a.port)
	case errors.Is(err, syscall.EADDRNOTAVAIL):
		return fmt.Errorf("cannot listen on %s: this machine does not have that address: use one that it has, or none to listen on all, like `%s :%d`", a, flag, a.port)
	case errors.As(err, &dnsErr):
		return fmt.Errorf("cannot listen on %s: the name %s is not known: use an address, like `%s %s`", a, dnsErr.Name, flag, free)
	case errors.As(err, &opErr):
		return fmt.Errorf("cannot listen on %s: %w: see `%s`", a, opErr.Err, flag)
	}
	return fmt.Errorf("cannot listen on %s: %s: see `%s`", a, strings.TrimPrefix(err.Error(), "turnserver: "), flag)
}
