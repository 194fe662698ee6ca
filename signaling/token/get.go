package token

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/netip"
	"net/url"
)

// ParseURL reads the URL of something that decides who may come in: keys, or a webhook. It is https; http is allowed where it
// does not leave the machine. Nothing in it may be secret, because logs name it.
func ParseURL(text string) (*url.URL, error) {
	u, err := url.Parse(text)
	switch {
	case err != nil || u.Host == "" || u.Opaque != "":
		return nil, errorf(BadKey, "%s is no URL: write it like https://id.example.org/keys.json", quoted(text))
	case u.User != nil:
		return nil, errorf(BadKey, "the URL at %s holds a user or a password: logs would show it", u.Host)
	case u.Fragment != "":
		return nil, errorf(BadKey, "the URL %s has a fragment, which is never sent", quoted(text))
	case u.Scheme == "https", u.Scheme == "http" && loopback(u.Hostname()):
		return u, nil
	case u.Scheme == "http":
		return nil, errorf(BadKey, "the URL %s has no TLS, so whoever is in between could let anybody in: use https", quoted(text))
	}
	return nil, errorf(BadKey, "the URL %s is not https", quoted(text))
}

func loopback(host string) bool {
	ip, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && ip.IsLoopback()
}

// sameHost follows a redirect within the host that the operator has named, and to nobody else.
func sameHost(req *http.Request, via []*http.Request) error {
	first := via[0].URL
	switch {
	case req.URL.Scheme != first.Scheme || req.URL.Host != first.Host:
		return fmt.Errorf("it redirects to another host, %s", quoted(req.URL.Host))
	case len(via) > 3:
		return errors.New("it redirects more than three times")
	}
	return nil
}

// get fetches the set once. The errors are half a sentence, and quote nothing of the answer.
func (k *KeyURL) get(ctx context.Context) (*KeySet, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, k.cfg.URL, nil)
	if err != nil {
		return nil, errors.New("it is no URL")
	}
	req.Header.Set("Accept", "application/jwk-set+json, application/json")
	resp, err := k.client.Do(req)
	if err != nil {
		// url.Error begins with the whole URL.
		if wrapped, ok := errors.AsType[*url.Error](err); ok {
			err = wrapped.Err
		}
		return nil, err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("the answer is %d", resp.StatusCode)
	}
	data, err := io.ReadAll(io.LimitReader(resp.Body, MaxKeySet+1))
	if err != nil {
		return nil, fmt.Errorf("the answer broke off: %w", err)
	}
	set, err := parsePublished(data)
	if refused, ok := errors.AsType[*Error](err); ok {
		return nil, errors.New(refused.Text)
	}
	return set, err
}
