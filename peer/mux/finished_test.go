package mux

import (
	"errors"
	"io"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/beckon-rtc/beckon/signaling/protocol"
)

// TestFinishedBeforeItIsRead: who has said that it sends no more, and then closes, resets or is lost before its reader has come to the end, has ended
// in order for that reader: it gets all messages and io.EOF, and Context tells the rest.
func TestFinishedBeforeItIsRead(t *testing.T) {
	t.Parallel()
	for name, then := range map[string]struct {
		do    func(a *Channel, cut func())
		cause protocol.ErrorCode
		text  string
		lasts bool // the channel does, if it is durable
	}{
		"closes":  {func(a *Channel, _ func()) { a.Close("that was all") }, protocol.CodeClosed, "that was all", false},
		"resets":  {func(a *Channel, _ func()) { a.Reset(&protocol.Error{Code: protocol.CodeOverflow, Text: "no more"}) }, protocol.CodeOverflow, "no more", false},
		"is lost": {func(_ *Channel, cut func()) { cut() }, protocol.CodeConnectionLost, "cut", true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for class, o := range classes() {
				t.Run(class, func(t *testing.T) {
					synctest.Test(t, func(t *testing.T) {
						w := newWorld(t, network{})
						cut := w.connect()
						defer cut()
						defer w.close()
						a, b := w.open(o)
						for range 3 {
							if err := a.Send(t.Context(), []byte("x"), true); err != nil {
								t.Fatal(err)
							}
						}
						synctest.Wait()
						if err := errors.Join(a.CloseWrite(t.Context()), a.Flush(t.Context())); err != nil {
							t.Fatal(err)
						}
						if name != "closes" { // that may follow at once; anything else takes the place of what was not said yet
							synctest.Wait()
						}
						then.do(a, cut)
						synctest.Wait()
						for i := range 3 {
							if data, _, err := b.Recv(t.Context()); string(data) != "x" || err != nil {
								t.Fatalf("message %d: %q, %v", i, data, err)
							}
						}
						for range 2 {
							if _, _, err := b.Recv(t.Context()); !errors.Is(err, io.EOF) || code(err) != protocol.CodeClosed {
								t.Fatalf("at the end: %v", err)
							}
						}
						if then.lasts && o.Durable {
							return
						}
						if cause := b.cause; code(cause) != then.cause || !strings.Contains(cause.Error(), then.text) {
							t.Errorf("the channel's end is %v", cause)
						}
						b.Close("") // and what this side has closed it reads no more
						if _, _, err := b.Recv(t.Context()); errors.Is(err, io.EOF) {
							t.Errorf("after its own Close: %v", err)
						}
					})
				})
			}
		})
	}
}
