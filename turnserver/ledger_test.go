package turnserver

import (
	"fmt"
	"net/netip"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// inBubble runs a test of a ledger in fake time, where time.Now is the ledger's clock.
func inBubble(t *testing.T, q Quotas, test func(t *testing.T, l *ledger, told *[]string)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		var told []string
		var mu sync.Mutex
		l := newLedger(q, 0, time.Now, func(user string, lim Limited) {
			mu.Lock()
			defer mu.Unlock()
			told = append(told, fmt.Sprintf("%s: %s %s of %s", user, lim.Quota, lim.What, lim.Name))
		})
		defer l.close()
		test(t, l, &told)
	})
}

func mustReserve(t *testing.T, l *ledger, user string, a Account, addr string) *holding {
	t.Helper()
	h, met := l.reserve(user, a, netip.MustParseAddr(addr))
	if met != 0 {
		t.Fatalf("reserve for %s: %s", user, met)
	}
	return h
}

func wantMet(t *testing.T, what string, got limit, want string) {
	t.Helper()
	if got.String() != want {
		t.Errorf("%s: %s, want %s", what, got, want)
	}
}

func TestLedgerAllocations(t *testing.T) {
	t.Parallel()
	q := Quotas{Identity: Quota{Allocations: 2}, Room: Quota{Allocations: 3}, Address: Quota{Allocations: 4}}
	inBubble(t, q, func(t *testing.T, l *ledger, told *[]string) {
		ann := Account{Identity: "ann", Rooms: []string{"a", "a", "b"}} // named twice, charged once
		first := mustReserve(t, l, "ann1", ann, "192.0.2.1")
		mustReserve(t, l, "ann2", ann, "192.0.2.1")
		_, met := l.reserve("ann3", ann, netip.MustParseAddr("192.0.2.2"))
		wantMet(t, "a third of one identity", met, "identity-allocations")
		mustReserve(t, l, "bob", Account{Rooms: []string{"b"}}, "192.0.2.1")
		_, met = l.reserve("cy", Account{Rooms: []string{"c", "b"}}, netip.MustParseAddr("192.0.2.1"))
		wantMet(t, "a fourth in one room", met, "room-allocations")
		mustReserve(t, l, "dan", Account{Rooms: []string{"c"}}, "::ffff:192.0.2.1")
		_, met = l.reserve("eve", Account{Rooms: []string{"c"}}, netip.MustParseAddr("192.0.2.1"))
		wantMet(t, "a fifth of one address", met, "address-allocations")
		first.release()
		first.release()
		mustReserve(t, l, "eve", Account{Rooms: []string{"c"}}, "192.0.2.1")
		_, met = l.reserve("fay", Account{Rooms: []string{"c"}}, netip.MustParseAddr("192.0.2.1"))
		wantMet(t, "released twice, given back once", met, "address-allocations")

		synctest.Wait()
		want := "[ann3: identity allocations of ann cy: room allocations of b eve: address allocations of 192.0.2.1 fay: address allocations of 192.0.2.1]"
		if got := fmt.Sprint(*told); got != want {
			t.Errorf("told %s\nwant %s", got, want)
		}
		if n := l.refused[limitOf(quotaAddress, quotaAllocations)].Load(); n != 2 {
			t.Errorf("%d refusals counted for the address", n)
		}
	})
}

// A subscriber of IPv6 cannot have more by taking another of its addresses.
func TestLedgerIPv6(t *testing.T) {
	t.Parallel()
	inBubble(t, Quotas{Address: Quota{Allocations: 1}}, func(t *testing.T, l *ledger, told *[]string) {
		mustReserve(t, l, "a", Account{}, "2001:db8:0:1::1")
		_, met := l.reserve("b", Account{}, netip.MustParseAddr("2001:db8:0:1:ffff::2%eth0"))
		wantMet(t, "the same /64", met, "address-allocations")
		mustReserve(t, l, "c", Account{}, "2001:db8:0:2::1")
		synctest.Wait()
		if got := fmt.Sprint(*told); got != "[b: address allocations of 2001:db8:0:1::/64]" {
			t.Error(got)
		}
	})
}

// A thousand allocations from one address: without a quota the default bound of an address holds.
func TestLedgerAddressDefault(t *testing.T) {
	t.Parallel()
	l := newLedger(Quotas{}, 3, time.Now, nil)
	defer l.close()
	for i := range 3 {
		if h := mustReserve(t, l, fmt.Sprint(i), Account{}, "192.0.2.1"); h.metered() {
			t.Error("metered without a quota")
		}
	}
	_, met := l.reserve("x", Account{}, netip.MustParseAddr("192.0.2.1"))
	wantMet(t, "one more", met, "address-allocations")
}

