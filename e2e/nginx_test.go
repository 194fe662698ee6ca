//go:build unix

package e2e

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/beckon-rtc/beckon/e2e/browser"
	"github.com/beckon-rtc/beckon/e2e/process"
	"github.com/beckon-rtc/beckon/internal/lacking"
	"github.com/beckon-rtc/beckon/signaling/protocol"
)

// front is a way to configure nginx in front of a server, and what comes through it.
type front struct {
	name string
	// ws is the location of the WebSocket, rest that of all else, without the proxy_pass.
	ws, rest string
	// comes says what becomes of each of ways(): "works", or how it does not.
	comes map[way]string
	// sdk is the carrier on which both SDKs end up, as they name it; "" where another configuration looks the same to them.
	sdk string
}

const (
	worksWell = "works"
	heldBack  = "held back" // the headers come, and no second line within the time of the specification
)

// fronts are what people have. Nobody configures the third on purpose; it stands for the boxes of others, who buffer and cannot be
// told otherwise.
func fronts() []front {
	const (
		upgraded = "proxy_http_version 1.1; proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection upgrade;"
		// Every answer is compressed that may be, and held back until a buffer is full, unless the server asks for the opposite.
		buffered = "proxy_buffering on; proxy_buffers 8 64k; gzip on; gzip_proxied any; gzip_min_length 1; " +
			"gzip_types application/x-ndjson text/event-stream application/json;"
	)
	return []front{
		{"normal", upgraded, "", map[way]string{bySocket: worksWell, byStream: worksWell, byPoll: worksWell}, "websocket"},
		// nginx as it comes: HTTP/1.0 to the server, and no Upgrade passed on.
		{"no-upgrade", "", "", map[way]string{bySocket: "HTTP 426", byStream: worksWell, byPoll: worksWell}, "stream"},
		{"forbidden-upgrade", "return 403;", "", map[way]string{bySocket: "HTTP 403", byStream: worksWell, byPoll: worksWell}, ""},
		// X-Accel-Buffering: no, which the server says, switches the buffers off.
		{"buffered", "return 403;", buffered, map[way]string{bySocket: "HTTP 403", byStream: worksWell, byPoll: worksWell}, ""},
		{"buffered-regardless", "return 403;", buffered + " proxy_ignore_headers X-Accel-Buffering;",
			map[way]string{bySocket: "HTTP 403", byStream: heldBack, byPoll: worksWell}, "poll"},
	}
}

// findNginx returns nginx's path: Debian has it where users that are not root do not look. It skips the test without one, or fails it
// where browsers are required.
func findNginx(t *testing.T) string {
	t.Helper()
	for _, name := range []string{"nginx", "/usr/sbin/nginx", "/usr/local/sbin/nginx"} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	lacking.Skip(t, "there is no nginx: install it, on Debian with `apt-get install nginx` as root")
	return ""
}

// startNginx runs nginx in front of the server, on a free port of ip, and returns its URL. It needs no privileges: all its files are
// in a directory of the test, and it is one process, which ends with the test.
func startNginx(t *testing.T, ip, server string, p front) string {
	t.Helper()
	path, dir := findNginx(t), t.TempDir()
	for range 5 { // somebody may take the port in between
		l, err := net.Listen("tcp", net.JoinHostPort(ip, "0"))
		if err != nil {
			t.Fatal(err)
		}
		address := l.Addr().String()
		l.Close()
		conf := filepath.Join(dir, "nginx.conf")
		if err := os.WriteFile(conf, []byte(p.config(dir, address, server)), 0o600); err != nil {
			t.Fatal(err)
		}
		nginx, err := process.Start(context.WithoutCancel(t.Context()), process.Config{
			Path: path, Args: []string{"-p", dir, "-e", "stderr", "-c", conf},
		})
		if err != nil {
			t.Fatal(err)
		}
		if listens(t, address, nginx.Done()) {
			t.Cleanup(func() {
				nginx.Close()
				if t.Failed() {
					t.Logf("nginx (%s) said:\n%s", p.name, nginx.Stderr())
				}
			})
			return "http://" + address
		}
		nginx.Close()
		t.Logf("nginx did not start on %s:\n%s", address, nginx.Stderr())
	}
	t.Fatal("nginx does not start")
	return ""
}

// listens waits until somebody does, or until ended.
func listens(t *testing.T, address string, ended <-chan struct{}) bool {
	t.Helper()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		if c, err := net.Dial("tcp", address); err == nil {
			c.Close()
			return true
		}
		select {
		case <-tick.C:
		case <-ended:
			return false
		case <-t.Context().Done():
			return false
		}
	}
}

