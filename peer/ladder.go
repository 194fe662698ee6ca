package peer

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/beckon-rtc/beckon/signaling/protocol"
	"github.com/gorilla/websocket"
)

const (
	// openWithin is how long a carrier may take to open before the next one is tried.
	openWithin = 4 * time.Second
	// dyingWithin is the time in which a carrier that has opened and died twice is given up for the next one.
	dyingWithin = 10 * time.Second
	// rememberFor is how long the ladder is not climbed from its top again. A network that broke a carrier may do so no more, and the
	// room would not notice.
	rememberFor = 10 * time.Minute
)

// ladder is what a room knows of the carriers: which to try, in which order. It has no clock. Who is connecting owns it: Join, and
// then keep.
//
// The carrier that has worked last is tried alone. When that does not open, or dies before the room is joined, it is forgotten, and the
// next attempt begins at the top: a server that restarts behind a proxy breaks what is fine a moment later, and nobody should end on a
// poll for it. It is forgotten as well after a while, and when the machine's addresses are others.
type ladder struct {
	rungs   []Carrier
	first   int       // the rung to begin with
	proven  bool      // it has worked
	since   time.Time // when the ladder was left; of no meaning while first is 0
	network []string  // the addresses then

	dying     int       // the rung whose carrier died last
	dyingFrom time.Time // when the one before it was opened; zero for none
}

// begin returns the rungs to try now.
func (l *ladder) begin(now time.Time, network []string) (from, to int) {
	if now.Sub(l.since) > rememberFor || compareAddresses(l.network, network) != stayed {
		l.forget()
	}
	l.network = network
	if l.proven {
		return l.first, l.first + 1
	}
	return l.first, len(l.rungs)
}

// rung is where a carrier of that kind stands.
func (l *ladder) rung(kind Carrier) int { return slices.Index(l.rungs, kind) }

func (l *ladder) forget() { l.first, l.proven = 0, false }

// won takes it that a rung has led into the room.
func (l *ladder) won(rung int, now time.Time) {
	if !l.proven || l.first != rung {
		l.since = now
	}
	l.first, l.proven = rung, true
}

// ended takes the end of a carrier that was open, and tells whether the next one down is to be tried, and at once.
func (l *ladder) ended(rung int, opened, now time.Time, err error) (fell bool) {
	switch {
	case climbs(err): // it has shown that it does not work, late
	case !died(err):
		return false
	case l.dying != rung || l.dyingFrom.IsZero() || now.Sub(l.dyingFrom) > dyingWithin:
		l.dying, l.dyingFrom = rung, opened
		return false
	}
	l.dyingFrom = time.Time{}
	if rung+1 == len(l.rungs) {
		l.forget()
		return false
	}
	l.first, l.proven, l.since = rung+1, false, now
	return true
}

// climbs tells whether another carrier may do better than the one that did not come about for that reason. What a Beckon server says
// by name it says on every one, and where nobody can be dialled there is nobody for any.
func climbs(err error) bool {
	_, blocked := errors.AsType[obstacle](err)
	_, late := errors.AsType[tooLate](err)
	return blocked || late
}

// died tells whether a carrier ended without a word of why.
func died(err error) bool {
	closed, ok := errors.AsType[*websocket.CloseError](err)
	if ok {
		code := protocol.CloseCode(closed.Code)
		return code != protocol.CloseNormal && (code < 4000 || code > 4999)
	}
	_, told := errors.AsType[passing](err)
	return !told && !climbs(err) && err != errMoved && err != errUprooted && err != errUnknown && Code(err) == ""
}

// failure is why a carrier did not lead into the room.
type failure struct {
	kind Carrier
	err  error
}

// exhausted is the error of an attempt in which nothing worked: what was tried, and why each failed. Its code is that of all, if they
// agree.
func exhausted(server string, failures []failure) error {
	if len(failures) == 1 {
		return failures[0].err
	}
	code, after := Code(failures[0].err), time.Duration(0)
	var tried []string
	for _, f := range failures {
		if Code(f.err) != code {
			code = protocol.CodeConnectFailed
		}
		if p, ok := errors.AsType[passing](f.err); ok {
			after = max(after, p.after)
		}
		tried = append(tried, fmt.Sprintf("%s: %s", f.kind, sentence(f.err)))
	}
	if code == "" {
		code = protocol.CodeConnectFailed
	}
	hint := "ask who runs the network, or the server, what stands between"
	if strings.HasPrefix(server, "http:") || strings.HasPrefix(server, "ws:") {
		hint = "is there an https address? What stands between cannot look into that"
	}
	return passing{protocol.Errorf(code, "no carrier gets through to %s (%s); %s", server, strings.Join(tried, "; "), hint), after}
}

// sentence is what an error says to people.
func sentence(err error) string {
	coded, ok := errors.AsType[*protocol.Error](err)
	if !ok {
		return err.Error()
	}
	return strings.ReplaceAll(err.Error(), coded.Error(), coded.Text)
}
