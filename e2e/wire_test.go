//go:build unix

package e2e

import (
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"github.com/beckon-rtc/beckon/signaling/protocol"
)

// TestBadInput sends the real server what no SDK would send. Each gets the code that the specification names for it, and the
// other members of the room notice nothing: they see the offender come, see it go away if it was disconnected, and go on
// talking with each other.
func TestBadInput(t *testing.T) {
	beckon := serve(t, "127.0.0.1")
	offer := func(data string) string {
		return `{"type":"message","id":7,"room":"` + beckon.Name + `","n":1,"data":"` + data + `"}`
	}
	cases := []struct {
		name  string
		hello bool // say hello and join first
		kind  int  // websocket.TextMessage unless set
		frame string
		error protocol.ErrorCode // the connection lives
		close protocol.CloseCode // or it does not
	}{
		{name: "not JSON", hello: true, frame: `{"type":`, error: protocol.CodeBadFrame},
		{name: "not an object", hello: true, frame: `[]`, error: protocol.CodeBadFrame},
		{name: "says who it is from", hello: true, error: protocol.CodeBadFrame,
			frame: `{"type":"signal","room":"` + beckon.Name + `","to":"a","toInstance":"00000000000000a1","n":1,"data":1,"from":"ada"}`},
		{name: "unknown type", hello: true, frame: `{"type":"teleport","id":7}`, error: protocol.CodeUnknownType},
		{name: "second hello", hello: true, frame: helloFrame(), error: protocol.CodeUnexpectedHello},
		{name: "oversized", hello: true, frame: offer(strings.Repeat("x", 64<<10)), close: protocol.CloseFrameTooLarge},
		{name: "binary", hello: true, kind: websocket.BinaryMessage, frame: offer("x"), close: protocol.CloseBinaryFrame},
		{name: "no hello first", frame: `{"type":"ping"}`, close: protocol.CloseHelloExpected},
		{name: "no JSON first", frame: `GET / HTTP/1.1`, close: protocol.CloseHelloExpected},
		{name: "oversized hello", frame: `{"type":"hello","token":"` + strings.Repeat("x", 64<<10) + `"}`, close: protocol.CloseFrameTooLarge},
		{name: "a hello that never comes", close: protocol.CloseHelloTimeout},
	}
	ada, bob := dialWire(t, beckon), dialWire(t, beckon)
	ada.join(t, beckon.Name)
	bob.join(t, beckon.Name)
	ada.event(t, protocol.EventJoined) // bob
	for i, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			offender := dialWire(t, beckon)
			var seen []protocol.EventKind
			if c.hello {
				offender.join(t, beckon.Name)
				seen = append(seen, protocol.EventJoined)
			}
			if c.frame != "" {
				offender.send(t, max(c.kind, websocket.TextMessage), c.frame)
			}
			if c.close != 0 {
				offender.closed(t, c.close)
				if c.hello {
					seen = append(seen, protocol.EventAway)
				}
			} else {
				got := frameOf[protocol.ErrorReply](t, offender, protocol.TypeError)
				if got.Code != c.error || got.Message == "" {
					t.Errorf("got error %q (%q), want %q", got.Code, got.Message, c.error)
				}
				if strings.Contains(c.frame, `"id":7`) && got.ID != 7 {
					t.Errorf("the error names frame %d, want 7", got.ID)
				}
				offender.send(t, websocket.TextMessage, `{"type":"ping","t":1}`)
				frameOf[protocol.Pong](t, offender, protocol.TypePong) // it lives
			}

			bob.send(t, websocket.TextMessage, string(protocol.Encode(protocol.Message{Room: beckon.Name, N: uint64(i + 1), Data: json.RawMessage(`"still here"`)})))
			for _, witness := range []*wire{ada, bob} {
				for _, kind := range append(slices.Clone(seen), protocol.EventMessage) {
					witness.event(t, kind)
				}
			}
			if c.close == 0 {
				offender.bye(t)
				for _, witness := range []*wire{ada, bob} {
					witness.event(t, protocol.EventLeft)
				}
			}
		})
	}
}