func TestLedgerBytes(t *testing.T) {
	t.Parallel()
	inBubble(t, Quotas{Identity: Quota{Bytes: 1000}}, func(t *testing.T, l *ledger, told *[]string) {
		one := mustReserve(t, l, "one", Account{Identity: "i"}, "192.0.2.1")
		two := mustReserve(t, l, "two", Account{Identity: "i"}, "192.0.2.2")
		wantMet(t, "600", one.charge(600, l.at()), "none")
		time.Sleep(time.Hour)
		wantMet(t, "400 an hour later", two.charge(400, l.at()), "none")
		wantMet(t, "one too many", one.charge(1, l.at()), "identity-bytes")
		one.release()
		two.release()
		time.Sleep(23*time.Hour - time.Second)
		again := mustReserve(t, l, "again", Account{Identity: "i"}, "192.0.2.3")
		wantMet(t, "a new allocation remembers", again.charge(1, l.at()), "identity-bytes")
		time.Sleep(time.Second)
		wantMet(t, "the first 600 are a day old", again.charge(600, l.at()), "none")
		wantMet(t, "the 400 are not", again.charge(1, l.at()), "identity-bytes")
		time.Sleep(time.Hour)
		wantMet(t, "now they are", again.charge(400, l.at()), "none")
		time.Sleep(100 * 24 * time.Hour)
		wantMet(t, "everything is", again.charge(1000, l.at()), "none")
		wantMet(t, "and no more", again.charge(1, l.at()), "identity-bytes")
	})
}

func TestLedgerRate(t *testing.T) {
	t.Parallel()
	const rate = 8 << 20 // 1 MiB per second, which is the burst as well
	inBubble(t, Quotas{Room: Quota{BitsPerSecond: rate}}, func(t *testing.T, l *ledger, told *[]string) {
		h := mustReserve(t, l, "u", Account{Rooms: []string{"r"}}, "192.0.2.1")
		burst := 0
		for ; h.charge(1024, l.at()) == 0; burst++ {
		}
		if burst != 1024 {
			t.Errorf("a burst of %d KiB", burst)
		}
		through := 0
		for range 10_000 { // twice the rate for 5 s
			time.Sleep(500 * time.Microsecond)
			if h.charge(1024, l.at()) == 0 {
				through++
			}
		}
		if through < 5100 || through > 5140 {
			t.Errorf("%d KiB in 5 s", through)
		}
		if n := l.refused[limitOf(quotaRoom, quotaBandwidth)].Load(); n != uint64(10_000-through+1) {
			t.Errorf("%d refusals counted", n)
		}
	})
}

// The slowest rate still carries a flight of packets.
func TestLedgerLeastBurst(t *testing.T) {
	t.Parallel()
	inBubble(t, Quotas{Identity: Quota{BitsPerSecond: 8000}}, func(t *testing.T, l *ledger, told *[]string) {
		h := mustReserve(t, l, "u", Account{}, "192.0.2.1")
		wantMet(t, "the burst", h.charge(leastBurst, l.at()), "none")
		wantMet(t, "more", h.charge(1, l.at()), "identity-bandwidth")
		time.Sleep(time.Millisecond)
		wantMet(t, "a byte per millisecond", h.charge(1, l.at()), "none")
	})
}

// A packet that one account refuses costs the others nothing.
func TestLedgerAllOrNothing(t *testing.T) {
	t.Parallel()
	q := Quotas{Identity: Quota{Bytes: 100, BitsPerSecond: 8}, Room: Quota{Bytes: 10}}
	inBubble(t, q, func(t *testing.T, l *ledger, told *[]string) {
		h := mustReserve(t, l, "u", Account{Rooms: []string{"r"}}, "192.0.2.1")
		for range 100 {
			wantMet(t, "too much for the room", h.charge(11, l.at()), "room-bytes")
		}
		other := mustReserve(t, l, "u", Account{}, "192.0.2.1")
		wantMet(t, "the identity has it all", other.charge(100, l.at()), "none")
		wantMet(t, "and no more", other.charge(1, l.at()), "identity-bytes")
		other.charged[0].quota.Bytes = 1 << 40
		wantMet(t, "nor did the rate pay", other.charge(leastBurst-100, l.at()), "none")
		wantMet(t, "for it", other.charge(1, l.at()), "identity-bandwidth")
	})
}

func TestLedgerNotices(t *testing.T) {
	t.Parallel()
	inBubble(t, Quotas{Identity: Quota{Bytes: 1, Allocations: 2}}, func(t *testing.T, l *ledger, told *[]string) {
		h := mustReserve(t, l, "u", Account{}, "192.0.2.1")
		twin := mustReserve(t, l, "u", Account{}, "192.0.2.1")
		for range 301 { // 30.1 s
			h.charge(2, l.at())
			twin.charge(2, l.at())
			l.reserve("u", Account{}, netip.MustParseAddr("192.0.2.1"))
			time.Sleep(100 * time.Millisecond)
		}
		synctest.Wait()
		count := map[string]int{}
		for _, s := range *told {
			count[s]++
		}
		if len(count) != 2 || count["u: identity bytes of u"] != 4 || count["u: identity allocations of u"] != 4 {
			t.Errorf("told %v", count)
		}
	})
}

