package turnserver

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strconv"
)

// bindTries is how often a free port is looked for that is free for UDP as well.
const bindTries = 10

// bind opens the listeners of a configuration. On an error none is left open.
func bind(ctx context.Context, udp, tcp []string) (lns []net.Listener, socks []*net.UDPConn, err error) {
	defer func() {
		if err == nil {
			return
		}
		for _, ln := range lns {
			_ = ln.Close()
		}
		for _, sock := range socks {
			_ = sock.Close()
		}
		lns, socks = nil, nil
	}()
	for _, at := range slices.Concat(udp, tcp) {
		if _, _, err := net.SplitHostPort(at); err != nil {
			return nil, nil, &ConfigError{"listener", strconv.Quote(at) + " is not host:port", "write it like 203.0.113.7:3478 or :3478"}
		}
	}
	// Looking up a name that is known already may win against a context that has ended already.
	if err := ctx.Err(); err != nil {
		return nil, nil, fmt.Errorf("turnserver: listen: %w", err)
	}
	tcp = slices.Clone(tcp)
	var lc net.ListenConfig
	for _, at := range udp {
		if i := slices.Index(tcp, at); i >= 0 {
			tcp = slices.Delete(tcp, i, i+1)
			ln, sock, err := bindBoth(ctx, at)
			if err != nil {
				return lns, socks, err
			}
			lns, socks = append(lns, ln), append(socks, sock)
			continue
		}
		sock, err := lc.ListenPacket(ctx, "udp", at)
		if err != nil {
			return lns, socks, fmt.Errorf("turnserver: listen: %w", err)
		}
		socks = append(socks, sock.(*net.UDPConn))
	}
	for _, at := range tcp {
		ln, err := lc.Listen(ctx, "tcp", at)
		if err != nil {
			return lns, socks, fmt.Errorf("turnserver: listen: %w", err)
		}
		lns = append(lns, ln)
	}
	return lns, socks, nil
}

// bindBoth listens on one address over TCP and UDP. TCP comes first: it resolves a host name to one address, which UDP then
// takes too, and with port 0 the kernel's choice for TCP is tried for UDP, so that one number is all there is to tell. Only
// when no port is free for both do they differ.
func bindBoth(ctx context.Context, addr string) (net.Listener, *net.UDPConn, error) {
	_, port, _ := net.SplitHostPort(addr)
	for try := 1; ; try++ {
		var lc net.ListenConfig
		ln, err := lc.Listen(ctx, "tcp", addr)
		if err != nil {
			return nil, nil, fmt.Errorf("turnserver: listen: %w", err)
		}
		at := addrPort(ln.Addr())
		if port == "0" && try > bindTries {
			at = netip.AddrPortFrom(at.Addr(), 0)
		}
		pc, err := lc.ListenPacket(ctx, "udp", at.String())
		if err == nil {
			return ln, pc.(*net.UDPConn), nil
		}
		_ = ln.Close()
		if port != "0" || try > bindTries {
			return nil, nil, fmt.Errorf("turnserver: listen: %w", err)
		}
	}
}

// tune asks for large socket buffers: with the kernel's default of 208 KiB a burst to one relay is lost while others
// are served (35 % of the packets of 100 clients, against none with 4 MiB). The kernel gives what its own limit
// allows, without an error; that is said once, to who can change it.
func (s *Server) tune(sock *net.UDPConn) {
	want := s.cfg.Limits.SocketBuffer
	_ = sock.SetReadBuffer(want)
	_ = sock.SetWriteBuffer(want)
	if got := smallestBuffer(sock); got < want {
		s.tuneOnce.Do(func() {
			s.log.Info().Int("wanted", want).Int("got", got).
				Str("hint", fmt.Sprintf("sysctl -w net.core.rmem_max=%d net.core.wmem_max=%d", want, want)).
				Msg("the kernel limits udp socket buffers; bursts may be lost")
		})
	}
}
