package udpbatch

import (
	"bytes"
	"errors"
	"net"
	"os"
	"testing"
	"time"

	"github.com/beckon-rtc/beckon/internal/lacking"
)

// joiner is one that reads the socket, where the kernel has that.
func joiner(t *testing.T, s *Socket) (*Joiner, *Spare[Joined]) {
	t.Helper()
	var spare Spare[Joined]
	j, ok := s.Joiner(&spare)
	if !ok {
		lacking.Skip(t, "this kernel does not put datagrams together (UDP_GRO): run it on Linux 5.0 or later")
	}
	return j, &spare
}

// What was sent as segments is received at once, and comes apart as it was; a lone datagram and an empty one come as well.
func TestJoined(t *testing.T) {
	t.Parallel()
	ways(t, func(t *testing.T, network string, prepare func(*Socket)) {
		from, to := listen(t, network), listen(t, network)
		prepare(from)
		j, spare := joiner(t, to)
		out, lane := NewOutbox(64), from.Lane(addrOf(to))
		sizes := []int{500, 500, 500, 200, 1200, 1200, 77, 0, 9000}
		for i, size := range sizes {
			p := numbered(i, size)
			if size == 0 {
				p = nil
			}
			out.Add(lane, p)
		}
		if dropped := out.Flush(); dropped != 0 {
			t.Fatalf("dropped %d", dropped)
		}
		for i := 0; i < len(sizes); {
			got, err := j.Receive()
			if err != nil {
				t.Fatal(err)
			}
			if got.From != addrOf(from) {
				t.Fatalf("it came from %v and not from %v", got.From, addrOf(from))
			}
			if p, ok := got.Peek(); !ok { // the empty one
				if sizes[i] != 0 {
					t.Fatalf("datagram %d of %d bytes came as an empty one", i, sizes[i])
				}
				i++
			} else {
				for ; ok; p, ok = got.Peek() {
					if !bytes.Equal(p, numbered(i, sizes[i])) {
						t.Fatalf("datagram %d of %d bytes came as %d bytes", i, sizes[i], len(p))
					}
					got.Next()
					i++
				}
			}
			spare.Put(got)
		}
	})
}

// What ends a wait of net.UDPConn ends this one, with the same errors.
func TestJoinerEnds(t *testing.T) {
	t.Parallel()
	s := listen(t, "udp4")
	j, _ := joiner(t, s)
	_ = s.Conn().SetReadDeadline(time.Unix(1, 0))
	if got, err := j.Receive(); got != nil || !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("after the deadline: %v, %v", got, err)
	}
	_ = s.Conn().SetReadDeadline(time.Time{})
	ended := make(chan error)
	go func() {
		_, err := j.Receive()
		ended <- err
	}()
	s.Conn().Close()
	if err := <-ended; !errors.Is(err, net.ErrClosed) {
		t.Errorf("after the end: %v", err)
	}
}

// A Spare keeps some, and not all that it is given.
func TestSpare(t *testing.T) {
	t.Parallel()
	var s Spare[int]
	if s.Take() != nil {
		t.Fatal("there is something in an empty one")
	}
	for range 2 * spares {
		s.Put(new(int))
	}
	kept := 0
	for s.Take() != nil {
		kept++
	}
	if kept != spares {
		t.Errorf("it kept %d", kept)
	}
}
