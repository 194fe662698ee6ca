package webhook

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rs/zerolog"
	"go.uber.org/goleak"

	"github.com/beckon-rtc/beckon/signaling/token"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var noon = time.Date(2026, 1, 1, 12, 0, 0, 0, time.UTC)

const secret = "the secret of both"

// good is a yes until an hour after the start of a synctest bubble.
const good = `{"sub":"ada","exp":946688400,"beckon":{"rooms":["tea"],"maxPeers":2}%s}`

// backend is an app's backend in memory.
type backend func(*http.Request) (status int, body string, err error)

func (b backend) RoundTrip(r *http.Request) (*http.Response, error) {
	status, body, err := b(r)
	if err != nil {
		return nil, err
	}
	return &http.Response{StatusCode: status, Body: io.NopCloser(strings.NewReader(body)), Header: http.Header{}, Request: r}, nil
}

func client(t *testing.T, b backend, change func(*Config)) *Client {
	t.Helper()
	cfg := Config{URL: "https://app.example.org/beckon?key=swordfish", Secrets: [][]byte{[]byte(secret)}, Transport: b}
	if change != nil {
		change(&cfg)
	}
	c, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

// refusal fails the test unless err has this code, and is undecided or not as the code says.
func refusal(t *testing.T, err error, code Code) {
	t.Helper()
	refused, ok := errors.AsType[*Error](err)
	if !ok || refused.Code != code {
		t.Errorf("error %v, want one with the code %s", err, code)
	}
	if undecided := errors.Is(err, context.DeadlineExceeded); undecided != (code != Refused) {
		t.Errorf("undecided: %v, of %v", undecided, err)
	}
	if err != nil && (strings.Contains(err.Error(), "hunter2") || strings.Contains(err.Error(), secret) || strings.Contains(err.Error(), "swordfish")) {
		t.Errorf("%v tells what it should not", err)
	}
}

func TestAsk(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var seen []string
		c := client(t, func(r *http.Request) (int, string, error) {
			body, err := io.ReadAll(r.Body)
			if err != nil {
				t.Error(err)
			}
			if r.Method != http.MethodPost || r.Header.Get("Content-Type") != "application/json" {
				t.Errorf("%s of %s", r.Method, r.Header.Get("Content-Type"))
			}
			if !verify([]byte(secret), r.Header.Get(Header), body, time.Now()) {
				t.Errorf("%s does not sign %s", r.Header.Get(Header), body)
			}
			var q map[string]string
			if err := json.Unmarshal(body, &q); err != nil {
				t.Error(err)
			}
			seen = append(seen, q["id"])
			delete(q, "id")
			if got := fmt.Sprint(q); got != "map[address:198.51.100.7 instance:a1 origin:https://app.example.org server:here token:hunter2]" {
				t.Errorf("asked %s", got)
			}
			return http.StatusOK, fmt.Sprintf(good, ""), nil
		}, func(cfg *Config) { cfg.Server = "here" })
		for range 2 {
			access, err := c.Ask(t.Context(), Request{
				Token: "hunter2", Address: netip.MustParseAddr("::ffff:198.51.100.7"), Origin: "https://app.example.org", Instance: "a1",
			})
			if err != nil {
				t.Fatal(err)
			}
			if access.Identity != "ada" || !access.Grant.Covers("tea") || !access.Grant.May(token.Relay) || access.Grant.MaxPeers != 2 ||
				!access.Ends.Equal(time.Now().Add(time.Hour+token.DefaultLeeway)) {
				t.Errorf("%+v", access)
			}
		}
		if len(seen) != 2 || seen[0] == seen[1] || len(seen[0]) < 20 {
			t.Errorf("questions %q", seen)
		}
	})
}

