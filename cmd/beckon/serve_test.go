package main

import (
	"bufio"
	"context"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/rs/zerolog"
)

// running is a program that a test has started and can interrupt.
type running struct {
	first     string        // line on stdout, or on stderr of a bot; less the secret of a link, which no server asks for
	link      string        // first, with the secret
	wait      func() int    // for the end by itself; returns the exit code
	interrupt func() int    // as Ctrl-C, then wait
	rest      func() string // of the stream that first is of; after wait
	stderr    *syncBuffer
}

// start runs the program until it has printed a line on stdout, or on stderr if that is where it says that it is ready.
func start(t *testing.T, onStderr bool, args ...string) *running {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	reader, writer := io.Pipe()
	r := &running{stderr: &syncBuffer{wrote: make(chan struct{}, 1)}}
	stdout, stderr := io.Writer(writer), io.Writer(r.stderr)
	if onStderr {
		stdout, stderr = io.Discard, io.MultiWriter(r.stderr, writer)
	}
	code := make(chan int, 1)
	go func() {
		code <- run(ctx, args, stdout, stderr, nil)
		writer.Close()
	}()
	lines := bufio.NewReader(reader)
	line, err := lines.ReadString('\n')
	if err != nil {
		cancel()
		t.Fatalf("%v printed no line and ended with exit code %d; stderr:\n%s", args, <-code, r.stderr)
	}
	r.link = strings.TrimSuffix(line, "\n")
	r.first, _, _ = strings.Cut(r.link, "#")
	var rest strings.Builder
	var copied sync.WaitGroup
	copied.Go(func() { _, _ = io.Copy(&rest, lines) })
	r.wait = sync.OnceValue(func() int {
		c := <-code
		copied.Wait()
		return c
	})
	r.interrupt = func() int {
		cancel()
		return r.wait()
	}
	r.rest = rest.String
	t.Cleanup(func() { r.interrupt() })
	return r
}

type syncBuffer struct {
	mu    sync.Mutex
	buf   strings.Builder // guarded by mu
	wrote chan struct{}   // has something when there is more than there was
}

func (b *syncBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	select {
	case b.wrote <- struct{}{}:
	default:
	}
	return b.buf.Write(p)
}

func (b *syncBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.String()
}

func TestServe(t *testing.T) {
	t.Parallel()
	s := start(t, false, "serve", "--dev", "--listen", "127.0.0.1:0", "--turn-listen", "127.0.0.1:0")
	base, _, ok := strings.Cut(s.first, "/r/")
	if !ok || !strings.HasPrefix(base, "http://127.0.0.1:") {
		t.Fatalf("the first line is %q", s.first)
	}
	client := &http.Client{Transport: &http.Transport{}}
	defer client.CloseIdleConnections()
	for path, want := range map[string]int{
		s.first:                  http.StatusOK,
		base + "/":               http.StatusOK,
		base + "/sdk/beckon.js":  http.StatusOK,
		base + "/r/not%20a+room": http.StatusNotFound,
		base + "/v1/ws":          http.StatusUpgradeRequired,
		base + "/v1/stream":      http.StatusMethodNotAllowed,
		base + "/v1/send":        http.StatusMethodNotAllowed,
		base + "/v1/poll":        http.StatusMethodNotAllowed,
	} {
		resp, err := client.Get(path)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if resp.StatusCode != want {
			t.Errorf("GET %s: %s, want %d", path, resp.Status, want)
		}
	}
	if code := s.interrupt(); code != exitOK {
		t.Errorf("exit code %d; stderr:\n%s", code, s.stderr)
	}
	if s.rest() != "" {
		t.Errorf("stdout has more than one line: %q", s.rest())
	}
	// Not a terminal: JSON.
	if !strings.Contains(s.stderr.String(), `{"level":"warn"`) || !strings.Contains(s.stderr.String(), "dev mode is open") {
		t.Errorf("no warning that dev mode is open in:\n%s", s.stderr)
	}
	// That the port is closed shows in the leak check: who accepts on it would be left. Dialling it would not, because by now
	// it may be another test's.
}