// A listener that hangs costs notices, never packets.
func TestLedgerSlowListener(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		hang, n := make(chan struct{}), atomic.Int64{}
		l := newLedger(Quotas{Identity: Quota{Bytes: 1}}, 0, time.Now, func(string, Limited) { n.Add(1); <-hang })
		for i := range 2 * noticeQueue {
			h := mustReserve(t, l, fmt.Sprint("u", i), Account{}, "192.0.2.1")
			wantMet(t, "charge", h.charge(2, l.at()), "identity-bytes")
			synctest.Wait()
		}
		if d := l.notices.dropped.Load(); d != noticeQueue-1 {
			t.Errorf("%d notices dropped", d)
		}
		close(hang)
		synctest.Wait()
		if n.Load() != noticeQueue+1 {
			t.Errorf("%d notices told", n.Load())
		}
		l.close()
		l.close()
	})
}

// What nobody uses is forgotten after a day, and beyond the cap the longest idle first.
func TestLedgerForgets(t *testing.T) {
	t.Parallel()
	inBubble(t, Quotas{Identity: Quota{Bytes: 10}}, func(t *testing.T, l *ledger, told *[]string) {
		use := func(user string) limit {
			h := mustReserve(t, l, user, Account{}, "192.0.2.1")
			defer h.release()
			return h.charge(10, l.at())
		}
		for i := range idleAccounts + 1 {
			wantMet(t, "first", use(fmt.Sprint(i)), "none")
		}
		if len(l.accounts) != idleAccounts || l.forgot.Load() != 1 {
			t.Errorf("%d accounts, %d forgotten", len(l.accounts), l.forgot.Load())
		}
		wantMet(t, "one remembered", use("1"), "identity-bytes")
		wantMet(t, "the one forgotten", use("0"), "none")
		time.Sleep(idleTime + time.Second)
		use("x")
		if len(l.accounts) != 1 || l.idle.Len() != 1 || len(l.idleAt) != 1 {
			t.Errorf("%d accounts a day later", len(l.accounts))
		}
	})
}

// Many goroutines, for the race detector; the sums are exact in the end.
func TestLedgerConcurrent(t *testing.T) {
	t.Parallel()
	q := Quotas{Identity: Quota{Allocations: 5, Bytes: 100_000}, Room: Quota{Bytes: 1 << 40, BitsPerSecond: 1 << 40}}
	l := newLedger(q, 0, time.Now, func(string, Limited) {})
	defer l.close()
	var wg sync.WaitGroup
	var paid, most, open atomic.Int64
	for range 8 {
		wg.Go(func() {
			for range 200 {
				h, met := l.reserve("u", Account{Rooms: []string{"r"}}, netip.MustParseAddr("192.0.2.1"))
				if met != 0 {
					continue
				}
				if n := open.Add(1); n > most.Load() {
					most.Store(n)
				}
				for range 10 {
					if h.charge(100, l.at()) == 0 {
						paid.Add(100)
					}
				}
				open.Add(-1)
				h.release()
			}
		})
	}
	wg.Wait()
	room := l.accounts[accountKey{quotaRoom, "r"}]
	if most.Load() > 5 || paid.Load() > 100_000 || room.bytes.sum.Load() != paid.Load() {
		t.Errorf("%d at a time, %d paid, the room counts %d", most.Load(), paid.Load(), room.bytes.sum.Load())
	}
	if l.idle.Len() != len(l.accounts) {
		t.Errorf("%d of %d accounts idle", l.idle.Len(), len(l.accounts))
	}
}

func TestLedgerDoesNotAllocate(t *testing.T) {
	l := newLedger(Quotas{Identity: Quota{Bytes: 1 << 40}, Address: Quota{BitsPerSecond: 1000}}, 0, time.Now, func(string, Limited) {})
	defer l.close()
	h := mustReserve(t, l, "u", Account{}, "192.0.2.1")
	if n := testing.AllocsPerRun(1000, func() { h.charge(1000, l.at()) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func BenchmarkCharge(b *testing.B) {
	q := Quota{Bytes: 1 << 60, BitsPerSecond: 1 << 50}
	l := newLedger(Quotas{q, q, q}, 0, time.Now, nil)
	defer l.close()
	h, _ := l.reserve("u", Account{Rooms: []string{"r"}}, netip.MustParseAddr("192.0.2.1"))
	at := l.at()
	for b.Loop() {
		if h.charge(1000, at) != 0 {
			b.Fatal("refused")
		}
	}
}
