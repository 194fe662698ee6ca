package turnserver

import (
	"net/netip"
	"strconv"
)

// Quotas bound what clients use together. The zero value bounds nothing but what Limits does. What goes from one relay of this
// server to another is relayed twice, and counted at both.
type Quotas struct {
	Identity Quota // all that Account.Identity names
	Room     Quota // all that are in one of Account.Rooms
	Address  Quota // all that connect from one IPv4 address, or from one /64 of IPv6
}

// Quota bounds one identity, room or address. Zero in a field means no bound; Address.Allocations then is
// Limits.AddressAllocations.
type Quota struct {
	// Allocations is how many may be open at a time. The next is refused with 486.
	Allocations int

	// Bytes is how many may be relayed in 24 h, both directions together, counted as payload and remembered by the hour.
	// At the bound packets are dropped until what is older than a day falls out.
	Bytes int64

	// BitsPerSecond is the rate of what is relayed, both directions together, counted as payload. What comes faster is
	// dropped, as a slower link would, and WebRTC slows down. A burst may use up one second's worth at once, and
	// 16 KiB where that is more.
	BitsPerSecond int64
}

func (q Quotas) of(k quotaKind) Quota { return [...]Quota{q.Identity, q.Room, q.Address}[k] }

// check refuses what cannot be meant.
func (q Quotas) check() error {
	for k := range quotaKinds {
		if q := q.of(k); q.Allocations < 0 || q.Bytes < 0 || q.BitsPerSecond < 0 {
			return &ConfigError{"Quotas", k.String() + " has a negative bound", "leave it 0 for none"}
		}
	}
	return nil
}

// Account says who pays for an allocation.
type Account struct {
	Identity string   // empty: the user
	Rooms    []string // each is charged for everything
}

// Limited says which bound a client has met.
type Limited struct {
	Quota string // "identity", "room" or "address"
	What  string // "allocations", "bytes" or "bandwidth"
	Name  string // of the identity, the room or the address (of IPv6 a prefix)
}

type quotaKind uint8

const (
	quotaIdentity quotaKind = iota
	quotaRoom
	quotaAddress
	quotaKinds
)

func (k quotaKind) String() string { return [...]string{"identity", "room", "address"}[k] }

type quotaWhat uint8

const (
	quotaAllocations quotaWhat = iota
	quotaBytes
	quotaBandwidth
	quotaWhats
)

func (w quotaWhat) String() string { return [...]string{"allocations", "bytes", "bandwidth"}[w] }

// limit is which bound of whom was met. The zero value is none.
type limit uint8

// limits is how many values a limit has.
const limits = 1 + int(quotaKinds)*int(quotaWhats)

func limitOf(k quotaKind, w quotaWhat) limit { return limit(1 + int(k)*int(quotaWhats) + int(w)) }

func (l limit) kind() quotaKind { return quotaKind((l - 1) / limit(quotaWhats)) }
func (l limit) what() quotaWhat { return quotaWhat((l - 1) % limit(quotaWhats)) }

// String is like "room-bytes"; that of none is "none".
func (l limit) String() string {
	if l == 0 {
		return "none"
	}
	return l.kind().String() + "-" + l.what().String()
}

// accountKey names an account.
type accountKey struct {
	kind quotaKind
	name string
}

// network is what counts as one address: a subscriber of IPv6 has at least a /64 and may use a new address of it for each
// packet.
func network(a netip.Addr) netip.Addr {
	a = canonical(a)
	if a.Is6() {
		p, _ := a.Prefix(64) // of an address without a zone it cannot fail
		return p.Addr()
	}
	return a
}

func networkName(a netip.Addr) string {
	if a = network(a); a.Is6() {
		return a.String() + "/" + strconv.Itoa(64)
	}
	return a.String()
}
