package webhook

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"time"

	"github.com/rs/zerolog"
	"golang.org/x/time/rate"

	"github.com/beckon-rtc/beckon/signaling/token"
)

// Config says whom to ask, and how. Zero fields have the defaults. New copies it.
type Config struct {
	// URL is where to post: https, or http on this machine's loopback. Mandatory.
	URL string
	// Secrets sign the questions; each adds a signature, so that while a secret is replaced both sides of the change are content.
	// Each has at least 16 bytes. At least one.
	Secrets [][]byte
	// Server is this server's name, which the question says: what would be the `aud` of tokens. "" leaves it out.
	Server string
	// Timeout is for one question, from Ask to its answer. 0 means 3 s.
	Timeout time.Duration
	// Concurrency is how many questions are under way at once. 0 means 64.
	Concurrency int
	// Waiting is how many more may wait for that. 0 means 1,024.
	Waiting int
	// MaxAnswer is the longest answer in bytes. 0 means 64 KiB.
	MaxAnswer int64
	// CacheEntries is how many answers are kept that say that they may be. 0 means 10,000, a negative number none.
	CacheEntries int
	// Rules are how long an answer may be good for, as for tokens.
	token.Rules
	// Transport makes the requests; nil means one of this Client's own, without a proxy.
	Transport http.RoundTripper
	// Now is the clock; nil means time.Now.
	Now func() time.Time
	// Logger gets a line at error when there is no answer, or none that makes sense, at most one a second. The zero value is silent.
	Logger zerolog.Logger
}

const (
	// minSecret is 128 bits, if they are random.
	minSecret = 16
	// maxCache is the longest time for which an answer is kept, whatever it says: so long somebody who is shut out comes back in.
	maxCache = 5 * time.Minute
	// maxRequest is the longest token, and the longest origin, in bytes that is worth a question.
	maxRequest = 16 << 10
)

// New makes a Client. Its error is about the Config; nothing is asked yet.
func New(cfg Config) (*Client, error) {
	u, err := token.ParseURL(cfg.URL)
	if err != nil {
		return nil, fmt.Errorf("webhook: %w", err)
	}
	if len(cfg.Secrets) == 0 {
		return nil, errors.New("webhook: there is no secret: the backend could not tell this server from a stranger")
	}
	cfg.Secrets = slices.Clone(cfg.Secrets)
	for i, secret := range cfg.Secrets {
		if len(secret) < minSecret {
			return nil, fmt.Errorf("webhook: the secret is so short that it could be guessed: use at least %d bytes", minSecret)
		}
		cfg.Secrets[i] = slices.Clone(secret)
	}
	if cfg.Timeout == 0 {
		cfg.Timeout = 3 * time.Second
	}
	if cfg.MaxAnswer == 0 {
		cfg.MaxAnswer = 64 << 10
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	for _, n := range []struct {
		field *int
		value int
	}{{&cfg.Concurrency, 64}, {&cfg.Waiting, 1024}, {&cfg.CacheEntries, 10_000}} {
		if *n.field == 0 {
			*n.field = n.value
		}
	}
	if cfg.Transport == nil {
		cfg.Transport = &http.Transport{
			MaxIdleConnsPerHost: cfg.Concurrency, MaxConnsPerHost: cfg.Concurrency, IdleConnTimeout: time.Minute,
			DisableCompression: true, ForceAttemptHTTP2: true,
		}
	}
	c := &Client{
		cfg: cfg, where: (&url.URL{Scheme: u.Scheme, Host: u.Host, Path: u.Path}).String(),
		client:   &http.Client{Transport: cfg.Transport, CheckRedirect: noRedirect},
		admitted: make(chan struct{}, cfg.Concurrency+cfg.Waiting),
		running:  make(chan struct{}, cfg.Concurrency),
		cache:    newCache(cfg.CacheEntries),
		seldom:   rate.Sometimes{Interval: time.Second},
	}
	c.ctx, c.cancel = context.WithCancel(context.Background())
	return c, nil
}

// noRedirect has the answer taken for what it is. A redirect would send the client's token to somebody whom the operator has not
// named, and most turn a POST into a GET.
func noRedirect(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