// Who comes without a link is led to a room that is open, and to another one every time.
func TestHomeLeadsToAnOpenRoom(t *testing.T) {
	t.Parallel()
	s := start(t, false, "serve", "--admin", "none", "--listen", "127.0.0.1:0", "--no-turn", "--allow-anonymous", "team-*")
	base, _, _ := strings.Cut(s.first, "/r/")
	client := &http.Client{Transport: &http.Transport{}}
	defer client.CloseIdleConnections()
	seen := map[string]bool{strings.TrimPrefix(s.first, base): true}
	for range 3 {
		resp, err := client.Get(base + "/")
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		room := resp.Request.URL.Path
		if resp.StatusCode != http.StatusOK || !strings.HasPrefix(room, "/r/team-") || seen[room] {
			t.Errorf("/ leads to %s: %s, after %v", room, resp.Status, seen)
		}
		seen[room] = true
	}
}

// The names of a stranger do not open a server in dev mode to his pages.
func TestRebindingIsRefused(t *testing.T) {
	t.Parallel()
	s := start(t, false, "serve", "--dev", "--listen", "127.0.0.1:0", "--no-turn", "--public-host", "dev.example")
	// The room's URL has the public name; the server is on loopback.
	_, port, _ := strings.Cut(strings.TrimPrefix(s.first, "http://"), ":")
	port, _, _ = strings.Cut(port, "/")
	client := &http.Client{Transport: &http.Transport{}}
	defer client.CloseIdleConnections()
	for host, want := range map[string]int{
		"127.0.0.1:" + port:    http.StatusOK,
		"[::1]:" + port:        http.StatusOK,
		"localhost:" + port:    http.StatusOK,
		"app.localhost":        http.StatusOK,
		"Dev.Example:" + port:  http.StatusOK,
		"evil.example:" + port: http.StatusMisdirectedRequest,
		"notlocalhost":         http.StatusMisdirectedRequest,
	} {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://127.0.0.1:"+port+"/", nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Host = host
		resp, err := client.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if resp.StatusCode != want {
			t.Errorf("as %s: %s, want %d", host, resp.Status, want)
		}
	}
}

// Behind a proxy, the room is where the proxy is, and its pages may connect though the proxy tells the server another host.
func TestPublicURL(t *testing.T) {
	t.Parallel()
	for args, want := range map[string]string{
		"--public-url https://beckon.example/":                               "https://beckon.example/r/",
		"--public-url http://[2001:db8::1]:8443":                             "http://[2001:db8::1]:8443/r/",
		"--public-url https://beckon.example --public-host turn.example":     "https://beckon.example/r/",
		"--public-url https://beckon.example --turn-relay-address 192.0.2.1": "https://beckon.example/r/",
	} {
		args := append([]string{"serve", "--dev", "--listen", "127.0.0.1:0", "--turn-listen", "127.0.0.1:0"}, strings.Fields(args)...)
		got := runNow(t, nil, args...)
		if got.code != exitOK || !strings.HasPrefix(got.stdout, want) || strings.Count(got.stdout, "\n") != 1 {
			t.Errorf("%v: %+v, want a room at %s", args, got, want)
		}
	}
	p, err := planned(t, "", nil, "--dev", "--public-url", "https://Beckon.example", "--allow-origin", "https://app.example")
	if err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(p.origins, " "); got != "https://Beckon.example https://app.example" {
		t.Errorf("the origins are %s", got)
	}
	// Nor is it a stranger's name.
	if !ownName("beckon.example", p) || ownName("evil.example", p) {
		t.Error("in dev mode, the server does not know its own name from another")
	}
}

