package turnserver

import (
	"net/netip"
	"testing"
	"time"
)

func TestStrangersAreAnsweredAtABoundedRate(t *testing.T) {
	t.Parallel()
	s := newStrangers(100)
	one, two := netip.MustParseAddr("192.0.2.1"), netip.MustParseAddr("192.0.2.2")
	count := func(a netip.Addr, at time.Duration) (n int) {
		for s.may(a, at) {
			n++
		}
		return n
	}
	for s.slot(one) == s.slot(two) { // by chance, once in 65,536 runs
		two = two.Next()
	}
	if n := count(one, 0); n != 1000 {
		t.Errorf("a burst of %d", n)
	}
	if n := count(netip.MustParseAddr("::ffff:192.0.2.1"), 0); n != 0 {
		t.Errorf("%d more for the same address in another form", n)
	}
	if n := count(two, 0); n != 1000 {
		t.Errorf("%d for another address", n)
	}
	if n := count(one, 500*time.Millisecond); n != 50 {
		t.Errorf("%d half a second later", n)
	}
	if n := count(one, time.Hour); n != 1000 {
		t.Errorf("%d an hour later", n)
	}
	six, neighbor := netip.MustParseAddr("2001:db8::1"), netip.MustParseAddr("2001:db8::ffff:2")
	if n := count(six, time.Hour) + count(neighbor, time.Hour); n > 1000 {
		t.Errorf("%d for one /64", n)
	}
}

func TestStrangersDoNotAllocate(t *testing.T) {
	s, one := newStrangers(100), netip.MustParseAddr("192.0.2.1")
	if n := testing.AllocsPerRun(100, func() { s.may(one, 0) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}
