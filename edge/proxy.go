package edge

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/pires/go-proxyproto"
)

// headerBuffer holds a whole header of version 1, which must come in one piece, and all of version 2 but long extensions, which
// are read through.
const headerBuffer = 256

// readHeader takes the PROXY header off a connection that comes from a proxy. What was read beyond it is put back.
func (g *greeting) readHeader(s plainStream) *refusal {
	_ = s.SetReadDeadline(time.Now().Add(g.cfg.Limits.Header))
	r := bufio.NewReaderSize(s, headerBuffer)
	// Read calls every first byte that does not come a missing header.
	if _, err := r.Peek(1); err != nil {
		return g.broken(err, ProxyLate, ProxyBad)
	}
	h, err := proxyproto.Read(r)
	switch {
	case g.life.Err() != nil:
		return &refusal{reason: Closing}
	case errors.Is(err, os.ErrDeadlineExceeded):
		return &refusal{reason: ProxyLate}
	case errors.Is(err, proxyproto.ErrNoProxyProtocol):
		return &refusal{reason: ProxyMissing}
	case err != nil:
		return &refusal{reason: ProxyBad, err: err}
	}
	if !h.Command.IsLocal() {
		// Not of UDP or a Unix socket: nobody could be counted by it.
		client, _, ok := h.TCPAddrs()
		if !ok || !client.AddrPort().IsValid() {
			return &refusal{reason: ProxyBad, err: fmt.Errorf("a client of %v", h.SourceAddr)}
		}
		s.from(client)
	}
	_ = s.SetReadDeadline(time.Time{})
	if n := r.Buffered(); n > 0 {
		rest, _ := r.Peek(n)
		s.unread(rest)
	}
	return nil
}
