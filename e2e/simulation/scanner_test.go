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
	"github.com/beckon-rtc/beckon/signaling/protocol"
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

// It must see the lines of HTTP messages as well, one message behind the other, of known length and in chunks.
func TestScannerOfHTTP(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ wire, want string }{
		{
			"POST /v1/send HTTP/1.1\r\nHost: x\r\nContent-Length: 76\r\n\r\n" +
				`{"type":"send","carrier":"c","n":1}` + "\n" + `{"type":"ping"}` + "\n" + `{"type":"bye"}` + "\n\n\r\n\t\t   \n" +
				"POST /v1/poll HTTP/1.1\r\nContent-Length: 37\r\n\r\n" + `{"type":"poll","carrier":"c"       }` + "\n" +
				"POST /v1/stream HTTP/1.1\r\nContent-Length: 16\r\n\r\n" + `{"type":"hello"}`,
			"line send, frame ping, frame bye, line poll, frame hello",
		},
		{
			"HTTP/1.1 200 OK\r\nContent-Length: 23\r\n\r\n" + `{"type":"sent","n":1}  ` +
				"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" +
				"1b\r\ndata: {\"type\":\"opened\"}\n\n:\n\r\n" + "7\r\n\ndata: \r\n" + "f\r\n{\"type\":\"pong\"}\r\n" + "1a\r\n\n\ndata: {\"type\":\"close\"}\n\n\r\n" +
				"0\r\n\r\nHTTP/1.1 404 Not Found\r\nContent-Length: 16\r\n\r\n" + `{"type":"error"}`,
			"line sent, line opened, control, frame pong, control, frame error",
		},
	} {
		var got []string
		s := &scanner{
			frame: func(text []byte) {
				if text == nil {
					got = append(got, "control")
					return
				}
				got = append(got, "frame "+typeOf(text))
			},
			line: func(kind protocol.Type) { got = append(got, "line "+string(kind)) },
		}
		for i := range c.wire {
			s.scan([]byte(c.wire[i : i+1]))
		}
		if all := strings.Join(got, ", "); all != c.want {
			t.Errorf("got %s\nwant %s", all, c.want)
		}
	}
}
