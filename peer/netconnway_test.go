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

// early is a channel of an other side that has not answered its opening yet, and so has granted 64 KiB, of which a message takes 64 bytes.
type early struct {
	way
	left int
}

func (e *early) context() context.Context { return context.Background() }
func (e *early) maxMessageSize() int      { return e.left }

func (e *early) send(_ context.Context, data []byte, _ bool) error {
	if e.left -= 64 + len(data); e.left < 0 {
		return &protocol.Error{Code: protocol.CodeConnectionLost, Text: "the other side would have had to answer"}
	}
	return nil
}

// TestNetConnWritesAtOnce: what is written first does not wait for a round trip because it is cut into the wrong pieces.
func TestNetConnWritesAtOnce(t *testing.T) {
	t.Parallel()
	conn := NetConn(&Channel{way: &early{left: 64 << 10}, conn: &connection{}})
	if n, _ := conn.Write(make([]byte, 1<<20)); n != 64<<10-64 {
		t.Errorf("%d bytes left before the other side had answered", n)
	}
}
