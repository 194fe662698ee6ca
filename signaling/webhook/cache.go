package webhook

import (
	"crypto/sha256"
	"sync"
	"time"

	"github.com/beckon-rtc/beckon/signaling/token"
)

// cacheKey names a question by all of it that an answer may depend on, but for the instance, which is another with each page. It is a
// hash, so that the cache holds no tokens.
type cacheKey [sha256.Size]byte

func keyOf(r Request) cacheKey {
	h := sha256.New()
	for _, s := range []string{r.Token, r.Address.String(), r.Origin} {
		// The length keeps "ab","c" from being "a","bc".
		n := len(s)
		h.Write([]byte{byte(n >> 24), byte(n >> 16), byte(n >> 8), byte(n)})
		h.Write([]byte(s))
	}
	return cacheKey(h.Sum(nil))
}

// cache holds answers that said for how long they may be used again. It may be used by many goroutines at once.
type cache struct {
	most int

	mu      sync.Mutex
	answers map[cacheKey]cached // guarded by mu
	swept   time.Time           // guarded by mu: when all that was over was last thrown out
}

type cached struct {
	access token.Access
	until  time.Time
}

func newCache(most int) *cache { return &cache{most: most, answers: map[cacheKey]cached{}} }

func (c *cache) get(key cacheKey, now time.Time) (token.Access, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	a, ok := c.answers[key]
	if !ok || !now.Before(a.until) {
		return token.Access{}, false
	}
	return a.access, true
}

// put keeps an answer. A full cache is swept at most once a second, so that a flood of clients does not make each answer cost as
// much as all of them; what finds no place is not kept.
func (c *cache) put(key cacheKey, access token.Access, now time.Time, life time.Duration) {
	until := now.Add(min(life, maxCache))
	if access.Ends.Before(until) {
		until = access.Ends
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.answers) >= c.most && now.Sub(c.swept) >= time.Second {
		c.swept = now
		for key, a := range c.answers {
			if !now.Before(a.until) {
				delete(c.answers, key)
			}
		}
	}
	if len(c.answers) < c.most {
		c.answers[key] = cached{access, until}
	}
}
