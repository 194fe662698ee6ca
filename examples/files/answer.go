package main

import (
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync"

	"github.com/beckon-rtc/beckon/peer"
)

// answer lets an http.Handler answer a peer's request. Its name is the method and the path, such as "GET /song.mp3"; the body of either side
// is that of http, as a stream. There are no headers: a status that is not a success becomes the code of a failure.
func answer(r *peer.Request, handler http.Handler) {
	ctx := r.Context() // which ends when who asked gives up, so a handler does not go on for nothing
	method, path, _ := strings.Cut(r.Name(), " ")
	request, err := http.NewRequestWithContext(ctx, method, "http://peer"+path, r)
	if err != nil || !strings.HasPrefix(path, "/") {
		r.Fail(ctx, "400", "ask by a method and a path, such as GET /")
		return
	}
	body, to := io.Pipe()
	w := &responseWriter{header: make(http.Header), status: make(chan int, 1), body: to}
	var handling sync.WaitGroup
	defer handling.Wait()
	defer body.Close() // ends a Write that nobody takes
	handling.Go(func() {
		defer to.Close()
		handler.ServeHTTP(w, request)
		w.WriteHeader(http.StatusOK)
	})
	status := <-w.status
	if status >= 200 && status < 300 {
		r.Respond(ctx, body)
		return
	}
	text, _ := io.ReadAll(io.LimitReader(body, 1024))
	r.Fail(ctx, strconv.Itoa(status), strings.TrimSpace(string(text)))
}

// responseWriter is the http.ResponseWriter of one answer.
type responseWriter struct {
	header http.Header
	once   sync.Once
	status chan int // gets the status, once
	body   *io.PipeWriter
}

func (w *responseWriter) Header() http.Header { return w.header }

func (w *responseWriter) WriteHeader(status int) { w.once.Do(func() { w.status <- status }) }

func (w *responseWriter) Write(p []byte) (int, error) {
	w.WriteHeader(http.StatusOK)
	return w.body.Write(p)
}