// Everything but a clear yes lets nobody in, and everything but a clear no is undecided.
func TestAnswers(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		for name, c := range map[string]struct {
			status int
			body   string
			code   Code // "" is yes
		}{
			"yes":                   {200, fmt.Sprintf(good, ""), ""},
			"with more":             {200, fmt.Sprintf(good, `,"aud":"x","cache":10,"more":{"a":1}`), ""},
			"no":                    {403, `{"reason":"no"}`, Refused},
			"no, in other words":    {401, fmt.Sprintf(good, ""), Refused},
			"yes, but elsewhere":    {302, fmt.Sprintf(good, ""), BadAnswer},
			"yes, created":          {201, fmt.Sprintf(good, ""), BadAnswer},
			"broken":                {500, fmt.Sprintf(good, ""), BadAnswer},
			"not there":             {404, "", BadAnswer},
			"too many":              {429, "", BadAnswer},
			"empty":                 {200, "", BadAnswer},
			"a page":                {200, "<html>", BadAnswer},
			"null":                  {200, "null", BadAnswer},
			"a word":                {200, "true", BadAnswer},
			"no identity":           {200, strings.Replace(fmt.Sprintf(good, ""), `"sub":"ada",`, "", 1), BadAnswer},
			"no end":                {200, strings.Replace(fmt.Sprintf(good, ""), `"exp":946688400,`, "", 1), BadAnswer},
			"no grant":              {200, `{"sub":"ada","exp":946688400}`, BadAnswer},
			"over":                  {200, strings.Replace(fmt.Sprintf(good, ""), `946688400`, "946684700", 1), BadAnswer},
			"for ever":              {200, strings.Replace(fmt.Sprintf(good, ""), `946688400`, "1946688400", 1), BadAnswer},
			"unknown permission":    {200, strings.Replace(fmt.Sprintf(good, ""), `"maxPeers":2`, `"allow":["fly"]`, 1), BadAnswer},
			"twice":                 {200, fmt.Sprintf(good, `,"sub":"eve"`), BadAnswer},
			"cache in words":        {200, fmt.Sprintf(good, `,"cache":"long"`), BadAnswer},
			"cache below zero":      {200, fmt.Sprintf(good, `,"cache":-1`), BadAnswer},
			"endless":               {200, strings.Repeat(" ", 64<<10) + fmt.Sprintf(good, ""), BadAnswer},
			"with an endless end":   {200, fmt.Sprintf(good, "") + strings.Repeat(" ", 64<<10), BadAnswer},
			"as long as it may be":  {200, strings.Repeat(" ", 64<<10-len(fmt.Sprintf(good, ""))) + fmt.Sprintf(good, ""), ""},
			"deep":                  {200, fmt.Sprintf(good, `,"x":`+strings.Repeat("[", 500)+strings.Repeat("]", 500)), BadAnswer},
			"two answers":           {200, fmt.Sprintf(good, "") + fmt.Sprintf(good, ""), BadAnswer},
			"a token with a secret": {200, `{"sub":"hunter2","exp":"hunter2"}`, BadAnswer},
		} {
			cl := client(t, func(*http.Request) (int, string, error) { return c.status, c.body, nil }, nil)
			access, err := cl.Ask(t.Context(), Request{Token: "hunter2"})
			s := cl.Stats()
			switch {
			case c.code == "" && (err != nil || access.Identity != "ada" || s != Stats{Asked: 1, Allowed: 1}):
				t.Errorf("%s: %+v, %v, %+v", name, access, err, s)
			case c.code == "":
			case access.Identity != "" || access.Grant.Rooms != nil || s.Asked != 1 || s.Refused+s.Undecided != 1:
				t.Errorf("%s: %+v, %+v", name, access, s)
				fallthrough
			default:
				refusal(t, err, c.code)
			}
		}
	})
}

