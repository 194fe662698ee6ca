package turnserver

import (
	"bytes"
	"maps"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/rs/zerolog"
)

// Config says how a server runs. Who may use it is required, in Secret or in Users; all else has a default. Listen copies
// what it needs; a Config may be used again.
type Config struct {
	// UDP are the host:port on which STUN and TURN are served over UDP. Port 0 takes a free one. On a machine with
	// several addresses name them: from a listener on all of them answers leave from the address that the kernel
	// prefers, not from the one that was asked.
	UDP []string

	// TCP are the host:port of plain TCP listeners of the server's own. An item that stands in UDP too and has port 0
	// takes the same number as there, where one is free for both. For TLS, or for a port that is shared with others,
	// see Server.Serve.
	TCP []string

	// Realm is sent to clients and is the only one accepted from them. Empty means "beckon".
	Realm string

	// Secret signs credentials that end, see Credentials. Whoever knows it can use the relay. Empty means that there
	// are none.
	Secret []byte

	// Users are those of long-term credentials that do not end: passwords by username.
	Users map[string]string

	// RelayAddresses are what peers are told, at most one of each family: the public addresses of a machine behind a
	// one-to-one NAT. A family without one has no relays. Empty means the addresses that UDP and TCP name; and with
	// virtual ports, where they name none, the machine's own first address of each family, public before private.
	RelayAddresses []netip.Addr

	// RelayBind are the local addresses of the relay sockets, at most one of each family, and only with Ports. The
	// default for a family is its relay address where that is an address of this machine, and otherwise all of them.
	RelayBind []netip.Addr

	// Ports are those of the relay sockets, one for each allocation. The zero value means virtual ports: there are no
	// sockets, two allocations of this server reach each other in memory, and nothing else can be reached. It is what
	// is wanted where all peers allocate here; and then no range has to be opened in a firewall, and nothing that a
	// client says can make the server send a packet to anybody but another client.
	Ports PortRange

	// Allow opens what is denied by default: private networks, for example. It does not open this machine's own
	// addresses, nor what can never be a peer (multicast, unspecified and reserved addresses, and the IPv6 ranges
	// that hide an IPv4 address). Made by ParsePrefixes. Like Deny and AllowLocal it matters with Ports only.
	Allow []netip.Prefix

	// Deny closes what would be open, and beats Allow. Made by ParsePrefixes.
	Deny []netip.Prefix

	// AllowLocal lets the relay reach loopback and this machine's own addresses, all but this server's own
	// listeners. For development: it lets whoever has a credential talk to the machine's other services.
	AllowLocal bool

	// Payload says what relays carry. The zero value is PayloadData.
	Payload Payload

	// Quotas bound what identities, rooms and addresses may use together.
	Quotas Quotas

	// Accounts, if not nil, says at Allocate who pays for a user's allocation, until that ends. Else the user is the identity,
	// and in no room. It must be quick, for a listener's other clients wait, and may be called by several goroutines at once.
	Accounts func(user string) Account

	// Limited, if not nil, is told when a client meets a bound of Quotas, at most once in 10 s of each bound for each
	// user. It is called by one goroutine, which it may keep waiting; it must not call Close or Shutdown.
	Limited func(user string, l Limited)

	// Scope, if not nil, is asked besides the policy whether a user may get a permission for an address, or keep it beyond
	// the five minutes that one lasts (RFC 8656 section 9): what it takes back ends with these. It must be quick, for a
	// listener's other clients wait, and may be called by several goroutines at once.
	Scope func(user string, peer netip.Addr) bool

	// Limits bound what clients may use.
	Limits Limits

	// Log is silent when it is the zero value.
	Log zerolog.Logger
}

// Limits of a server. Zero in a field means the default named there. Those of addresses take a proxy that hides its clients'
// addresses for one client: raise them behind one, or have it tell them (PROXY protocol).
type Limits struct {
	TCPConns           int           // accepted connections at a time; for one more that which has been without an allocation for longest is closed. 8,192
	AddressTCPConns    int           // of these from one IPv4 address, or one /64 of IPv6; more are closed at once. 512, as many as it may have allocations
	TCPAllocate        time.Duration // that a TCP connection may live without an allocation, whatever it sends. 30 s
	TCPIdle            time.Duration // of silence from a TCP client with an allocation; clients refresh every 9 min. 10 min
	TCPRest            time.Duration // from the first byte of a TCP frame to its last. 10 s
	TCPWrite           time.Duration // that a TCP client may leave an answer unread. 10 s
	Frame              int           // bytes of one message, ChannelData padded, on TCP and UDP; at most 1,600, Pion's relay buffer. 1,600
	AddressAllocations int           // open at a time from one IPv4 address, or one /64 of IPv6, where Quotas.Address says nothing. 512
	Peers              int           // permissions of one allocation, and as many channels. 256
	Unauthenticated    int           // answers per second to one IPv4 address, or one /64 of IPv6, that proves nothing; ten seconds' worth may go at once. 100
	CredentialTTL      time.Duration // from which a credential's end is too far in the future: those that never end cannot be revoked for good. 7 days
	Queue              int           // packets of peers that wait for Pion in one relay; more are dropped, and so are those beyond 16 while 16,384 wait in all relays. 512
	SocketBuffer       int           // bytes asked of the kernel for each UDP socket, each way. 4 MiB
}

