package signaling

import (
	"sync"
	"time"
)

// timer is a time.AfterFunc whose function the server waits for: the server's wait group counts it from its start until it
// has run or was stopped. All methods may be called from any goroutine, but start and again only from one that the server
// waits for, so that the group is never added to from zero while somebody waits.
type timer struct {
	t     *time.Timer
	group *sync.WaitGroup
}

// after calls f once, in its own goroutine, when d has passed.
func (s *Server) after(d time.Duration, f func()) *timer {
	t := &timer{group: &s.running}
	s.running.Add(1)
	t.t = time.AfterFunc(d, func() {
		defer s.running.Done()
		f()
	})
	return t
}

// again starts a timer once more from within its function.
func (t *timer) again(d time.Duration) {
	t.group.Add(1)
	t.t.Reset(d)
}

// stop stops a timer; one that has fired may still be running. A nil timer is stopped.
func (t *timer) stop() {
	if t != nil && t.t.Stop() {
		t.group.Done()
	}
}
