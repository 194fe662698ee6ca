package turnserver

import (
	"bytes"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/rs/zerolog"
)

// Config says how a server runs. Only Secret is required, and RelayAddress when Addr names no address. Listen copies
// what it needs; a Config may be used again.
type Config struct {
	// Addr is the host:port on which STUN and TURN are served, over UDP and TCP alike. Port 0 takes a free port,
	// the same for both where one can be found. Empty means ":3478". On a machine with several addresses name one:
	// answers over UDP leave from the address that the kernel prefers, not from the one that was asked.
	Addr string

	// Realm is sent to clients and is the only one accepted from them. Empty means "beckon".
	Realm string

	// Secret signs the credentials. Whoever knows it can use the relay. Required.
	Secret []byte

	// RelayAddress is the address that peers are told, the public one of a machine behind a one-to-one NAT. The
	// zero value means the address of Addr.
	RelayAddress netip.Addr

	// RelayBind is the local address of the relay sockets. The zero value means RelayAddress where that is an
	// address of this machine, and otherwise every address of its family.
	RelayBind netip.Addr

	// Ports are those of the relay sockets. The zero value means 49152-65535.
	Ports PortRange

	// Allow opens what is denied by default: private networks, for example. It does not open this machine's own
	// addresses, nor what can never be a peer (multicast, unspecified and reserved addresses, and the IPv6 ranges
	// that hide an IPv4 address). Made by ParsePrefixes.
	Allow []netip.Prefix

	// Deny closes what would be open, and beats Allow. Made by ParsePrefixes.
	Deny []netip.Prefix

	// AllowLocal lets the relay reach loopback and this machine's own addresses, all but this server's own
	// listeners. For development: it lets whoever has a credential talk to the machine's other services.
	AllowLocal bool

	// Limits bound what clients may use.
	Limits Limits

	// Log is silent when it is the zero value.
	Log zerolog.Logger
}

// Limits of a server. Zero in a field means the default named there.
type Limits struct {
	TCPConns     int           // accepted connections at a time; more are closed at once. 1,024
	TCPAllocate  time.Duration // that a TCP connection may live without an allocation, whatever it sends. 30 s
	TCPIdle      time.Duration // of silence from a TCP client with an allocation; clients refresh every 9 min. 10 min
	TCPRest      time.Duration // from the first byte of a TCP frame to its last. 10 s
	TCPWrite     time.Duration // that a TCP client may leave an answer unread. 10 s
	Frame        int           // bytes of one message, ChannelData padded, on TCP and UDP; at most 1,600, Pion's relay buffer. 1,600
	SocketBuffer int           // bytes asked of the kernel for each UDP socket, each way. 4 MiB
}

func (l Limits) withDefaults() Limits {
	set(&l.TCPConns, 1024)
	set(&l.TCPAllocate, 30*time.Second)
	set(&l.TCPIdle, 10*time.Minute)
	set(&l.TCPRest, 10*time.Second)
	set(&l.TCPWrite, 10*time.Second)
	set(&l.Frame, relayBuffer)
	set(&l.SocketBuffer, 4<<20)
	return l
}

func set[T int | time.Duration](field *T, value T) {
	if *field == 0 {
		*field = value
	}
}

// relayBuffer is the size of the buffer that Pion reads a relay socket into. A longer datagram would be cut.
const relayBuffer = 1600

// withDefaults returns a checked copy. RelayAddress and RelayBind are settled by Listen, which knows what was bound.
func (c Config) withDefaults() (Config, error) {
	if len(c.Secret) == 0 {
		return c, &ConfigError{"Secret", "is empty", "set a long random one; it signs the TURN credentials"}
	}
	if c.Addr == "" {
		c.Addr = ":3478"
	}
	if c.Realm == "" {
		c.Realm = "beckon"
	}
	// RFC 8489 section 14.9: fewer than 128 characters. Clients echo it, so it must survive quoting as it is.
	if len(c.Realm) > 127 || strings.ContainsFunc(c.Realm, func(r rune) bool { return r <= ' ' || r > '~' || r == '"' || r == '\\' }) {
		return c, &ConfigError{"Realm", strconv.Quote(c.Realm) + " is not usable", "use a domain name, like example.org"}
	}
	if c.Ports == (PortRange{}) {
		c.Ports = PortRange{49152, 65535} // the dynamic ports, RFC 8656 section 7.2
	}
	if err := c.Ports.check(); err != nil {
		return c, err
	}
	for _, list := range [][]netip.Prefix{c.Allow, c.Deny} {
		for _, p := range list {
			if err := checkPrefix(p.String(), p); err != nil {
				return c, err
			}
		}
	}
	l := c.Limits.withDefaults()
	if l.TCPConns < 0 || min(l.TCPAllocate, l.TCPIdle, l.TCPRest, l.TCPWrite) < 0 || l.SocketBuffer < 0 {
		return c, &ConfigError{"Limits", "one of them is negative", "leave it 0 for the default"}
	}
	if l.Frame < 256 || l.Frame > relayBuffer {
		return c, &ConfigError{"Limits.Frame", strconv.Itoa(l.Frame) + " is out of range", "choose from 256 to 1600"}
	}
	c.Limits, c.Secret = l, bytes.Clone(c.Secret)
	c.Allow, c.Deny = slices.Clone(c.Allow), slices.Clone(c.Deny)
	return c, nil
}
