package main

import (
	"strings"
	"testing"

	"github.com/gorilla/websocket"

	"github.com/beckon-rtc/beckon/signaling/protocol"
)

// An interrupt tells the clients to go, and does not wait out its grace once they have gone.
func TestAnInterruptSendsClientsElsewhere(t *testing.T) {
	t.Parallel()
	s := start(t, false, "serve", "--dev", "--listen", "127.0.0.1:0", "--no-turn", "--grace", "1h")
	base, _, _ := strings.Cut(s.first, "/r/")
	dialer := websocket.Dialer{Subprotocols: []string{protocol.Version}}
	ws, _, err := dialer.Dial("ws"+strings.TrimPrefix(base, "http")+"/v1/ws", nil)
	if err != nil {
		t.Fatal(err)
	}
	defer ws.Close()
	hello := protocol.Encode(protocol.Hello{Versions: []string{protocol.Version}, Instance: protocol.NewInstance()})
	if err := ws.WriteMessage(websocket.TextMessage, hello); err != nil {
		t.Fatal(err)
	}
	expect := func(want protocol.Type) {
		t.Helper()
		_, frame, err := ws.ReadMessage()
		if err != nil {
			t.Fatal(err)
		}
		if env, err := protocol.Parse(frame); err != nil || env.Type != want {
			t.Fatalf("want %s, got %s (%v)", want, frame, err)
		}
	}
	expect(protocol.TypeWelcome)
	code := make(chan int, 1)
	go func() { code <- s.interrupt() }()
	expect(protocol.TypeGoAway)
	ws.Close()
	if got := <-code; got != exitOK {
		t.Errorf("exit code %d; stderr:\n%s", got, s.stderr)
	}
}

// Without a secret every restart makes all clients new peers: the operator is told, once.
func TestARandomSecretIsSaidOnce(t *testing.T) {
	t.Parallel()
	for want, flags := range [][]string{{"--secret", strings.Repeat("0123456789abcdef", 2)}, nil} {
		args := append([]string{"serve", "--dev", "--listen", "127.0.0.1:0", "--no-turn"}, flags...)
		s := start(t, false, args...)
		s.interrupt()
		if got := strings.Count(s.stderr.String(), "random secret"); got != want {
			t.Errorf("%v: said %d times in\n%s", args, got, s.stderr)
		}
	}
}
