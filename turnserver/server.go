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
	"github.com/rs/zerolog"

	"github.com/beckon-rtc/beckon/internal/pionlog"
	"github.com/beckon-rtc/beckon/internal/udpbatch"
)

// Server is a running STUN and TURN server. Its methods may be called by many goroutines at once.
type Server struct {
	// Static once Listen returns.
	cfg      Config
	log      zerolog.Logger
	pion     logging.LoggerFactory
	now      func() time.Time
	auth     *authenticator
	policy   policy
	own      *ownAddrs
	tcp      []net.Listener
	udp      []*net.UDPConn
	relays   *relays
	tuneOnce sync.Once
	poller   *udpbatch.Poller // of the relays' sockets; nil with virtual ports
	fast     *fastPath        // what it uses

	ports   *portSet
	revoked revocations
	streams streams
	conns   tcpConns
	packets packetPool
	ledger  *ledger // not nil once Listen returns

	strangers *strangers
	stats     counters

	closing   chan struct{} // closed by Close
	closeOnce sync.Once
	wg        sync.WaitGroup // Pion's readers of the UDP listeners, until their last read
}

// Listen starts a server. ctx bounds the start (looking up host names, binding) and nothing later. A mistake in cfg is
// a *ConfigError; a port in use is the error of the net package, wrapped.
func Listen(ctx context.Context, cfg Config) (*Server, error) { return listenAt(ctx, cfg, time.Now) }

// listenAt is Listen with a clock for the age of credentials.
func listenAt(ctx context.Context, cfg Config, now func() time.Time) (*Server, error) {
	cfg, err := cfg.withDefaults()
	if err != nil {
		return nil, err
	}
	s := &Server{cfg: cfg, log: cfg.Log, pion: pionlog.NewDebug(cfg.Log), now: now, ports: newPortSet(), closing: make(chan struct{})}
	s.revoked.static = cfg.Users
	s.auth = newAuthenticator(cfg, &s.revoked, now)
	s.strangers = newStrangers(cfg.Limits.Unauthenticated)
	if s.own, err = newOwnAddrs(); err != nil {
		return nil, fmt.Errorf("turnserver: list this machine's addresses: %w", err)
	}
	if s.tcp, s.udp, err = bind(ctx, cfg.UDP, cfg.TCP); err != nil {
		return nil, err
	}
	s.ledger = newLedger(cfg.Quotas, cfg.Limits.AddressAllocations, now, cfg.Limited)
	if err := s.start(); err != nil {
		_ = s.Close()
		return nil, err
	}
	line := s.log.Info().Str("udp", joined(s.UDPAddrs()))
	if len(s.TCPAddrs()) > 0 { // none of its own says nothing about those that are handed to Serve
		line = line.Str("tcp", joined(s.TCPAddrs()))
	}
	line.Str("relay", joined(s.RelayAddresses())).Str("ports", s.portsName()).Msg("turn listening")
	return s, nil
}

func (s *Server) start() error {
	listeners := append(s.UDPAddrs(), s.TCPAddrs()...)
	told, bindTo, err := s.cfg.relayAddresses(listeners, s.own.snapshot())
	s.relays = newRelays(s, told, bindTo) // before the error: Close needs it
	if err != nil {
		return err
	}
	for _, l := range listeners {
		s.ports.add(l.Port())
	}
	s.policy = newPolicy(s.cfg, told, s.ports)
	if !s.cfg.virtual() {
		if err := s.relays.tryBind(); err != nil {
			return err
		}
		s.fast = newFastPath(s, relayBuffer-1) // what fills Pion's buffer may have been cut
		s.poller, err = udpbatch.NewPoller(udpbatch.Config{Inbox: s.fast.in, Flush: s.fast.flush})
		if err != nil {
			return fmt.Errorf("turnserver: %w", err)
		}
	}
	for _, sock := range s.udp {
		s.tune(sock)
		u, err := newUDPConn(s, sock)
		if err != nil {
			return fmt.Errorf("turnserver: listen: %w", err)
		}
		s.wg.Add(1)
		if err := s.serve(overUDP, u, nil); err != nil {
			s.wg.Done()
			return err
		}
	}
	for _, ln := range s.tcp {
		// Close waits for it, as for every call of Serve. It returns only when the listener is closed.
		go func() { _ = s.Serve(ln) }()
	}
	return nil
}

// joined is for the log.
func joined[T fmt.Stringer](items []T) string {
	words := make([]string, len(items))
	for i, item := range items {
		words[i] = item.String()
	}
	return strings.Join(words, " ")
}

func (s *Server) portsName() string {
	if s.cfg.virtual() {
		return "virtual"
	}
	return s.cfg.Ports.String()
}

