package turnserver

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/pion/logging"
	"github.com/pion/turn/v5"
	"github.com/rs/zerolog"

	"github.com/beckon-rtc/beckon/internal/pionlog"
)

// Server is a running STUN and TURN server. Its methods may be called by many goroutines at once.
type Server struct {
	// Static once Listen returns.
	cfg      Config
	log      zerolog.Logger
	pion     logging.LoggerFactory
	auth     *authenticator
	policy   policy
	own      *ownAddrs
	tcp      net.Listener
	udp      *net.UDPConn
	tcpAddr  netip.AddrPort
	udpAddr  netip.AddrPort
	relays   *relays
	tuneOnce sync.Once

	conns tcpConns
	stats counters

	closing   chan struct{} // closed by Close
	closeOnce sync.Once
	wg        sync.WaitGroup // accept, and Pion's reader of the UDP listener until its last read
}

// Listen starts a server. ctx bounds the start (looking up a host name, binding) and nothing later. A mistake in cfg is
// a *ConfigError; a port in use is the error of the net package, wrapped.
func Listen(ctx context.Context, cfg Config) (*Server, error) { return listenAt(ctx, cfg, time.Now) }

// listenAt is Listen with a clock for the age of credentials.
func listenAt(ctx context.Context, cfg Config, now func() time.Time) (*Server, error) {
	cfg, err := cfg.withDefaults()
	if err != nil {
		return nil, err
	}
	s := &Server{cfg: cfg, log: cfg.Log, pion: pionlog.NewDebug(cfg.Log), closing: make(chan struct{})}
	s.auth = &authenticator{realm: cfg.Realm, secret: cfg.Secret, now: now, stats: &s.stats, log: cfg.Log}
	if s.own, err = newOwnAddrs(); err != nil {
		return nil, fmt.Errorf("turnserver: list this machine's addresses: %w", err)
	}
	if s.tcp, s.udp, err = bind(ctx, cfg.Addr); err != nil {
		return nil, err
	}
	s.tcpAddr, s.udpAddr = addrPort(s.tcp.Addr()), addrPort(s.udp.LocalAddr())
	if err := s.start(); err != nil {
		_ = s.Close()
		return nil, err
	}
	s.log.Info().Stringer("udp", s.udpAddr).Stringer("tcp", s.tcpAddr).Stringer("relay", s.relays.address).
		Stringer("ports", cfg.Ports).Msg("turn listening")
	return s, nil
}

func (s *Server) start() error {
	address, bindTo, err := s.cfg.relayAddresses(s.tcpAddr.Addr(), s.own.snapshot())
	s.relays = newRelays(s, address, bindTo) // before the error: Close needs it
	if err != nil {
		return err
	}
	s.policy = newPolicy(s.cfg, address, s.udpAddr.Port(), s.tcpAddr.Port())
	s.tune(s.udp)
	probe, err := s.relays.socket() // a relay address that cannot be bound must stop the start, not the first client
	if err != nil {
		return err
	}
	_ = probe.Close()

	s.wg.Add(1)
	if err := s.serve(&udpConn{UDPConn: s.udp, srv: s}, s.events()); err != nil {
		s.wg.Done()
		return err
	}
	s.wg.Add(1)
	go s.accept()
	return nil
}

// relayAddresses settles what peers are told and what is bound.
func (c Config) relayAddresses(listen netip.Addr, own map[netip.Addr]bool) (address, bind netip.Addr, err error) {
	address, bind = canonical(c.RelayAddress), canonical(c.RelayBind)
	if !address.IsValid() {
		address = listen
		if address.IsUnspecified() {
			return address, bind, &ConfigError{"RelayAddress", "is not set and " + strconv.Quote(c.Addr) + " names no address",
				"set the address at which peers reach this machine"}
		}
	}
	if address.IsUnspecified() || address.IsMulticast() {
		return address, bind, &ConfigError{"RelayAddress", address.String() + " cannot be a peer's destination",
			"set the address at which peers reach this machine"}
	}
	if !bind.IsValid() {
		switch {
		case isOwn(address, own):
			bind = address
		case address.Is4():
			bind = netip.IPv4Unspecified()
		default:
			bind = netip.IPv6Unspecified()
		}
	}
	if bind.Is4() != address.Is4() {
		return address, bind, &ConfigError{"RelayBind", bind.String() + " and the relay address " + address.String() + " are of two families",
			"bind an address of the same family, or none"}
	}
	return address, bind, nil
}

