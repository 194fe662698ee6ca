package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/rs/zerolog"

	"github.com/beckon-rtc/beckon/peer"
	"github.com/beckon-rtc/beckon/signaling/protocol"
)

// The bot, the server and a client, each as users have them, with real data channels on loopback.
func TestEcho(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		flags   []string
		relayed bool
	}{
		"direct":  {nil, false},
		"relayed": {[]string{"--relay-only"}, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := start(t, false, "serve", "--dev", "--listen", "127.0.0.1:0", "--turn-listen", "127.0.0.1:0")
			args := append([]string{"bot", "echo", s.first, "--log-level", "error", "--name", "parrot"}, c.flags...)
			bot := start(t, true, args...)
			room, p := meet(t, s.first)
			defer room.Close()
			id, ok := strings.CutPrefix(bot.first, "joined ")
			if !ok || p.ID() != id || string(p.Attributes()) != `{"name":"parrot","bot":true}` {
				t.Errorf("the bot says %q; the room knows it as %s with %s", bot.first, p.ID(), p.Attributes())
			}
			if path, err := p.Path(t.Context()); err != nil || path.Relayed != c.relayed {
				t.Errorf("the path is %+v, %v; want relayed: %v", path, err, c.relayed)
			}
			// Two channels, so that an answer on the wrong one would be seen.
			for _, label := range []string{"first", "second"} {
				checkEcho(t, p, label)
			}
			if code := bot.interrupt(); code != exitOK {
				t.Errorf("the bot's exit code is %d; stderr:\n%s", code, bot.stderr)
			}
		})
	}
}