func TestWarnings(t *testing.T) {
	t.Parallel()
	for args, want := range map[string]string{
		"--dev --listen 127.0.0.1:0 --no-turn":            "dev mode is open:",
		"--dev --listen 0.0.0.0:0 --no-turn":              "DEV MODE IS OPEN TO THE NETWORK",
		"--allow-anonymous * --listen :0 --no-turn":       "no relay",
		"--dev --listen 127.0.0.1:0 --log-format console": "WRN dev mode is open",
	} {
		args := strings.Fields("serve --admin none " + args) // whose port others of these tests have
		if !strings.Contains(strings.Join(args, " "), "--no-turn") {
			args = append(args, "--turn-listen", "127.0.0.1:0")
		}
		got := runNow(t, nil, args...)
		if got.code != exitOK || !strings.Contains(got.stderr, want) {
			t.Errorf("%v: exit code %d, no %q in:\n%s", args, got.code, want, got.stderr)
		}
	}
}

// bothPorts takes a port for TCP and for UDP. A free one of the one kind may be somebody's of the other, so it tries a few.
func bothPorts(t *testing.T) (holder net.Listener, datagrams net.PacketConn) {
	t.Helper()
	var err error
	for range 20 {
		if holder, err = net.Listen("tcp", "127.0.0.1:0"); err != nil {
			t.Fatal(err)
		}
		if datagrams, err = net.ListenPacket("udp", holder.Addr().String()); err == nil {
			return holder, datagrams
		}
		_ = holder.Close()
	}
	t.Fatalf("no port is free for both TCP and UDP: %v", err)
	return nil, nil
}

// A taken port is a failure with a sentence, unless nobody asked for that port and it is development.
func TestTakenPorts(t *testing.T) {
	t.Parallel()
	holder, datagrams := bothPorts(t)
	defer holder.Close()
	taken := holder.Addr().String()
	defer datagrams.Close()
	for _, args := range [][]string{
		{"serve", "--dev", "--no-turn", "--listen", taken},
		{"serve", "--dev", "--listen", "127.0.0.1:0", "--turn-listen", taken},
		{"turn", "--secret", "0123456789abcdef", "--listen", taken},
	} {
		got := runNow(t, nil, args...)
		if got.code != exitFailure || !strings.Contains(got.stderr, "cannot listen on "+taken+": another program") || !strings.Contains(got.stderr, ":0` takes a free one") {
			t.Errorf("%v: %+v", args, got)
		}
	}

	port := uint16(holder.Addr().(*net.TCPAddr).Port)
	a := address{host: "127.0.0.1", port: port, orFree: true}
	ln, err := listenTCP(t.Context(), "--listen", a, "http", zerolog.Nop())
	if err != nil {
		t.Fatal(err)
	}
	ln.Close()
	turn, err := listenTURN(t.Context(), &turnPlan{udp: []address{a}}, "--turn-listen", relayHooks{}, zerolog.Nop())
	if err != nil {
		t.Fatal(err)
	}
	if turn.UDPAddrs()[0].Port() == a.port {
		t.Error("two relays on one port")
	}
	turn.Close()
}

func TestListenErrors(t *testing.T) {
	t.Parallel()
	// A documentation address (RFC 5737) is no machine's.
	got := runNow(t, nil, "serve", "--dev", "--no-turn", "--listen", "203.0.113.254:0")
	if got.code != exitFailure || !strings.Contains(got.stderr, "this machine does not have that address") || strings.Count(got.stderr, "\n") != 1 {
		t.Errorf("%+v", got)
	}
	two := []address{{port: 3478}, {host: "127.0.0.1", port: 443}}
	denied := &net.OpError{Op: "listen", Addr: &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 443}, Err: syscall.EACCES}
	if a := failing(two, denied); a != two[1] {
		t.Errorf("%v is said to have failed, not %v", a, two[1])
	}
	for want, cause := range map[string]error{
		"ports below 1024 are the system's":   syscall.EACCES,
		"the name beckon.test is not known":   &net.DNSError{Name: "beckon.test", IsNotFound: true},
		"too many open files: see `--listen`": syscall.EMFILE,
	} {
		err := listenError("--listen", address{host: "beckon.test", port: 80}, ":0", &net.OpError{Op: "listen", Err: cause})
		if !strings.HasPrefix(err.Error(), "cannot listen on beckon.test:80: ") || !strings.Contains(err.Error(), want) {
			t.Errorf("%v becomes %q, want %q in it", cause, err, want)
		}
	}
}
