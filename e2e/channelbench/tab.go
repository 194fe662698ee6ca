//go:build linux

package main

import (
	_ "embed"
	"fmt"
	"net/http"
	"net/rpc/jsonrpc"
	"time"

	"github.com/beckon-rtc/beckon/e2e/browser"
	"github.com/gorilla/websocket"
)

//go:embed page.html
var page []byte

// tab is an end in a page of a browser of its own.
type tab struct {
	remote
	browser *browser.Browser
}

// servePage serves what a browser opens, and hands over the socket on which the page does what it is asked.
func servePage(mux *http.ServeMux, pages chan<- *websocket.Conn) {
	serve := func(path, kind string, content []byte) {
		mux.HandleFunc("GET "+path, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", kind+"; charset=utf-8")
			_, _ = w.Write(content)
		})
	}
	serve("/bench/page", "text/html", page)
	serve("/bench/load.mjs", "text/javascript", loadScript)
	mux.HandleFunc("GET /bench/end", func(w http.ResponseWriter, r *http.Request) {
		var upgrader websocket.Upgrader
		conn, err := upgrader.Upgrade(w, r, nil)
		if err != nil {
			return // the page was told
		}
		select {
		case pages <- conn:
		default:
			conn.Close() // nobody waits for one
		}
	})
}

// open opens a page, with a stack of its own.
func (b *bench) open(v variant) (*tab, error) {
	for len(b.pages) > 0 { // of one that came too late
		(<-b.pages).Close()
	}
	// Without a collection of garbage that is asked for, its memory is a matter of luck.
	br, err := browser.StartWith(b.ctx, browser.Config{Kind: browser.Chromium, Page: b.server + "/bench/page#" + v.page, Flags: []string{"--js-flags=--expose-gc"}})
	if err != nil {
		return nil, err
	}
	timer := time.NewTimer(patience)
	defer timer.Stop()
	select {
	case conn := <-b.pages:
		return &tab{remote{client: jsonrpc.NewClient(&lines{Conn: conn})}, br}, nil
	case <-timer.C:
		err = errHangs
	case <-br.Done():
		err = fmt.Errorf("it ended: %q", br.Stderr())
	}
	br.Close()
	return nil, fmt.Errorf("the page of %s: %w", v.name, err)
}

func (t *tab) close() {
	_ = t.client.Close()
	_ = t.browser.Close()
}

// lines is a WebSocket of which each message is a line. One goroutine may read while another writes.
type lines struct {
	*websocket.Conn
	rest []byte
}

func (l *lines) Read(p []byte) (int, error) {
	if len(l.rest) == 0 {
		_, message, err := l.ReadMessage()
		if err != nil {
			return 0, err
		}
		l.rest = append(message, '\n')
	}
	n := copy(p, l.rest)
	l.rest = l.rest[n:]
	return n, nil
}

func (l *lines) Write(p []byte) (int, error) { return len(p), l.WriteMessage(websocket.TextMessage, p) }
