package peer

import (
	"context"
	"testing"
	"time"

	"github.com/beckon-rtc/beckon/signaling/protocol"
	"github.com/rs/zerolog"
)

// A write that waits when the other side says goodbye fails with the code of that; it is the goodbye, and no violation.
func TestAnEndIsNoViolation(t *testing.T) {
	j := newJunction(1<<20, zerolog.Nop())
	ctx, end := context.WithCancelCause(t.Context())
	c := newConnection(ctx, end, nil, true, time.Minute)
	c.end(protocol.Errorf(protocol.CodeClosed, "the other side closed the connection"))
	j.violated(c, context.Cause(ctx))
	if n := j.violations.soFar(); n != 0 {
		t.Errorf("%d violations by who said goodbye", n)
	}
	other, end := context.WithCancelCause(t.Context())
	c = newConnection(other, end, nil, true, time.Minute)
	j.violated(c, protocol.Errorf(protocol.CodeBadFrame, "nonsense"))
	if n := j.violations.soFar(); n != 1 || other.Err() == nil {
		t.Errorf("%d violations by who says nonsense; the connection has ended: %v", n, other.Err() != nil)
	}
}