func (p front) config(dir, address, server string) string {
	pass := "proxy_pass " + server + "; proxy_set_header Host $http_host; proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;"
	temp := ""
	for _, what := range []string{"client_body", "proxy", "fastcgi", "uwsgi", "scgi"} {
		temp += fmt.Sprintf("%s_temp_path %s;\n", what, filepath.Join(dir, what))
	}
	return fmt.Sprintf(`daemon off;
master_process off;
pid %s;
events { worker_connections 256; }
http {
access_log off;
%sserver {
listen %s;
location / { %s %s }
location = /v1/ws { %s %s }
}
}
`, filepath.Join(dir, "pid"), temp, address, pass, p.rest, pass, p.ws)
}

// TestNginx: which carrier comes through which configuration, as the specification says, seen without an SDK.
func TestNginx(t *testing.T) {
	t.Parallel()
	for _, p := range fronts() {
		t.Run(p.name, func(t *testing.T) {
			t.Parallel()
			findNginx(t)
			b := serve(t, "127.0.0.1", "--trust-proxy", "127.0.0.1/32", "--grace", "1s")
			c := newCaller(t, startNginx(t, "127.0.0.1", b.Base, p))
			for _, by := range ways() {
				t.Run(string(by), func(t *testing.T) {
					t.Parallel()
					if got := through(t, c, by, string(by)+"-"+p.name); got != p.comes[by] {
						t.Errorf("%s, want %s", got, p.comes[by])
					}
				})
			}
		})
	}
}

// through has two peers meet over the carrier and signal each other, and says how that went.
func through(t *testing.T, c *caller, by way, room string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	first := c.open(ctx, by, string(protocol.Encode(helloOf(""))))
	defer first.Close()
	if by == byStream && first.held() {
		return heldBack
	}
	welcome, codes := first.until(ofType(protocol.TypeWelcome))
	if len(codes) > 0 {
		return strings.Join(codes, ", ")
	}
	first.peer = welcome.Peer
	second, err := c.hello(ctx, by, helloOf(""))
	if err != nil {
		return err.Error()
	}
	defer second.Close()
	for _, l := range []*link{first, second} {
		if err := l.join(room); err != nil {
			return err.Error()
		}
	}
	if got, codes := first.until(ofType(protocol.TypeEvent)); len(codes) > 0 || got.Peer != second.peer {
		return fmt.Sprintf("%s %q", got.raw, codes)
	}
	// Large enough for what is held back to be noticed, or lost.
	wide := strings.Repeat("x", 20_000)
	for n := 1; n <= 10; n++ {
		if refusal := first.say(fmt.Sprintf(`{"type":"signal","room":%q,"to":%q,"toInstance":%q,"n":%d,"data":%q}`,
			room, second.peer, second.instance, n, wide)); refusal != "" {
			return refusal
		}
		got, codes := second.until(ofType(protocol.TypeSignal))
		if len(codes) > 0 || got.N != uint64(n) || !strings.Contains(got.raw, wide) {
			return fmt.Sprintf("signal %d: %.100q %q", n, got.raw, codes)
		}
	}
	second.say(`{"type":"bye"}`)
	if _, codes := second.until(func(line) bool { return false }); codes[0] != "1000 normal" {
		return strings.Join(codes, ", ")
	}
	return worksWell
}

// TestNginxSDK: a Chromium, a Firefox and a Go program meet nginx, over the best carrier that comes through, and exchange messages of
// all sizes.
func TestNginxSDK(t *testing.T) {
	t.Parallel()
	for _, p := range fronts() {
		if p.sdk == "" {
			continue
		}
		t.Run(p.name, func(t *testing.T) {
			t.Parallel()
			for _, pair := range [][2]browser.Kind{{browser.Chromium, golang}, {browser.Firefox, golang}, {browser.Chromium, browser.Firefox}} {
				t.Run(string(pair[0])+"-"+string(pair[1]), func(t *testing.T) {
					findNginx(t)
					needAll(t, pair[:]...)
					s := newSite(t)
					ip := hostIP(t).String()
					b := serve(t, ip, "--trust-proxy", ip, "--allow-origin", s.Origin, "--grace", "1s")
					url := startNginx(t, ip, b.Base, p)
					left, right := s.exchange(t, b, pair[0], pair[1], func(left, right *task) { left.Server, right.Server = url, url })
					if left.Carrier != p.sdk || right.Carrier != p.sdk {
						t.Errorf("they met over %q and %q, want %q", left.Carrier, right.Carrier, p.sdk)
					}
				})
			}
		})
	}
}
