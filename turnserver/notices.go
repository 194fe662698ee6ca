package turnserver

import (
	"sync"
	"sync/atomic"
	"time"
)

const (
	// noticeEvery is the least time between two notices of one kind to one user.
	noticeEvery = 10 * time.Second
	// noticeQueue is how many notices wait for their listener. More are dropped and counted; what they would have said
	// is said again while the bound is still met.
	noticeQueue = 256
	// noticeUsers is how many recent notices are remembered. Past it no new one is told until some are old.
	noticeUsers = 1 << 14
)

type notice struct {
	user string
	met  limit
	name string
}

// notices tells what users have met, in a goroutine of its own: whoever listens may be slow, and packets do not wait.
type notices struct {
	tell    func(user string, l Limited)
	now     func() time.Time
	queue   chan notice
	dropped atomic.Uint64

	stop    chan struct{}
	stopped sync.Once
	done    chan struct{}
}

func newNotices(now func() time.Time, tell func(user string, l Limited)) *notices {
	n := &notices{tell: tell, now: now, queue: make(chan notice, noticeQueue), stop: make(chan struct{}), done: make(chan struct{})}
	go n.run()
	return n
}

// post never blocks. A nil *notices takes everything.
func (n *notices) post(user string, met limit, name string) {
	if n == nil {
		return
	}
	select {
	case n.queue <- notice{user, met, name}:
	default:
		n.dropped.Add(1)
	}
}

// lost is how many were dropped. A nil *notices loses none.
func (n *notices) lost() uint64 {
	if n == nil {
		return 0
	}
	return n.dropped.Load()
}

// run tells each user of each bound at most once in noticeEvery, until close.
func (n *notices) run() {
	defer close(n.done)
	type key struct {
		user string
		met  limit
	}
	told := map[key]time.Time{} // bounded by noticeUsers
	for {
		select {
		case <-n.stop:
			return
		case it := <-n.queue:
			now, k := n.now(), key{it.user, it.met}
			if last, ok := told[k]; ok && now.Sub(last) < noticeEvery {
				continue
			}
			if len(told) >= noticeUsers {
				for k, last := range told {
					if now.Sub(last) >= noticeEvery {
						delete(told, k)
					}
				}
				if len(told) >= noticeUsers {
					n.dropped.Add(1)
					continue
				}
			}
			told[k] = now
			n.tell(it.user, Limited{Quota: it.met.kind().String(), What: it.met.what().String(), Name: it.name})
		}
	}
}

// close returns when the last call of tell has. It may be called again, but not by tell.
func (n *notices) close() {
	n.stopped.Do(func() { close(n.stop) })
	<-n.done
}
