package turnserver

import (
	"bytes"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pion/stun/v4"

	"github.com/beckon-rtc/beckon/internal/memnet"
)

// A relayed session may last for days: the credential that opened it lived for ten minutes, and a nonce, which lives for an hour, is
// replaced by the answer that says so (RFC 8489 section 9.2.4).
func TestASessionLastsForDays(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := listen(t, virtual, noListeners, func(c *Config) { c.RelayAddresses = addrs("192.0.2.1") })
		ln := memnet.Listen(0)
		done := serve(s, ln)
		client := func(user string) *wire {
			w := wireOn(t, s, dialMem(t, ln))
			w.username, w.pass = s.Credentials(user, 10*time.Minute)
			_ = w.conn.SetDeadline(time.Time{}) // the clock is fake, and runs for days
			return w
		}
		// keep asks as clients do: with the nonce that there is, and with the fresh one where that is stale.
		stale := 0
		keep := func(w *wire, method stun.Method, attrs ...stun.Setter) {
			t.Helper()
			code, m := w.request(method, attrs...)
			if code == stun.CodeStaleNonce {
				stale++
				var fresh stun.Nonce
				if err := fresh.GetFrom(m); err != nil || bytes.Equal(fresh, w.nonce) {
					t.Fatalf("no fresh nonce: %v, %v", err, m)
				}
				w.nonce = slices.Clone(fresh)
				code, m = w.request(method, attrs...)
			}
			if code != 0 {
				t.Fatalf("%s: %d %v", method, code, m)
			}
		}
		alice, bob := client("alice"), client("bob")
		at, bt := alice.allocate(), bob.allocate()
		const days, pause = 3, 4 * time.Minute // permissions last for five
		for range days * 24 * time.Hour / pause {
			keep(alice, stun.MethodRefresh)
			keep(alice, stun.MethodCreatePermission, peerAddress(bt))
			keep(bob, stun.MethodRefresh)
			keep(bob, stun.MethodCreatePermission, peerAddress(at))
			alice.say(bt, "still here")
			if got := bob.heard(); got != "still here" {
				t.Fatalf("heard %q", got)
			}
			time.Sleep(pause)
		}
		if least := 2 * (days*24 - 5); stale < least || stale > 2*days*24 {
			t.Errorf("%d nonces were stale, in %d days of two clients", stale, days)
		}
		late := client("alice")
		late.username, late.pass = alice.username, alice.pass
		if code, _ := late.request(stun.MethodAllocate, transport(protoUDP)); code != stun.CodeUnauthorized {
			t.Errorf("Allocate with the credential of the beginning: %d", code)
		}
		_ = s.Close()
		<-done
	})
}