// meet joins a room and waits for the other one there.
func meet(t *testing.T, url string) (*peer.Room, *peer.Peer) {
	t.Helper()
	link, err := peer.ParseLink(url)
	if err != nil {
		t.Fatal(err)
	}
	room, err := peer.Join(t.Context(), link.Server, link.Room, &peer.Config{Secret: link.Secret})
	if err != nil {
		t.Fatal(err)
	}
	p, err := room.Accept(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return room, p
}

// checkEcho opens a channel and has text and bytes come back as what they were.
func checkEcho(t *testing.T, p *peer.Peer, label string) {
	t.Helper()
	ch, err := p.Open(t.Context(), label, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, message := range []struct {
		data []byte
		text bool
	}{{[]byte("hello, " + label), true}, {bytes.Repeat([]byte{0, 255}, 50_000), false}, {[]byte{1}, false}} {
		if message.text {
			err = ch.SendText(t.Context(), string(message.data))
		} else {
			err = ch.Send(t.Context(), message.data)
		}
		if err != nil {
			t.Fatal(err)
		}
		got, isText, err := ch.Recv(t.Context())
		if err != nil || isText != message.text || !bytes.Equal(got, message.data) {
			t.Errorf("%s: %d bytes (text: %v) came back as %d (text: %v): %v",
				label, len(message.data), message.text, len(got), isText, err)
		}
	}
}

// The bot outlives the server: it is in its room again as soon as there is another.
func TestEchoOutlivesTheServer(t *testing.T) {
	t.Parallel()
	first := start(t, false, "serve", "--dev", "--listen", "127.0.0.1:0", "--no-turn")
	bot := start(t, true, "bot", "echo", first.first, "--log-level", "error")
	if code := first.interrupt(); code != exitOK {
		t.Errorf("the server's exit code is %d; stderr:\n%s", code, first.stderr)
	}
	address, _, _ := strings.Cut(strings.TrimPrefix(first.first, "http://"), "/r/")
	start(t, false, "serve", "--dev", "--listen", address, "--no-turn")
	room, p := meet(t, first.first)
	defer room.Close()
	checkEcho(t, p, "after")
	if code := bot.interrupt(); code != exitOK {
		t.Errorf("the bot's exit code is %d; stderr:\n%s", code, bot.stderr)
	}
}

// script is the events of a room, in their order, and then its end.
type script []peer.Event

func (s *script) Recv(context.Context) (peer.Event, error) {
	if len(*s) == 0 {
		return peer.Event{}, io.EOF
	}
	e := (*s)[0]
	*s = (*s)[1:]
	return e, nil
}

// A bot says which limit of the relay it has met.
func TestEchoTellsLimits(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	full := protocol.Errorf(protocol.CodeRelayBytes, "the relay has carried for this room what it will in a day")
	tellLimits(t.Context(), &script{{Kind: peer.EventGap}, {Kind: peer.EventLimit, Err: full}, {Kind: peer.EventGap}}, zerolog.New(&out))
	if text := out.String(); strings.Count(text, "\n") != 1 || !strings.Contains(text, `"level":"warn"`) || !strings.Contains(text, "will in a day") {
		t.Errorf("the log is %q, want one warning", text)
	}
}

func TestEchoErrors(t *testing.T) {
	t.Parallel()
	// A port that nobody listens on: it was free a moment ago.
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	nobody := ln.Addr().String()
	ln.Close()
	other := httptest.NewServer(http.NotFoundHandler())
	defer other.Close()
	stranger := httptest.NewUnstartedServer(http.NotFoundHandler())
	stranger.Config.ErrorLog = log.New(io.Discard, "", 0) // that the bot does not trust it is what is tested
	stranger.StartTLS()
	defer stranger.Close()
	for url, c := range map[string]struct {
		code int
		says string
	}{
		"127.0.0.1:8080/r/tea":        {exitUsage, `has no scheme; did you mean "http://127.0.0.1:8080/r/tea"?`},
		"[::1]/r/tea":                 {exitUsage, `did you mean "http://[::1]/r/tea"?`},
		"localhost/r/tea":             {exitUsage, `did you mean "http://localhost/r/tea"?`},
		"beckon.example:8080/r/tea":   {exitUsage, `did you mean "http://beckon.example:8080/r/tea"?`},
		"beckon.example/r/tea":        {exitUsage, `did you mean "https://beckon.example/r/tea"?`},
		"//beckon.example/r/tea":      {exitUsage, `did you mean "https://beckon.example/r/tea"?`},
		"tea":                         {exitUsage, `"tea" is no room's URL: that looks like http://127.0.0.1:8080/r/quiet-fox-4821`},
		"ftp://127.0.0.1:8080/r/tea":  {exitUsage, "use https or http"},
		"http://127.0.0.1:8080":       {exitUsage, "names no room; a room link looks like http://127.0.0.1:8080/r/tea\n"},
		"http://127.0.0.1:8080/r/-":   {exitUsage, "not a room's name"},
		"http://" + nobody + "/r/tea": {exitFailure, "is the server running?"},
		other.URL + "/r/tea":          {exitFailure, "not a Beckon server"},
		stranger.URL + "/r/tea":       {exitFailure, "certificate is not good: x509: "},
		strings.Replace(other.URL, "http", "https", 1) + "/r/tea": {exitFailure, "speaks no TLS: try " + other.URL + "/r/tea\n"},
	} {
		var stdout, stderr bytes.Buffer
		code := run(t.Context(), []string{"bot", "echo", url}, &stdout, &stderr, nil)
		if code != c.code || stdout.Len() > 0 {
			t.Errorf("%s: exit code %d, stdout %q; want %d and nothing", url, code, &stdout, c.code)
		}
		if !strings.Contains(stderr.String(), c.says) || strings.Count(stderr.String(), "\n") != 1 {
			t.Errorf("%s: %q, want one line with %q", url, &stderr, c.says)
		}
	}
}

// A name that nobody knows is not a server that does not run.
func TestUnknownHost(t *testing.T) {
	t.Parallel()
	_, err := peer.Join(t.Context(), "http://beckon.test", "tea", &peer.Config{
		Dial: func(context.Context, string, string) (net.Conn, error) {
			return nil, fmt.Errorf("dial: %w", &net.DNSError{Name: "beckon.test", Err: "no such host", IsNotFound: true})
		},
	})
	if got := whyNot("http://beckon.test/r/tea", err); !strings.HasPrefix(got, "the name beckon.test could not be looked up (no such host)") {
		t.Errorf("%v becomes %q", err, got)
	}
}
