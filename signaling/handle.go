package signaling

import (
	"errors"
	"time"

	"golang.org/x/time/rate"

	"github.com/beckon-rtc/beckon/signaling/protocol"
)

// handle does what one frame asks. The frame is good until handle returns.
func (c *conn) handle(frame []byte) {
	c.server.count.in.Add(1)
	env, err := protocol.Parse(frame)
	if c.session == nil {
		c.first(frame, env, err)
		return
	}
	// Whatever a frame says, it costs its share: also one that cannot be read.
	if over := take(c.session.frames, "too many frames"); over != nil {
		c.server.count.drops[DropRate].Add(1)
		c.refuse(env, over)
		// To drop what comes is not enough: reading and answering a flood takes a whole core. What is not read comes slowly.
		time.Sleep(over.after)
		return
	}
	if err == nil {
		err = c.dispatch(frame, env)
	}
	if err != nil {
		c.refuse(env, err)
		return
	}
	c.score--
}

func (c *conn) dispatch(frame []byte, env protocol.Envelope) error {
	switch env.Type {
	case protocol.TypeSignal, protocol.TypeReceipt:
		return c.onRoute(frame, env)
	case protocol.TypeMessage:
		return c.onMessage(env)
	case protocol.TypePing:
		return c.onPing(frame)
	case protocol.TypePong:
		return nil // that it came is all it says
	case protocol.TypeAck:
		return c.onAck(frame)
	case protocol.TypeJoin:
		return c.onJoin(frame)
	case protocol.TypeLeave:
		return c.onLeave(frame)
	case protocol.TypeUpdate:
		return c.onUpdate(frame)
	case protocol.TypeToken:
		return c.onToken(frame)
	case protocol.TypeReport:
		return c.onReport(frame)
	case protocol.TypeBye:
		return c.onBye()
	case protocol.TypeHello:
		return protocol.Errorf(protocol.CodeUnexpectedHello, "this connection has said hello; a new session needs a new connection")
	}
	return protocol.Errorf(protocol.CodeBadFrame, "%s is the server's to say", env.Type)
}

// held runs f with the session's lock, unless a newer connection has taken the session over: then what this one still says
// is nobody's.
func (c *conn) held(f func(*session) error) error {
	sess := c.session
	sess.mu.Lock()
	defer sess.mu.Unlock()
	if sess.conn != c {
		return nil
	}
	return f(sess)
}

// member finds the session's membership. sess.mu must be held.
func (sess *session) member(room string) (*member, error) {
	if m := sess.rooms[room]; m != nil && m.grace == nil {
		return m, nil
	}
	// Also for one that was lost with an older connection and not joined again: the client does not know its log.
	return nil, errNotInRoom
}

var errNotInRoom = protocol.Errorf(protocol.CodeNotInRoom, "you are not in this room; join it first")

// limited is a refusal that ends by itself.
type limited struct {
	why   *protocol.Error
	after time.Duration
}

func (l *limited) Error() string { return l.why.Error() }

// take takes one from a limiter, or says when it makes sense to ask again: for frames, that is after 1/Rate seconds at most.
func take(l *rate.Limiter, text string) *limited {
	now := time.Now()
	r := l.ReserveN(now, 1)
	wait := r.DelayFrom(now)
	if wait == 0 {
		return nil
	}
	r.CancelAt(now)
	return &limited{protocol.Errorf(protocol.CodeRateLimited, "%s; try again in %v", text, wait.Round(time.Millisecond)), wait}
}

// refuse answers a frame that was not accepted, and ends a connection that only sends such.
func (c *conn) refuse(env protocol.Envelope, err error) {
	reply := protocol.ErrorReply{ID: env.ID, Code: protocol.CodeInternal, Message: "the server failed", Room: string(env.Room)}
	var coded *protocol.Error
	var later *limited
	switch {
	case errors.As(err, &later):
		reply.Code, reply.Message = later.why.Code, later.why.Text
		reply.RetryAfter = max(1, (later.after + time.Millisecond - 1).Milliseconds()) // rounded up: a wait too short is another refusal
	case errors.As(err, &coded):
		reply.Code, reply.Message = coded.Code, coded.Text
	default:
		c.server.log.Error().Err(err).Msg("frame not handled")
	}
	switch env.Type {
	case protocol.TypeSignal:
		reply.To, reply.ToInstance, reply.N = string(env.To), string(env.ToInstance), env.N
	case protocol.TypeMessage:
		reply.N = env.N
	}
	c.server.count.refusal(reply.Code)
	c.push(protocol.Encode(reply))
	if !faultOf(reply.Code) {
		return
	}
	if c.score++; c.score > c.server.limits.Refused {
		c.close(protocol.CloseTooManyErrors)
	}
}

// faultOf tells refusals that a correct client never sees from those that it cannot foresee: others come and go, and a burst
// is told to wait.
func faultOf(code protocol.ErrorCode) bool {
	switch code {
	case protocol.CodeBusy, protocol.CodeUnknownPeer, protocol.CodeStaleInstance, protocol.CodeRateLimited, protocol.CodeRoomFull,
		protocol.CodeInternal:
		return false
	}
	return true
}
