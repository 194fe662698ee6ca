//go:build unix

package e2e

import (
	"encoding/json"
	"fmt"
	"net"
	"net/http"

	"github.com/gorilla/websocket"
)

// The server to compare with: what one writes first with gorilla/websocket. It sends back what comes, with a goroutine and the
// library's default buffers for each connection.

// playEcho is the naive server on the address of the task.
func playEcho(task string) error {
	var address string
	if err := json.Unmarshal([]byte(task), &address); err != nil {
		return err
	}
	return serveMeasured(address, http.HandlerFunc(echo))
}

func echo(w http.ResponseWriter, r *http.Request) {
	var upgrader websocket.Upgrader
	ws, err := upgrader.Upgrade(w, r, nil)
	if err != nil {
		return
	}
	defer ws.Close()
	for {
		kind, message, err := ws.ReadMessage()
		if err != nil {
			return
		}
		if err := ws.WriteMessage(kind, message); err != nil {
			return
		}
	}
}

// serveMeasured serves until it is killed. It prints the address where it does, and tells its memory at /memory.
func serveMeasured(address string, h http.Handler) error {
	listener, err := net.Listen("tcp", address)
	if err != nil {
		return err
	}
	fmt.Println(listener.Addr())
	mux := http.NewServeMux()
	mux.HandleFunc("GET /memory", tellMemory)
	mux.Handle("/", h)
	return http.Serve(listener, mux)
}
