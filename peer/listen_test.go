package peer_test

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/beckon-rtc/beckon/peer"
	"github.com/beckon-rtc/beckon/signaling"
	"github.com/beckon-rtc/beckon/signaling/protocol"
)

// What serves a network serves peers, and who asks a network asks them.
func TestHTTPBetweenPeers(t *testing.T) {
	inWorld(t, signaling.Config{}, func(t *testing.T, w *world) {
		a, b := w.join(peer.Config{}), w.join(peer.Config{})
		p, err := a.Accept(within(t))
		must(t, err)
		listener, err := b.Listen("http")
		must(t, err)
		data := strings.Repeat("0123456789abcdef", 1<<18)
		mux := http.NewServeMux()
		mux.HandleFunc("GET /file", func(w http.ResponseWriter, r *http.Request) {
			http.ServeContent(w, r, "file.txt", time.Time{}, strings.NewReader(data))
		})
		mux.HandleFunc("POST /hash", func(w http.ResponseWriter, r *http.Request) {
			hash := sha256.New()
			if _, err := io.Copy(hash, r.Body); err != nil {
				t.Error(err)
			}
			fmt.Fprintf(w, "%x %s", hash.Sum(nil), r.RemoteAddr)
		})
		hanging := make(chan error)
		mux.HandleFunc("GET /hang", func(w http.ResponseWriter, r *http.Request) {
			<-r.Context().Done() // when the client goes: the server reads while it waits, and stops that by a deadline
			hanging <- r.Context().Err()
		})
		server := &http.Server{Handler: mux, ReadHeaderTimeout: time.Minute}
		served := make(chan error)
		go func() { served <- server.Serve(listener) }()

		dials := 0
		transport := &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			dials++
			return p.Dial(ctx, "http")
		}}
		client := &http.Client{Transport: transport}
		do := func(method, path string, body io.Reader, header ...string) (int, string) {
			t.Helper()
			r, err := http.NewRequestWithContext(within(t), method, "http://b"+path, body)
			must(t, err)
			for i := 0; i < len(header); i += 2 {
				r.Header.Set(header[i], header[i+1])
			}
			resp, err := client.Do(r)
			must(t, err)
			defer resp.Body.Close()
			got, err := io.ReadAll(resp.Body)
			must(t, err)
			return resp.StatusCode, string(got)
		}
		if code, got := do("GET", "/file", nil); code != 200 || got != data {
			t.Fatalf("got %d, %d bytes", code, len(got))
		}
		if code, got := do("GET", "/file", nil, "Range", "bytes=1000000-1000015"); code != 206 || got != data[1000000:1000016] {
			t.Fatalf("got %d, %q", code, got)
		}
		want := fmt.Sprintf("%x %s", sha256.Sum256([]byte(data)), a.ID())
		if code, got := do("POST", "/hash", strings.NewReader(data)); code != 200 || got != want {
			t.Fatalf("got %d, %q, want %q", code, got, want)
		}
		if code, _ := do("GET", "/nothing", nil); code != 404 {
			t.Fatalf("got %d", code)
		}
		if dials != 1 {
			t.Fatalf("%d connections were made: they are not used again", dials)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		r, err := http.NewRequestWithContext(ctx, "GET", "http://b/hang", nil)
		must(t, err)
		if _, err := client.Do(r); !errors.Is(err, context.DeadlineExceeded) {
			t.Fatal(err)
		}
		if err := <-hanging; !errors.Is(err, context.Canceled) {
			t.Fatal(err)
		}
		transport.CloseIdleConnections()
		must(t, server.Shutdown(within(t)))
		if err := <-served; !errors.Is(err, http.ErrServerClosed) {
			t.Fatal(err)
		}
	})
}

// What is listened for goes to who listens, and what is not to who accepts.
func TestListen(t *testing.T) {
	inWorld(t, signaling.Config{}, func(t *testing.T, w *world) {
		a, b := w.pair(peer.Config{}, peer.Config{})
		room := peer.RoomOf(b)
		l, err := room.Listen("chat")
		must(t, err)
		_, err = room.Listen("chat")
		wantCode(t, err, protocol.CodeUnsupported)
		if l.Addr().Network() != "beckon" || l.Addr().String() != room.ID() {
			t.Fatalf("it listens on %v", l.Addr())
		}
		for _, o := range []*peer.ChannelOptions{{Unordered: true}, {Raw: true}} {
			channel(t, a, b, o)
		}
		durable, err := a.Open(within(t), "chat", &peer.ChannelOptions{Durable: true})
		must(t, err)
		must(t, durable.SendText(within(t), "hello"))
		conn, err := l.Accept()
		must(t, err)
		if conn.RemoteAddr().String() != b.ID() {
			t.Fatalf("it comes from %v", conn.RemoteAddr())
		}
		if _, err := io.ReadFull(conn, make([]byte, 5)); err != nil {
			t.Fatal(err)
		}

		var conns []net.Conn
		for range 128 {
			conn, err := a.Dial(within(t), "chat")
			must(t, err)
			conns = append(conns, conn)
		}
		time.Sleep(time.Second) // they are on several lanes, and the last one may overtake
		more, err := a.Dial(within(t), "chat")
		must(t, err)
		_, err = more.Read(make([]byte, 1))
		wantCode(t, err, protocol.CodeOverflow)
		if n := room.Stats().ChannelsOverflowed; n != 1 {
			t.Fatalf("%d are counted", n)
		}

		waits := make(chan error)
		for range 128 { // so that the next Accept waits
			_, err := l.Accept()
			must(t, err)
		}
		go func() { _, err := l.Accept(); waits <- err }()
		synctest.Wait()
		unaccepted := conns[0]
		must(t, l.Close())
		must(t, l.Close())
		if err := <-waits; !errors.Is(err, net.ErrClosed) {
			t.Fatal(err)
		}
		if _, err := unaccepted.Write([]byte("x")); err != nil {
			t.Fatalf("what was accepted has ended: %v", err)
		}
		if _, err := conn.Write([]byte("hello")); err != nil {
			t.Fatal(err)
		}
		channel(t, a, b, nil) // nobody listens now

		l, err = room.Listen("chat")
		must(t, err)
		last, err := a.Dial(within(t), "chat")
		must(t, err)
		_, err = last.Write([]byte("x"))
		must(t, err)
		time.Sleep(time.Second)
		must(t, l.Close())
		if _, err := last.Read(make([]byte, 1)); err != io.EOF {
			t.Fatalf("what nobody has accepted goes on: %v", err)
		}

		l, err = room.Listen("chat")
		must(t, err)
		go func() { _, err := l.Accept(); waits <- err }()
		room.Close()
		wantCode(t, <-waits, protocol.CodeClosed)
		_, err = room.Listen("other")
		wantCode(t, err, protocol.CodeClosed)
	})
}