// UDPAddrs are the bound addresses of the UDP listeners, in the order of Config.UDP.
func (s *Server) UDPAddrs() []netip.AddrPort {
	var list []netip.AddrPort
	for _, sock := range s.udp {
		list = append(list, addrPort(sock.LocalAddr()))
	}
	return list
}

// TCPAddrs are the bound addresses of the server's own TCP listeners, those that share a number with UDP first.
func (s *Server) TCPAddrs() []netip.AddrPort {
	var list []netip.AddrPort
	for _, ln := range s.tcp {
		list = append(list, addrPort(ln.Addr()))
	}
	return list
}

// RelayAddresses are the addresses that peers are told: one or two, IPv4 first.
func (s *Server) RelayAddresses() []netip.Addr {
	var list []netip.Addr
	for _, f := range s.relays.families {
		if f != nil {
			list = append(list, f.told)
		}
	}
	return list
}

// Stream is a port at which clients reach a listener given to Serve, or a proxy before it.
type Stream struct {
	Port uint16
	TLS  bool
}

// URLs are those of this server for an RTCIceServer (RFC 7064, RFC 7065): of its UDP listeners, of its own TCP listeners, and
// of streams. host is the name or address at which clients reach it; empty means the first relay address. There is one
// stun: URL, for more would tell a client nothing new.
func (s *Server) URLs(host string, streams ...Stream) []string {
	if host == "" {
		host = s.RelayAddresses()[0].String()
	}
	host = strings.TrimSuffix(strings.TrimPrefix(host, "["), "]") // JoinHostPort brackets IPv6
	var urls []string
	add := func(scheme string, port uint16, query string) {
		// Listeners on several addresses may have one port, and a client would open a relay for each of two URLs that are the same.
		if url := scheme + net.JoinHostPort(host, strconv.Itoa(int(port))) + query; !slices.Contains(urls, url) {
			urls = append(urls, url)
		}
	}
	for i, a := range s.UDPAddrs() {
		if i == 0 {
			add("stun:", a.Port(), "")
		}
		add("turn:", a.Port(), "?transport=udp")
	}
	for _, a := range s.TCPAddrs() {
		add("turn:", a.Port(), "?transport=tcp")
	}
	for _, st := range streams {
		if st.TLS {
			add("turns:", st.Port, "?transport=tcp")
		} else {
			add("turn:", st.Port, "?transport=tcp")
		}
	}
	return urls
}

// Credentials makes a username and a password that open a relay here until ttl from now: a little later after a Revoke of the
// user, because they must end later than those that were revoked. Without a Secret in the Config they open nothing.
func (s *Server) Credentials(user string, ttl time.Duration) (username, password string) {
	now := s.now()
	return Credentials(s.cfg.Secret, user, now, s.revoked.lifetime(user, now, min(ttl, s.cfg.Limits.CredentialTTL)))
}

// Shutdown refuses new allocations and new TCP connections at once, lets the existing allocations live until none is left that has
// relayed anything besides checks, or ctx is done, and then closes the server. The error says that ctx cut such off. It may be called
// again, and beside Close.
func (s *Server) Shutdown(ctx context.Context) error {
	empty := s.relays.drain()
	s.streams.close()
	err := s.drained(ctx, empty)
	_ = s.Close()
	return err
}

// drained waits for what is relayed to end.
func (s *Server) drained(ctx context.Context, empty <-chan struct{}) error {
	look := time.NewTicker(lookAgain)
	defer look.Stop()
	for n := s.relays.serving(); n > 0; n = s.relays.serving() {
		select {
		case <-empty:
		case <-s.closing:
			return nil
		case <-look.C:
		case <-ctx.Done():
			return fmt.Errorf("turnserver: shutdown: %d in use cut off: %w", n, context.Cause(ctx))
		}
	}
	return nil
}

// lookAgain is how often a Shutdown looks whether all that are left are idle.
const lookAgain = 100 * time.Millisecond

// Close ends the server now: when it returns nothing is open and no goroutine reads, allocates or relays. It may be
// called again and never fails; the error is there for io.Closer. Config.Limited must not call it.
func (s *Server) Close() error {
	s.closeOnce.Do(func() {
		close(s.closing)
		s.streams.close()
		for _, ln := range s.tcp {
			_ = ln.Close() // those that Serve had not begun with
		}
		for _, sock := range s.udp {
			_ = sock.Close()
		}
		s.conns.close()
		s.relays.close()
		s.wg.Wait()
		s.streams.wg.Wait()
		s.conns.wg.Wait()
		s.relays.wg.Wait()
		if s.poller != nil {
			s.poller.Close()
		}
		s.ledger.close()
		s.log.Info().Msg("turn closed")
	})
	return nil
}
