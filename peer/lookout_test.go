package peer

import (
	"testing"
	"testing/synctest"
	"time"
)

// A machine that slept for longer than everything may take counts one unanswered ping, and gives nothing up.
func TestALookAfterASleep(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newTwo(t, true)
		w.exchange(t)
		synctest.Wait()
		c := newConnection(t.Context(), w.offerer.end, nil, true, 30*time.Second) // a lookout of its own, over the same association
		c.pc, c.control, c.connected = w.offerer.pc, w.offerer.control, w.offerer.connected
		c.reachable = func() bool { return true }
		var states []State
		c.moved = func(s State) { states = append(states, s) }
		now := time.Now()
		look := func(after time.Duration) {
			now = now.Add(after)
			if _, err := c.look(now); err != nil {
				t.Fatal(err)
			}
		}
		c.lookout.start(now, now.Add(30*time.Second))
		look(time.Hour) // connected meanwhile
		look(time.Hour)
		look(time.Hour)
		look(time.Hour)
		if len(states) != 0 || c.lookout.pings > 3 {
			t.Fatalf("after the sleep: %v, %d pings", states, c.lookout.pings)
		}
		look(heartbeat)
		look(heartbeat)
		look(heartbeat)
		if len(states) != 1 || states[0] != StateReconnecting {
			t.Fatalf("and nothing is heard: %v", states)
		}
		look(time.Hour) // while another way is looked for
		c.goroutines.Wait()
	})
}