func (l Limits) withDefaults() Limits {
	// One is 17 kB, and one that never asks for a relay stays for TCPAllocate: so a few addresses must not be enough to take all.
	set(&l.TCPConns, 8192)
	set(&l.AddressTCPConns, 512)
	set(&l.TCPAllocate, 30*time.Second)
	set(&l.TCPIdle, 10*time.Minute)
	set(&l.TCPRest, 10*time.Second)
	set(&l.TCPWrite, 10*time.Second)
	set(&l.Frame, relayBuffer)
	// A 32nd of the default ports, so that no address alone can use them up; and enough for an office behind one, 50 people
	// with ten relays each.
	set(&l.AddressAllocations, 512)
	set(&l.Peers, 256)
	// Enough for an office again: a client needs an answer or two for each relay, and its STUN keepalives one in 10 s. Who is made
	// the target of others' requests gets 100 answers of at most 96 bytes with their headers, less than 80 kbit/s.
	set(&l.Unauthenticated, 100)
	set(&l.CredentialTTL, 7*24*time.Hour)
	set(&l.Queue, 512)
	set(&l.SocketBuffer, 4<<20)
	return l
}

func set[T int | time.Duration](field *T, value T) {
	if *field == 0 {
		*field = value
	}
}

// relayBuffer is the size of the buffer that Pion reads a relay into. A longer datagram would be cut.
const relayBuffer = 1600

// virtual says whether relays have no sockets.
func (c *Config) virtual() bool { return c.Ports == PortRange{} }

// withDefaults returns a checked copy. The relay's addresses are settled by Listen, which knows what was bound.
func (c Config) withDefaults() (Config, error) {
	if len(c.Secret) == 0 && len(c.Users) == 0 {
		return c, &ConfigError{"Secret", "is empty, and there are no Users", "set a long random one; it signs the TURN credentials"}
	}
	if c.Realm == "" {
		c.Realm = "beckon"
	}
	// RFC 8489 section 14.9: fewer than 128 characters. Clients echo it, so it must survive quoting as it is.
	if len(c.Realm) > 127 || strings.ContainsFunc(c.Realm, func(r rune) bool { return r <= ' ' || r > '~' || r == '"' || r == '\\' }) {
		return c, &ConfigError{"Realm", strconv.Quote(c.Realm) + " is not usable", "use a domain name, like example.org"}
	}
	for name, password := range c.Users {
		if !checkUsername(name) || password == "" {
			return c, &ConfigError{"Users", strconv.Quote(name) + " is no username or has no password", "give it both; a name has at most 508 bytes and nothing unprintable"}
		}
	}
	if !c.virtual() {
		if err := c.Ports.check(); err != nil {
			return c, err
		}
	} else if len(c.RelayBind) > 0 {
		return c, &ConfigError{"RelayBind", c.RelayBind[0].String() + " has no use", "set Ports too, or leave it out: virtual ports have no sockets"}
	}
	for _, list := range [][]netip.Prefix{c.Allow, c.Deny} {
		for _, p := range list {
			if err := checkPrefix(p.String(), p); err != nil {
				return c, err
			}
		}
	}
	if c.Payload < PayloadData || c.Payload > PayloadAny {
		return c, &ConfigError{"Payload", c.Payload.String() + " is not known", "choose one of the constants"}
	}
	if err := c.Quotas.check(); err != nil {
		return c, err
	}
	l := c.Limits.withDefaults()
	if l.TCPConns < 0 ||
		min(l.TCPAllocate, l.TCPIdle, l.TCPRest, l.TCPWrite, l.CredentialTTL) < 0 ||
		min(l.SocketBuffer, l.Queue, l.AddressTCPConns, l.AddressAllocations, l.Peers, l.Unauthenticated) < 0 {
		return c, &ConfigError{"Limits", "one of them is negative", "leave it 0 for the default"}
	}
	if l.Frame < 256 || l.Frame > relayBuffer {
		return c, &ConfigError{"Limits.Frame", strconv.Itoa(l.Frame) + " is out of range", "choose from 256 to 1600"}
	}
	c.Limits, c.Secret, c.Users = l, bytes.Clone(c.Secret), maps.Clone(c.Users)
	c.Allow, c.Deny = slices.Clone(c.Allow), slices.Clone(c.Deny)
	return c, nil
}
