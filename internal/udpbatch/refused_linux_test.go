package udpbatch

import (
	"bytes"
	"testing"

	"github.com/beckon-rtc/beckon/internal/lacking"
	"golang.org/x/sys/unix"
)

// TestSegmentsRefused has the kernel itself refuse UDP_SEGMENT, which it does with EINVAL where a socket sends no checksums.
func TestSegmentsRefused(t *testing.T) {
	t.Parallel()
	from, to := listen(t, "udp4"), listen(t, "udp4")
	if from.noSegments.Load() {
		lacking.Skip(t, "this kernel has no UDP_SEGMENT: run it on Linux 4.18 or later")
	}
	var errno error
	if err := from.raw.Control(func(fd uintptr) {
		errno = unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_NO_CHECK, 1)
	}); err != nil || errno != nil {
		t.Fatal(err, errno)
	}
	l, out, in := from.Lane(addrOf(to)), NewOutbox(8), NewInbox(8, 1000, 0)
	for round := range 2 {
		for i := range 5 {
			out.Add(l, numbered(i, 500))
		}
		if dropped := out.Flush(); dropped != 0 {
			t.Fatalf("dropped %d", dropped)
		}
		if !l.noSegments {
			t.Fatal("the refusal is not remembered")
		}
		for i := 0; i < 5; {
			if err := to.Receive(in); err != nil {
				t.Fatal(err)
			}
			for j := range in.Len() {
				if p, _, _ := in.At(j); !bytes.Equal(p, numbered(i, 500)) {
					t.Fatalf("round %d: datagram %d is %d bytes and begins %v", round, i, len(p), p[:4])
				}
				i++
			}
		}
	}
	if from.noSegments.Load() {
		t.Error("one destination's refusal counts for all")
	}
}
