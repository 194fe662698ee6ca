package simulation

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/gorilla/websocket"

	"github.com/beckon-rtc/beckon/internal/memnet"
)

// The meter must see every frame of both sides, of all sizes, wherever its bytes are split. gorilla is what it has to read, so it is gorilla
// that writes.
func TestScanner(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		sizes := []int{0, 1, 125, 126, 65_535, 65_536}
		l := memnet.Listen(0)
		server := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			ws, err := new(websocket.Upgrader).Upgrade(w, r, nil)
			if err != nil {
				t.Error(err)
				return
			}
			defer ws.Close()
			for {
				kind, data, err := ws.ReadMessage()
				if err != nil {
					return
				}
				ws.WriteMessage(kind, data)
			}
		})}
		go server.Serve(l)
		defer server.Close()
		raw, err := l.Dial(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		var wrote, got []string
		note := func(to *[]string) *scanner {
			return &scanner{frame: func(text []byte) {
				what := fmt.Sprint(len(text), " ", strings.Trim(string(text), "x"))
				if text == nil {
					what = "control"
				}
				*to = append(*to, what)
			}}
		}
		m := &meter{Conn: raw, wrote: note(&wrote), got: note(&got)}
		dialer := websocket.Dialer{
			NetDialContext:  func(context.Context, string, string) (net.Conn, error) { return &bytewise{m}, nil },
			WriteBufferSize: 1 << 20, // or it would split the large ones into fragments
		}
		ws, _, err := dialer.Dial("ws://beckon.test/", nil)
		if err != nil {
			t.Fatal(err)
		}
		want := []string{}
		for _, size := range sizes {
			if err := ws.WriteMessage(websocket.TextMessage, bytes.Repeat([]byte("x"), size)); err != nil {
				t.Fatal(err)
			}
			if _, _, err := ws.ReadMessage(); err != nil {
				t.Fatal(err)
			}
			want = append(want, fmt.Sprint(size, " "))
		}
		ws.WriteMessage(websocket.CloseMessage, websocket.FormatCloseMessage(1000, ""))
		want = append(want, "control")
		for {
			if _, _, err := ws.ReadMessage(); err != nil {
				break
			}
		}
		ws.Close()
		if !slices.Equal(wrote, want) || !slices.Equal(got, want) {
			t.Errorf("wrote %q, got %q, want %q", wrote, got, want)
		}
	})
}

// bytewise writes and reads in the smallest pieces.
type bytewise struct{ *meter }

func (b *bytewise) Write(data []byte) (int, error) {
	for i := range data {
		if _, err := b.meter.Write(data[i : i+1]); err != nil {
			return i, err
		}
	}
	return len(data), nil
}

func (b *bytewise) Read(data []byte) (int, error) {
	if len(data) == 0 {
		return 0, io.ErrShortBuffer
	}
	return b.meter.Read(data[:1])
}
