package signaling_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"

	"github.com/beckon-rtc/beckon/signaling"
)

// A server mounts the handler wherever it likes, decides who may come in, and ends it together with its http.Server, which
// does not know of connections that were upgraded.
func Example() {
	srv := signaling.New(signaling.Config{
		Authorize: func(_ context.Context, req signaling.AuthRequest) (signaling.Grant, error) {
			if req.Token != "let me in" {
				return signaling.Grant{}, errors.New("no such token")
			}
			return signaling.Grant{Identity: "ada", Rooms: []string{"tea", "team-*"}}, nil
		},
	})
	mux := http.NewServeMux()
	mux.Handle("/v1/ws", srv)

	answer := httptest.NewRecorder()
	mux.ServeHTTP(answer, httptest.NewRequest("GET", "/v1/ws", nil))
	fmt.Println(answer.Code, answer.Header().Get("Upgrade"))

	fmt.Println(srv.Shutdown(context.Background()))
	answer = httptest.NewRecorder()
	mux.ServeHTTP(answer, httptest.NewRequest("GET", "/v1/ws", nil))
	fmt.Println(answer.Code)
	// Output:
	// 426 websocket
	// <nil>
	// 503
}
