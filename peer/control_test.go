package peer

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/beckon-rtc/beckon/signaling/protocol"
)

// A ping is answered with its number, what one does not know is ignored, and a goodbye is the end.
func TestWhatIsSaidOnTheControlChannel(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newTwo(t, true)
		w.exchange(t)
		synctest.Wait()
		said := make(chan string, 10)
		w.offerer.control.sink = func(m message) { said <- string(m.data) }
		for _, text := range []string{`{"later":true}`, `nonsense`, `{"ping":"x"}`, `{"ping":-1}`, `{"pong":3}`, `{"ping":9007199254740991}`} {
			if err := w.offerer.control.write(t.Context(), []byte(text), true); err != nil {
				t.Fatal(err)
			}
		}
		if got := <-said; got != `{"pong":9007199254740991}` {
			t.Errorf("it said %s", got)
		}
		if !w.offerer.sayBye(t.Context()) {
			t.Error("no goodbye was said")
		}
		<-w.answerer.ctx.Done()
		if code := Code(codedCause(w.answerer.ctx)); code != protocol.CodeClosed {
			t.Errorf("the other side ended with %q", code)
		}
	})
}

// What is said on the control channel, and the open of a channel on a trunk, borrow no buffer for the largest message: it would be
// made for each room.
func TestSmallMessagesBorrowNoBuffer(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newTwo(t, true)
		made := 0
		w.answerer.factory.buffers.New = func() any {
			made++
			return new([maxMessage]byte)
		}
		w.exchange(t)
		synctest.Wait()
		for _, size := range []int{1, 20, smallMessage, smallMessage + 1} {
			if made != 0 {
				t.Errorf("%d buffers were made before a message of %d bytes", made, size)
			}
			if err := w.offerer.control.write(t.Context(), make([]byte, size), true); err != nil {
				t.Fatal(err)
			}
			time.Sleep(time.Second)
			synctest.Wait()
		}
		if made != 1 {
			t.Errorf("%d buffers were made for a large message", made)
		}
	})
}

// Pings that come while nothing can be sent are kept in one number, and cost one goroutine.
func TestPongsThatWait(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newTwo(t, true)
		w.exchange(t)
		w.answerer.control.writing <- struct{}{} // as one does that waits for the window
		for n := range uint64(1000) {
			w.answerer.utter(controlMessage{Pong: &n})
			synctest.Wait()
		}
		said := make(chan string, 1000)
		w.offerer.control.sink = func(m message) { said <- string(m.data) }
		<-w.answerer.control.writing
		time.Sleep(100 * time.Millisecond)
		synctest.Wait()
		if len(said) != 2 {
			t.Fatalf("it said %d pongs", len(said))
		}
		<-said
		if last := <-said; last != `{"pong":999}` {
			t.Errorf("the last is %s", last)
		}
	})
}
