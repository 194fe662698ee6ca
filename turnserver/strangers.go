package turnserver

import (
	"hash/maphash"
	"net/netip"
	"time"
)

// strangers bounds the answers that go to one source (an IPv4 address, a /64 of IPv6) whose requests are not authenticated:
// Binding, 401, 438 and the other errors before them. Over UDP nobody knows whether a source is where a request came from, so
// each such answer may be one that hits somebody who asked for nothing.
//
// A source has the bucket that its hash names. So the memory is fixed, nothing is looked up or evicted, and a flood from made-up
// sources can wear out the bucket of somebody else only by filling all of them, at strangersSlots times the rate; who shares a
// bucket with a source that is flooded has bad luck of one in strangersSlots, and other luck after a restart. The zero value
// is not ready. All methods may be called at any time.
type strangers struct {
	seed  maphash.Seed
	price time.Duration // of one answer
	depth time.Duration
	slots [strangersSlots]bucket
}

const (
	strangersSlots = 1 << 16 // half a megabyte
	// strangersBurst is how many seconds' worth of answers may go at once: a whole office opens a page in one moment.
	strangersBurst = 10
)

func newStrangers(perSecond int) *strangers {
	return &strangers{seed: maphash.MakeSeed(), price: time.Second / time.Duration(perSecond), depth: strangersBurst * time.Second}
}

// may takes one answer for a source, or says that it has had its share.
func (s *strangers) may(source netip.Addr, at time.Duration) bool {
	return s.slot(source).take(s.price, s.depth, at)
}

func (s *strangers) slot(source netip.Addr) *bucket {
	b := network(source).As16()
	return &s.slots[maphash.Bytes(s.seed, b[:])%strangersSlots]
}
