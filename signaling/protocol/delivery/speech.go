package delivery

import (
	"slices"
	"time"

	"github.com/beckon-rtc/beckon/signaling/protocol"
)

// sayTimer ends a pause, stableTimer asks for the stable position.
const (
	sayTimer    = "say"
	stableTimer = "stable"
)

// utterance is a room message of this member that not everybody has yet.
type utterance struct {
	n     uint64
	token uint64
	data  []byte
	// hold is the position that the stable one must reach before this is forgotten; 0 while it is not in this epoch's log.
	hold     uint64
	resolved bool
}

// speech is this member's messages to the room. A message in the log is not safe, because the log dies with its server: it is
// kept until everybody has it, and said again in an epoch that does not have it.
type speech struct {
	cfg *Config
	out *output

	last    uint64      // the number of the newest message
	kept    []utterance // in order
	waiting []utterance // without a number yet
	next    int         // the index in kept of what is to be said next on this carrier
	before  uint64      // the number that was said last on this carrier, 0 if none was
	up      bool        // the carrier lives
	paused  bool        // until the timer
}

// say takes a message.
func (s *speech) say(token uint64, data []byte) {
	u := utterance{token: token, data: data}
	switch {
	case len(s.kept) < s.cfg.MaxUnstable: // then none waits
		s.keep(u)
	case len(s.waiting) < s.cfg.MaxUnsaid:
		s.waiting = append(s.waiting, u)
		s.ask()
	default:
		s.out.emit(Failed{token, protocol.CodeOverflow})
	}
}

func (s *speech) keep(u utterance) {
	s.last++
	u.n = s.last
	s.kept = append(s.kept, u)
}

// ask starts the timer that asks for the stable position, if anything waits for that.
func (s *speech) ask() {
	if s.up && len(s.waiting) > 0 && !s.out.armed[stableTimer] {
		s.out.set(stableTimer, s.cfg.AskStable)
	}
}

func (s *speech) ready() bool { return !s.paused && s.next < len(s.kept) }

// take makes the next frame. It names the one before it on this carrier: if the server has refused that one, it must not log
// this one, because readers take what follows a higher number for a double.
func (s *speech) take() protocol.Message {
	u := s.kept[s.next]
	m := protocol.Message{Room: s.cfg.Room, N: u.n, After: s.before, Data: u.data}
	s.next++
	s.before = u.n
	return m
}

// restart forgets what an older log held.
func (s *speech) restart() {
	for i := range s.kept {
		s.kept[i].hold = 0
	}
}

// resume goes on, on a new carrier, behind the newest message that the log has: whatever was said after it was lost.
func (s *speech) resume(said uint64) {
	s.up, s.before, s.next = true, 0, 0
	for s.next < len(s.kept) && (s.kept[s.next].n <= said || s.kept[s.next].hold > 0) {
		s.next++
	}
	s.ask()
}

// logged takes it that message n is in the log, at that position or before it.
func (s *speech) logged(n, position uint64) {
	i := slices.IndexFunc(s.kept, func(u utterance) bool { return u.n == n })
	if i < 0 {
		return
	}
	u := &s.kept[i]
	u.hold = max(u.hold, position)
	if !u.resolved {
		u.resolved = true
		s.out.emit(Resolved{u.token})
	}
}

// loggedUpTo is logged for all up to n: their echoes were missed.
func (s *speech) loggedUpTo(n, position uint64) {
	for i := 0; i < len(s.kept) && s.kept[i].n <= n; i++ {
		s.logged(s.kept[i].n, position)
	}
}

// extend keeps what was said until a member that has returned has it too; it has acknowledged nothing before that position.
func (s *speech) extend(position uint64) {
	for i := range s.kept {
		if s.kept[i].hold > 0 {
			s.kept[i].hold = max(s.kept[i].hold, position)
		}
	}
}

// release forgets what everybody has, and lets those go on that waited for it.
func (s *speech) release(stable uint64) {
	for len(s.kept) > 0 && s.kept[0].hold > 0 && s.kept[0].hold <= stable {
		s.kept = s.kept[1:]
		s.next = max(0, s.next-1)
	}
	for len(s.waiting) > 0 && len(s.kept) < s.cfg.MaxUnstable {
		s.keep(s.waiting[0])
		s.waiting = s.waiting[1:]
	}
	if len(s.waiting) == 0 {
		s.out.clear(stableTimer)
	}
}

// refused takes the server's refusal of a message. It logs none of those behind it, which name this one as the one before.
func (s *speech) refused(n uint64, code protocol.ErrorCode, retryAfter time.Duration) {
	i := slices.IndexFunc(s.kept, func(u utterance) bool { return u.n == n })
	if i < 0 || s.kept[i].hold > 0 {
		return
	}
	if !transient(code) {
		if !s.kept[i].resolved {
			s.out.emit(Failed{s.kept[i].token, code})
		}
		s.kept = slices.Delete(s.kept, i, i+1)
	} else if !s.paused {
		s.paused = true
		if retryAfter == 0 {
			retryAfter = s.cfg.Resend
		}
		s.out.set(sayTimer, retryAfter)
	}
	if i < s.next {
		s.next, s.before = i, 0
		if i > 0 && s.kept[i-1].hold == 0 {
			// That one may have been said again already and be refused once more: the refusals of what was in flight come late.
			s.before = s.kept[i-1].n
		}
	}
}

// lost ends what belongs to the carrier.
func (s *speech) lost() {
	s.up, s.paused = false, false
	s.out.clear(sayTimer)
	s.out.clear(stableTimer)
}

// fail gives up everything.
func (s *speech) fail(code protocol.ErrorCode) {
	for _, u := range slices.Concat(s.kept, s.waiting) {
		if !u.resolved {
			s.out.emit(Failed{u.token, code})
		}
	}
	s.kept, s.waiting, s.next = nil, nil, 0
}
