package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strings"
	"syscall"

	"github.com/rs/zerolog"

	"github.com/beckon-rtc/beckon/turnserver"
)

// listenHTTP binds the address of signaling and the demo.
func listenHTTP(ctx context.Context, a address, log zerolog.Logger) (net.Listener, error) {
	var lc net.ListenConfig
	ln, err := lc.Listen(ctx, "tcp", a.String())
	if a.orFree && errors.Is(err, syscall.EADDRINUSE) {
		taken := a.String()
		a.port = 0
		if ln, err = lc.Listen(ctx, "tcp", a.String()); err == nil {
			log.Warn().Str("taken", taken).Stringer("addr", ln.Addr()).Msg("port taken, serving http on a free one")
		}
	}
	if err != nil {
		return nil, listenError("--listen", a, "127.0.0.1:0", err)
	}
	return ln, nil
}

// listenTURN starts the relay.
func listenTURN(ctx context.Context, p *plan, log zerolog.Logger) (*turnserver.Server, error) {
	t := *p.turn
	cfg := turnserver.Config{
		UDP:        []string{t.String()},
		TCP:        []string{t.String()},
		Secret:     t.secret,
		Ports:      t.ports,
		Allow:      t.allow,
		Deny:       t.deny,
		AllowLocal: p.dev,
		Log:        log,
	}
	if t.relay.IsValid() {
		cfg.RelayAddresses = []netip.Addr{t.relay}
	}
	if cfg.Ports == (turnserver.PortRange{}) {
		cfg.Ports = turnserver.PortRange{Min: 49152, Max: 65535}
	}
	if cfg.Secret == nil {
		cfg.Secret = randomSecret()
	}
	s, err := turnserver.Listen(ctx, cfg)
	if t.orFree && errors.Is(err, syscall.EADDRINUSE) {
		taken := t.String()
		t.port = 0
		cfg.UDP, cfg.TCP = []string{t.String()}, []string{t.String()}
		if s, err = turnserver.Listen(ctx, cfg); err == nil {
			log.Warn().Str("taken", taken).Stringer("addr", s.UDPAddrs()[0]).Msg("port taken, serving turn on a free one")
		}
	}
	if e, ok := errors.AsType[*turnserver.ConfigError](err); ok {
		return nil, usagef("the relay's %s %s: %s", e.Field, e.Problem, e.Hint)
	}
	if err != nil {
		return nil, listenError("--turn-listen", t.address, ":0", err)
	}
	return s, nil
}

// listenError says why an address cannot be had and what to do about it. free is an address that can.
func listenError(flag string, a address, free string, err error) error {
	var opErr *net.OpError
	var dnsErr *net.DNSError
	switch {
	case errors.Is(err, syscall.EADDRINUSE):
		return fmt.Errorf("cannot listen on %s: another program does: stop that one, or choose another port; `%s %s` takes a free one", a, flag, free)
	case errors.Is(err, syscall.EACCES):
		return fmt.Errorf("cannot listen on %s: ports below 1024 are the system's: choose a higher one, like `%s %s`", a, flag, free)
	case errors.Is(err, syscall.EADDRNOTAVAIL):
		return fmt.Errorf("cannot listen on %s: this machine does not have that address: use one that it has, or none to listen on all, like `%s :%d`", a, flag, a.port)
	case errors.As(err, &dnsErr):
		return fmt.Errorf("cannot listen on %s: the name %s is not known: use an address, like `%s %s`", a, dnsErr.Name, flag, free)
	case errors.As(err, &opErr):
		return fmt.Errorf("cannot listen on %s: %w: see `%s`", a, opErr.Err, flag)
	}
	return fmt.Errorf("cannot listen on %s: %s: see `%s`", a, strings.TrimPrefix(err.Error(), "turnserver: "), flag)
}
