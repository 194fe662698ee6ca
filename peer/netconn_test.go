package peer_test

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"io"
	"net"
	"os"
	"testing"
	"testing/synctest"
	"time"

	"github.com/beckon-rtc/beckon/peer"
	"github.com/beckon-rtc/beckon/signaling"
)

// What net.Conn promises about errors and ends. (golang.org/x/net/nettest, in loopback_test.go, does the rest.)
func TestNetConn(t *testing.T) {
	inWorld(t, signaling.Config{}, func(t *testing.T, w *world) {
		a, b := w.pair(peer.Config{}, peer.Config{})
		chA, chB := channel(t, a, b, nil)
		here, there := peer.NetConn(chA), peer.NetConn(chB)
		if here.RemoteAddr().String() != a.ID() || there.RemoteAddr().String() != b.ID() || here.LocalAddr().Network() != "beckon" {
			t.Fatalf("the addresses are %v and %v", here.LocalAddr(), here.RemoteAddr())
		}
		// A stream: 3 MiB in one Write, read in odd pieces, with the end behind it.
		data := bytes.Repeat([]byte("0123456789abcdef!"), 3<<20/17)
		go func() {
			if n, err := here.Write(data); n != len(data) || err != nil {
				t.Errorf("wrote %d: %v", n, err)
			}
			here.Close()
		}()
		hash := sha256.New()
		n, err := io.CopyBuffer(struct{ io.Writer }{hash}, struct{ io.Reader }{there}, make([]byte, 7001))
		if want := sha256.Sum256(data); n != int64(len(data)) || err != nil || !bytes.Equal(hash.Sum(nil), want[:]) {
			t.Fatalf("read %d bytes: %v", n, err)
		}
		if _, err := here.Read(make([]byte, 1)); !errors.Is(err, net.ErrClosed) {
			t.Fatalf("read after close: %v", err)
		}
		if _, err := here.Write([]byte("x")); !errors.Is(err, net.ErrClosed) {
			t.Fatalf("write after close: %v", err)
		}
		if _, err := there.Write([]byte("x")); !errors.Is(err, io.ErrClosedPipe) {
			t.Fatalf("write after the other side's close: %v", err)
		}
	})
}

// What several Writes write at once does not mix, however long it is.
func TestNetConnWritesDoNotMix(t *testing.T) {
	inWorld(t, signaling.Config{}, func(t *testing.T, w *world) {
		a, b := w.pair(peer.Config{}, peer.Config{})
		chA, chB := channel(t, a, b, nil)
		here, there := peer.NetConn(chA), peer.NetConn(chB)
		const writers, size = 4, 300 << 10
		for i := range writers {
			go here.Write(bytes.Repeat([]byte{byte(i)}, size))
		}
		data := make([]byte, size)
		for range writers {
			if _, err := io.ReadFull(there, data); err != nil {
				t.Fatal(err)
			}
			if n := bytes.Count(data, data[:1]); n != size {
				t.Fatalf("%d bytes of %d are of one Write", n, size)
			}
		}
	})
}

func TestNetConnDeadlines(t *testing.T) {
	inWorld(t, signaling.Config{}, func(t *testing.T, w *world) {
		a, b := w.pair(peer.Config{}, peer.Config{})
		chA, chB := channel(t, a, b, nil)
		here, there := peer.NetConn(chA), peer.NetConn(chB)
		timedOut := func(err error) {
			t.Helper()
			if ne, ok := errors.AsType[net.Error](err); !ok || !ne.Timeout() || !errors.Is(err, os.ErrDeadlineExceeded) {
				t.Fatalf("got %v, want a timeout", err)
			}
		}
		read := make(chan error)
		go func() { _, err := here.Read(make([]byte, 1)); read <- err }()
		synctest.Wait()
		here.SetDeadline(time.Now().Add(-time.Second)) // while the Read waits
		timedOut(<-read)
		_, err := here.Write([]byte("x"))
		timedOut(err)
		here.SetDeadline(time.Now().Add(time.Second))
		for err = nil; err == nil; { // until the window is full
			_, err = here.Write(make([]byte, 64<<10))
		}
		timedOut(err)
		here.SetDeadline(time.Time{})
		go io.Copy(io.Discard, there)
		if _, err := here.Write([]byte("x")); err != nil {
			t.Fatal(err)
		}
	})
}

func TestNetConnWantsAStream(t *testing.T) {
	inWorld(t, signaling.Config{}, func(t *testing.T, w *world) {
		a, b := w.pair(peer.Config{}, peer.Config{})
		ch, _ := channel(t, a, b, &peer.ChannelOptions{Unordered: true})
		defer func() {
			if recover() == nil {
				t.Fatal("an unordered channel became a stream")
			}
		}()
		peer.NetConn(ch)
	})
}
