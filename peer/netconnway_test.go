package peer

import (
	"context"
	"errors"
	"testing"

	"github.com/beckon-rtc/beckon/signaling/protocol"
)

// unwilling is a channel of an other side that takes no messages, and has reset it with `aborted`.
type unwilling struct {
	way
	calls int
}

func (u *unwilling) context() context.Context { return context.Background() }
func (u *unwilling) maxMessageSize() int      { return 0 }

func (u *unwilling) send(_ context.Context, data []byte, _ bool) error {
	if u.calls++; u.calls > 9 {
		panic("it tries again and again")
	}
	if len(data) == 0 {
		return nil
	}
	return &protocol.Error{Code: protocol.CodeMessageTooLarge}
}

func (u *unwilling) receive(context.Context) (message, error) {
	if u.calls++; u.calls > 9 {
		panic("it tries again and again")
	}
	return message{}, &protocol.Error{Code: protocol.CodeAborted}
}

// TestNetConnOfTheUnwilling: what the other side says does not keep a connection busy for ever.
func TestNetConnOfTheUnwilling(t *testing.T) {
	t.Parallel()
	conn := NetConn(&Channel{way: &unwilling{}, conn: &connection{}})
	for name, call := range map[string]func([]byte) (int, error){"read": conn.Read, "write": conn.Write} {
		if n, err := call(make([]byte, 3)); n != 0 || err == nil || errors.Is(err, context.Canceled) {
			t.Errorf("%s: %d, %v", name, n, err)
		}
	}
}
