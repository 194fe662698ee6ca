package signaling

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/gorilla/websocket"

	"github.com/beckon-rtc/beckon/signaling/protocol"
)

// BenchmarkSignal routes 1.2 kB signals between two real clients over the network in memory, 16 in flight, as the SDKs do.
func BenchmarkSignal(b *testing.B) {
	w := serve(b, Config{Authorize: AllowAnonymous("*"), Limits: Limits{Rate: 1e9, Burst: 1e9}}, 1<<20)
	open := func() (*websocket.Conn, protocol.Welcome, string) {
		ws, _, err := w.dial(local, http.Header{})
		if err != nil {
			b.Fatal(err)
		}
		c := &client{t: b, link: socketLink{ws}, ws: ws, instance: protocol.NewInstance(), in: make(chan string, 4)}
		read := func() string {
			_, frame, err := ws.ReadMessage()
			if err != nil {
				b.Fatal(err)
			}
			return string(frame)
		}
		c.send(protocol.Hello{Versions: []string{protocol.Version}, Instance: c.instance})
		welcome := decode[protocol.Welcome](c, read())
		c.send(protocol.Join{Room: "tea"})
		read()
		return ws, welcome, c.instance
	}
	from, _, _ := open()
	to, bob, instance := open()
	defer from.Close()
	defer to.Close()
	frame := fmt.Appendf(nil, `{"type":"signal","room":"tea","to":%q,"toInstance":%q,"n":1,"data":{"description":{"type":"offer","sdp":%q}}}`,
		bob.Peer, instance, strings.Repeat("a=candidate:1 1 udp 2130706431 192.0.2.10 50000 typ host\r\n", 18))
	window := make(chan struct{}, 16)
	b.SetBytes(int64(len(frame)))
	b.ReportAllocs()
	b.ResetTimer()
	go func() {
		for range b.N {
			window <- struct{}{}
			if from.WriteMessage(websocket.TextMessage, frame) != nil {
				return
			}
		}
	}()
	for range b.N {
		if _, _, err := to.ReadMessage(); err != nil {
			b.Fatal(err)
		}
		<-window
	}
}

// BenchmarkFanOut logs a message in a room of 100, each of whom gets it.
func BenchmarkFanOut(b *testing.B) {
	s := New(Config{})
	defer s.Close()
	r := newRoom(s, protocol.Join{Room: "tea"})
	data := []byte(`"` + strings.Repeat("x", 1000) + `"`)
	for i := range 100 {
		m := &member{room: r, info: protocol.Member{Peer: fmt.Sprint(i)}}
		m.cursor = &cursor{member: m, conn: &conn{server: s, writing: true}} // as if a drainer were at work
		r.members[m.info.Peer], r.ranked = m, append(r.ranked, m)
	}
	b.ReportAllocs()
	for n := range b.N {
		r.say(r.ranked[0], uint64(n+1), 0, data)
		for _, m := range r.ranked {
			m.cursor.conn.queue, m.cursor.conn.frames, m.cursor.conn.bytes = m.cursor.conn.queue[:0], 0, 0
		}
	}
}
