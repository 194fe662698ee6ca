package webhook

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/netip"
	"net/url"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/time/rate"

	"github.com/beckon-rtc/beckon/signaling/token"
)

// Client asks. All its methods may be called by many goroutines at once. Close it.
type Client struct {
	cfg      Config
	where    string // for sentences: the URL without its query
	client   *http.Client
	ctx      context.Context // ends with Close
	cancel   context.CancelFunc
	admitted chan struct{} // holds one for each question under way or waiting
	running  chan struct{} // holds one for each question under way
	cache    *cache
	stats    counters
	seldom   rate.Sometimes // for the log: a backend that is down is one thing to know, not one for each client

	mu     sync.Mutex
	closed bool           // guarded by mu
	asking sync.WaitGroup // the calls of Ask; added to under mu, while not closed
}

// Request is what is known of a client.
type Request struct {
	// Token is what the client handed in, of whatever form the app likes: a session id, say. "" if nothing.
	Token string
	// Address is the client's. The zero Addr if it is not known.
	Address netip.Addr
	// Origin is the page's origin; "" for clients that are not browsers.
	Origin string
	// Instance is the client's instance, 16 hex digits of its own choice.
	Instance string
}

// question is a Request as it is posted.
type question struct {
	// ID is another for each question: who has seen one may ignore it the second time.
	ID       string `json:"id"`
	Server   string `json:"server,omitempty"`
	Token    string `json:"token"`
	Address  string `json:"address,omitempty"`
	Origin   string `json:"origin,omitempty"`
	Instance string `json:"instance,omitempty"`
}

// Ask returns what the backend gives this client. ctx bounds the wait, and so does Config.Timeout. The error is an *Error.
func (c *Client) Ask(ctx context.Context, r Request) (token.Access, error) {
	c.mu.Lock()
	if c.closed {
		c.mu.Unlock()
		return token.Access{}, c.undecided(&c.stats.undecided, Unavailable, "is no longer asked: the server is ending")
	}
	c.asking.Add(1)
	c.mu.Unlock()
	defer c.asking.Done()
	if len(r.Token) > maxRequest || len(r.Origin) > maxRequest {
		c.stats.refused.Add(1)
		return token.Access{}, &Error{Refused, fmt.Sprintf("a token or an origin of more than %d bytes is not passed on", maxRequest)}
	}
	key := keyOf(r)
	if access, ok := c.cache.get(key, c.cfg.Now()); ok {
		c.stats.cached.Add(1)
		return access, nil
	}
	select {
	case c.admitted <- struct{}{}:
		defer func() { <-c.admitted }()
	default:
		return token.Access{}, c.undecided(&c.stats.busy, Busy, "has too many questions to answer already")
	}
	ctx, cancel := context.WithTimeout(ctx, c.cfg.Timeout)
	defer cancel()
	defer context.AfterFunc(c.ctx, cancel)()
	select {
	case c.running <- struct{}{}:
		defer func() { <-c.running }()
	case <-ctx.Done():
		return token.Access{}, c.undecided(&c.stats.undecided, Unavailable, "did not get to this question in time")
	}
	c.stats.asked.Add(1)
	status, answer, err := c.post(ctx, r)
	if err != nil {
		return token.Access{}, c.undecided(&c.stats.undecided, Unavailable, err.Error())
	}
	return c.judge(key, status, answer)
}

// post sends the question. Its errors are half a sentence.
func (c *Client) post(ctx context.Context, r Request) (status int, answer []byte, err error) {
	q := question{ID: rand.Text(), Server: c.cfg.Server, Token: r.Token, Origin: r.Origin, Instance: r.Instance}
	if r.Address.IsValid() {
		q.Address = r.Address.Unmap().String()
	}
	body, err := json.Marshal(q)
	if err != nil {
		return 0, nil, fmt.Errorf("cannot be asked: %w", err)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, c.cfg.URL, bytes.NewReader(body))
	if err != nil {
		return 0, nil, errors.New("has no URL that can be asked")
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Accept", "application/json")
	req.Header.Set(Header, signature(c.cfg.Secrets, body, c.cfg.Now()))
	resp, err := c.client.Do(req)
	if err != nil {
		// url.Error begins with the whole URL.
		if wrapped, ok := errors.AsType[*url.Error](err); ok {
			err = wrapped.Err
		}
		return 0, nil, fmt.Errorf("does not answer: %w", err)
	}
	defer resp.Body.Close()
	answer, err = io.ReadAll(io.LimitReader(resp.Body, c.cfg.MaxAnswer+1))
	if err != nil {
		return 0, nil, fmt.Errorf("breaks off: %w", err)
	}
	return resp.StatusCode, answer, nil
}

// judge makes an Access of an answer.
func (c *Client) judge(key cacheKey, status int, answer []byte) (token.Access, error) {
	switch {
	case status == http.StatusUnauthorized || status == http.StatusForbidden:
		c.stats.refused.Add(1)
		return token.Access{}, &Error{Refused, fmt.Sprintf("%s says no (%d)", c.where, status)}
	case status != http.StatusOK:
		return token.Access{}, c.undecided(&c.stats.undecided, BadAnswer, fmt.Sprintf("answers %d: 200 is yes, 403 is no", status))
	case int64(len(answer)) > c.cfg.MaxAnswer:
		return token.Access{}, c.undecided(&c.stats.undecided, BadAnswer, fmt.Sprintf("answers more than %d bytes", c.cfg.MaxAnswer))
	}
	now := c.cfg.Now()
	access, life, err := c.read(answer, now)
	if err != nil {
		return token.Access{}, c.undecided(&c.stats.undecided, BadAnswer, "gives an answer that makes no sense: "+err.Error())
	}
	if life > 0 {
		c.cache.put(key, access, now, life)
	}
	c.stats.allowed.Add(1)
	return access, nil
}

// read decodes an answer: claims, and perhaps for how long it may be used again.
func (c *Client) read(answer []byte, now time.Time) (access token.Access, life time.Duration, err error) {
	claims, err := token.ParseClaims(answer)
	if err == nil {
		access, err = c.cfg.Access(claims, now)
	}
	if refused, ok := errors.AsType[*token.Error](err); ok {
		err = errors.New(refused.Text)
	}
	if err != nil {
		return token.Access{}, 0, err
	}
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(answer, &fields); err != nil {
		return token.Access{}, 0, err
	}
	raw, ok := fields["cache"]
	if !ok {
		return access, 0, nil
	}
	seconds, err := strconv.Atoi(string(raw))
	if err != nil || seconds < 0 {
		return token.Access{}, 0, errors.New("`cache` is no whole number of seconds")
	}
	// More would be cut to maxCache anyway, and could overflow.
	return access, time.Duration(min(seconds, int(maxCache/time.Second))) * time.Second, nil
}

// undecided counts and logs that there was no answer, and makes the error of it.
func (c *Client) undecided(counter *atomic.Uint64, code Code, text string) error {
	counter.Add(1)
	err := &Error{code, c.where + " " + text}
	if c.ctx.Err() == nil {
		c.seldom.Do(func() { c.cfg.Logger.Error().Err(err).Str("code", string(code)).Msg("webhook undecided") })
	}
	return err
}

// Close ends what is under way and waits for it. Nobody is let in afterwards. It may be called again.
func (c *Client) Close() error {
	c.mu.Lock()
	c.closed = true
	c.mu.Unlock()
	c.cancel()
	c.asking.Wait()
	c.client.CloseIdleConnections()
	return nil
}
