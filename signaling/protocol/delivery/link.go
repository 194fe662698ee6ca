package delivery

import (
	"slices"
	"time"

	"github.com/beckon-rtc/beckon/signaling/protocol"
)

// parcel is a direct message that has no receipt yet.
type parcel struct {
	n     uint64
	token uint64
	data  []byte
}

// link is the direct messages from this instance to one other (this file), and those from it to this one (inbound.go).
type link struct {
	cfg            *Config
	out            *output
	peer, instance string
	// up tells that frames can reach the other side now: this side is online, the other is a member and not away.
	up bool

	last uint64   // the number of the newest message
	sent uint64   // the highest number that was ever handed to a carrier
	kept []parcel // without a receipt, in order; those within the window may be on their way
	next uint64   // those below it are on their way: they are not sent again until something says that they are lost
	// probing allows the first of kept alone: it was sent before, and its receipt will tell which of the others must be, too.
	probing bool
	// paused allows nothing: the other side, or the server, had no room.
	paused  bool
	backoff time.Duration

	inbound inbound
	// heard is the number of the newest room message of that instance.
	heard uint64
	// skip tells that messages of the room were missed, which has been said: the next that is heard may have any higher number.
	skip bool
}

func newLink(cfg *Config, out *output, peer, instance string) *link {
	return &link{cfg: cfg, out: out, peer: peer, instance: instance, backoff: cfg.Resend}
}

func (l *link) address() string { return addressOf(l.peer, l.instance) }

// resendTimer runs while messages are on their way, and while the link is paused.
func (l *link) resendTimer() string { return "resend " + l.address() }

// send takes a message.
func (l *link) send(token uint64, data []byte) {
	if len(l.kept) >= l.cfg.Window+l.cfg.MaxWaiting {
		l.out.emit(Failed{token, protocol.CodeOverflow})
		return
	}
	l.last++
	l.kept = append(l.kept, parcel{l.last, token, data})
}

// rise makes the other side reachable. What is still there of what was sent before may have arrived or not: the first one will
// tell.
func (l *link) rise() {
	if l.up {
		return
	}
	l.up = true
	l.backoff = l.cfg.Resend
	l.again()
}

// again begins anew with the first message, as a probe if it was sent before: it is either what the other side waits for, or a
// double whose receipt says what it has. To send the others again at the same time would be a guess.
func (l *link) again() {
	l.next = 0
	l.probing = len(l.kept) > 0 && l.kept[0].n <= l.sent
}

// fall makes the other side unreachable. Receipts that are owed are not worth keeping: the other side probes when it can.
func (l *link) fall() {
	l.up, l.paused = false, false
	l.out.clear(l.resendTimer())
	l.inbound.owed, l.inbound.due = 0, false
}

// ready returns the index in kept of what may be sent now, -1 if nothing may.
func (l *link) ready() int {
	if !l.up || l.paused {
		return -1
	}
	i := slices.IndexFunc(l.kept, func(p parcel) bool { return p.n >= l.next })
	if i >= l.cfg.Window || i > 0 && l.probing {
		return -1
	}
	return i
}

// take makes the frame of the message at index i of kept. It names the one before it, so that a recipient that does not have
// that one drops this one; there is none before the first, whatever numbers were given up.
func (l *link) take(i int) protocol.Signal {
	p := l.kept[i]
	s := protocol.Signal{Room: l.cfg.Room, To: l.peer, ToInstance: l.instance, N: p.n, Data: p.data}
	if i > 0 {
		s.After = l.kept[i-1].n
	}
	l.next = p.n + 1
	l.sent = max(l.sent, p.n)
	if !l.out.armed[l.resendTimer()] {
		l.out.set(l.resendTimer(), l.backoff)
	}
	return s
}

// receipted takes a receipt: all up to n have arrived. One that says nothing new does nothing, and so does one for what was
// never sent.
func (l *link) receipted(n uint64) {
	if n > l.sent || len(l.kept) == 0 || l.kept[0].n > n {
		return
	}
	for len(l.kept) > 0 && l.kept[0].n <= n {
		l.out.emit(Resolved{l.kept[0].token})
		l.kept = l.kept[1:]
	}
	l.backoff = l.cfg.Resend
	if l.probing {
		// The other side has dropped whatever came early, so it needs all that it does not acknowledge now.
		l.probing, l.next = false, n+1
	}
	if l.paused || !l.up {
		return // the timer ends the pause; out of reach there is none
	}
	if len(l.kept) > 0 && l.kept[0].n < l.next {
		l.out.set(l.resendTimer(), l.backoff)
	} else {
		l.out.clear(l.resendTimer())
	}
}

// overdue is called when the resend timer has run out: there was no progress for that long, or the pause is over.
func (l *link) overdue() {
	l.paused = false
	l.backoff = min(2*l.backoff, l.cfg.MaxResend)
	l.again()
}

// refused takes the server's refusal of a message.
func (l *link) refused(n uint64, code protocol.ErrorCode, retryAfter time.Duration) {
	i := slices.IndexFunc(l.kept, func(p parcel) bool { return p.n == n })
	if i < 0 || n > l.sent {
		return // it has been settled since
	}
	switch {
	case code == protocol.CodeUnknownPeer || code == protocol.CodeStaleInstance:
		l.fail(code)
	case !transient(code):
		// Those behind it are dropped on arrival, for want of it; they are sent again with another one before them.
		l.out.emit(Failed{l.kept[i].token, code})
		l.kept = slices.Delete(l.kept, i, i+1)
		l.out.clear(l.resendTimer())
		l.paused = false
		l.again()
	case !l.paused:
		// Those behind it are refused too, or dropped on arrival: one pause serves all.
		l.paused = true
		if retryAfter == 0 {
			retryAfter = l.backoff
		}
		l.out.set(l.resendTimer(), retryAfter)
	}
}

// fail gives up everything. The numbers go on: the other side may have accepted some of these.
func (l *link) fail(code protocol.ErrorCode) {
	for _, p := range l.kept {
		l.out.emit(Failed{p.token, code})
	}
	l.kept = nil
	l.paused, l.probing = false, false
	l.out.clear(l.resendTimer())
}

// transient tells refusals of the moment from those that would be repeated.
func transient(code protocol.ErrorCode) bool {
	return code == protocol.CodeBusy || code == protocol.CodeRateLimited || code == protocol.CodeNotInRoom
}
