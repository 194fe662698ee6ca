package peer_test

import (
	"fmt"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/beckon-rtc/beckon/internal/memnet"
	"github.com/beckon-rtc/beckon/peer"
	"github.com/beckon-rtc/beckon/signaling/protocol"
	"github.com/gorilla/websocket"
)

// The server says when it makes sense to come again: by an error, and by a header.
func TestRetryAfter(t *testing.T) {
	var came []time.Time
	scripted(t, inTurn(func(ws *websocket.Conn) { admit(ws) }, func(ws *websocket.Conn) {
		greet(ws)
		ws.ReadMessage()
		came = append(came, time.Now())
		say(ws, protocol.ErrorReply{ID: 2, Code: protocol.CodeRateLimited, RetryAfter: 7000})
		drain(ws)
	}, func(ws *websocket.Conn) {
		came = append(came, time.Now())
		admit(ws)
		drain(ws)
	}), func(t *testing.T, join func() (*peer.Room, error)) {
		room, err := join()
		must(t, err)
		defer room.Close()
		becomes(t, room, peer.RoomReconnecting)
		becomes(t, room, peer.RoomJoined)
		if waited := came[1].Sub(came[0]); waited < 7*time.Second {
			t.Fatalf("waited %v", waited)
		}
	})
}

// What comes before a server says so as well when it has nobody to lead to.
func TestRetryAfterFromAProxy(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := memnet.Listen(0)
		var came []time.Time
		upgrader := websocket.Upgrader{Subprotocols: []string{protocol.Version}}
		s := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if came = append(came, time.Now()); len(came) == 2 {
				w.Header().Set("Retry-After", "7")
				w.WriteHeader(http.StatusServiceUnavailable)
				return
			}
			ws, err := upgrader.Upgrade(w, r, nil)
			must(t, err)
			defer ws.Close()
			if admit(ws); len(came) > 1 {
				drain(ws)
			}
		})}
		go s.Serve(l)
		defer s.Close()
		defer l.Close()
		room, err := peer.Join(within(t), "ws://beckon.test", "tea", &peer.Config{Dial: l.DialContext})
		must(t, err)
		becomes(t, room, peer.RoomReconnecting)
		becomes(t, room, peer.RoomJoined)
		must(t, room.Close())
		if waited := came[2].Sub(came[1]); waited < 7*time.Second {
			t.Fatalf("waited %v", waited)
		}
	})
}

// A refusal by name ends the room: it would be repeated.
func TestARefusedRejoining(t *testing.T) {
	scripted(t, inTurn(func(ws *websocket.Conn) { admit(ws) }, func(ws *websocket.Conn) {
		greet(ws)
		ws.ReadMessage()
		say(ws, protocol.ErrorReply{ID: 2, Code: protocol.CodeForbidden, Message: "not any more"})
		drain(ws)
	}), func(t *testing.T, join func() (*peer.Room, error)) {
		room, err := join()
		must(t, err)
		defer room.Close()
		ended(t, room.Context(), protocol.CodeForbidden)
	})
}

// A server that lets everybody in and fails at once is not asked more and more often, nor is one that sends all away, or does not
// answer.
func TestNoServerIsHammered(t *testing.T) {
	for name, script := range map[string]func(ws *websocket.Conn){
		"failing": func(ws *websocket.Conn) { admit(ws) },
		"leaving": func(ws *websocket.Conn) { admit(ws); say(ws, protocol.GoAway{}); drain(ws) },
		"silent":  drain,
	} {
		t.Run(name, func(t *testing.T) {
			var made []time.Time
			scripted(t, inTurn(func(ws *websocket.Conn) { admit(ws) }, func(ws *websocket.Conn) {
				made = append(made, time.Now())
				script(ws)
			}), func(t *testing.T, join func() (*peer.Room, error)) {
				room, err := join()
				must(t, err)
				defer room.Close()
				time.Sleep(time.Hour)
				synctest.Wait()
				// With 15 s on average between two there are about 240, and eight or so in the first minute.
				if n := len(made); n < 100 || n > 400 {
					t.Fatal(fmt.Sprint(n, " attempts in an hour"))
				}
			})
		})
	}
}