// A backend that hangs or is gone.
func TestNoAnswer(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var log bytes.Buffer
		gone := client(t, func(*http.Request) (int, string, error) { return 0, "", errors.New("connection refused") },
			func(cfg *Config) { cfg.Logger = zerolog.New(&log) })
		for range 100 {
			_, err := gone.Ask(t.Context(), Request{Token: "hunter2"})
			refusal(t, err, Unavailable)
		}
		if strings.Count(log.String(), "\n") != 1 || !strings.Contains(log.String(), "connection refused") || strings.Contains(log.String(), "hunter2") {
			t.Errorf("logged %s", log.String())
		}

		hangs := client(t, func(r *http.Request) (int, string, error) {
			<-r.Context().Done()
			return 0, "", r.Context().Err()
		}, nil)
		start := time.Now()
		_, err := hangs.Ask(t.Context(), Request{})
		refusal(t, err, Unavailable)
		if time.Since(start) != 3*time.Second {
			t.Errorf("waited for %v", time.Since(start))
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		start = time.Now()
		_, err = hangs.Ask(ctx, Request{})
		refusal(t, err, Unavailable)
		if time.Since(start) != time.Second {
			t.Errorf("waited for %v, not for the context", time.Since(start))
		}

		// Close ends what is under way, and nobody is let in afterwards.
		start = time.Now()
		time.AfterFunc(time.Second, func() { hangs.Close() })
		_, err = hangs.Ask(t.Context(), Request{})
		refusal(t, err, Unavailable)
		if time.Since(start) != time.Second {
			t.Errorf("Close came after a second, and the question ended after %v", time.Since(start))
		}
		hangs.Close()
		_, err = hangs.Ask(t.Context(), Request{})
		refusal(t, err, Unavailable)
	})
}

// However many clients come, so many questions are under way and so many wait, and the rest is told at once.
func TestConcurrency(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var mu sync.Mutex
		now, most := 0, 0
		c := client(t, func(r *http.Request) (int, string, error) {
			mu.Lock()
			now++
			most = max(most, now)
			mu.Unlock()
			defer func() {
				mu.Lock()
				now--
				mu.Unlock()
			}()
			select {
			case <-time.After(900 * time.Millisecond):
				return http.StatusOK, fmt.Sprintf(good, ""), nil
			case <-r.Context().Done():
				return 0, "", r.Context().Err()
			}
		}, func(cfg *Config) { cfg.Concurrency, cfg.Waiting = 4, 16 })
		var all sync.WaitGroup
		for range 50 {
			all.Go(func() { _, _ = c.Ask(t.Context(), Request{}) })
		}
		all.Wait()
		// Three rounds of four are answered within the 3 s; the rest of the twenty is under way or waits when they are over.
		s := c.Stats()
		if most != 4 || s.Busy != 30 || s.Allowed != 12 || s.Undecided != 8 {
			t.Errorf("at most %d at once; %+v", most, s)
		}
	})
}

// An answer is used again if it says so: for the same question, for so long.
func TestCache(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		more := `,"cache":60`
		c := client(t, func(*http.Request) (int, string, error) { return http.StatusOK, fmt.Sprintf(good, more), nil }, nil)
		home, away := netip.MustParseAddr("198.51.100.7"), netip.MustParseAddr("198.51.100.8")
		asked := uint64(0)
		ask := func(r Request, news bool) {
			t.Helper()
			if _, err := c.Ask(t.Context(), r); err != nil {
				t.Error(err)
			}
			if news {
				asked++
			}
			if s := c.Stats(); s.Asked != asked {
				t.Errorf("asked %d times, want %d", s.Asked, asked)
			}
		}
		ask(Request{Token: "a", Address: home, Instance: "1"}, true)
		ask(Request{Token: "a", Address: home, Instance: "2"}, false)
		ask(Request{Token: "b", Address: home}, true)
		ask(Request{Token: "a", Address: away}, true)
		ask(Request{Token: "a", Address: home, Origin: "https://app.example.org"}, true)
		time.Sleep(time.Minute - time.Second)
		ask(Request{Token: "a", Address: home}, false)
		time.Sleep(time.Second)
		ask(Request{Token: "a", Address: home}, true)

		// No answer is kept for longer than five minutes, nor than it is good for.
		more = `,"cache":999999999`
		ask(Request{Token: "long"}, true)
		time.Sleep(5*time.Minute - time.Second)
		ask(Request{Token: "long"}, false)
		time.Sleep(time.Second)
		ask(Request{Token: "long"}, true)
		time.Sleep(time.Until(time.Date(2000, 1, 1, 1, 0, 29, 0, time.UTC)))
		ask(Request{Token: "at the end"}, true)
		ask(Request{Token: "at the end"}, false)
		time.Sleep(time.Second)
		if _, err := c.Ask(t.Context(), Request{Token: "at the end"}); err == nil {
			t.Error("an answer outlives what it grants")
		}
	})
}

