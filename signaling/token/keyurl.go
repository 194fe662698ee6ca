package token

import (
	"context"
	"net/http"
	"net/url"
	"sync"
	"time"

	"github.com/rs/zerolog"
)

// KeyURLConfig says where keys are published, and how often to ask. Zero fields have the defaults.
type KeyURLConfig struct {
	// URL is that of a JSON Web Key Set: https, or http on this machine's loopback. Mandatory.
	URL string
	// Timeout is for one fetch, all of it. 0 means 5 s.
	Timeout time.Duration
	// Interval is the least time from one fetch to the next, whoever asks for whatever key, so that tokens with made-up names of
	// keys do not become requests to somebody else's server. 0 means 10 s.
	Interval time.Duration
	// Refresh is after what time the set is fetched again though the key is known: so long a key that was withdrawn still
	// counts. 0 means 5 min.
	Refresh time.Duration
	// Stale is how long a set counts after it was fetched, if it cannot be fetched again. 0 means 1 h, the default life of a
	// token: longer, and what was made before the failure has expired, while a withdrawn key would live on.
	Stale time.Duration
	// Transport makes the requests; nil means one of this KeyURL's own, without a proxy.
	Transport http.RoundTripper
	// Now is the clock; nil means time.Now.
	Now func() time.Time
	// Logger gets a line at error when a fetch fails, and at info when the keys are others. The zero value is silent.
	Logger zerolog.Logger
}

// KeyURL is a key set that an identity provider publishes. It is fetched when a key is asked for, not before, and by at most one
// fetch at a time. Symmetric and private keys in it are refused, and with them the set. All methods may be called by many
// goroutines at once. Close it.
type KeyURL struct {
	cfg    KeyURLConfig
	where  string // for sentences: the URL without its query
	client *http.Client
	ctx    context.Context // ends with Close
	cancel context.CancelFunc
	work   sync.WaitGroup // the fetch

	mu      sync.Mutex
	set     *KeySet       // guarded by mu; nil before the first success
	fetched time.Time     // guarded by mu: when set came
	tried   time.Time     // guarded by mu: when the last fetch began; zero before the first
	failure error         // guarded by mu: why the last fetch failed; nil if it did not
	running chan struct{} // guarded by mu: closed when the fetch under way has ended; nil if there is none
	closed  bool          // guarded by mu
}

var _ Keys = (*KeyURL)(nil)

// NewKeyURL makes a KeyURL. Its error is about the Config; nothing is fetched yet.
func NewKeyURL(cfg KeyURLConfig) (*KeyURL, error) {
	u, err := ParseURL(cfg.URL)
	if err != nil {
		return nil, err
	}
	for _, d := range []struct {
		field *time.Duration
		value time.Duration
	}{{&cfg.Timeout, 5 * time.Second}, {&cfg.Interval, 10 * time.Second}, {&cfg.Refresh, 5 * time.Minute}, {&cfg.Stale, time.Hour}} {
		if *d.field == 0 {
			*d.field = d.value
		}
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Transport == nil {
		// A connection that is used every five minutes is not worth keeping.
		cfg.Transport = &http.Transport{DisableKeepAlives: true, DisableCompression: true, ForceAttemptHTTP2: true}
	}
	k := &KeyURL{
		cfg: cfg, where: (&url.URL{Scheme: u.Scheme, Host: u.Host, Path: u.Path}).String(),
		client: &http.Client{Transport: cfg.Transport, CheckRedirect: sameHost},
	}
	k.ctx, k.cancel = context.WithCancel(context.Background())
	return k, nil
}

// Key returns the key with that `kid`. One that is known is returned at once; while it is fetched again, the old one counts.
func (k *KeyURL) Key(ctx context.Context, id string) (Key, error) {
	key, known, running := k.look(id)
	if known {
		return key, nil
	}
	if running != nil {
		select {
		case <-running:
		case <-ctx.Done():
			return Key{}, errorf(Unavailable, "the keys at %s did not come in time", k.where)
		}
	}
	return k.verdict(id)
}

// look finds a key that counts, and begins a fetch if there should be one. running ends with the fetch under way, if any.
func (k *KeyURL) look(id string) (key Key, known bool, running <-chan struct{}) {
	now := k.cfg.Now()
	k.mu.Lock()
	defer k.mu.Unlock()
	key, known = k.fresh(now).Lookup(id)
	due := !known || now.Sub(k.fetched) >= k.cfg.Refresh
	rested := k.tried.IsZero() || now.Sub(k.tried) >= k.cfg.Interval
	if due && rested && k.running == nil && !k.closed {
		k.tried, k.running = now, make(chan struct{})
		k.work.Go(k.fetch)
	}
	return key, known, k.running
}

// fresh returns the set if it still counts, and else an empty one. The caller holds mu.
func (k *KeyURL) fresh(now time.Time) *KeySet {
	if k.set == nil || k.closed || now.Sub(k.fetched) >= k.cfg.Stale {
		return &KeySet{}
	}
	return k.set
}

// verdict is the answer when there is nothing more to wait for. That a key is unknown is certain only if the newest set could be
// had: it may be the key that the issuer has just begun to use.
func (k *KeyURL) verdict(id string) (Key, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	key, known := k.fresh(k.cfg.Now()).Lookup(id)
	switch {
	case known:
		return key, nil
	case k.closed:
		return Key{}, errorf(Unavailable, "the keys at %s are no longer fetched: the server is ending", k.where)
	case k.failure != nil:
		return Key{}, errorf(Unavailable, "the keys at %s cannot be had: %v", k.where, k.failure)
	}
	return Key{}, errorf(UnknownKey, "no key at %s is called %s", k.where, quoted(id))
}

// fetch gets the set. It runs on a goroutine of its own, so that those whose key is known need not wait for it, and that it does not
// end with the client who happened to cause it.
func (k *KeyURL) fetch() {
	ctx, cancel := context.WithTimeout(k.ctx, k.cfg.Timeout)
	defer cancel()
	set, err := k.get(ctx)
	now := k.cfg.Now()
	k.mu.Lock()
	defer k.mu.Unlock()
	k.failure = err
	if err == nil {
		if k.set == nil || string(k.set.Public()) != string(set.Public()) {
			k.cfg.Logger.Info().Str("url", k.where).Int("keys", len(set.keys)).Msg("token keys fetched")
		}
		k.set, k.fetched = set, now
	} else if !k.closed {
		k.cfg.Logger.Error().Err(err).Str("url", k.where).Msg("token keys could not be fetched")
	}
	close(k.running)
	k.running = nil
}

// Close ends a fetch and waits for it. No key is found afterwards. It may be called again.
func (k *KeyURL) Close() error {
	k.mu.Lock()
	k.closed = true
	k.mu.Unlock()
	k.cancel()
	k.work.Wait()
	return nil
}
