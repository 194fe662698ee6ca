package turnserver

import (
	"net/netip"
	"runtime"
	"sync"
	"testing"

	"github.com/pion/stun/v4"
)

// An allocation is ended in the moment in which its client gets a permission. Pion, left alone, then dies now and then, and the race
// detector sees it nearly always.
func TestEndWhileRequestsCome(t *testing.T) {
	t.Parallel()
	s := listen(t, noLocal)
	peer := netip.MustParseAddrPort("8.8.8.8:4000")
	for range 50 {
		w := newWire(t, s, "udp")
		at := w.allocate()
		r := s.relays.find(at)
		var ending sync.WaitGroup
		ending.Go(func() {
			for !r.permissions.has(peer.Addr()) {
				runtime.Gosched() // and nothing that would keep the two apart
			}
			s.End(r.user)
		})
		if code, _ := w.request(stun.MethodCreatePermission, peerAddress(peer)); code != 0 {
			t.Fatalf("CreatePermission: %d", code)
		}
		ending.Wait()
		if code, _ := w.request(stun.MethodCreatePermission, peerAddress(peer)); code != stun.CodeAllocMismatch {
			t.Fatalf("CreatePermission after the end: %d", code)
		}
		w.conn.Close()
	}
	eventually(t, "all have ended", func() bool { return s.Stats().Allocations == 0 })
}

// An allocation that is about to end by itself takes no more requests: its client has let a minute pass in which others refresh.
func TestLastMoment(t *testing.T) {
	t.Parallel()
	s := listen(t, virtual)
	w := newWire(t, s, "udp")
	own := w.allocate()
	lifetime := stun.RawAttribute{Type: stun.AttrLifetime, Value: []byte{0, 0, 0, 2}}
	if code, _ := w.request(stun.MethodRefresh, lifetime); code != 0 {
		t.Fatalf("Refresh: %d", code)
	}
	if code, _ := w.request(stun.MethodCreatePermission, peerAddress(own)); code != 0 {
		t.Errorf("CreatePermission before the last moment: %d", code)
	}
	lifetime.Value = []byte{0, 0, 0, 1}
	if code, _ := w.request(stun.MethodRefresh, lifetime); code != 0 {
		t.Fatalf("Refresh: %d", code)
	}
	for _, method := range []stun.Method{stun.MethodCreatePermission, stun.MethodRefresh} {
		if code, _ := w.request(method, peerAddress(own)); code != stun.CodeAllocMismatch {
			t.Errorf("%s in the last moment: %d", method, code)
		}
	}
	eventually(t, "it has ended", func() bool { return s.Stats().Allocations == 0 })
}