// serve lets Pion read conn in a goroutine of its own, until ReadFrom returns an error.
func (s *Server) serve(conn net.PacketConn, events turn.EventHandler) error {
	_, err := turn.NewServer(turn.ServerConfig{
		PacketConnConfigs: []turn.PacketConnConfig{{
			PacketConn: conn, RelayAddressGenerator: s.relays, PermissionHandler: s.permit,
		}},
		Realm:         s.cfg.Realm,
		AuthHandler:   s.auth.handle,
		EventHandler:  events,
		LoggerFactory: s.pion,
		InboundMTU:    s.cfg.Limits.Frame + 1, // Pion drops what fills its buffer
	})
	if err != nil {
		return fmt.Errorf("turnserver: start pion: %w", err)
	}
	return nil
}

// events count and log what Pion does. The realm is left out of everything: it was the client's word.
func (s *Server) events() turn.EventHandler {
	return turn.EventHandler{
		OnAuth: func(src, _ net.Addr, _, username, _, _ string, ok bool) {
			if !ok {
				s.auth.failed(authPassword, username, src.String())
			}
		},
		OnAllocationCreated: func(src, _ net.Addr, _, user, _ string, relay net.Addr, _ int) {
			s.stats.allocations.Add(1)
			s.auth.allocated.add(src)
			s.log.Debug().Str("user", user).Stringer("remote", src).Stringer("relay", relay).Msg("allocation created")
		},
		OnAllocationDeleted: func(src, _ net.Addr, _, user, _ string) {
			s.log.Debug().Str("user", user).Stringer("remote", src).Msg("allocation deleted")
			s.auth.allocated.remove(src)
			s.relays.wg.Done()
		},
	}
}

// UDPAddr is the bound address of the UDP listener.
func (s *Server) UDPAddr() netip.AddrPort { return s.udpAddr }

// TCPAddr is the bound address of the TCP listener.
func (s *Server) TCPAddr() netip.AddrPort { return s.tcpAddr }

// RelayAddress is the address that peers are told.
func (s *Server) RelayAddress() netip.Addr { return s.relays.address }

func (s *Server) isListener(port uint16) bool {
	return slices.Contains([]uint16{s.udpAddr.Port(), s.tcpAddr.Port()}, port)
}

// URLs are those of this server for an RTCIceServer (RFC 7064, RFC 7065). host is the name or address at which clients
// reach it; empty means RelayAddress.
func (s *Server) URLs(host string) []string {
	if host == "" {
		host = s.relays.address.String()
	}
	host = strings.TrimSuffix(strings.TrimPrefix(host, "["), "]") // JoinHostPort brackets IPv6
	at := func(a netip.AddrPort) string { return net.JoinHostPort(host, strconv.Itoa(int(a.Port()))) }
	return []string{
		"stun:" + at(s.udpAddr),
		"turn:" + at(s.udpAddr) + "?transport=udp",
		"turn:" + at(s.tcpAddr) + "?transport=tcp",
	}
}

// Credentials makes a username and a password that open a relay here until ttl from now.
func (s *Server) Credentials(user string, ttl time.Duration) (username, password string) {
	return Credentials(s.cfg.Secret, user, s.auth.now(), ttl)
}

// Shutdown refuses new allocations and new TCP connections at once, lets the existing allocations live until they have
// ended or ctx is done, and then closes the server. The error says that ctx cut allocations off. It may be called
// again, and beside Close.
func (s *Server) Shutdown(ctx context.Context) error {
	empty := s.relays.drain()
	_ = s.tcp.Close()
	var err error
	select {
	case <-empty:
	case <-s.closing:
	case <-ctx.Done():
		if n := s.relays.count(); n > 0 { // with none, both were ready
			err = fmt.Errorf("turnserver: shutdown: %d allocations cut off: %w", n, context.Cause(ctx))
		}
	}
	_ = s.Close()
	return err
}

// Close ends the server now: when it returns nothing is open and no goroutine reads, allocates or relays. It may be
// called again and never fails; the error is there for io.Closer.
func (s *Server) Close() error {
	s.closeOnce.Do(func() {
		close(s.closing)
		_ = s.tcp.Close()
		_ = s.udp.Close()
		s.conns.close()
		s.relays.close()
		s.wg.Wait()
		s.conns.wg.Wait()
		s.relays.wg.Wait()
		s.log.Info().Msg("turn closed")
	})
	return nil
}