func TestCacheIsBounded(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := client(t, func(*http.Request) (int, string, error) { return http.StatusOK, fmt.Sprintf(good, `,"cache":60`), nil },
			func(cfg *Config) { cfg.CacheEntries = 10 })
		fill := func() {
			for i := range 100 {
				if _, err := c.Ask(t.Context(), Request{Token: fmt.Sprint(i)}); err != nil {
					t.Error(err)
				}
			}
			if len(c.cache.answers) != 10 {
				t.Errorf("%d answers are kept, want 10", len(c.cache.answers))
			}
		}
		fill()
		time.Sleep(time.Minute)
		fill()
		if _, ok := c.cache.get(keyOf(Request{Token: "0"}), time.Now()); !ok {
			t.Error("old answers are not thrown out for new ones")
		}
	})
}

// A no is not kept, so that who is let in again gets in.
func TestRefusalIsNotKept(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		status := http.StatusForbidden
		c := client(t, func(*http.Request) (int, string, error) { return status, fmt.Sprintf(good, `,"cache":60`), nil }, nil)
		_, err := c.Ask(t.Context(), Request{Token: "a"})
		refusal(t, err, Refused)
		status = http.StatusOK
		if _, err := c.Ask(t.Context(), Request{Token: "a"}); err != nil {
			t.Error(err)
		}
		_, err = c.Ask(t.Context(), Request{Token: strings.Repeat("a", maxRequest+1)})
		refusal(t, err, Refused)
	})
}

// Real requests, on loopback: no redirect is followed, and a kept connection ends with Close.
func TestSockets(t *testing.T) {
	t.Parallel()
	body := fmt.Sprintf(`{"sub":"ada","exp":%d,"beckon":{"rooms":["tea"]}}`, time.Now().Add(time.Hour).Unix())
	var mu sync.Mutex
	strayed := false
	mux := http.NewServeMux()
	mux.HandleFunc("/yes", func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, body) })
	mux.Handle("/moved", http.RedirectHandler("/stray", http.StatusTemporaryRedirect))
	mux.HandleFunc("/stray", func(w http.ResponseWriter, _ *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		strayed = true
		_, _ = io.WriteString(w, body)
	})
	server := httptest.NewServer(mux)
	defer server.Close()
	for path, code := range map[string]Code{"/yes": "", "/moved": BadAnswer, "/no": BadAnswer} {
		c, err := New(Config{URL: server.URL + path, Secrets: [][]byte{[]byte(secret)}})
		if err != nil {
			t.Fatal(err)
		}
		access, err := c.Ask(t.Context(), Request{Token: "hunter2"})
		if code != "" {
			refusal(t, err, code)
		} else if err != nil || access.Identity != "ada" {
			t.Errorf("%+v, %v", access, err)
		}
		c.Close()
	}
	mu.Lock()
	defer mu.Unlock()
	if strayed {
		t.Error("a redirect was followed")
	}
}

func TestConfig(t *testing.T) {
	t.Parallel()
	ok := [][]byte{[]byte(secret)}
	for name, cfg := range map[string]Config{
		"no URL":         {Secrets: ok},
		"no TLS":         {URL: "http://app.example.org/", Secrets: ok},
		"a password":     {URL: "https://u:p@app.example.org/", Secrets: ok},
		"no secret":      {URL: "https://app.example.org/"},
		"a short secret": {URL: "https://app.example.org/", Secrets: [][]byte{[]byte(secret), []byte("short")}},
	} {
		if _, err := New(cfg); err == nil || !strings.HasPrefix(err.Error(), "webhook: ") {
			t.Errorf("%s: %v", name, err)
		}
	}
}