// wire is a client that is no SDK: it says what it is told to say.
type wire struct{ conn *websocket.Conn }

func dialWire(t *testing.T, s *server) *wire {
	t.Helper()
	dialer := websocket.Dialer{Subprotocols: []string{protocol.Version}, HandshakeTimeout: patience}
	conn, response, err := dialer.Dial("ws"+strings.TrimPrefix(s.Base, "http")+"/v1/ws", http.Header{})
	if err != nil {
		t.Fatalf("dial: %v (%+v)", err, response)
	}
	t.Cleanup(func() { conn.Close() })
	return &wire{conn}
}

func helloFrame() string {
	return string(protocol.Encode(protocol.Hello{Versions: []string{protocol.Version}, Instance: protocol.NewInstance()}))
}

func (w *wire) join(t *testing.T, room string) {
	t.Helper()
	w.send(t, websocket.TextMessage, helloFrame())
	frameOf[protocol.Welcome](t, w, protocol.TypeWelcome)
	w.send(t, websocket.TextMessage, string(protocol.Encode(protocol.Join{Room: room, Topology: protocol.TopologyNone})))
	frameOf[protocol.Joined](t, w, protocol.TypeJoined)
}

// stay answers the server's heartbeats until the test ends. Nothing else may use the wire any more.
func (w *wire) stay(t *testing.T) {
	t.Helper()
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = w.conn.SetReadDeadline(time.Time{})
		for {
			_, frame, err := w.conn.ReadMessage()
			if err != nil {
				return
			}
			if strings.HasPrefix(string(frame), `{"type":"ping"`) {
				_ = w.conn.WriteMessage(websocket.TextMessage, []byte(`{"type":"pong"}`))
			}
		}
	}()
	t.Cleanup(func() {
		w.conn.Close()
		<-done
	})
}

func (w *wire) bye(t *testing.T) {
	t.Helper()
	w.send(t, websocket.TextMessage, `{"type":"bye"}`)
	w.closed(t, protocol.CloseNormal)
}

func (w *wire) send(t *testing.T, kind int, frame string) {
	t.Helper()
	if err := w.conn.WriteMessage(kind, []byte(frame)); err != nil {
		t.Fatal(err)
	}
}

// event reads the next event, which must be of that kind. The end of an earlier offender's grace may come before it.
func (w *wire) event(t *testing.T, kind protocol.EventKind) {
	t.Helper()
	e := frameOf[protocol.Event](t, w, protocol.TypeEvent)
	for e.Reason == protocol.LeftTimeout {
		e = frameOf[protocol.Event](t, w, protocol.TypeEvent)
	}
	if e.Kind != kind {
		t.Fatalf("got event %q, want %q", e.Kind, kind)
	}
}

// closed reads until the connection ends, which must be with that code and its name.
func (w *wire) closed(t *testing.T, code protocol.CloseCode) {
	t.Helper()
	_ = w.conn.SetReadDeadline(time.Now().Add(patience))
	for {
		_, _, err := w.conn.ReadMessage()
		if err == nil {
			continue // what came before
		}
		var closed *websocket.CloseError
		if !errors.As(err, &closed) || closed.Code != int(code) || closed.Text != code.Name() {
			t.Fatalf("ended by %v, want %d %s", err, code, code.Name())
		}
		return
	}
}

// frameOf reads the next frame, which must be of that type.
func frameOf[F any](t *testing.T, w *wire, want protocol.Type) (f F) {
	t.Helper()
	_ = w.conn.SetReadDeadline(time.Now().Add(patience))
	_, frame, err := w.conn.ReadMessage()
	if err != nil {
		t.Fatal(err)
	}
	env, err := protocol.Parse(frame)
	if err != nil || env.Type != want {
		t.Fatalf("got %.200s (%v), want %s", frame, err, want)
	}
	if err := json.Unmarshal(frame, &f); err != nil {
		t.Fatal(err)
	}
	return f
}
