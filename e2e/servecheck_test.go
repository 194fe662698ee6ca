//go:build unix

package e2e

import (
	"errors"
	"io"
	"net"
	"net/http"
	"os/exec"
	"strings"
	"testing"
)

func TestServeAndStop(t *testing.T) {
	t.Parallel()
	s := serve(t, "127.0.0.1")
	response, err := http.Get(s.Room)
	if err != nil {
		t.Fatal(err)
	}
	page, err := io.ReadAll(response.Body)
	response.Body.Close()
	http.DefaultClient.CloseIdleConnections()
	if err != nil || response.StatusCode != http.StatusOK || !strings.Contains(string(page), "<html") {
		t.Errorf("GET %s: %s (%v), want an HTML page:\n%s", s.Room, response.Status, err, page)
	}
	s.Stop(t)
	address := strings.TrimPrefix(s.Base, "http://")
	if conn, err := net.Dial("tcp", address); err == nil {
		conn.Close()
		t.Errorf("%s still accepts connections after the server's end", address)
	}
}

// The harness notices a server that does not keep the contract. Shell scripts
// stand in for such servers, because ours shall be none.
func TestBadServersAreNoticed(t *testing.T) {
	t.Parallel()
	const first = "echo http://127.0.0.1:1/r/a; "
	const wait = "sleep 3600 & echo ready >&2; wait"
	for name, c := range map[string]struct {
		script string
		launch string // in launch's error
		stop   string // in interrupt's error
	}{
		"good":            {script: "trap 'kill $!; exit 0' INT; " + first + wait},
		"no line":         {script: "echo complaint >&2; exit 2", launch: "complaint"},
		"not a room":      {script: "echo listening; " + wait, launch: `first line is "listening"`},
		"bad exit code":   {script: "trap 'kill $!; exit 3' INT; " + first + wait, stop: "exit status 3"},
		"talks on stdout": {script: "trap 'kill $!; echo bye; exit 0' INT; " + first + wait, stop: "more than the room's URL"},
		"dies":            {script: first + wait, stop: "signal: killed"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, err := launch(t.Context(), "/bin/sh", "-c", c.script)
			if !says(err, c.launch) {
				t.Fatalf("launch: %v, want %q in it", err, c.launch)
			}
			if err != nil {
				return
			}
			if name == "dies" {
				s.process.Close()
			}
			err = s.interrupt()
			if !says(err, c.stop) {
				t.Errorf("interrupt: %v, want %q in it", err, c.stop)
			}
			if errors.Is(err, exec.ErrWaitDelay) {
				t.Error("a child of the script outlived it")
			}
		})
	}
}

// says reports whether err has the text in it, or is nil when that is empty.
func says(err error, text string) bool {
	if text == "" {
		return err == nil
	}
	return err != nil && strings.Contains(err.Error(), text)
}

func TestSplitRoom(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ room, base, name string }{
		{"http://192.0.2.2:41234/r/quiet-fox-4821", "http://192.0.2.2:41234", "quiet-fox-4821"},
		{"http://[2001:db8::1]:80/r/a", "http://[2001:db8::1]:80", "a"},
		{"http://192.0.2.2/r/quiet-fox-4821", "", ""},   // no port
		{"http://192.0.2.2:0/r/quiet-fox-4821", "", ""}, // the port that was asked for
		{"https://beckon.example/r/a", "https://beckon.example", "a"},
		{"http://192.0.2.2:41234/r/", "", ""},             // no name
		{"http://192.0.2.2:41234/r/a/b", "", ""},          // not a name
		{"http://192.0.2.2:41234/quiet-fox-4821", "", ""}, // not a room
		{"listening on 192.0.2.2:41234", "", ""},
		{"", "", ""},
	} {
		base, name, err := splitRoom(c.room)
		if base != c.base || name != c.name || (err == nil) != (c.base != "") {
			t.Errorf("splitRoom(%q) = %q, %q, %v; want %q, %q", c.room, base, name, err, c.base, c.name)
		}
	}
}
